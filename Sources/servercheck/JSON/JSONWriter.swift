// Writes JSON (RFC 8259), indented for people or in one line. FoundationEssentials' encoder is not used because its first
// use costs more than all sensors.

/// A JSON text that grows.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let isIndented: Bool
    /// What is deeper stands in one line: a connection in the state, of which there can be many.
    private static let deepestLine = 6
    /// Whether local times are written in UTC all the same.
    private let isUTC: Bool
    private var depth = 0
    /// Whether nothing stands yet in the innermost object or array.
    private var isEmpty = true

    init(isIndented: Bool = false, isUTC: Bool = false) {
        self.isIndented = isIndented
        self.isUTC = isUTC
    }

    mutating func object(_ members: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    /// Numbers stand in one line.
    mutating func array<Element: JSONStored>(_ elements: [Element]) {
        open(UInt8(ascii: "["))
        for element in elements {
            separate(staysInLine: Element.isNumber)
            element.write(to: &self)
        }
        close(UInt8(ascii: "]"), staysInLine: Element.isNumber)
    }

    /// A key; its value is to follow.
    mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(name))
        bytes.append(UInt8(ascii: "\""))
        colon()
    }

    /// The same for a key that is anybody's text.
    mutating func key(_ name: String) {
        separate()
        string(name)
        colon()
    }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            var start = 0
            for (offset, byte) in text.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: text[start..<offset])
                escape(byte)
                start = offset + 1
            }
            bytes.append(contentsOf: text[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func integer(_ number: some FixedWidthInteger) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(decimal: UInt64(number.magnitude))
    }

    /// Whole numbers without a fraction; what is not finite is null.
    mutating func double(_ number: Double) {
        if let whole = Int64(exactly: number) {
            integer(whole)
        } else {
            bytes.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
        }
    }

    mutating func bool(_ flag: Bool) { bytes.append(contentsOf: UnsafeBufferPointer(flag ? "true" : "false")) }

    mutating func null() { bytes.append(contentsOf: UnsafeBufferPointer("null")) }

    /// RFC 3339 in UTC: a person may read the state.
    mutating func time(_ time: Timestamp) {
        bytes.append(UInt8(ascii: "\""))
        time.appendUTC(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// RFC 3339 with the local offset.
    mutating func localTime(_ time: Timestamp) {
        if isUTC { self.time(time) } else { string(time.localText) }
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: UnsafeBufferPointer("u00"))
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 0xF)])
        default: bytes.append(byte)
        }
    }

    private mutating func open(_ bracket: UInt8) {
        bytes.append(bracket)
        depth += 1
        isEmpty = true
    }

    private mutating func close(_ bracket: UInt8, staysInLine: Bool = false) {
        let breaks = !isEmpty && !staysInLine && isBroken
        depth -= 1
        if breaks { line() }
        bytes.append(bracket)
        isEmpty = false
    }

    private mutating func separate(staysInLine: Bool = false) {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
        if !staysInLine { line() }
    }

    private mutating func colon() {
        bytes.append(isBroken ? " : " : ":")
    }

    /// Whether what is in the innermost object or array stands in lines of its own.
    private var isBroken: Bool { isIndented && depth <= JSONWriter.deepestLine }

    private mutating func line() {
        guard isBroken else { return }
        // Two spaces for each depth up to the deepest.
        let indentation = UnsafeBufferPointer("\n            ")
        bytes.append(contentsOf: indentation.prefix(1 + 2 * depth))
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) { append(contentsOf: UnsafeBufferPointer(text)) }

    /// Appends a number in decimal, with zeros in front up to `width` digits (at most 20).
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
        start = Swift.min(start, 20 - width)
        digits.span.withUnsafeBufferPointer { append(contentsOf: UnsafeBufferPointer(rebasing: $0[start...])) }
    }
}
