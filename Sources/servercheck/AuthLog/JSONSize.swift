// How much room a text takes in the state file, which must stay small whatever names attackers choose.

extension Unicode.Scalar {
    /// Bytes in JSON (RFC 8259, section 7).
    fileprivate var jsonSize: Int {
        switch self {
        case "\"", "\\", "/": 2
        case _ where value < 0x20: 6
        default: UTF8.width(self)
        }
    }
}

extension String {
    /// Bytes in JSON, without the quotes.
    var jsonSize: Int { unicodeScalars.reduce(0) { $0 + $1.jsonSize } }

    /// As much of the text as `limit` bytes of JSON hold.
    func cut(jsonSize limit: Int) -> String {
        var size = 0
        let kept = unicodeScalars.prefix {
            size += $0.jsonSize
            return size <= limit
        }
        return String(kept)
    }
}
