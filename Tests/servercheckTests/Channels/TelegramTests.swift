import Testing

@testable import servercheck

@Suite struct TelegramTests {
    static let token = "123456:AAF-secret_TOKEN"
    static let context = DeliveryContext(now: Timestamp(seconds: 1000), hostname: "host")

    static func channel(_ extra: [String: JSONValue] = [:]) -> Telegram {
        read(Telegram.self, ["chat_id": .number(-4711), "token": .string(token)].merging(extra) { $1 }).channel
    }

    static func request(_ channel: Telegram, _ message: Message, memory: String? = nil) -> (url: String, body: String) {
        var context = context
        context.memory = memory
        guard case .http(let request) = channel.transfer(for: message, context: context) else { return ("", "") }
        #expect(request.contentType == "application/json")
        return (request.url.revealed, String(decoding: request.body, as: UTF8.self))
    }

    @Test("the request is sendMessage with plain text and without a link preview")
    func request() {
        let sent = Self.request(Self.channel(), .sample(title: "t \"/", body: "a\nö<b>"))
        #expect(sent.url == "https://api.telegram.org/bot\(Self.token)/sendMessage")
        #expect(
            sent.body
                == #"{"chat_id":-4711,"link_preview_options":{"is_disabled":true},"text":"t \"/\n\na\nö<b>"}"#)
    }

    @Test("a topic, a channel's name and a server of one's own are used")
    func options() {
        let channel = Self.channel([
            "chat_id": .string("@club"), "message_thread_id": .number(7), "api_url": .string("http://[::1]:8081//"),
        ])
        let sent = Self.request(channel, .sample(title: "t", body: ""))
        #expect(sent.url == "http://[::1]:8081/bot\(Self.token)/sendMessage")
        #expect(
            sent.body
                == #"{"chat_id":"@club","link_preview_options":{"is_disabled":true},"message_thread_id":7,"text":"t"}"#)
        #expect(channel.recipient == "chat @club, topic 7")
    }

    @Test("a number in quotes is a number", arguments: ["-4711", "-4711 -100", "-4711 -4711"])
    func chatNumber(memory: String) {
        let sent = Self.request(
            Self.channel(["chat_id": .string("-4711")]), .sample(title: "t", body: ""), memory: memory)
        let id = memory == "-4711 -100" ? "-100" : "-4711"
        #expect(sent.body == #"{"chat_id":\#(id),"link_preview_options":{"is_disabled":true},"text":"t"}"#)
    }

    @Test("what is remembered ends when the config names another chat")
    func memoryOfAnotherChat() {
        let sent = Self.request(Self.channel(), .sample(title: "t", body: ""), memory: "-9 -100")
        #expect(sent.body == #"{"chat_id":-4711,"link_preview_options":{"is_disabled":true},"text":"t"}"#)
    }

