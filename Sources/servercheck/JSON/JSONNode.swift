// One value of an indexed JSON text: decoded when it is asked for.

/// A value of a JSON text.
struct JSONNode {
    /// What all values of a text share: one reference, where each value would count those of two arrays.
    private final class Text: Sendable {
        let bytes: [UInt8]
        let entries: [JSONIndex.Entry]

        init(_ index: JSONIndex) { (bytes, entries) = (index.bytes, index.entries) }
    }

    private let index: Text
    private let position: Int

    /// The text's one value.
    init(rootOf index: JSONIndex) { self.init(Text(index), 0) }

    private init(_ index: Text, _ position: Int) {
        self.index = index
        self.position = position
    }

    private var entry: JSONIndex.Entry { index.entries[position] }

    var isNull: Bool { entry.kind == .null }

    var bool: Bool? {
        switch entry.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// A whole number, exact; nil where `Number` does not hold it.
    func integer<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        let entry = entry
        guard entry.kind == .number else { return nil }
        var digits = index.bytes[entry.start..<entry.end]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        var number: Number = 0
        for digit in digits {
            // A fraction or an exponent is no whole number here: none is ever written so.
            guard let value = Number(exactly: digit &- UInt8(ascii: "0")), value < 10 else { return nil }
            let (shifted, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflows) =
                isNegative ? shifted.subtractingReportingOverflow(value) : shifted.addingReportingOverflow(value)
            if isTooLarge || overflows { return nil }
            number = sum
        }
        return number
    }

    /// A finite number.
    var double: Double? {
        let entry = entry
        guard entry.kind == .number else { return nil }
        let number = Double(String(decoding: index.bytes[entry.start..<entry.end], as: UTF8.self))
        return number?.isFinite == true ? number : nil
    }

    var string: String? {
        let entry = entry
        switch entry.kind {
        case .string: return String(decoding: index.bytes[entry.start..<entry.end], as: UTF8.self)
        case .escapedString: return unescaped(index.bytes[entry.start..<entry.end])
        default: return nil
        }
    }

    /// An RFC 3339 time in a string.
    var time: Timestamp? {
        let entry = entry
        guard entry.kind == .string else { return nil }
        let bytes = index.bytes
        return LogTime.rfc3339(bytes.span.extracting(entry.start..<entry.end), length: entry.end - entry.start)
    }

    /// The elements of an array; nil where there is none.
    var elements: [JSONNode]? {
        entry.kind == .array ? children : nil
    }

    /// Keys and values of an object in turn; nil where there is none.
    var members: [JSONNode]? {
        entry.kind == .object ? children : nil
    }

    private var children: [JSONNode] {
        var nodes: [JSONNode] = []
        var next = position + 1
        // Of an array of numbers, which are the long ones, each is one entry.
        let end = entry.next
        nodes.reserveCapacity(min(end - next, 16))
        while next < end {
            nodes.append(JSONNode(index, next))
            next = index.entries[next].next
        }
        return nodes
    }

    /// Whether a key is `name`, as this program writes it.
    func isKey(_ name: StaticString) -> Bool {
        let entry = entry
        guard entry.kind == .string, entry.end - entry.start == name.utf8CodeUnitCount else { return false }
        let bytes = index.bytes
        return bytes.span.has(name, at: entry.start)
    }

    /// nil for half of a pair of surrogates.
    private func unescaped(_ text: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        var units: [UInt16] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            if let plain = JSONIndex.escaped(letter) {
                bytes.append(plain)
                continue
            }
            units.append(rest.prefix(4).reduce(0) { $0 << 4 | (JSONIndex.hexadecimal($1) ?? 0) })
            rest = rest.dropFirst(4)
            // A character beyond U+FFFF takes two escapes, one behind the other.
            if units.count == 1, UTF16.isLeadSurrogate(units[0]), rest.starts(with: Array("\\u".utf8)) { continue }
            guard let character = String(validating: units, as: UTF16.self) else { return nil }
            bytes += character.utf8
            units.removeAll()
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
