// Work that may block for ever (a dead NFS server, a hung FUSE daemon) runs on a thread that can be left behind.

/// Runs `work` on each item, in order, on one thread, and gives an item up when it has not answered within
/// `limitSeconds`. Once an item has taken a tenth of that, those after it run at once, each on a thread of its own: they
/// need not wait for it, and several that hang cost the limit little more than once. A thread that was given up is left to
/// the kernel: it ends with the process.
///
/// - Returns: one result per item, in order; nil where the item was given up.
func withStallGuard<Item: Sendable, Result: Sendable>(
    _ items: [Item], limitSeconds: Double, _ work: @escaping @Sendable (Item) -> Result
) -> [Result?] {
    var results: [Result?] = []
    results.reserveCapacity(items.count)
    let batch = StallGuardBatch(items: items[...], work: work)
    var begin = ContinuousClock.now
    while let answer = batch.next(before: begin + .seconds(limitSeconds / 10)) {
        results.append(answer)
        begin = .now
    }
    guard results.count < items.count else { return results }
    // Should the item have answered just now, the next one is begun twice; only one of its answers is taken.
    batch.endAfterThisItem()
    let deadline = ContinuousClock.now + .seconds(limitSeconds)
    let others = items[(results.count + 1)...].map { StallGuardBatch(items: [$0], work: work) }
    results.append(batch.next(before: begin + .seconds(limitSeconds)))
    return results + others.map { $0.next(before: deadline) }
}

/// Runs `work` on all items at once, each on a thread of its own.
///
/// - Returns: one result per item, in order; nil where an item has not answered within `limitSeconds` from now.
func withStallGuards<Item: Sendable, Result: Sendable>(
    _ items: [Item], limitSeconds: Double, _ work: @escaping @Sendable (Item) -> Result
) -> [Result?] {
    let deadline = ContinuousClock.now + .seconds(limitSeconds)
    let batches = items.map { StallGuardBatch(items: [$0], work: work) }
    return batches.map { $0.next(before: deadline) }
}

/// Items that one thread works through, and their answers.
private final class StallGuardBatch<Item: Sendable, Result: Sendable> {
    private struct Board: Sendable {
        var answers: [Result] = []
        var isEnding = false
    }

    private let count: Int
    private let board = Monitor(Board())
    private var taken = 0

    /// Begins at once.
    init(items: ArraySlice<Item>, work: @escaping @Sendable (Item) -> Result) {
        count = items.count
        guard count > 0 else { return }
        DetachedThread.run { [board] in
            for item in items {
                let answer = work(item)
                let isEnding = board.access { board in
                    board.answers.append(answer)
                    return board.isEnding
                }
                if isEnding { return }
            }
        }
    }

    /// The item that is being worked on is the last one.
    func endAfterThisItem() { board.access { $0.isEnding = true } }

    /// The next answer in order; nil when there is none before `deadline`, or none left.
    func next(before deadline: ContinuousClock.Instant) -> Result? {
        guard taken < count else { return nil }
        let index = taken
        let answer = board.wait(until: deadline) { $0.answers.count > index ? $0.answers[index] : nil }
        if answer != nil { taken += 1 }
        return answer
    }
}
