// What the fast path looks at: the bytes from the start of a line on, as many as it ever reads together. That so many
// are there is checked once for each line; each place is then kept inside by a mask, and no usual line reaches so far.
// From a place on loads go to constant distances, which the compiler checks: they cost no more than the load.

/// The bytes at the start of a line, and some behind it.
struct LineWindow {
    /// Bytes that must be there: for a place at any offset below 512.
    static let size = 512 + LinePlace.reach
    private let start: UnsafeRawPointer

    /// - Parameter place: where the line starts; traps when fewer than `size` bytes are there.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at place: Int) {
        precondition(place >= 0 && place <= bytes.count &- LineWindow.size)
        start = bytes.baseAddress.unsafelyUnwrapped + place
    }

    @inline(__always)
    func at(_ offset: Int) -> LinePlace { LinePlace(start: start + (offset & 511)) }

    /// Eight bytes, the first one lowest.
    @inline(__always)
    func word(at offset: Int) -> UInt64 { at(offset).word(0) }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { at(offset).byte(0) }
}

/// A place in a line, and the bytes from there on.
struct LinePlace {
    /// Bytes from a place on that may be read.
    static let reach = 64
    fileprivate let start: UnsafeRawPointer

    /// Eight bytes at a distance, the first one lowest.
    @inline(__always)
    func word(_ distance: Int) -> UInt64 {
        precondition(distance >= 0 && distance <= LinePlace.reach - 8)
        return UInt64(littleEndian: start.loadUnaligned(fromByteOffset: distance, as: UInt64.self))
    }

    @inline(__always)
    func byte(_ distance: Int) -> UInt8 {
        precondition(distance >= 0 && distance < LinePlace.reach)
        return start.load(fromByteOffset: distance, as: UInt8.self)
    }

    /// Whether `text`, of 1 or of 3 and more bytes, stands at a distance: compared by words, the last one overlapping the
    /// one before.
    @inline(__always)
    func has(_ text: StaticString, _ distance: Int = 0) -> Bool {
        let length = text.utf8CodeUnitCount
        let expected = UnsafeRawPointer(text.utf8Start)
        if length == 1 { return byte(distance) == expected.load(as: UInt8.self) }
        if length == 3 {
            let bytes = { (place: Int) in UInt64(expected.load(fromByteOffset: place, as: UInt8.self)) }
            return word(distance) & 0xFF_FFFF == bytes(0) | bytes(1) << 8 | bytes(2) << 16
        }
        guard length >= 8 else {
            let last = length &- 4
            let half = { (place: Int) in expected.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
            return UInt32(truncatingIfNeeded: word(distance)) == UInt32(littleEndian: half(0))
                && UInt32(truncatingIfNeeded: word(distance &+ last)) == UInt32(littleEndian: half(last))
        }
        let last = length &- 8
        let word = { (place: Int) in expected.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
        // One branch for all of them: where the first word is right, so are nearly always the others.
        var difference = self.word(distance &+ last) ^ UInt64(littleEndian: word(last))
        var index = 0
        while index < last {
            difference |= self.word(distance &+ index) ^ UInt64(littleEndian: word(index))
            index &+= 8
        }
        return difference == 0
    }
}
