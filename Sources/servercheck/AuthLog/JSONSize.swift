// How much room a text takes in the state file, which must stay small whatever names attackers choose.

extension UInt8 {
    /// What one byte of UTF-8 takes in JSON.
    fileprivate var jsonSize: Int {
        switch self {
        // \b \t \n \f \r
        case 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
        default: isPlainJSON ? 1 : self < 0x20 ? 6 : 2
        }
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
    /// Bytes in JSON at most, without the quotes.
    var jsonSize: Int {
        utf8Span.span.withUnsafeBufferPointer { bytes in
            bytes.isPlainJSON ? bytes.count : bytes.reduce(0) { $0 + $1.jsonSize }
        }
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
