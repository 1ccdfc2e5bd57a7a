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

    mutating func append(contentsOf bytes: UnsafeBufferPointer<UInt8>) {
        let start = count
        precondition(bytes.count <= room)
        var storage = self.storage.mutableSpan
        storage.withUnsafeMutableBufferPointer { storage in
            for (offset, byte) in bytes.enumerated() { storage[start &+ offset] = byte }
        }
        count = start + bytes.count
    }

    mutating func append(_ text: StaticString) { append(contentsOf: UnsafeBufferPointer(text)) }

    /// A number in decimal, with zeros in front up to `width` digits (at most 20).
    mutating func append(decimal number: UInt64, width: Int = 1) {
        var digits: [20 of UInt8] = .init(repeating: UInt8(ascii: "0"))
        var start = 20
        var rest = number
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        for index in min(start, 20 - width)..<20 { append(digits[index]) }
    }

    /// The same with its sign.
    mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    mutating func removeAll() { count = 0 }

    func withBytes<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        storage.span.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<count])) }
    }
}
