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
        if number < 10, width == 1 { return append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)) }
        // Eight digits each.
        var words: [3 of UInt64] = .init(repeating: 0)
        var rest = number
        var first = 3
        while rest > 0 {
            first -= 1
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100_000_000)
            words[first] = DecimalWord.digits(of: remainder)
            rest = quotient
        }
        let start = first == 3 ? 24 : 8 * first + words[first].lowestByte
        for index in 0..<3 { words[index] = (words[index] | 0x3030_3030_3030_3030).littleEndian }
        words.span.withUnsafeBytes {
            append(contentsOf: $0[min(start, 24 - width)...].assumingMemoryBound(to: UInt8.self))
        }
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
