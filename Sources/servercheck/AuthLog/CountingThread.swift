// Two threads for a large log: this one reads it and understands its lines, another one counts what they say. Each has
// about half of the work, and its tables in a processor of its own. A small log is not worth a thread.
//
// What was found goes over in batches, in order. While too many wait the reader waits too, so memory stays bounded.

/// Counts the lines of a log on two threads.
struct CountingThread {
    private struct Desk: Sendable {
        var waiting: [Sightings] = []
        /// Counted; their memory is used again.
        var done: [Sightings] = []
        /// Nothing follows what waits.
        var isComplete = false
        /// All is counted.
        var isCounted = false
        /// On its way to the other thread, or back from it.
        var counter: Handed<AttemptCounter>?
    }

    /// Sightings in a batch.
    private let batchSize: Int
    private static let waitingLimit = 3
    /// Batches that are counted on this thread before another one is begun.
    private static let patience = 16

    private var parser: LogParser
    /// nil: the other thread has it.
    private var counter: AttemptCounter?
    private var batches = 0
    private let desk = Monitor(Desk())

    /// - Parameter counter: one that tells of no events.
    init(_ counter: AttemptCounter, batchSize: Int = 2400) {
        self.counter = counter
        self.batchSize = batchSize
        parser = counter.parser
    }

    /// Whole lines, as for `AttemptCounter`.
    mutating func consume(_ lines: RawSpan) {
        parser.read(lines)
        if parser.found.list.count >= batchSize { handOver() }
    }

    /// - Returns: the counter, to be finished.
    mutating func finish() -> AttemptCounter {
        handOver()
        desk.access { $0.isComplete = true }
        var counter = self.counter ?? desk.waitLong { $0.isCounted ? $0.counter.take() : nil }.value
        // It knows the names.
        counter.parser = parser
        return counter
    }

    private mutating func handOver() {
        batches &+= 1
        if counter != nil, batches > CountingThread.patience { start() }
        guard counter == nil else {
            counter?.take(parser.found)
            parser.found.removeAll()
            return
        }
        let found = parser.found
        desk.waitLong { $0.waiting.count < CountingThread.waitingLimit ? () : nil }
        parser.found = desk.access { desk in
            desk.waiting.append(found)
            return desk.done.popLast() ?? Sightings()
        }
        parser.found.epoch = found.epoch
    }

    private mutating func start() {
        guard let counter else { return }
        desk.access { $0.counter = Handed(value: counter) }
        self.counter = nil
        let desk = desk
        let isStarted = DetachedThread.start {
            guard var counter = desk.access({ $0.counter.take() })?.value else { return }
            while var batch = desk.waitLong({ CountingThread.take(from: &$0) }) {
                counter.take(batch)
                batch.removeAll()
                desk.access { $0.done.append(batch) }
            }
            desk.access {
                $0.counter = Handed(value: counter)
                $0.isCounted = true
            }
        }
        if !isStarted { self.counter = desk.access { $0.counter.take() }?.value }
    }

    /// The next batch, `.some(nil)` behind the last one; nil while there is none.
    private static func take(from desk: inout Desk) -> Sightings?? {
        if !desk.waiting.isEmpty { return .some(desk.waiting.removeFirst()) }
        return desk.isComplete ? .some(nil) : nil
    }
}
