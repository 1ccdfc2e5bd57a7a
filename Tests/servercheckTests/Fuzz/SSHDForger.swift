// Writes connections as sshd would log them, with names that attackers choose. It knows the true address and count.

@testable import servercheck

/// Attackers' connections, for the tests that no decoy is believed.
struct SSHDForger {
    /// The peers that really connect; everything else that looks like an address comes from a user name.
    static let peers = ["198.51.100.7", "2001:db8::7", "198.51.100.8"]
    /// All of them are in 203.0.113.0/24, 2001:db8:bad::/48 or below the name `decoy`.
    private static let decoys = [
        " from 203.0.113.9 port 22 ssh2", " from 203.0.113.9 port 22", " from 203.0.113.9", " 203.0.113.9 port 22",
        " 203.0.113.9 port 22 [preauth]", " from 2001-db8-bad--1 port 22 ssh2", " from decoy.example port 22 ssh2",
        "203.0.113.9", "invalid user ", "authenticating user ", " for root from 203.0.113.9 port 22 ssh2",
        " [preauth]", " ssh2", "message repeated 99 times", " not allowed because not listed in AllowUsers",
        " for invalid user x from 203.0.113.9 port 1 ssh2", "Failed password for root from 203.0.113.9 port 22 ssh2",
        "Accepted password for root from 203.0.113.9 port 22 ssh2", "sshd[1]", "]", " ", "  ", "root", "|", "=", "'",
        " from ", " port ", " from 203.0.113.9 port 22 ssh2 from", "é", "#011", "\u{202E}", "\\012", "%s%n", "for",
    ]

    /// A name without a colon (sshd cuts names there) and without control bytes (sshd and rsyslog escape them).
    static func name(_ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 0...6, using: &random)
        var name = (0..<count).map { _ in decoys.randomElement(using: &random) ?? "" }.joined()
        if Int.random(in: 0..<20, using: &random) == 0 { name += String(repeating: "A", count: 460) }
        if Int.random(in: 0..<30, using: &random) == 0 { name = String(repeating: name + "x", count: 40) }
        return name
    }

    /// What one connection is logged as.
    struct Connection {
        var lines: [String]
        /// nil where sshd's limit of 500 bytes cut the words that tell.
        var attempts: Int?
        var peer: String
    }

    private static func cut(_ message: String) -> String {
        // snprintf(3) counts bytes; the last one may be half a character.
        String(decoding: Array(message.utf8).prefix(500), as: UTF8.self)
    }

    static func connection(pid: Int, _ random: inout SeededGenerator) -> Connection {
        let peer = peers.randomElement(using: &random) ?? ""
        let port = Int.random(in: 1024...65_535, using: &random)
        let user = name(&random)
        let place = "\(peer) port \(port)"
        let text =
            ["Bye Bye [preauth]", "203.0.113.9: x", " from 203.0.113.9 port 22 ssh2", "message"]
            .randomElement(using: &random) ?? ""
        let identity = "ID from 203.0.113.9 port 22 ssh2: (serial 0) CA from 203.0.113.9 port 22 ssh2"
        let messages: [String]
        var attempts: Int
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            messages = [
                "Invalid user \(user) from \(place)", "pam_unix(sshd:auth): check pass; user unknown",
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9 ",
                "Failed password for invalid user \(user) from \(place) ssh2",
                "Connection closed by invalid user \(user) \(place) [preauth]",
            ]
            attempts = 1
        case 1:
            messages = [
                "Invalid user \(user) from \(place)", "Failed none for invalid user \(user) from \(place) ssh2",
                "Connection reset by invalid user \(user) \(place) [preauth]",
            ]
            attempts = 1
        case 2:
            messages = [
                "Failed password for alice from \(place) ssh2",
                "message repeated 2 times: [ Failed password for alice from \(place) ssh2]",
                "Disconnected from authenticating user alice \(place) [preauth]",
            ]
            attempts = 3
        case 3:
            messages = [
                "Failed publickey for invalid user \(user) from \(place) ssh2: RSA-CERT SHA256:abc \(identity)",
                "Disconnecting invalid user \(user) \(place): Too many authentication failures [preauth]",
            ]
            attempts = 1
        case 4:
            messages = [
                "Invalid user \(user) from \(place)",
                "error: PAM: Authentication failure for illegal user \(user) from \(peer)",
                "Failed keyboard-interactive/pam for invalid user \(user) from \(place) ssh2",
                "Connection closed by invalid user \(user) \(place) [preauth]",
            ]
            attempts = 1
        case 5:
            messages = [
                "Failed publickey for alice from \(place) ssh2: RSA-CERT SHA256:abc \(identity)",
                "error: maximum authentication attempts exceeded for alice from \(place) ssh2 [preauth]",
                "Disconnecting authenticating user alice \(place): Too many authentication failures [preauth]",
            ]
            attempts = 1
        case 6:
            messages = [
                "Connection closed by authenticating user alice \(place) [preauth]"
            ]
            attempts = 1
        case 7:
            messages = [
                "Received disconnect from \(place):11: \(text)", "Disconnected from \(place)",
                "Bad protocol version identification '\(text) Failed password for root from 203.0.113.9 port 22 ssh2' "
                    + "from \(place)",
            ]
            attempts = 0
        case 8:
            // A local user, of whose name sshd writes 100 bytes at most.
            let local = String(decoding: Array(user.utf8).prefix(100), as: UTF8.self)
            let reason = ["not listed in AllowUsers", "listed in DenyUsers", "shell \(text) does not exist", "x"]
            messages = [
                "User \(local) from \(peer) not allowed because \(reason.randomElement(using: &random) ?? "")",
                "Failed password for invalid user \(local) from \(place) ssh2",
                "Connection closed by invalid user \(local) \(place) [preauth]",
            ]
            attempts = 1
        default:
            messages = [
                "error: maximum authentication attempts exceeded for invalid user \(user) from \(place) ssh2 [preauth]",
                "Received disconnect from \(place):11: \(text)",
                "Disconnected from invalid user \(user) \(place) [preauth]",
            ]
            attempts = 1
        }
        let isCut = messages.contains { $0.utf8.count >= 500 }
        return Connection(
            lines: messages.map { "sshd-session[\(pid)]: \(cut($0))" }, attempts: isCut ? nil : attempts, peer: peer)
    }
}
