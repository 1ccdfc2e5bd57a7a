// Reads the JSON (RFC 8259) that this program wrote itself: one pass notes where each value begins and ends, and a value is
// decoded when somebody asks for it. FoundationEssentials' decoder is not used because its first use costs more than all
// sensors, and JSONParser not because it makes a tree of every value, which 64 KiB of state would cost each minute. The
// bytes may be damaged, so nothing here traps or recurses without bound.

/// Where each value of a JSON text begins and ends.
struct JSONIndex {
    enum Kind { case object, array, string, escapedString, number, yes, no, null }

    struct Entry {
        var kind: Kind
        /// Of a string without its quotes.
        var start: Int
        var end: Int
        /// The index of what follows this value and all in it.
        var next: Int
    }

    /// Deeper nesting is refused; a state needs nine levels.
    private static let depthLimit = 32

    let bytes: [UInt8]
    /// In the order of the text; the members of an object are a string and a value in turn.
    private(set) var entries: [Entry] = []
    private var offset = 0

    /// nil: no JSON, or not UTF-8.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        entries.reserveCapacity(bytes.count / 8)
        guard scanValue(depth: 0) else { return nil }
        skipSpace()
        if offset < bytes.count { return nil }
    }

    /// - Returns: false where there is no JSON.
    private mutating func scanValue(depth: Int) -> Bool {
        skipSpace()
        let position = entries.count
        let start = offset
        guard depth < JSONIndex.depthLimit, let byte else { return false }
        entries.append(Entry(kind: .null, start: start, end: start, next: position))
        let kind: Kind?
        switch byte {
        case UInt8(ascii: "{"): kind = scanList(of: .object, closing: UInt8(ascii: "}"), depth: depth)
        case UInt8(ascii: "["): kind = scanList(of: .array, closing: UInt8(ascii: "]"), depth: depth)
        case UInt8(ascii: "\""):
            guard let kind = scanString() else { return false }
            entries[position] = Entry(kind: kind, start: start + 1, end: offset - 1, next: entries.count)
            return true
        case UInt8(ascii: "t"): kind = scanWord("true") ? .yes : nil
        case UInt8(ascii: "f"): kind = scanWord("false") ? .no : nil
        case UInt8(ascii: "n"): kind = scanWord("null") ? .null : nil
        default: kind = scanNumber() ? .number : nil
        }
        guard let kind else { return false }
        entries[position] = Entry(kind: kind, start: start, end: offset, next: entries.count)
        return true
    }

    private mutating func scanList(of kind: Kind, closing: UInt8, depth: Int) -> Kind? {
        offset += 1
        skipSpace()
        if byte == closing {
            offset += 1
            return kind
        }
        while true {
            if kind == .object {
                skipSpace()
                guard byte == UInt8(ascii: "\""), scanValue(depth: depth + 1) else { return nil }
                skipSpace()
                guard byte == UInt8(ascii: ":") else { return nil }
                offset += 1
            }
            guard scanValue(depth: depth + 1) else { return nil }
            skipSpace()
            let end = byte
            offset += 1
            if end == closing { return kind }
            guard end == UInt8(ascii: ",") else { return nil }
        }
    }

    private mutating func scanString() -> Kind? {
        var kind = Kind.string
        offset += 1
        while let byte {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return kind
            case UInt8(ascii: "\\"):
                kind = .escapedString
                guard scanEscape() else { return nil }
            case 0..<0x20: return nil
            default: break
            }
        }
        return nil
    }

    private mutating func scanEscape() -> Bool {
        guard let byte else { return false }
        offset += 1
        guard byte == UInt8(ascii: "u") else { return JSONIndex.escaped(byte) != nil }
        guard offset + 4 <= bytes.count else { return false }
        defer { offset += 4 }
        return bytes[offset..<offset + 4].allSatisfy { JSONIndex.hexadecimal($0) != nil }
    }

    private mutating func scanNumber() -> Bool {
        if byte == UInt8(ascii: "-") { offset += 1 }
        let whole = skipDigits()
        guard whole == 1 || (whole > 1 && bytes[offset - whole] != UInt8(ascii: "0")) else { return false }
        if byte == UInt8(ascii: ".") {
            offset += 1
            if skipDigits() == 0 { return false }
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            offset += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
            if skipDigits() == 0 { return false }
        }
        return true
    }

    private mutating func scanWord(_ word: StaticString) -> Bool {
        let isThere = bytes[offset...].starts(with: UnsafeBufferPointer(word))
        if isThere { offset += word.utf8CodeUnitCount }
        return isThere
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
        return offset - start
    }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// What `\n` and its like stand for.
    static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of a literal.
    init(_ text: StaticString) { self.init(start: text.utf8Start, count: text.utf8CodeUnitCount) }
}
