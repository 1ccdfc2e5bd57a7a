// One value of an indexed JSON text: decoded when it is asked for.

/// A value of a JSON text.
struct JSONNode {
    /// What all values of a text share: one reference, where each value would count those of two arrays.
    fileprivate final class Text: Sendable {
        let bytes: [UInt8]
        let entries: [JSONIndex.Entry]
        let isOurs: Bool

        init(_ index: JSONIndex, isOurs: Bool) {
            (bytes, entries) = (index.bytes, index.entries)
            self.isOurs = isOurs
        }

        /// Where in `start..<end`, which are keys and values in turn, the key `name` is, as this program writes it.
        func key(_ name: StaticString, from start: Int, to end: Int) -> Int? {
            let (bytes, entries) = (bytes, entries)
            var key = start
            while key < end {
                let entry = entries[key]
                if entry.kind == .string, entry.range.count == name.utf8CodeUnitCount,
                    bytes.span.has(name, at: entry.range.lowerBound)
                {
                    return key
                }
                key = entries[entry.next].next
            }
            return nil
        }
    }

    private let index: Text
    private let position: Int

    /// The text's one value.
    ///
    /// - Parameter isOurs: whether a checksum says that this program wrote the text.
    init(rootOf index: JSONIndex, isOurs: Bool = false) { self.init(Text(index, isOurs: isOurs), 0) }

    private init(_ index: Text, _ position: Int) {
        self.index = index
        self.position = position
    }

    private var entry: JSONIndex.Entry { index.entries[position] }

    var isNull: Bool { entry.kind == .null }

    var isArray: Bool { entry.kind == .array }

    var isOurs: Bool { index.isOurs }

    /// All of it, as it stands in the text; of a string what is between the quotes.
    var text: ArraySlice<UInt8> { index.bytes[entry.range] }

    /// Whether it is the same place in the same text.
    func isSame(as other: JSONNode) -> Bool { index === other.index && position == other.position }

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
        var digits = index.bytes[entry.range]
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
        guard entry.kind == .number else { return nil }
        let number = Double(String(decoding: text, as: UTF8.self))
        return number?.isFinite == true ? number : nil
    }

    var string: String? {
        switch entry.kind {
        case .string: return String(decoding: text, as: UTF8.self)
        case .escapedString: return unescaped(text)
        default: return nil
        }
    }

    /// An RFC 3339 time in a string.
    var time: Timestamp? {
        let entry = entry
        guard entry.kind == .string else { return nil }
        let bytes = index.bytes
        return LogTime.rfc3339(bytes.span.extracting(entry.range), length: entry.range.count)
    }

    /// The elements of an array; nil where there is none.
    var elements: Children? {
        entry.kind == .array ? Children(index: index, position: position + 1, end: entry.next) : nil
    }

    /// Keys and values of an object in turn; nil where there is none.
    var members: Children? {
        entry.kind == .object ? Children(index: index, position: position + 1, end: entry.next) : nil
    }

    /// What stands in an array or object, one behind the other. No array of nodes: each would be counted as a reference.
    struct Children: Sequence, IteratorProtocol {
        fileprivate let index: Text
        fileprivate var position: Int
        fileprivate let end: Int

        mutating func next() -> JSONNode? {
            guard position < end else { return nil }
            defer { position = index.entries[position].next }
            return JSONNode(index, position)
        }
    }

    /// The elements of an array; nil where there is none, or one of them is something else.
    func array<Element: JSONStored>(of _: Element.Type) -> [Element]? {
        guard let elements else { return nil }
        var values: [Element] = []
        for element in elements {
            guard let value = Element(json: element) else { return nil }
            values.append(value)
        }
        return values
    }

    /// A member of an object; nil where there is none.
    ///
    /// - Parameter likely: where its key probably is, counted in entries behind the object's own; then where the next key is.
    func member(_ name: StaticString, likely: inout Int) -> JSONNode? {
        guard entry.kind == .object else { return nil }
        let first = position + 1
        let start = first + likely
        // Once around, from the likely place on.
        guard let key = index.key(name, from: start, to: entry.next) ?? index.key(name, from: first, to: start) else {
            return nil
        }
        let value = index.entries[key].next
        likely = index.entries[value].next - first
        return JSONNode(index, value)
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
            units.append(rest.prefix(4).reduce(0) { $0 << 4 | UInt16($1.hexadecimalValue ?? 0) })
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
