// The one place where text from outside (mount points, user names, server answers) is made fit to print. After it, text
// is one line and cannot move a terminal's cursor, end a Nagios line or begin perfdata.

/// Makes foreign text harmless.
enum Clean {
    /// Printable text: control and format characters, line and paragraph separators and `|` become `?`.
    ///
    /// - Parameter limit: at most so many characters; a cut is marked with `…`.
    static func text(_ text: String, limit: Int = 1000) -> String {
        // Nearly all text is plain ASCII: look once at the bytes before taking it apart.
        let isPlain = text.utf8Span.span.withUnsafeBufferPointer {
            $0.count <= limit && $0.isPlain(0x20...0x7E, but: "|", "|")
        }
        if isPlain { return text }
        var cleaned = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit {
                cleaned.append("…")
                break
            }
            cleaned.append(scalar != "|" && isPrintable(scalar) ? scalar : "?")
            count += 1
        }
        return String(cleaned)
    }

    /// The same for bytes; what is not UTF-8 becomes U+FFFD.
    static func text(_ bytes: some Sequence<UInt8>, limit: Int = 1000) -> String {
        text(String(decoding: Array(bytes), as: UTF8.self), limit: limit)
    }

    /// A perfdata label, quoted: `=` becomes `_` and `'` is doubled, as the guidelines want. It is never cut, since the ends
    /// of mount points and the suffix of a metric are what makes labels differ; PATH_MAX bounds it.
    static func label(_ name: String) -> String {
        var quoted: [UInt8] = []
        append(label: name, to: &quoted)
        return String(decoding: quoted, as: UTF8.self)
    }

    static func append(label name: String, to bytes: inout [UInt8]) {
        let quote = UInt8(ascii: "'")
        let equals = UInt8(ascii: "=")
        let text = text(name, limit: 5000)
        bytes.append(quote)
        text.utf8Span.span.withUnsafeBufferPointer { text in
            if text.isPlain(0x20...0x7E, but: "'", "=") { return bytes.append(contentsOf: text) }
            for byte in text {
                if byte == quote { bytes.append(quote) }
                bytes.append(byte == equals ? UInt8(ascii: "_") : byte)
            }
        }
        bytes.append(quote)
    }

    /// Whether a terminal only shows it.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        // Cf holds the bidirectional overrides, which can make a line read backwards, and the tag characters.
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }
}

extension Unicode.Scalar {
    /// A control character: the general category Cc, which is C0, DEL and C1.
    var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }

    /// What cannot be seen or moves the cursor; format characters can turn a line's direction.
    var movesText: Bool {
        if isASCII { return isControl }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }
}
