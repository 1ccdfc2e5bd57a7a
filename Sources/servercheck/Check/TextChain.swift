// Texts in a row. The library's joined(separator:) looks up what it needs when it is first used, which costs a healthy run
// more than reading /proc/meminfo.

extension [String] {
    /// All texts, `separator` between them. Put together as bytes: a string looks at itself again for each piece that it gets.
    func chained(by separator: String = "") -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(reduce(0) { $0 + $1.utf8.count + separator.utf8.count })
        for (index, part) in enumerated() {
            if index > 0, !separator.isEmpty { bytes.append(separator) }
            bytes.append(part)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// As `+=` of its bytes, without a look at each kind of sequence that could be meant.
    mutating func append(_ text: String) {
        text.utf8Span.span.withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    mutating func append(_ text: StaticString) { append(contentsOf: UnsafeBufferPointer(text)) }

    /// Appends a number in decimal.
    mutating func append(decimal number: UInt64) {
        var digits = ShortBytes()
        digits.append(decimal: number)
        digits.withBytes { append(contentsOf: $0) }
    }
}
