// Two threads for a large log: this one reads it and understands its lines, another one counts what they say. Each has
// about half of the work, and its tables in a processor of its own. A small log is not worth a thread.
//
// What was found goes over in batches, in order. While too many wait the reader waits too, so memory stays bounded.

/// Counts the lines of a log on two threads.
struct CountingThread {
    /// Handed from one thread to the other, never used by both at a time: the monitor is in between.
    private struct Handed<Value>: @unchecked Sendable {
        var value: Value
    }

    private struct Desk: Sendable {
        var waiting: [Sightings] = []
        /// Counted; their memory is used again.
        var done: [Sightings] = []
        /// Nothing follows what waits.
        var isComplete = false
        /// When all is counted.
        var counter: Handed<AttemptCounter>?
    }

    /// Sightings in a batch.
    private static let batchSize = 4096
    private static let waitingLimit = 4
    /// Batches that are counted on this thread before another one is begun.
    private static let patience = 8

    private var parser: LogParser
    private var counter: AttemptCounter
    private var batches = 0
    /// nil: there is no other thread.
    private var desk: Monitor<Desk>?

    /// - Parameter counter: one that tells of no events.
    init(_ counter: AttemptCounter) {
        self.counter = counter
        parser = counter.parser
    }

    /// Whole lines, as for `AttemptCounter`.
    mutating func consume(_ lines: RawSpan) {
        parser.read(lines)
        if parser.found.list.count >= CountingThread.batchSize { handOver() }
    }

    /// - Returns: the counter, to be finished.
    mutating func finish() -> AttemptCounter {
        handOver()
        if let desk {
            desk.access { $0.isComplete = true }
            counter = CountingThread.wait(for: desk) { $0.counter }.value
        }
        // It knows the names.
        counter.parser = parser
        return counter
    }

    private mutating func handOver() {
        batches &+= 1
        if desk == nil, batches > CountingThread.patience { desk = CountingThread.start(counter) }
        guard let desk else {
            counter.take(parser.found)
            parser.found.removeAll()
            return
        }
        let found = parser.found
        CountingThread.wait(for: desk) { $0.waiting.count < CountingThread.waitingLimit ? () : nil }
        parser.found = desk.access { desk in
            desk.waiting.append(found)
            return desk.done.popLast() ?? Sightings()
        }
        parser.found.epoch = found.epoch
    }

    private static func start(_ counter: AttemptCounter) -> Monitor<Desk>? {
        let desk = Monitor(Desk())
        let handed = Handed(value: counter)
        let isStarted = DetachedThread.start {
            var counter = handed.value
            while var batch = wait(for: desk, { take(from: &$0) }) {
                counter.take(batch)
                batch.removeAll()
                desk.access { $0.done.append(batch) }
            }
            desk.access { $0.counter = Handed(value: counter) }
        }
        return isStarted ? desk : nil
    }

    /// The next batch, `.some(nil)` behind the last one; nil while there is none.
    private static func take(from desk: inout Desk) -> Sightings?? {
        if !desk.waiting.isEmpty { return .some(desk.waiting.removeFirst()) }
        return desk.isComplete ? .some(nil) : nil
    }

    private static func wait<Answer>(for desk: Monitor<Desk>, _ body: (inout Desk) -> Answer?) -> Answer {
        while true {
            if let answer = desk.wait(until: .now + .seconds(3600), body) { return answer }
        }
    }
}
