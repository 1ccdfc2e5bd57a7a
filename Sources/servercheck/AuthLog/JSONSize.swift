// How much room a text takes in the state file, which must stay small whatever names attackers choose.

extension UInt8 {
    /// What one byte of UTF-8 takes in JSON (RFC 8259, section 7). Without branches, so that many are added up at once.
    fileprivate var jsonSize: Int {
        let isEscaped = self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") || self == UInt8(ascii: "/")
        return 1 + (isEscaped ? 1 : 0) + (self < 0x20 ? 5 : 0)
    }
}

extension Int64 {
    /// Bytes in JSON.
    var jsonSize: Int {
        var size = self < 0 ? 2 : 1
        var rest = magnitude
        while rest >= 10 {
            rest /= 10
            size += 1
        }
        return size
    }
}

extension String {
    /// Bytes in JSON, without the quotes.
    var jsonSize: Int {
        let size = utf8.withContiguousStorageIfAvailable { bytes in
            var size = 0
            for byte in bytes { size += byte.jsonSize }
            return size
        }
        return size ?? utf8.reduce(0) { $0 + $1.jsonSize }
    }

    /// As much of the text as `limit` bytes of JSON hold.
    func cut(jsonSize limit: Int) -> String {
        if jsonSize <= limit { return self }
        var size = 0
        let kept = unicodeScalars.prefix {
            size += UTF8.encode($0)?.reduce(0) { $0 + $1.jsonSize } ?? 0
            return size <= limit
        }
        return String(kept)
    }
}
