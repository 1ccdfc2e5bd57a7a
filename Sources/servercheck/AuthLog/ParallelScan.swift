// A large log on two threads: the first one counts from its beginning on, the second from its middle on, each on its own.
// Neither touches the other's memory until the later part's totals are added up (AttemptCounter+Parts says why that is
// right).

import CShim

/// Counts the lines of logs, on two threads where there is much to read.
struct ParallelScan {
    /// Logs of fewer bytes are not worth a thread.
    static let worthwhile: Int64 = 4 << 20
    /// Bytes of one read: so many stay in the processor's own memory until their lines are counted.
    static let readSize = 128 << 10

    private(set) var counter: AttemptCounter
    /// Logs of which the later part was taken over.
    private(set) var joined = 0
    private let worthwhile: Int64
    /// Progress never goes back, even where the later part has to be read again.
    private var told: Int64 = 0

    /// - Parameters:
    ///   - counter: what is to count.
    ///   - worthwhile: bytes from which on a log is read in two parts; none is where there is one processor only.
    init(
        _ counter: AttemptCounter, worthwhile: Int64 = cshim_usable_processors() > 1 ? ParallelScan.worthwhile : .max
    ) {
        self.counter = counter
        self.worthwhile = worthwhile
    }

    /// Counts every line of a log, also a last one without a line end.
    ///
    /// - Parameters:
    ///   - size: bytes of the file; nil: not known.
    ///   - progress: told now and then how many bytes are read.
    /// - Returns: how it ended; what could be read is counted in any case.
    mutating func read(_ source: consuming LogSource, size: Int64?, progress: (Int64) -> Void) -> LogEnd {
        var reader = LineReader(readSize: ParallelScan.readSize)
        told = 0
        do throws(LogError) {
            if let size, size >= worthwhile, counter.countsInParts,
                let part = LaterPart(of: source, size: size, counter.counterOfLaterPart())
            {
                try readBoth(&source, &reader, part, progress)
            }
            while try readSome(&source, &reader) { tell(source.bytesRead, progress) }
            reader.finish { counter.consume($0) }
            return LogEnd(bytesRead: source.bytesRead)
        } catch {
            return LogEnd(bytesRead: source.bytesRead, failure: error)
        }
    }

    private mutating func readSome(_ source: inout LogSource, _ reader: inout LineReader) throws(LogError) -> Bool {
        try reader.readSome(&source) { counter.consume($0) }
    }

    private mutating func tell(_ bytes: Int64, _ progress: (Int64) -> Void) {
        told = max(told, bytes)
        progress(told)
    }

    /// Reads up to the later part's checkpoint, and goes on behind that part where it can be taken over.
    private mutating func readBoth(
        _ source: inout LogSource, _ reader: inout LineReader, _ part: LaterPart, _ progress: (Int64) -> Void
    ) throws(LogError) {
        guard part.start() else { return }
        defer {
            part.abandon()
            source.limit = .max
        }
        source.limit = part.offset
        var full = AttemptCounter.FullTables()
        while try readSome(&source, &reader) {
            if counter.complete(&full) { part.useTables(full) }
            tell(source.bytesRead &+ part.bytesRead, progress)
        }
        guard let checkpoint = part.waitForCheckpoint() else { return }
        source.limit = checkpoint.offset
        while try readSome(&source, &reader) {}
        // A file that was changed meanwhile may end elsewhere.
        guard source.offset == checkpoint.offset, reader.isAtLineStart, counter.knows(checkpoint.knowledge) else {
            return
        }
        let end = part.waitForEnd()
        guard counter.takeOver(part.counter) else { return }
        joined += 1
        source.skip(to: end.offset)
        reader = LineReader(isInOverlongLine: end.isInOverlongLine, readSize: ParallelScan.readSize)
    }
}
