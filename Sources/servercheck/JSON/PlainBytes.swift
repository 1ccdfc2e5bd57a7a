// Nearly all text can be written as it is: one question to all its bytes, before they are taken one by one.

extension UnsafeBufferPointer<UInt8> {
    /// Whether all bytes are in a range and none is one of two others.
    @inline(__always)
    func isPlain(_ range: ClosedRange<UInt8>, but one: Unicode.Scalar, _ other: Unicode.Scalar) -> Bool {
        // Minima and maxima of all, which the processor takes of many at once; of conditions the compiler makes jumps.
        let (one, other) = (UInt8(ascii: one), UInt8(ascii: other))
        var lowest = UInt8.max
        var highest = UInt8.min
        var difference = UInt8.max
        for byte in self {
            lowest = Swift.min(lowest, byte)
            highest = Swift.max(highest, byte)
            difference = Swift.min(difference, byte ^ one, byte ^ other)
        }
        return lowest >= range.lowerBound && highest <= range.upperBound && difference != 0
    }

    /// Whether a JSON string holds them as they are.
    var isPlainJSON: Bool { isPlain(0x20...0xFF, but: "\"", "\\") }
}

extension UInt8 {
    /// Whether a JSON string holds it as it is (RFC 8259, section 7).
    var isPlainJSON: Bool { self >= 0x20 && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\") }
}
