// Logging for people and for journald: standard error, and LOG_FILE besides it. Standard output stays the result's.

import Glibc
import Logging

/// The log of one invocation, as a swift-log handler. No global bootstrap: the Logger is passed on as a value.
struct LogOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let sink: LogSink

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// A logger by LOG_LEVEL (DEBUG, INFO, WARNING, ERROR, CRITICAL; default INFO) and LOG_FILE.
    static func logger(environment: [String: String], minimumLevel: Logger.Level? = nil) -> Logger {
        let word = environment["LOG_LEVEL"] ?? ""
        let asked = word.isEmpty ? nil : levels.first { $0.word == word.uppercased() }?.level
        let sink = LogSink(
            isJournal: JournalStream.receives(STDERR_FILENO, environment: environment),
            filePath: environment["LOG_FILE"].flatMap { $0.isEmpty ? nil : $0 })
        let handler = LogOutput(logLevel: asked ?? minimumLevel ?? .info, sink: sink)
        let logger = Logger(label: "servercheck") { _ in handler }
        if asked == nil, !word.isEmpty {
            logger.warning("LOG_LEVEL=\(word) is unknown: use DEBUG, INFO, WARNING, ERROR or CRITICAL; using INFO")
        }
        return logger
    }

    func log(event: LogEvent) {
        sink.write(level: event.level, text: Clean.text(event.message.description))
    }

    private init(logLevel: Logger.Level, sink: LogSink) {
        self.logLevel = logLevel
        self.sink = sink
    }

    private static let levels: [(word: String, level: Logger.Level)] = [
        ("DEBUG", .debug), ("INFO", .info), ("WARNING", .warning), ("ERROR", .error), ("CRITICAL", .critical),
    ]
}

/// Whether a file descriptor goes to journald, by $JOURNAL_STREAM (systemd.exec(5)): device and inode, decimal.
enum JournalStream {
    static func receives(_ descriptor: Int32, environment: [String: String]) -> Bool {
        guard let stream = environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
    }
}

/// Where log lines go.
private final class LogSink: Sendable {
    private let isJournal: Bool
    private let target: Target?

    /// A class, because an OpenFile is never copied and the thread that opens it hands it over.
    private final class Target: Sendable {
        let file: OpenFile
        init(file: consuming OpenFile) { self.file = file }
    }

    private static let patienceSeconds = 1.0

    /// A file that cannot be opened is a warning, not a failure.
    init(isJournal: Bool, filePath: String?) {
        self.isJournal = isJournal
        guard let filePath else {
            target = nil
            return
        }
        // Under a guard: the file may lie on a dead server.
        let answer = withStallGuard([filePath], limitSeconds: LogSink.patienceSeconds) { path in
            Result { () throws(SystemError) in
                Target(file: try OpenFile(path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o640))
            }
        }.first
        switch answer ?? nil {
        case .success(let target)?: self.target = target
        case .failure(let error)?:
            target = nil
            write(level: .warning, text: "\(error): LOG_FILE is not written")
        case nil:
            target = nil
            write(level: .warning, text: "\(filePath) does not answer: LOG_FILE is not written")
        }
    }

    func write(level: Logger.Level, text: String) {
        let word = level.rawValue.uppercased()
        toStandardError(isJournal ? "<\(level.priority)>\(text)" : "servercheck: \(word): \(text)")
        try? target?.file.write(Array("\(Timestamp.current.localText) \(word) \(text)\n".utf8))
    }

    private func toStandardError(_ line: String) { StandardStream.error.write(line + "\n") }
}

extension Logger.Level {
    /// sd-daemon(3). INFO tells of changes and is journald's notice: the unit's LogLevelMax=notice lets it pass and keeps
    /// the manager's three lines a minute out.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info, .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
