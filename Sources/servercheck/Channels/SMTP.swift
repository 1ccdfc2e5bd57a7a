// Mail by SMTP. What must stay true: TLS that was asked for is never skipped, a password never travels readable, and one
// refused recipient does not keep the others from theirs.

import Glibc

/// Tells people by mail.
struct SMTP: Channel {
    static let kind = "smtp"

    let name: String
    let server: String
    let port: Int
    let security: Transfer.MailRequest.Security
    let username: String?
    let password: Secret?
    let from: MailAddress?
    let to: [MailAddress]
    /// PEM; nil: the system's authorities.
    let caFile: String?
    let verifyTLS: Bool

    var recipient: String { to.map(\.address).joined(separator: ", ") }

    var destination: String { "\(server):\(port)\n\(username ?? "")\n\(recipient)" }

    init(config: inout ConfigReader) {
        name = config.name()
        server = Self.server(&config)
        port = config.integer("port", in: 1...65_535) ?? 587
        let startTLS = config.bool("send_starttls") ?? false
        security = port == 465 ? .implicit : startTLS ? .startTLS : .none
        let login = Self.login(&config)
        username = login?.username
        password = login?.password
        from = Self.addresses("from_mail", &config).first
        to = Self.addresses("to_mail", &config)
        caFile = config.readableFile("ca_file")
        verifyTLS = config.bool("verify_tls") ?? true
        let sample = request(message: [], clientName: "localhost")
        if sample.exposesCredentials { config.problem("username", sample.exposureRemedy, severity: .warning) }
    }

    func transfer(for message: Message, context: DeliveryContext) -> Transfer {
        // From the config, so it is there: a config without it is refused.
        let sender = from ?? to.first
        let bytes = sender.map { sender in
            MailMessage(
                from: sender, to: to, date: message.created, id: message.id, hostname: context.hostname,
                subject: message.title, body: message.body,
                utcOffsetMinutes: MailMessage.localOffsetMinutes(at: message.created)
            ).bytes
        }
        return .mail(request(message: bytes ?? [], clientName: MailMessage.domain(context.hostname)))
    }

    private func request(message: [UInt8], clientName: String) -> Transfer.MailRequest {
        Transfer.MailRequest(
            server: server, port: port, security: security, username: username, password: password,
            sender: from?.address ?? "", recipients: to.map(\.address), clientName: clientName, caFile: caFile,
            verifyTLS: verifyTLS, message: message)
    }

    func verdict(on answer: Answer, context: DeliveryContext) -> Verdict {
        let refused = answer.refusedRecipients.map { "\($0.address) (\($0.reply))" }.joined(separator: ", ")
        guard let failure = answer.failure else {
            return .delivered(warning: refused.isEmpty ? nil : "not delivered to \(refused)")
        }
        let isNobodyLeft = !refused.isEmpty && answer.refusedRecipients.count == to.count
        return .failed(error: isNobodyLeft ? "\(server) refused every recipient: \(refused)" : failure, retry: .nextRun)
    }
}

extension SMTP {
    private static func server(_ config: inout ConfigReader) -> String {
        guard let server = config.string("server") else {
            config.require("server")
            return ""
        }
        var six = in6_addr()
        if inet_pton(AF_INET6, server, &six) == 1 { return server }
        let isPlain = { (byte: UInt8) in
            byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_")
        }
        // Letters of other alphabets are few, and to look for them touches much of the library.
        let isName =
            !server.isEmpty
            && (server.utf8.allSatisfy(isPlain)
                || server.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) })
        if !isName {
            config.problem("server", "must be a host name or an address alone, such as mail.example.org (see port)")
        }
        return server
    }

    /// Both or neither. Two empty texts are neither: that is how a template says "no login".
    private static func login(_ config: inout ConfigReader) -> (username: String, password: Secret)? {
        let username = config.string("username")
        if username == "", config.value("password") == .string("") { return nil }
        let password = config.secret("password", file: "password_file")
        let hasPassword = config.has("password") || config.has("password_file")
        if let username {
            if username.isEmpty
                || username.unicodeScalars.contains(where: \.isControl)
            {
                config.problem("username", "is empty or holds a control character")
                return nil
            }
            if !hasPassword { config.problem("password", "is missing (username is given; give both or neither)") }
            return password.map { (username, $0) }
        }
        if hasPassword && !config.has("username") {
            config.problem("username", "is missing (a password is given; give both or neither)")
        }
        return nil
    }

    /// The addresses of a key: a text, comma-separated, or, for to_mail, an array of them. Each only once.
    private static func addresses(_ key: String, _ config: inout ConfigReader) -> [MailAddress] {
        let isSender = key == "from_mail"
        var found: [MailAddress] = []
        func take(_ text: String, from place: String) {
            do throws(MailAddress.Fault) {
                let address = try MailAddress(text)
                if !found.contains(where: { $0.address == address.address }) { found.append(address) }
            } catch {
                config.problem(place, error.description)
            }
        }
        switch config.value(key) {
        case nil: config.require(key)
        case .string(let text) where isSender: take(text, from: key)
        case .string(let text):
            for part in MailAddress.split(text) { take(part, from: key) }
        case .array where !isSender:
            let texts = config.strings(key)
            for (index, text) in texts.enumerated() {
                for part in MailAddress.split(text) { take(part, from: "\(key)[\(index)]") }
            }
            if texts.isEmpty { config.problem(key, "must name at least one address") }
        case .some(let other):
            config.problem(key, "must be a string\(isSender ? "" : " or an array of strings"), is \(other.typeName)")
        }
        return found
    }
}
