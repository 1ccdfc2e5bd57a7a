// What the fast path looks at: the bytes from the start of a line on, as many as it ever reads together. That so many
// are there is checked once for each line; each load is then kept inside by a mask, and no usual line reaches so far.

/// The bytes at the start of a line, and some behind it.
struct LineWindow {
    /// Bytes that must be there: an offset below 512, and the word that begins there.
    static let size = 512 + 8
    private let start: UnsafeRawPointer

    /// - Parameter bytes: from the start of the line on; traps when they are fewer than `size`.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= LineWindow.size)
        start = bytes.baseAddress.unsafelyUnwrapped
    }

    /// Eight bytes, the first one lowest.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset & 511, as: UInt64.self))
    }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { start.load(fromByteOffset: offset & 511, as: UInt8.self) }

    /// Whether `text`, of 1 or of 3 and more bytes, stands at `offset`: compared by words, the last one overlapping the one
    /// before.
    @inline(__always)
    func has(_ text: StaticString, at offset: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        let expected = UnsafeRawPointer(text.utf8Start)
        if length == 1 { return byte(at: offset) == expected.load(as: UInt8.self) }
        if length == 3 {
            let bytes = { (place: Int) in UInt64(expected.load(fromByteOffset: place, as: UInt8.self)) }
            return word(at: offset) & 0xFF_FFFF == bytes(0) | bytes(1) << 8 | bytes(2) << 16
        }
        guard length >= 8 else {
            let last = length &- 4
            let half = { (place: Int) in expected.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
            return UInt32(truncatingIfNeeded: word(at: offset)) == UInt32(littleEndian: half(0))
                && UInt32(truncatingIfNeeded: word(at: offset &+ last)) == UInt32(littleEndian: half(last))
        }
        let last = length &- 8
        let word = { (place: Int) in expected.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
        // One branch for all of them: where the first word is right, so are nearly always the others.
        var difference = self.word(at: offset &+ last) ^ UInt64(littleEndian: word(last))
        var index = 0
        while index < last {
            difference |= self.word(at: offset &+ index) ^ UInt64(littleEndian: word(index))
            index &+= 8
        }
        return difference == 0
    }
}
