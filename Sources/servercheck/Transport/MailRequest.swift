// What follows from a mail request's values: its URL, and whether it would show a password to the network.

import Glibc

extension Transfer.MailRequest {
    /// The server, an IPv6 address in brackets.
    var bracketedServer: String { server.utf8.contains(UInt8(ascii: ":")) ? "[\(server)]" : server }

    /// As libcurl wants it: the path is the name in EHLO.
    var url: String { "\(security == .implicit ? "smtps" : "smtp")://\(bracketedServer):\(port)/\(clientName)" }

    /// Whether the password would travel readable for others: no TLS, and the server is not this machine.
    var exposesCredentials: Bool {
        username != nil && security == .none && !Self.isLoopback(server)
    }

    var exposureRemedy: String {
        "username and password are not sent to \(bracketedServer):\(port) without encryption "
            + "(set send_starttls to true, or port to 465)"
    }

    /// Decided by the text alone, for DNS can say anything: 127.0.0.0/8, ::1 and localhost (RFC 6761).
    static func isLoopback(_ server: String) -> Bool {
        if server.lowercased() == "localhost" { return true }
        var four = in_addr()
        if inet_pton(AF_INET, server, &four) == 1 { return withUnsafeBytes(of: &four) { $0.first == 127 } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, server, &six) == 1 else { return false }
        return withUnsafeBytes(of: &six) { $0.last == 1 && $0.dropLast().allSatisfy { $0 == 0 } }
    }
}
