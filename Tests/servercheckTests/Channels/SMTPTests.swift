import Testing

@testable import servercheck

@Suite struct SMTPTests {
    static let required: [String: JSONValue] = [
        "server": .string("mail.example.org"), "from_mail": .string("a@b"), "to_mail": .string("c@d, E <e@f>, c@d"),
    ]
    static let context = DeliveryContext(now: Timestamp(seconds: 0), hostname: "my host")

    static func request(_ extra: [String: JSONValue]) -> Transfer.MailRequest? {
        let channel = read(SMTP.self, required.merging(extra) { $1 }).channel
        guard case .mail(var request) = channel.transfer(for: .sample(), context: context) else { return nil }
        request.message = []
        return request
    }

    static let plain = Transfer.MailRequest(
        server: "mail.example.org", port: 587, security: .none, sender: "a@b", recipients: ["c@d", "e@f"],
        clientName: "myhost", verifyTLS: true, message: [])

    @Test("the ancestor's keys and their defaults")
    func defaults() {
        #expect(Self.request([:]) == Self.plain)
        // Two empty texts are how a template says "no login".
        #expect(Self.request(["username": .string(""), "password": .string("")]) == Self.plain)
        #expect(read(SMTP.self, Self.required).channel.recipient == "c@d, e@f")
    }

    @Test("port and send_starttls decide about TLS, and a login is taken over")
    func options() {
        var expected = Self.plain
        expected.username = "u"
        expected.password = Secret("p")
        expected.verifyTLS = false
        expected.security = .startTLS
        let keys: [String: JSONValue] = [
            "username": .string("u"), "password": .string("p"), "verify_tls": .bool(false),
            "send_starttls": .bool(true),
        ]
        #expect(Self.request(keys) == expected)
        expected.port = 465
        expected.security = .implicit
        #expect(Self.request(keys.merging(["port": .number(465)]) { $1 }) == expected)
    }

    @Test("the message is dated and named by the run that made it")
    func message() {
        let channel = read(SMTP.self, Self.required).channel
        guard case .mail(let request) = channel.transfer(for: .sample(), context: Self.context) else {
            Issue.record("no mail")
            return
        }
        let created = Timestamp(seconds: 1_700_000_000)
        let offset = MailMessage.localOffsetMinutes(at: created)
        #expect(
            String(decoding: request.message, as: UTF8.self)
                == [
                    "Date: \(MailMessage.dateText(created, utcOffsetMinutes: offset))", "From: a@b", "To: c@d,",
                    " \"E\" <e@f>", "Message-ID: <1700000000000000.1@myhost>", "Subject: [host] CRITICAL: / 93 % used",
                    "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                    "Content-Transfer-Encoding: quoted-printable", "", "since now", "", "",
                ].joined(separator: "\r\n"))
    }

    static let refused = Answer.RefusedRecipient(address: "e@f", reply: "550 no such user")
    static let alsoRefused = Answer.RefusedRecipient(address: "c@d", reply: "451 later")

    static let answers: [(Answer, Verdict)] = [
        (Answer(code: 250), .delivered()),
        (
            Answer(code: 250, refusedRecipients: [refused]),
            .delivered(warning: "not delivered to e@f (550 no such user)")
        ),
        (
            Answer(failure: "x", code: 451, refusedRecipients: [alsoRefused, refused]),
            .failed(
                error: "mail.example.org refused every recipient: c@d (451 later), e@f (550 no such user)",
                retry: .nextRun)
        ),
        (
            Answer(failure: "why", code: 554, refusedRecipients: [refused]),
            .failed(error: "why", retry: .nextRun)
        ),
        (Answer(failure: "535 no"), .failed(error: "535 no", retry: .nextRun)),
    ]

    @Test("each answer has its verdict", arguments: answers)
    func verdict(answer: Answer, expected: Verdict) {
        #expect(read(SMTP.self, Self.required).channel.verdict(on: answer, context: Self.context) == expected)
    }

    static let mistakes: [([String: JSONValue], [String])] = [
        ([:], []),
        (["to_mail": .array([.string("a@b"), .string("C <c@d>, e@f")])], []),
        (["server": .string("::1"), "username": .string("u"), "password": .string("S3CRET")], []),
        (
            ["username": .string("u"), "password": .string("S3CRET")],
            [
                "warning: smtp.username: username and password are not sent to mail.example.org:587 without encryption "
                    + "(set send_starttls to true, or port to 465)"
            ]
        ),
        (
            ["server": .string("mail.example.org:25")],
            ["smtp.server: must be a host name or an address alone, such as mail.example.org (see port)"]
        ),
        (
            ["server": .string("a\r\nb"), "port": .number(0)],
            [
                "smtp.server: must be a host name or an address alone, such as mail.example.org (see port)",
                "smtp.port: must be between 1 and 65535, is 0",
            ]
        ),
        (
            ["username": .string("u")],
            ["smtp.password: is missing (username is given; give both or neither)"]
        ),
        (
            ["password": .string("S3CRET")],
            ["smtp.username: is missing (a password is given; give both or neither)"]
        ),
        (
            ["username": .string("u"), "password": .string("S3\u{0}CRET")],
            ["smtp.password: holds a line break or another control character"]
        ),
        (
            ["from_mail": .string("a@b, c@d"), "to_mail": .array([.string("x.y"), .number(1)])],
            [
                "smtp.from_mail: \"a@b, c@d\" is no usable address (write a@example.org or Name <a@example.org>)",
                "smtp.to_mail[1]: must be a string, is a number",
                "smtp.to_mail[0]: \"x.y\" is no usable address (write a@example.org or Name <a@example.org>)",
            ]
        ),
        (["to_mail": .array([])], ["smtp.to_mail: must name at least one address"]),
        (
            ["from_mail": .bool(true), "to_mail": .number(1)],
            [
                "smtp.from_mail: must be a string, is true or false",
                "smtp.to_mail: must be a string or an array of strings, is a number",
            ]
        ),
        (
            ["ca_file": .string("/tmp")], ["smtp.ca_file: /tmp is a directory (name a regular file)"]
        ),
        (
            ["ca_file": .string("/nonexistent/ca.pem")],
            ["smtp.ca_file: cannot open /nonexistent/ca.pem: No such file or directory (check the path)"]
        ),
    ]

    @Test("each mistake has its place and remedy, and none quotes the password", arguments: mistakes)
    func reportsMistakes(keys: [String: JSONValue], expected: [String]) {
        let problems = read(SMTP.self, Self.required.merging(keys) { $1 }).problems
        #expect(problems == expected)
        #expect(!problems.joined().contains("S3"))
    }

    @Test("what is required is asked for")
    func missing() {
        #expect(
            read(SMTP.self, [:]).problems == [
                "smtp.server: is missing", "smtp.from_mail: is missing", "smtp.to_mail: is missing",
            ])
    }
}
