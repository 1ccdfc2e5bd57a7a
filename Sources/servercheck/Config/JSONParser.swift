// Reads JSON (RFC 8259) strictly. FoundationEssentials' decoder is not used for the config because it hides what a
// strict reading must tell (a key given twice, line and column), and because probing it for each value's type throws an
// error per probe, once a minute. Nothing here may trap or recurse without bound: the bytes can be anything.

/// One pass over the bytes of a JSON text.
struct JSONParser {
    /// Deeper nesting is refused; a config needs six levels.
    private static let depthLimit = 64

    private let bytes: [UInt8]
    private var offset = 0
    /// Where the objects and arrays around `offset` were opened.
    private var open: [Int] = []
    /// The JSON path of the value being read: of a key where it stands, of an element -1 minus its index.
    private var place: [Int] = []
    /// Keys given twice in one object; the first value is kept.
    private(set) var problems: [ConfigProblem] = []

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The one value that `bytes` hold, and the keys that were given twice.
    static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> (value: JSONValue, problems: [ConfigProblem]) {
        try checkEncoding(bytes)
        var parser = JSONParser(bytes)
        parser.skipSpace()
        if parser.byte == nil { throw JSONSyntaxError("is empty") }
        let value = try parser.value()
        parser.skipSpace()
        if parser.byte == nil { return (value, parser.problems) }
        throw parser.error("nothing may follow the last closing bracket" + parser.commentHint)
    }

