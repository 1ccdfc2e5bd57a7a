// Looking at the bytes of a line: bounds-checked, without an allocation.

extension UInt8 {
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
}

extension Span<UInt8> {
    /// Whether `text` stands at `offset`. `text` must be ASCII.
    @inline(__always)
    func has(_ text: StaticString, at offset: Int) -> Bool {
        bytes.has(text, at: offset)
    }

    /// The first `byte` in `range`, or in everything.
    @inline(__always)
    func firstIndex(of byte: UInt8, in range: Range<Int>? = nil) -> Int? {
        let range = (range ?? indices).clamped(to: indices)
        var index = range.lowerBound
        while index <= range.upperBound &- 8 {
            let marks = bytes.word(at: index).marks(byte)
            if marks != 0 { return index &+ marks.lowestByte }
            index &+= 8
        }
        while index < range.upperBound {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Where `text` first stands wholly inside `range`.
    func firstRange(of text: StaticString, in range: Range<Int>) -> Range<Int>? {
        let length = text.utf8CodeUnitCount
        let range = range.clamped(to: indices)
        guard length > 0, range.count >= length else { return nil }
        let first = text.utf8Start.pointee
        for start in range.lowerBound...(range.upperBound - length) where self[start] == first && has(text, at: start) {
            return start..<(start + length)
        }
        return nil
    }

    /// Where `text` last stands wholly inside `range`.
    func lastRange(of text: StaticString, in range: Range<Int>) -> Range<Int>? {
        let length = text.utf8CodeUnitCount
        let range = range.clamped(to: indices)
        guard length > 0, range.count >= length else { return nil }
        let first = text.utf8Start.pointee
        var start = range.upperBound - length
        while start >= range.lowerBound {
            if self[start] == first, has(text, at: start) { return start..<(start + length) }
            start -= 1
        }
        return nil
    }

    /// The decimal number at `range.lowerBound` and where it ends; at most `digits` digits. nil when there is none or a
    /// longer one.
    @inline(__always)
    func number(in range: Range<Int>, digits: Int) -> (value: UInt64, end: Int)? {
        var value: UInt64 = 0
        var index = range.lowerBound
        let limit = Swift.min(range.upperBound, count)
        while index < limit, self[index].isDigit {
            guard index - range.lowerBound < digits else { return nil }
            value = value &* 10 &+ UInt64(self[index] &- UInt8(ascii: "0"))
            index &+= 1
        }
        return index > range.lowerBound ? (value, index) : nil
    }

    /// The text in `range`; bytes that are no UTF-8 become U+FFFD.
    func text(_ range: Range<Int>) -> String {
        extracting(range.clamped(to: indices)).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

extension Int {
    /// Addition that stops at the largest number: counts come from forged lines.
    func addingSaturated(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
