// The part of a log behind its middle, which is counted on a thread of its own.

/// Counts from the middle of a log on.
final class LaterPart: @unchecked Sendable {
    /// A place in the log, and what is known there.
    struct Checkpoint: Sendable {
        var offset: Int64
        var knowledge: AttemptCounter.Knowledge
    }

    /// Where the next line is to be read.
    struct End: Sendable {
        var offset: Int64
        /// The next bytes belong to an overlong line.
        var isInOverlongLine: Bool
    }

    /// What the threads tell each other.
    private struct Desk: Sendable {
        var checkpoint: Checkpoint?
        var bytesRead: Int64 = 0
        /// Nothing more is counted.
        var end: End?
        /// Tables of the part before that are full by now.
        var full = AttemptCounter.FullTables()
        /// The part before is counted: no more tables become full.
        var isAwaited = false
        var isAbandoned = false
    }

    /// Where it begins: at a line.
    let offset: Int64
    /// Bytes by which it must have a checkpoint: up to there the part before has to be read as well.
    private let checkpointLimit: Int64
    private let desk = Monitor(Desk())
    // Touched by the thread alone, until it has told its end.
    private(set) var counter: AttemptCounter
    private var source: LogSource

    /// - Parameters:
    ///   - log: at its beginning.
    ///   - size: of the log, in bytes.
    /// - Returns: nil where the log cannot be read from its middle on.
    init?(of log: borrowing LogSource, size: Int64, _ counter: AttemptCounter) {
        guard log.offset == 0, let offset = log.lineStart(behind: size / 2), let file = try? log.file.reopened(),
            let source = try? LogSource(file: file, offset: offset)
        else { return nil }
        self.offset = offset
        checkpointLimit = (size &- offset) / 2
        self.counter = counter
        self.source = source
    }

    /// - Returns: false where no thread can be had.
    func start() -> Bool {
        DetachedThread.start(startsElsewhere: true) { [self] in
            let end = count()
            desk.access { $0.end = end }
        }
    }

    /// Waits until there is one; the part before is counted. nil: there will be none.
    func waitForCheckpoint() -> Checkpoint? {
        desk.access { $0.isAwaited = true }
        return desk.waitLong { desk -> Checkpoint?? in
            if let checkpoint = desk.checkpoint { return .some(checkpoint) }
            return desk.end == nil ? nil : .some(nil)
        }
    }

    var bytesRead: Int64 { desk.access { $0.bytesRead } }

    /// Tells it which tables of the part before are full.
    func useTables(_ full: AttemptCounter.FullTables) { desk.access { $0.full = full } }

    /// What it counts is not needed: it ends soon.
    func abandon() { desk.access { $0.isAbandoned = true } }

    /// Waits for the end; then `counter` may be used.
    func waitForEnd() -> End { desk.waitLong { $0.end } }

    /// To the end of the log, or as far as it can be counted here.
    private func count() -> End {
        var reader = LineReader(readSize: ParallelScan.readSize)
        var first: Timestamp?
        var isChecked = false
        // What cannot be read the part before will come to.
        while (try? reader.readSome(&source, consume: { counter.consume($0) })) == true {
            first = first ?? counter.clock
            if !isChecked, !reader.isInOverlongLine, let first, counter.mayKnowEnough(since: first) {
                isChecked = true
                let checkpoint = Checkpoint(offset: offset &+ reader.consumed, knowledge: counter.checkpoint())
                desk.access { $0.checkpoint = checkpoint }
            }
            if !isChecked, reader.consumed > checkpointLimit { break }
            let isAbandoned = desk.access { desk in
                desk.bytesRead = reader.consumed
                return desk.isAbandoned
            }
            guard !isAbandoned, !counter.hasTooManyHosts, hasRoom() else { break }
        }
        return End(offset: offset &+ reader.consumed, isInOverlongLine: reader.isInOverlongLine)
    }

    /// Whether its tables have room. Where they have not, those of the part before take their place.
    private func hasRoom() -> Bool {
        let needs = counter.neededTables
        if needs.isEmpty { return true }
        let full = desk.waitLong { desk -> AttemptCounter.FullTables? in
            let isThere = needs.isSubset(of: desk.full.kinds)
            return isThere || desk.isAwaited || desk.isAbandoned ? desk.full : nil
        }
        return counter.goOn(with: full, instead: needs)
    }
}
