// Telegram by the Bot API's sendMessage (https://core.telegram.org/bots/api#sendmessage): plain text without a parse
// mode, so that nothing in it needs escaping. What must stay true: the token leaves this file in the URL only.

/// Tells a chat of Telegram.
struct Telegram: Channel {
    static let kind = "telegram"

    let name: String
    /// The chat's number, or @name.
    let chatID: String
    let token: Secret
    /// The topic of a forum group.
    let threadID: Int?
    /// Without a slash at its end.
    let apiURL: String

    var recipient: String { "chat \(chatID)" + (threadID.map { ", topic \($0)" } ?? "") }

    /// With the token, so that a mended one is tried at once; a real one ends in 35 random characters.
    var destination: String {
        "\(apiURL)\n\(recipient)\n\(token.revealed.utf8.count >= 40 ? token.revealed : "")"
    }

    init(config: inout ConfigReader) {
        name = config.name()
        chatID = Self.chatID(&config)
        token = Self.token(&config)
        threadID = config.integer("message_thread_id", in: 1...Int(Int32.max))
        apiURL = Self.apiURL(&config)
    }

    func transfer(for message: Message, context: DeliveryContext) -> Transfer {
        let chat = newChatID(in: context.memory) ?? chatID
        var json = JSONWriter()
        json.object { json in
            json.key("chat_id")
            if let number = Int64(chat) { json.integer(number) } else { json.string(chat) }
            json.key("link_preview_options")
            json.object { options in
                options.key("is_disabled")
                options.bool(true)
            }
            if let threadID {
                json.key("message_thread_id")
                json.integer(threadID)
            }
            json.key("text")
            json.string(Self.text(of: message))
        }
        return .http(
            Transfer.HTTPRequest(
                url: Secret("\(apiURL)/bot\(token.revealed)/sendMessage"), contentType: "application/json",
                body: json.bytes()))
    }

    func verdict(on answer: Answer, context: DeliveryContext) -> Verdict {
        if let failure = answer.failure { return .failed(error: hideToken(failure), retry: .nextRun) }
        guard let reply = JSONText.decode(Reply.self, from: answer.body) else {
            return .failed(error: "no answer of the Bot API came, but HTTP status \(answer.code)", retry: .nextRun)
        }
        let remembered = newChatID(in: context.memory)
        if answer.code == 200 && reply.ok {
            guard let remembered else { return .delivered() }
            return .delivered(
                warning: "the group has moved: set chat_id to \(remembered) in the config", memory: context.memory)
        }
        // Hidden before cut: half a token is too much.
        let words = Clean.text(hideToken(reply.description ?? ""), limit: 300)
        let error = "Telegram answered \(answer.code)" + (words.isEmpty ? "" : ": \(words)")
        switch answer.code {
        case 400 where reply.parameters?.migrateToChatID != nil && remembered == nil:
            return .again(memory: "\(chatID) \(reply.parameters?.migrateToChatID ?? 0)")
        case 400, 401, 403, 404: return .failed(error: error, retry: .growing)
        case 429:
            guard let seconds = reply.parameters?.retryAfter, seconds > 0 else {
                return .failed(error: error, retry: .nextRun)
            }
            // A day at most: no answer may silence the channel for ever.
            return .failed(error: error, retry: .notBefore(context.now + min(seconds, 86_400)))
        default: return .failed(error: error, retry: .nextRun)
        }
    }

    /// The number of the group that the configured one became. The memory is `OLD NEW`, so that it ends when the config
    /// names another chat.
    private func newChatID(in memory: String?) -> String? {
        let parts = (memory ?? "").split(separator: " ").map(String.init)
        return parts.count == 2 && parts[0] == chatID && parts[1] != chatID ? parts[1] : nil
    }

    private func hideToken(_ text: String) -> String { text.hiding([token]) }
}

extension Telegram {
    /// The most that sendMessage takes, in UTF-16 units.
    static let textLimit = 4096

    /// Title, empty line, body; cut at a line end when it is too long for one message.
    static func text(of message: Message) -> String {
        let whole = message.body.isEmpty ? message.title : "\(message.title)\n\n\(message.body)"
        return cut(whole, limit: textLimit)
    }

