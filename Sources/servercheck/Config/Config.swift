// What one config file says, read strictly: all of it is right, or nothing runs and every mistake is known.

/// A config without mistakes.
struct Config: Sendable {
    /// Where a config came from.
    enum Source: Sendable, Equatable {
        case file(String)
        /// No file was found at these paths.
        case builtIn(tried: [String])

        /// The file's path, if it is one.
        var path: String? {
            if case .file(let path) = self { return path }
            return nil
        }
    }

    var channels: [any Channel]
    var sensors: [any Sensor]
    /// The name shown in messages; nil: the machine's own.
    var hostname: String?
    /// Path of the Prometheus text file; nil: none.
    var metricsFile: String?
    /// Doubts that do not keep a run from happening.
    var warnings: [ConfigProblem]
    var source: Source
}
