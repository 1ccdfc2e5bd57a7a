// A few bytes that are put together one by one. An array would be asked for each byte whether it has one owner and room.

/// At most `limit` bytes; more are a mistake of the caller.
struct ShortBytes: Sendable {
    static let limit = 128

    private var storage: [128 of UInt8] = .init(repeating: 0)
    private(set) var count = 0

    var room: Int { ShortBytes.limit - count }

    /// As text; the bytes must be UTF-8.
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(contentsOf bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= room)
        let start = count
        var storage = self.storage.mutableSpan
        storage.withUnsafeMutableBytes { storage in
            UnsafeMutableRawBufferPointer(rebasing: storage[start...]).copyMemory(from: UnsafeRawBufferPointer(bytes))
        }
        count = start + bytes.count
    }

    @inline(__always)
    mutating func append(_ text: StaticString) { append(contentsOf: UnsafeBufferPointer(text)) }

    /// A number in decimal, with zeros in front up to `width` digits (at most 20).
    mutating func append(decimal number: UInt64, width: Int = 1) {
        var digits: [20 of UInt8] = .init(repeating: UInt8(ascii: "0"))
        var start = 20
        var rest = number
        while rest > 0 {
            // Two at a time: each division waits for the one before.
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            let (tens, ones) = UInt8(truncatingIfNeeded: pair).quotientAndRemainder(dividingBy: 10)
            digits[start - 1] = UInt8(ascii: "0") + ones
            digits[start - 2] = UInt8(ascii: "0") + tens
            start -= quotient > 0 || tens > 0 ? 2 : 1
            rest = quotient
        }
        start = min(start, 20 - width)
        digits.span.withUnsafeBufferPointer { append(contentsOf: UnsafeBufferPointer(rebasing: $0[start...])) }
    }

    /// The same with its sign.
    mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    /// Appends them to others; nothing is left.
    mutating func move(to bytes: inout [UInt8]) {
        withBytes { bytes.append(contentsOf: $0) }
        count = 0
    }

    func withBytes<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        storage.span.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }
}