    /// As many lines as fit into `limit` UTF-16 units together with a note on how many are missing.
    static func cut(_ text: String, limit: Int) -> String {
        if text.utf16.count <= limit { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let note = { (missing: Int) in missing == 1 ? "… 1 more line" : "… \(missing) more lines" }
        // The note about all lines is the longest one, so that there is room for any.
        var room = limit - note(lines.count).utf16.count
        var kept: [Substring] = []
        for line in lines {
            guard line.utf16.count + 1 <= room else { break }
            room -= line.utf16.count + 1
            kept.append(line)
        }
        // The first line, or the only one after an empty one, can be too long by itself.
        if kept.allSatisfy(\.isEmpty) || lines.count == kept.count + 1 {
            let long = lines[kept.count]
            var part = String.UnicodeScalarView()
            // Two for "…" and the line end.
            room -= 2
            for scalar in long.unicodeScalars {
                room -= UTF16.width(scalar)
                if room < 0 { break }
                part.append(scalar)
            }
            kept.append(Substring(String(part) + "…"))
        }
        let missing = lines.count - kept.count
        return (kept.map(String.init) + (missing > 0 ? [note(missing)] : [])).joined(separator: "\n")
    }
}

extension Telegram {
    private static func chatID(_ config: inout ConfigReader) -> String {
        switch config.value("chat_id") {
        case nil: config.require("chat_id")
        case .number(let number):
            if let id = Int64(exactly: number), id != 0 { return String(id) }
            config.problem("chat_id", "must be a whole number other than 0")
        case .string(let text):
            if isChatID(text) { return text }
            // Not shown: it may be the token.
            config.problem("chat_id", "must be the chat's number or @name, of letters, digits and _")
        case .some(let other): config.problem("chat_id", "must be a string or a whole number, is \(other.typeName)")
        }
        return ""
    }

    private static func token(_ config: inout ConfigReader) -> Secret {
        guard let token = config.secret("token", file: "token_file") else {
            if !config.has("token") && !config.has("token_file") { config.require("token") }
            return Secret("")
        }
        let isUsable = token.revealed.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/\\?#%\"".utf8.contains($0) }
        if !isUsable {
            let key = config.has("token") ? "token" : "token_file"
            config.problem(key, "holds a character that no token has (BotFather gives 123456:ABC…; copy all of it)")
        }
        return token
    }

    private static func apiURL(_ config: inout ConfigReader) -> String {
        guard var url = config.string("api_url") else { return "https://api.telegram.org" }
        while url.hasSuffix("/") { url.removeLast() }
        let isPlain = url.hasPrefix("http://")
        let host = url.dropFirst(isPlain ? 7 : 8).prefix { $0 != "/" }
        let hasForeign = url.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || "?#@\\\"".utf8.contains($0) }
        if !(isPlain || url.hasPrefix("https://")) || host.isEmpty || hasForeign {
            config.problem("api_url", "must be an address such as https://api.telegram.org, without a user or a query")
        } else if isPlain, !Transfer.MailRequest.isLoopback(hostName(String(host))) {
            config.problem("api_url", "would send the token unencrypted: use https (http is for this machine only)")
        }
        return url
    }

    /// Without the port, and without an IPv6 address's brackets.
    private static func hostName(_ authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.lastIndex(of: "]") {
            let rest = authority[end...].dropFirst()
            return rest.isEmpty || rest.hasPrefix(":") ? String(authority[..<end].dropFirst()) : authority
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// `4711`, `-4711` or `@name`.
    private static func isChatID(_ text: String) -> Bool {
        let isName = text.hasPrefix("@")
        let rest = isName || text.hasPrefix("-") ? text.utf8.dropFirst() : text.utf8[...]
        if rest.isEmpty { return false }
        return rest.allSatisfy { $0.isDigit || (isName && ($0.isLetter || $0 == UInt8(ascii: "_"))) }
    }
}

/// The answer to any request (https://core.telegram.org/bots/api#making-requests).
private struct Reply: JSONRecord {
    struct Parameters: JSONRecord {
        var migrateToChatID: Int64?
        /// Seconds.
        var retryAfter: Double?

        mutating func members(_ json: inout JSONMembers) {
            json.member("migrate_to_chat_id", &migrateToChatID)
            json.member("retry_after", &retryAfter)
        }
    }

    var ok = false
    var description: String?
    var parameters: Parameters?

    mutating func members(_ json: inout JSONMembers) {
        json.member("description", &description)
        json.member("ok", &ok)
        json.member("parameters", &parameters)
    }
}