    private static func checkEncoding(_ bytes: [UInt8]) throws(JSONSyntaxError) {
        let start = (bytes.first ?? 0, bytes.dropFirst().first ?? 0, bytes.dropFirst(2).first ?? 0)
        if start == (0xEF, 0xBB, 0xBF) {
            throw JSONSyntaxError("begins with a byte order mark: save it as UTF-8 without BOM")
        }
        // A JSON text begins with ASCII, so a NUL in front or UTF-16's byte order mark tells UTF-16 and UTF-32.
        let isUTF16 = (start.0, start.1) == (0xFF, 0xFE) || (start.0, start.1) == (0xFE, 0xFF)
        if isUTF16 || bytes.prefix(2).contains(0) {
            throw JSONSyntaxError("is not UTF-8 but looks like UTF-16: save it as UTF-8")
        }
        if String(validating: bytes, as: UTF8.self) != nil { return }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw JSONSyntaxError("holds bytes that are not UTF-8: save the file as UTF-8", line: index + 1)
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case nil: throw endError()
        case let byte? where byte == UInt8(ascii: "-") || byte.isDigit: return .number(try number())
        default: return try word()
        }
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        try enter()
        while byte != UInt8(ascii: "}") {
            if byte == nil { throw endError() }
            guard byte == UInt8(ascii: "\"") else {
                throw error("expected a key in double quotes" + commentHint)
            }
            let keyOffset = offset
            let key = try string()
            skipSpace()
            guard byte == UInt8(ascii: ":") else {
                if byte == nil { throw endError() }
                throw error("expected a colon after the key")
            }
            offset += 1
            skipSpace()
            place.append(keyOffset)
            let value = try value()
            if members[key] == nil { members[key] = value } else { reportTwice(keyOffset) }
            place.removeLast()
            try separator(before: UInt8(ascii: "}"))
        }
        leave()
        return .object(members)
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        try enter()
        while byte != UInt8(ascii: "]") {
            place.append(-1 - elements.count)
            elements.append(try value())
            place.removeLast()
            try separator(before: UInt8(ascii: "]"))
        }
        leave()
        return .array(elements)
    }

    /// The comma between two members, or nothing before the closing bracket.
    private mutating func separator(before closing: UInt8) throws(JSONSyntaxError) {
        skipSpace()
        if byte == closing { return }
        let bracket = Character(Unicode.Scalar(closing))
        guard byte == UInt8(ascii: ",") else {
            if byte == nil { throw endError() }
            throw error("expected a comma or \(bracket)" + commentHint)
        }
        let comma = offset
        offset += 1
        skipSpace()
        guard byte == closing else { return }
        offset = comma
        throw error("a comma before \(bracket): remove the comma")
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        // Most texts stand in the bytes as they are.
        while let byte, byte >= 0x20, byte != UInt8(ascii: "\\") {
            offset += 1
            if byte == UInt8(ascii: "\"") {
                return String(decoding: bytes[start + 1..<offset - 1], as: UTF8.self)
            }
        }
        text += bytes[start + 1..<offset]
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                // Valid as a whole was checked, and escapes add whole characters.
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20:
                let isEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
                if isEnd { offset = start }
                throw error(isEnd ? "the closing double quote is missing" : "a control character: write it as \\u00…")
            default:
                text.append(byte)
                offset += 1
            }
        }
        offset = start
        throw error("the closing double quote is missing")
    }

    private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
        let start = offset
        offset += 2
        switch bytes.indices.contains(start + 1) ? bytes[start + 1] : 0 {
        case UInt8(ascii: "\""): return [UInt8(ascii: "\"")]
        case UInt8(ascii: "\\"): return [UInt8(ascii: "\\")]
        case UInt8(ascii: "/"): return [UInt8(ascii: "/")]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            // UTF-16 units: a character beyond U+FFFF takes two escapes.
            if let first = hexadecimal() {
                if !UTF16.isSurrogate(first) { return Array(String(decoding: [first], as: UTF16.self).utf8) }
                if bytes[offset...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
                    offset += 2
                    if let second = hexadecimal(), UTF16.isLeadSurrogate(first), UTF16.isTrailSurrogate(second) {
                        return Array(String(decoding: [first, second], as: UTF16.self).utf8)
                    }
                }
            }
        default: break
        }
        offset = start
        throw error("no such escape after the backslash: write a backslash itself as \\\\")
    }

    private mutating func hexadecimal() -> UInt16? {
        let digits = bytes[offset...].prefix(4).compactMap(\.hexadecimalValue)
        guard digits.count == 4 else { return nil }
        offset += 4
        return digits.reduce(0) { $0 << 4 | UInt16($1) }
    }

    private mutating func number() throws(JSONSyntaxError) -> Double {
        let start = offset
        if byte == UInt8(ascii: "-") { offset += 1 }
        let whole = skipDigits()
        var isNumber = whole == 1 || (whole > 1 && bytes[offset - whole] != UInt8(ascii: "0"))
        if byte == UInt8(ascii: ".") {
            offset += 1
            isNumber = skipDigits() > 0 && isNumber
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            offset += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
            isNumber = skipDigits() > 0 && isNumber
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isNumber, let number = Double(text), number.isFinite { return number }
        offset = start
        // Not quoted: it may be a password without its quotes.
        throw error("no number that JSON knows; a text needs double quotes")
    }

    /// true, false or null; what else people write here gets a hint.
    private mutating func word() throws(JSONSyntaxError) -> JSONValue {
        let start = offset
        while let byte, byte.isLetter { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: break
        }
        offset = start
        switch text {
        case "True", "TRUE", "yes", "on": throw error("write true in lower case, without quotes")
        case "False", "FALSE", "no", "off": throw error("write false in lower case, without quotes")
        case "None", "NULL": throw error("write null in lower case, without quotes")
        case "": throw error("expected a value" + commentHint)
        default: throw error("expected a value; a text needs double quotes")
        }
    }

    private mutating func enter() throws(JSONSyntaxError) {
        if open.count == JSONParser.depthLimit { throw error("more than \(JSONParser.depthLimit) brackets deep") }
        open.append(offset)
        offset += 1
        skipSpace()
    }

    private mutating func leave() {
        open.removeLast()
        offset += 1
    }

    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while let byte, byte.isDigit { offset += 1 }
        return offset - start
    }

    private mutating func reportTwice(_ keyOffset: Int) {
        // The line is found by counting from the start: bounded, because a hostile file can repeat a key often.
        if problems.count >= 20 { return }
        let path = place.reduce("") { path, step in
            if step < 0 { return "\(path)[\(-1 - step)]" }
            var reader = self
            reader.offset = step
            return ConfigProblem.path(path, (try? reader.string()) ?? "")
        }
        let line = JSONSyntaxError("", at: keyOffset, of: bytes).line ?? 0
        problems.append(ConfigProblem(path: path, text: "is given twice (again in line \(line))"))
    }

    private func error(_ text: String) -> JSONSyntaxError { JSONSyntaxError(text, at: offset, of: bytes) }

    private func endError() -> JSONSyntaxError {
        guard let last = open.last else { return error("the file ends too early") }
        let line = JSONSyntaxError("", at: last, of: bytes).line ?? 0
        let bracket = Character(Unicode.Scalar(bytes[last]))
        return error("the file ends, but the \(bracket) of line \(line) is not closed")
    }

    private var commentHint: String {
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: "/"): "; JSON has no comments"
        case UInt8(ascii: "'"): "; JSON knows only double quotes"
        default: ""
        }
    }
}
