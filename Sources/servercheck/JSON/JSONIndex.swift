// Reads JSON (RFC 8259) of which little is asked, what this program wrote itself and the answers of the Bot API: one pass
// notes where each value begins and ends, and a value is decoded when somebody asks for it. FoundationEssentials' decoder is
// not used because its first use costs more than all sensors, and JSONParser not because it makes a tree of every value,
// which 64 KiB of state would cost each minute. The bytes may be damaged, so nothing here traps or recurses without bound.

/// Where each value of a JSON text begins and ends.
struct JSONIndex {
    enum Kind { case object, array, string, escapedString, number, yes, no, null }

    /// Small: there are thousands of them, and memory that is touched first costs more than what is done with it.
    struct Entry {
        var kind: Kind
        private var start: UInt32
        private var end: UInt32
        private var following: UInt32

        /// Where it stands in the text; a string without its quotes.
        var range: Range<Int> { Int(start)..<Int(end) }
        /// The index of what follows this value and all in it.
        var next: Int { Int(following) }

        /// - Parameters: all at most the size of a text, which is less than 4 GiB.
        init(_ kind: Kind, _ range: Range<Int>, next: Int) {
            self.kind = kind
            start = UInt32(range.lowerBound)
            end = UInt32(range.upperBound)
            following = UInt32(next)
        }
    }

    /// Deeper nesting is refused; a state needs nine levels.
    private static let depthLimit = 32

    let bytes: [UInt8]
    /// In the order of the text; the members of an object are a string and a value in turn.
    private(set) var entries: [Entry] = []
    private var offset = 0

    /// nil: no JSON, not UTF-8, or 4 GiB and more.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let text = bytes.span
        guard UInt32(exactly: bytes.count) != nil, (try? UTF8Span(validating: text)) != nil else { return nil }
        entries.reserveCapacity(bytes.count / 8)
        guard scanValue(text, depth: 0) else { return nil }
        skipSpace(text)
        if offset < bytes.count { return nil }
    }

    /// - Returns: false where there is no JSON.
    private mutating func scanValue(_ text: Span<UInt8>, depth: Int) -> Bool {
        skipSpace(text)
        let start = offset
        guard depth < JSONIndex.depthLimit, start < text.count else { return false }
        let kind: Kind?
        switch text[start] {
        case UInt8(ascii: "{"): return scanList(text, of: .object, closing: UInt8(ascii: "}"), depth: depth)
        case UInt8(ascii: "["): return scanList(text, of: .array, closing: UInt8(ascii: "]"), depth: depth)
        case UInt8(ascii: "\""): return scanString(text)
        case UInt8(ascii: "t"): kind = scanWord(text, "true") ? .yes : nil
        case UInt8(ascii: "f"): kind = scanWord(text, "false") ? .no : nil
        case UInt8(ascii: "n"): kind = scanWord(text, "null") ? .null : nil
        default: kind = scanNumber(text) ? .number : nil
        }
        guard let kind else { return false }
        append(kind, start..<offset)
        return true
    }

    private mutating func append(_ kind: Kind, _ range: Range<Int>) {
        entries.append(Entry(kind, range, next: entries.count + 1))
    }

    private mutating func scanList(_ text: Span<UInt8>, of kind: Kind, closing: UInt8, depth: Int) -> Bool {
        let (position, start) = (entries.count, offset)
        append(kind, start..<start)
        offset += 1
        skipSpace(text)
        var isOver = at(closing, text)
        while !isOver {
            if kind == .object {
                skipSpace(text)
                guard at(UInt8(ascii: "\""), text), scanString(text) else { return false }
                skipSpace(text)
                guard at(UInt8(ascii: ":"), text) else { return false }
                offset += 1
            }
            guard scanValue(text, depth: depth + 1) else { return false }
            skipSpace(text)
            isOver = at(closing, text)
            if !isOver {
                guard at(UInt8(ascii: ","), text) else { return false }
                offset += 1
            }
        }
        offset += 1
        entries[position] = Entry(kind, start..<offset, next: entries.count)
        return true
    }

    private mutating func scanString(_ text: Span<UInt8>) -> Bool {
        var kind = Kind.string
        let start = offset + 1
        var end = start
        while end < text.count {
            let byte = text[end]
            if byte == UInt8(ascii: "\"") {
                offset = end + 1
                append(kind, start..<end)
                return true
            }
            if byte < 0x20 { return false }
            end += 1
            if byte == UInt8(ascii: "\\") {
                kind = .escapedString
                guard let length = JSONIndex.escapeLength(text, at: end) else { return false }
                end += length
            }
        }
        return false
    }

    /// How long an escape is behind its backslash.
    private static func escapeLength(_ text: Span<UInt8>, at start: Int) -> Int? {
        guard start < text.count else { return nil }
        if text[start] != UInt8(ascii: "u") { return escaped(text[start]) == nil ? nil : 1 }
        guard start + 4 < text.count else { return nil }
        return (start + 1...start + 4).allSatisfy { text[$0].hexadecimalValue != nil } ? 5 : nil
    }

    private mutating func scanNumber(_ text: Span<UInt8>) -> Bool {
        if at(UInt8(ascii: "-"), text) { offset += 1 }
        let whole = skipDigits(text)
        guard whole == 1 || (whole > 1 && text[offset - whole] != UInt8(ascii: "0")) else { return false }
        if at(UInt8(ascii: "."), text) {
            offset += 1
            if skipDigits(text) == 0 { return false }
        }
        if at(UInt8(ascii: "e"), text) || at(UInt8(ascii: "E"), text) {
            offset += 1
            if at(UInt8(ascii: "+"), text) || at(UInt8(ascii: "-"), text) { offset += 1 }
            if skipDigits(text) == 0 { return false }
        }
        return true
    }

    private mutating func scanWord(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
        let isThere = text.has(word, at: offset)
        if isThere { offset += word.utf8CodeUnitCount }
        return isThere
    }

    private mutating func skipDigits(_ text: Span<UInt8>) -> Int {
        let start = offset
        var end = start
        while end < text.count, text[end].isDigit { end += 1 }
        offset = end
        return end - start
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while offset < text.count {
            let byte = text[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            offset += 1
        }
    }

    private func at(_ byte: UInt8, _ text: Span<UInt8>) -> Bool { offset < text.count && text[offset] == byte }

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
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of a literal.
    init(_ text: StaticString) { self.init(start: text.utf8Start, count: text.utf8CodeUnitCount) }
}
