// Why nothing runs: every mistake of the config at once.

/// A config that cannot be used.
struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, when there is one.
    var file: String?
    /// At least one mistake; warnings may be among them.
    var problems: [ConfigProblem]

    /// One line for each mistake, warnings left out.
    var lines: [String] {
        problems.filter { $0.severity == .error }.map { problem in file.map { "\($0): \(problem)" } ?? "\(problem)" }
    }

    var description: String { lines.joined(separator: "\n") }
}
