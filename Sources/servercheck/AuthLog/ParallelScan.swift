// A large log on two threads: the first one counts from its beginning on, the second from its middle on, each on its own;
// who is done first begins a further part in what is left to the other. Neither touches the other's memory until the later
// parts' totals are added up (AttemptCounter+Parts says why that is right).

import CShim

/// Counts the lines of logs, on two threads where there is much to read.
struct ParallelScan {
    /// Logs of fewer bytes are not worth a thread.
    static let worthwhile: Int64 = 4 << 20
    /// Bytes of one read: so many stay in the processor's own memory until their lines are counted.
    static let readSize = 128 << 10

    /// Bytes that a further part must spare the other thread; it takes half a millisecond to begin one.
    static let worthwhileFurther: Int64 = 1 << 20

    private(set) var counter: AttemptCounter
    /// Logs of which a later part was taken over, and all parts that were.
    private(set) var joined = 0
    private(set) var laterParts = 0
    private let worthwhile: Int64
    private let worthwhileFurther: Int64
    private let isMemoryShort: @Sendable () -> Bool
    private let start: (@escaping @Sendable () -> Void) -> Bool
    /// Progress never goes back, even where the later part has to be read again.
    private var told: Int64 = 0

    /// - Parameters:
    ///   - counter: what is to count.
    ///   - worthwhile: bytes from which on a log is read in parts; none is where there is one processor only.
    ///   - further: bytes that a further part must spare the other thread.
    ///   - isMemoryShort: asked now and then; once it says so, one thread goes on alone.
    ///   - start: starts the other thread; false where it cannot.
    init(
        _ counter: AttemptCounter, worthwhile: Int64 = cshim_usable_processors() > 1 ? ParallelScan.worthwhile : .max,
        further: Int64 = ParallelScan.worthwhileFurther,
        isMemoryShort: @escaping @Sendable () -> Bool = LogParts.memoryWatch(),
        start: @escaping (@escaping @Sendable () -> Void) -> Bool = { DetachedThread.start(startsElsewhere: true, $0) }
    ) {
        self.start = start
        self.counter = counter
        self.worthwhile = worthwhile
        worthwhileFurther = further
        self.isMemoryShort = isMemoryShort
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
                let parts = LogParts(
                    of: source, size: size, counter.counterOfLaterPart(), worthwhile: worthwhileFurther,
                    isMemoryShort: isMemoryShort)
            {
                try read(&source, &reader, parts) { $0.tell(min(size, parts.bytesRead), progress) }
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

    /// Reads up to the next part's checkpoint, and goes on behind the later parts as far as they can be taken over.
    private mutating func read(
        _ source: inout LogSource, _ reader: inout LineReader, _ parts: LogParts, _ progress: (inout Self) -> Void
    ) throws(LogError) {
        guard start({ parts.countLater() }) else { return }
        defer {
            parts.abandon()
            source.limit = .max
        }
        var full = AttemptCounter.FullTables()
        var position: Int64 = 0
        var hasWaited = false
        while true {
            let place = source.offset ?? position
            source.limit = parts.advance(nil, to: place, bytes: place &- position, by: .main) ?? .max
            position = place
            if counter.complete(&full) { parts.useTables(full) }
            progress(&self)
            if try readSome(&source, &reader) { continue }
            // At the second part's beginning, or at the end.
            if hasWaited { break }
            parts.waitForSecond()
            hasWaited = true
        }
        parts.finish(nil, LogParts.End(offset: source.offset ?? position))
        var isJoined = false
        // A file that was changed meanwhile may end elsewhere.
        while reader.isAtLineStart, let place = source.offset, let later = parts.next(at: place),
            counter.knows(later.checkpoint.knowledge)
        {
            parts.help(by: .main, names: counter.tables.addresses)
            guard let end = parts.waitForEnd(of: later.part), counter.takeOver(later.part.counter) else { return }
            if !isJoined { joined += 1 }
            laterParts += 1
            isJoined = true
            source.skip(to: end.offset)
            reader = LineReader(isInOverlongLine: end.isInOverlongLine, readSize: ParallelScan.readSize)
        }
    }
}

extension LogParts {
    /// What the other thread does.
    fileprivate func countLater() {
        guard let part = LaterPart(self, beginning()), part.count(by: .other, waits: true) else { return giveUp() }
        help(by: .other, names: part.counter.tables.addresses)
    }
}
