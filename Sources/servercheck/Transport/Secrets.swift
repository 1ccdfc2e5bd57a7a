// The last line of defence: whatever a server or a library says, a secret in it becomes asterisks.

import FoundationEssentials

extension Transfer {
    /// What must not appear in any text about this transfer, longest first.
    var secrets: [Secret] {
        switch self {
        case .http(let request): return [request.url]
        case .mail(let request):
            guard let password = request.password else { return [] }
            let user = request.username ?? ""
            // As the SMTP mechanisms PLAIN (RFC 4616) and LOGIN send it; a server may quote the line it refuses.
            return [
                Secret(Data("\0\(user)\0\(password.revealed)".utf8).base64EncodedString()),
                Secret(Data(password.revealed.utf8).base64EncodedString()), password,
            ]
        }
    }
}

extension String {
    /// The text with every occurrence of a secret replaced by `***`.
    func hiding(_ secrets: [Secret]) -> String {
        var text = Array(utf8)
        for secret in secrets where !secret.revealed.isEmpty {
            let pattern = Array(secret.revealed.utf8)
            var result: [UInt8] = []
            var index = 0
            while index < text.count {
                if text[index...].starts(with: pattern) {
                    result += "***".utf8
                    index += pattern.count
                } else {
                    result.append(text[index])
                    index += 1
                }
            }
            text = result
        }
        return String(decoding: text, as: UTF8.self)
    }
}
