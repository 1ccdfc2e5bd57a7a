// A key of a JSON object. Swift takes texts for equal that look alike, whatever their characters are composed of; RFC 8259
// (section 8.3) compares code units, and so does the kernel with mount points, which are keys as well.

/// A text that equals only one of the same bytes.
struct ExactText: Sendable, ExpressibleByStringLiteral {
    let text: String

    init(_ text: String) { self.text = text }

    init(stringLiteral text: String) { self.text = text }
}

extension ExactText: Hashable, Comparable {
    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    static func < (left: Self, right: Self) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        text.utf8Span.span.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
