// One mistake or doubt in a config, as one line that a terminal can show whatever the file holds.

/// One mistake or doubt in a config.
struct ConfigProblem: Sendable, Equatable, CustomStringConvertible {
    enum Severity: Sendable { case warning, error }
    /// `sensors[1].diskspace.treshold`; empty when it is about the file as a whole.
    var path: String
    var text: String
    var severity: Severity = .error
    /// One line whatever the file holds.
    var description: String { Clean.text(path.isEmpty ? text : "\(path): \(text)") }

    /// The path of a member: `path.key`, or `path["key"]` for a key that is no plain word (a mount point). At the top level and
    /// in a channel such a key is not shown: it may be a secret that stands in a key's place.
    static func path(_ path: String, _ key: String) -> String {
        if key.isEmpty { return path }
        let plain = key.utf8.count <= 100 && key.utf8.allSatisfy(isPlain)
        if plain { return path.isEmpty ? key : "\(path).\(key)" }
        return "\(path)[\(mayHoldSecrets(path) ? "a key of \(key.count) characters" : quoted(key))]"
    }

    /// Whether a text at `path` may be a secret in the wrong place, and so must not be shown.
    static func mayHoldSecrets(_ path: String) -> Bool { path.isEmpty || path.hasPrefix("messaging_channels") }

    /// A text from the file in quotes, cut and made harmless.
    static func quoted(_ text: String) -> String { "\"\(Clean.text(text, limit: 60))\"" }

    // Brackets belong to a place in an array: `excluded_partitions[2]`.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "["),
            UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
