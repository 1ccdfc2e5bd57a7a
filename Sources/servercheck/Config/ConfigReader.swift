// Reads one JSON object of the config strictly. Every mistake is collected with its JSON path; reading goes on with the
// default, so that all mistakes are reported together.

/// A cursor on one JSON object. Call one reading function per known key, then `finish()`.
struct ConfigReader: Sendable {
    /// Where this object is: `sensors[1].diskspace`.
    let path: String
    /// The `name` of a sensor or channel that gives none: its kind, then kind-2, kind-3, …
    let defaultName: String
    /// For `*_file` keys: $CREDENTIALS_DIRECTORY.
    let credentialsDirectory: String?
    private let members: [String: JSONValue]
    /// The keys that were asked for.
    private(set) var known: [String] = []
    var problems: [ConfigProblem] = []

    init(_ members: [String: JSONValue], path: String, defaultName: String = "", credentialsDirectory: String? = nil) {
        self.members = members
        self.path = path
        self.defaultName = defaultName
        self.credentialsDirectory = credentialsDirectory
    }

    /// The raw value of a key; marks it as known.
    mutating func value(_ key: String) -> JSONValue? {
        known.append(key)
        return members[key]
    }

    /// The raw value of a key, without marking it as known.
    func peek(_ key: String) -> JSONValue? { members[key] }

    mutating func problem(_ key: String, _ text: String, severity: ConfigProblem.Severity = .error) {
        problems.append(ConfigProblem(path: ConfigProblem.path(path, key), text: text, severity: severity))
    }

    /// Keys of the ancestor's config that it also took as decimal strings.
    private static let ancestorNumbers = [
        "update_interval", "threshold", "duration", "amount", "renotify_time", "port",
    ]

    /// A number. nil when the key is absent or wrong. The ancestor's keys may be decimal strings, with a warning.
    mutating func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        switch value(key) {
        case nil: return nil
        case .number(let number): return checked(key, number, in: range)
        case .string(let text):
            guard let number = ConfigReader.decimal(text) else {
                let shown = ConfigProblem.mayHoldSecrets(path) ? "a text" : "the text \(ConfigProblem.quoted(text))"
                problem(key, "must be a number, is \(shown)")
                return nil
            }
            guard ConfigReader.ancestorNumbers.contains(key) else {
                problem(key, "must be a number, is a string: write \(text) without quotes")
                return nil
            }
            problem(key, "is a string: write the number \(text) without quotes", severity: .warning)
            return checked(key, number, in: range)
        case .some(let other):
            problem(key, "must be a number, is \(other.typeName)")
            return nil
        }
    }

    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = number(key, in: Double(range.lowerBound)...Double(range.upperBound)) else { return nil }
        guard let integer = Int(exactly: number) else {
            problem(key, "must be a whole number, is \(number)")
            return nil
        }
        return integer
    }

    /// A short plain decimal number (`20`, `-1`, `20.5`); no sign of plus, exponent, hexadecimal or space.
    private static func decimal(_ text: String) -> Double? {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard text.utf8.count <= 30, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) else { return nil }
        return Double(text)
    }

    private mutating func checked(_ key: String, _ number: Double, in range: ClosedRange<Double>) -> Double? {
        if range.contains(number) { return number }
        let text = { (bound: Double) in Int(exactly: bound).map(String.init) ?? String(bound) }
        problem(key, "must be between \(text(range.lowerBound)) and \(text(range.upperBound)), is \(text(number))")
        return nil
    }

    mutating func string(_ key: String) -> String? {
        switch value(key) {
        case nil: return nil
        case .string(let text): return text
        case .some(let other):
            problem(key, "must be a string, is \(other.typeName)")
            return nil
        }
    }

    mutating func bool(_ key: String) -> Bool? {
        switch value(key) {
        case nil: return nil
        case .bool(let flag): return flag
        case .some(let other):
            problem(key, "must be true or false, is \(other.typeName)")
            return nil
        }
    }

    /// An array of strings; [] when the key is absent or wrong.
    mutating func strings(_ key: String) -> [String] {
        switch value(key) {
        case nil: return []
        case .array(let elements):
            var texts: [String] = []
            for (index, element) in elements.enumerated() {
                if case .string(let text) = element {
                    texts.append(text)
                } else {
                    problem("\(key)[\(index)]", "must be a string, is \(element.typeName)")
                }
            }
            return texts
        case .some(let other):
            problem(key, "must be an array of strings, is \(other.typeName)")
            return []
        }
    }

    /// Says that a required key is missing, unless it is there (then its own mistake was reported already).
    mutating func require(_ key: String) {
        if members[key] == nil { problem(key, "is missing") }
    }

    /// A reader for an object below this one; take its problems over when done: `problems += inner.finish()`.
    mutating func object(_ key: String) -> ConfigReader? {
        switch value(key) {
        case nil: return nil
        case .object(let inner):
            return ConfigReader(
                inner, path: ConfigProblem.path(path, key), credentialsDirectory: credentialsDirectory)
        case .some(let other):
            problem(key, "must be an object, is \(other.typeName)")
            return nil
        }
    }

    /// The keys of this object, sorted; for objects whose keys are names (mount points).
    var keys: [String] { members.keys.sorted() }

    /// Whether the key is there, even as null.
    func has(_ key: String) -> Bool { members[key] != nil }

    /// All problems of this object: those found while reading, and unknown keys with the nearest known one.
    func finish() -> [ConfigProblem] {
        let isKnown = Set(known)
        if members.keys.allSatisfy(isKnown.contains) { return problems }
        var all = problems
        for key in keys where !isKnown.contains(key) {
            // Looked for only where it will be shown: a file that is no config at all has thousands of them.
            let meant = all.count < ConfigDecoder.problemLimit ? Spelling.nearest(to: key, in: known) : nil
            let text = meant.map { "unknown key, did you mean \"\($0)\"?" } ?? "unknown key"
            let object = key.isEmpty ? " \"\"" : ""
            all.append(ConfigProblem(path: ConfigProblem.path(path, key), text: text + object))
        }
        return all
    }
}

extension ConfigReader {
    /// `name`: in options, output and outbox.
    mutating func name() -> String { string("name") ?? defaultName }

    /// The keys that all sensors share. `renotifyMinutes`: the sensor's own default.
    mutating func notifyPolicy(renotifyMinutes: Double? = nil) -> NotifyPolicy {
        _ = number("update_interval", in: 0...31_536_000)
        return NotifyPolicy(
            renotifySeconds: (number("renotify_time", in: 0...525_600) ?? renotifyMinutes).map { $0 * 60 },
            maxCheckAttempts: integer("max_check_attempts", in: 1...1000) ?? 1,
            recoveryMargin: number("recovery_margin", in: 0...100) ?? 2,
            recovery: bool("recovery") ?? true)
    }
}
