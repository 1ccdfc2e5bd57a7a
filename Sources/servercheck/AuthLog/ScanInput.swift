// The logs of one scan: opened all at once, put in the order of time, then read one after the other.

import Glibc

/// How reading a log ended.
struct LogEnd: Sendable {
    /// Of the file or stream: of compressed logs the compressed ones.
    var bytesRead: Int64
    /// Why it ended before the end of the log.
    var failure: LogError?
}

/// What a scan reads.
struct ScanInput {
    /// A log with its place in time.
    private final class Part {
        let name: String
        /// nil: a pipe.
        let size: Int64?
        /// The time of its first line; nil: unknown.
        let first: Timestamp?
        private var source: LogSource?

        /// - Throws: when its format is not read here.
        init(
            name: String, size: Int64? = nil, first: Timestamp? = nil, source: consuming LogSource
        ) throws(LogError) {
            if let packer = source.packer { throw .compressed(name, by: packer) }
            self.name = name
            self.size = size
            self.first = first
            self.source = consume source
        }

        /// Once.
        func takeSource() -> LogSource? { source.take() }
    }

    private var parts: [Part] = []
    /// Logs that cannot be read, or not to their end: one line each.
    private(set) var errors: [LogError] = []

    /// Bytes of all files; nil with a pipe among them.
    var totalBytes: Int64? {
        var sum: Int64 = 0
        for part in parts {
            guard let size = part.size else { return nil }
            sum &+= size
        }
        return sum
    }

    var isEmpty: Bool { parts.isEmpty }
    /// Names in the order of reading.
    var names: [String] { parts.map(\.name) }

    /// Opens `paths`; `-` is standard input. Rotated logs come in any order: they are read by the time of their first
    /// lines, so that connections and windows across two files are right. Where that is unknown they stay behind.
    init(paths: [String], now: Timestamp, zone: LocalZone = .system) {
        for path in paths {
            do {
                parts.append(try ScanInput.open(path, now: now, zone: zone))
            } catch {
                errors.append(error)
            }
        }
        let order = parts.enumerated().sorted { left, right in
            guard let first = left.element.first, let other = right.element.first, first != other else {
                if (left.element.first == nil) != (right.element.first == nil) { return left.element.first != nil }
                return left.offset < right.offset
            }
            return first < other
        }
        parts = order.map(\.element)
    }

    /// Has one log after the other read, once.
    ///
    /// - Parameter read: reads a log. It is told the size of a file, and how many bytes of all logs are done.
    mutating func readEach(_ read: (consuming LogSource, _ size: Int64?, _ done: Int64) -> LogEnd) {
        var done: Int64 = 0
        for part in parts {
            guard let source = part.takeSource() else { continue }
            let end = read(source, part.size, done)
            done &+= end.bytesRead
            if let failure = end.failure { errors.append(failure) }
        }
    }

    private static func open(_ path: String, now: Timestamp, zone: LocalZone) throws(LogError) -> Part {
        if path == "-" {
            let source = try LogSource(stream: OpenFile(adopting: STDIN_FILENO, path: "standard input"))
            return try Part(name: "standard input", source: source)
        }
        let file = try openFile(path)
        let facts = try naming(path) { () throws(SystemError) in try file.facts() }
        if facts.isKind(S_IFDIR) { throw .notAFile(path: path, mode: facts.mode) }
        if !facts.isRegular {
            _ = fcntl(file.descriptor, F_SETFL, 0)
            if facts.isKind(S_IFIFO) { waitForWriter(file) }
            return try Part(name: path, source: try LogSource(stream: file))
        }
        let first = firstTime(of: try LogSource(file: duplicate(file)), now: now, zone: zone)
        return try Part(name: path, size: facts.size, first: first, source: try LogSource(file: file))
    }

    /// A FIFO was opened without waiting. Until somebody writes to it read(2) takes it for empty, poll(2) does not.
    private static func waitForWriter(_ fifo: borrowing OpenFile) {
        var request = pollfd(fd: fifo.descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, -1) < 0, errno == EINTR {}
    }

    private static func openFile(_ path: String) throws(LogError) -> OpenFile {
        do { return try OpenFile(path, flags: O_RDONLY) } catch { throw LogError(error, path: path) }
    }

    private static func naming<Value>(
        _ path: String, _ work: () throws(SystemError) -> Value
    ) throws(LogError) -> Value {
        do throws(SystemError) { return try work() } catch { throw LogError(error, path: path) }
    }

    private static func duplicate(_ file: borrowing OpenFile) throws(LogError) -> OpenFile {
        do { return try file.duplicated() } catch { throw LogError(error, path: file.path) }
    }

    /// The time of the first line that has one, within the first bytes.
    private static func firstTime(of source: consuming LogSource, now: Timestamp, zone: LocalZone) -> Timestamp? {
        var first: Timestamp?
        var reader = LineReader()
        _ = try? reader.readSome(&source) { lines in
            lines.forEachLine { line in
                if first == nil { first = LogTime.first(of: line, now: now, zone: zone) }
                return first == nil
            }
        }
        return first
    }
}

extension LogTime {
    /// The time at the start of any line, of sshd or not.
    fileprivate static func first(of line: Span<UInt8>, now: Timestamp, zone: LocalZone) -> Timestamp? {
        guard line.count > 16 else { return nil }
        var time = LogTime(now: now, zone: zone)
        if let classic = time.time(of: line, style: .classic) { return classic }
        guard let space = line.firstIndex(of: UInt8(ascii: " "), in: 10..<min(48, line.count)) else { return nil }
        return time.time(of: line, style: .rfc3339(length: space))
    }
}