    static let answers: [(Int, String, Verdict)] = [
        (200, #"{"ok":true,"result":{"message_id":1}}"#, .delivered()),
        (
            200,
            #"{ "result" : {"message_id":1,"chat":{"id":-100,"title":"\ud83d\ude00 \/ \u00f6"},"date":1.7e9,"text":null,"#
                + #""entities":[{"offset":0,"length":-0.5}]}, "description":null, "ok":true }"#, .delivered()
        ),
        (200, #"{"ok":false,"description":"odd"}"#, failed("Telegram answered 200: odd", .nextRun)),
        (200, #"{"ok":"true"}"#, noAnswer(200)),
        (200, "", noAnswer(200)),
        (200, "[]", noAnswer(200)),
        (200, "<html>", noAnswer(200)),
        (302, "", noAnswer(302)),
        (403, "<html>forbidden</html>", noAnswer(403)),
        (400, #"{"ok":false,"description":"Bad Request"}"#, failed("Telegram answered 400: Bad Request", .growing)),
        (401, #"{"ok":false,"description":"a\n|b"}"#, failed("Telegram answered 401: a??b", .growing)),
        (
            403, #"{"ok":false,"description":"for \#(token) not"}"#,
            failed("Telegram answered 403: for *** not", .growing)
        ),
        (404, #"{"ok":false}"#, failed("Telegram answered 404", .growing)),
        (
            429, #"{"ok":false,"description":"slow","parameters":{"retry_after":35}}"#,
            failed("Telegram answered 429: slow", .notBefore(Timestamp(seconds: 1035)))
        ),
        (
            429, #"{"ok":false,"description":"slow","parameters":{"retry_after":1e300}}"#,
            failed("Telegram answered 429: slow", .notBefore(Timestamp(seconds: 87_400)))
        ),
        (
            429, #"{"ok":false,"description":"slow","parameters":{"retry_after":-1}}"#,
            failed("Telegram answered 429: slow", .nextRun)
        ),
        (429, #"{"ok":false,"description":"slow"}"#, failed("Telegram answered 429: slow", .nextRun)),
        (429, #"{"ok":false,"parameters":{"retry_after":"x"}}"#, noAnswer(429)),
        (
            400, #"{"ok":false,"description":"up","parameters":{"migrate_to_chat_id":-1001234567890}}"#,
            .again(memory: "-4711 -1001234567890")
        ),
        (400, #"{"ok":false,"parameters":{"migrate_to_chat_id":1e40}}"#, noAnswer(400)),
        (500, #"{"ok":false,"description":"x"}"#, failed("Telegram answered 500: x", .nextRun)),
        (502, #"{"ok":true}"#, failed("Telegram answered 502", .nextRun)),
    ]

    static func failed(_ error: String, _ retry: Verdict.Retry) -> Verdict { .failed(error: error, retry: retry) }
    static func noAnswer(_ code: Int) -> Verdict {
        failed("no answer of the Bot API came, but HTTP status \(code)", .nextRun)
    }

    @Test("each answer has its verdict", arguments: answers)
    func verdict(code: Int, body: String, expected: Verdict) {
        let answer = Answer(code: code, body: Array(body.utf8))
        #expect(Self.channel().verdict(on: answer, context: Self.context) == expected)
    }

    @Test("a failure of the transfer waits for the next run, without the token")
    func transferFailure() {
        let answer = Answer(failure: "cannot use https://x/bot\(Self.token)/sendMessage")
        #expect(
            Self.channel().verdict(on: answer, context: Self.context)
                == Self.failed("cannot use https://x/bot***/sendMessage", .nextRun))
    }

    @Test("a token at the place where a description is cut does not show in part")
    func cutToken() {
        let description = String(repeating: "x", count: 290) + Self.token
        let answer = Answer(code: 401, body: Array(#"{"ok":false,"description":"\#(description)"}"#.utf8))
        #expect(
            Self.channel().verdict(on: answer, context: Self.context)
                == Self.failed("Telegram answered 401: " + String(repeating: "x", count: 290) + "***", .growing))
    }

    @Test("a message that went to the new number asks to mend the config, and the number is kept")
    func movedGroup() {
        var context = Self.context
        context.memory = "-4711 -100"
        let channel = Self.channel()
        let ok = Answer(code: 200, body: Array(#"{"ok":true}"#.utf8))
        #expect(
            channel.verdict(on: ok, context: context)
                == .delivered(warning: "the group has moved: set chat_id to -100 in the config", memory: "-4711 -100"))
        let again = #"{"ok":false,"description":"up","parameters":{"migrate_to_chat_id":-5}}"#
        #expect(
            channel.verdict(on: Answer(code: 400, body: Array(again.utf8)), context: context)
                == Self.failed("Telegram answered 400: up", .growing))
    }

    @Test("no hostile answer is more than a failure")
    func hostileAnswers() {
        let valid = Array(#"{"ok":false,"description":"é\ud83d","parameters":{"retry_after":5}}"#.utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            let verdict = Self.channel().verdict(on: Answer(code: 400, body: bytes), context: Self.context)
            guard case .failed = verdict else {
                Issue.record("\(bytes) gave \(verdict)")
                return
            }
        }
    }
}

@Suite struct TelegramTextTests {
    static let cuts: [(String, Int, String)] = [
        ("title\n\nbody", 11, "title\n\nbody"),
        ("title\n\none\ntwo\nthree\nfour", 25, "title\n\none\ntwo\nthree\nfour"),
        ("title\n\none\ntwo\nthree\nfour", 24, "title\n\n… 4 more lines"),
        ("title\n\none\ntwo\nthree\nfour, long", 26, "title\n\none\n… 3 more lines"),
        // Lines too long by themselves are cut inside.
        (String(repeating: "x", count: 50), 30, String(repeating: "x", count: 15) + "…"),
        ("t\n" + String(repeating: "x", count: 50), 30, "t\n" + String(repeating: "x", count: 12) + "…"),
        // An emoji is two UTF-16 units and is not torn apart.
        (String(repeating: "😀", count: 30), 30, String(repeating: "😀", count: 7) + "…"),
    ]

    @Test("a text is cut at a line, with a note", arguments: cuts)
    func cut(text: String, limit: Int, expected: String) {
        let cut = Telegram.cut(text, limit: limit)
        #expect(cut == expected)
        #expect(cut.utf16.count <= limit)
    }

    @Test("whatever the text, no more than 4096 UTF-16 units are sent")
    func limit() {
        var random = SystemRandomNumberGenerator()
        for length in [4080, 4090, 4095, 4096, 4097, 4098, 5000, 20_000] {
            let body = String(
                (0..<length).map { _ in ["a", "ö", "\n", "😀", " "].randomElement(using: &random) ?? "a" })
            let text = Telegram.text(of: .sample(body: body))
            #expect(text.utf16.count <= 4096)
            #expect(text.hasPrefix("[host] CRITICAL: / 93 % used\n\n"))
        }
    }
}

@Suite struct TelegramConfigTests {
    static let mistakes: [([String: JSONValue], [String])] = [
        (["chat_id": .number(1), "token": .string("1:a")], []),
        ([:], ["telegram.chat_id: is missing", "telegram.token: is missing"]),
        (
            ["chat_id": .number(1.5), "token": .number(1)],
            [
                "telegram.chat_id: must be a whole number other than 0",
                "telegram.token: must be a string, is a number",
            ]
        ),
        (
            ["chat_id": .string("a b"), "token": .string("")],
            [
                "telegram.chat_id: must be the chat's number or @name, of letters, digits and _",
                "telegram.token: is empty",
            ]
        ),
        (
            ["chat_id": .bool(true), "token": .string("S3CRET\n")],
            [
                "telegram.chat_id: must be a string or a whole number, is true or false",
                "telegram.token: holds a line break or another control character",
            ]
        ),
        (
            ["chat_id": .number(1), "token": .string("S3CRET/x"), "message_thread_id": .number(0)],
            [
                "telegram.token: holds a character that no token has (BotFather gives 123456:ABC…; copy all of it)",
                "telegram.message_thread_id: must be between 1 and 2147483647, is 0",
            ]
        ),
        (
            ["chat_id": .number(1), "token": .string("S3CRET"), "token_file": .string("/nonexistent")],
            ["telegram.token_file: token is given as well; keep one of them"]
        ),
    ]

    @Test(
        "a chat is a number or @name, and what is neither is not shown",
        arguments: [
            ("4711", true), ("-1001234567890", true), ("@a_Club7", true), ("", false), ("-", false), ("@", false),
            ("club", false), ("--1", false), ("1-", false), ("@a b", false), ("@é", false), ("٣", false), ("+1", false),
            ("987654321:S3CRET", false), ("@1:S3CRET", false), ("1\n", false),
        ])
    func chatID(text: String, isRight: Bool) {
        let found = read(Telegram.self, ["chat_id": .string(text), "token": .string("1:a")])
        #expect(found.channel.chatID == (isRight ? text : ""))
        #expect(
            found.problems
                == (isRight ? [] : ["telegram.chat_id: must be the chat's number or @name, of letters, digits and _"]))
    }

    @Test("each mistake has its place and remedy, and none quotes the token", arguments: mistakes)
    func reportsMistakes(keys: [String: JSONValue], expected: [String]) {
        let problems = read(Telegram.self, keys).problems
        #expect(problems == expected)
        #expect(!problems.joined().contains("S3CRET"))
    }

    @Test(
        "an api_url that is no plain address is a mistake",
        arguments: [
            "", "api.telegram.org", "ftp://x", "https://", "https:///x", "https://u@x", "https://x/?a", "https://x y",
        ])
    func apiURL(url: String) {
        let keys: [String: JSONValue] = ["chat_id": .number(1), "token": .string("1:a"), "api_url": .string(url)]
        #expect(
            read(Telegram.self, keys).problems == [
                "telegram.api_url: must be an address such as https://api.telegram.org, without a user or a query"
            ])
    }
}
