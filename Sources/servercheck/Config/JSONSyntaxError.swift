// Where a config stops being JSON, in words for the person who wrote it by hand.

/// The first place where a text is not JSON.
struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Both count from 1; the column counts characters. nil when it is about the file as a whole.
    var line: Int?
    var column: Int?
    var text: String

    var description: String {
        guard let line else { return text }
        guard let column else { return "line \(line): \(text)" }
        return "line \(line), column \(column): \(text)"
    }

    /// - Parameter offset: the byte at which it happened; may be the end.
    init(_ text: String, at offset: Int, of bytes: [UInt8]) {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        self.text = text
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        // Bytes 10xxxxxx continue a character of UTF-8.
        column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
    }

    init(_ text: String, line: Int? = nil) {
        self.text = text
        self.line = line
    }
}
