// Work that may block for ever (a dead NFS server, a hung FUSE daemon) runs on a thread that can be left behind.

import Glibc

/// Runs `work` on each item, in order, on one thread, and gives an item up when it has not answered within
/// `limitSeconds`. The items after it then run at once, each on a thread of its own, so that several that hang cost the
/// limit only twice. A thread that was given up is left to the kernel: it ends with the process.
///
/// - Returns: one result per item, in order; nil where the item was given up.
func withStallGuard<Item: Sendable, Result: Sendable>(
    _ items: [Item], limitSeconds: Double, _ work: @escaping @Sendable (Item) -> Result
) -> [Result?] {
    var results: [Result?] = []
    results.reserveCapacity(items.count)
    let batch = StallGuardBatch(items: items[...], work: work)
    batch.start()
    while let answer = batch.next(withinSeconds: limitSeconds) { results.append(answer) }
    guard results.count < items.count else { return results }
    batch.abandon()
    let rest = items[(results.count + 1)...]
    return results + [nil] + withStallGuards(Array(rest), limitSeconds: limitSeconds, work)
}

/// Runs `work` on all items at once, each on a thread of its own.
///
/// - Returns: one result per item, in order; nil where an item has not answered within `limitSeconds` from now.
func withStallGuards<Item: Sendable, Result: Sendable>(
    _ items: [Item], limitSeconds: Double, _ work: @escaping @Sendable (Item) -> Result
) -> [Result?] {
    let batches = items.map { StallGuardBatch(items: [$0], work: work) }
    for batch in batches { batch.start() }
    let deadline = ContinuousClock.now + .seconds(limitSeconds)
    return batches.map { batch in
        let left = ContinuousClock.now.duration(to: deadline).components
        return batch.next(withinSeconds: Double(left.seconds) + Double(left.attoseconds) / 1e18)
    }
}

/// The meeting place of the waiting and the working thread: answers behind a mutex, and a condition on the monotonic
/// clock. Unchecked because only `lock` protects `answers` and `isAbandoned`.
private final class StallGuardBatch<Item: Sendable, Result: Sendable>: StallGuardWork, @unchecked Sendable {
    private let items: ArraySlice<Item>
    private let work: @Sendable (Item) -> Result
    private var answers: [Result] = []
    private var taken = 0
    private var isAbandoned = false
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let answered = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(items: ArraySlice<Item>, work: @escaping @Sendable (Item) -> Result) {
        self.items = items
        self.work = work
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(answered, &attributes)
        pthread_condattr_destroy(&attributes)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_cond_destroy(answered)
        pthread_mutex_destroy(lock)
        answered.deallocate()
        lock.deallocate()
    }

    func start() {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self as StallGuardWork)
        let status = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<StallGuardWork>.fromOpaque(pointer).takeRetainedValue().workThrough() }
                return nil
            }, argument.toOpaque())
        if status == 0 {
            pthread_detach(thread)
        } else {
            // No thread to be had: better unguarded than not at all.
            argument.release()
            workThrough()
        }
    }

    /// Should the item that hangs come back, the thread ends there.
    func abandon() {
        pthread_mutex_lock(lock)
        isAbandoned = true
        pthread_mutex_unlock(lock)
    }

    override func workThrough() {
        for item in items {
            let answer = work(item)
            pthread_mutex_lock(lock)
            if isAbandoned {
                pthread_mutex_unlock(lock)
                return
            }
            answers.append(answer)
            pthread_cond_signal(answered)
            pthread_mutex_unlock(lock)
        }
    }

    /// The next answer in order; nil when there is none within `seconds`, or none left.
    func next(withinSeconds seconds: Double) -> Result? {
        guard taken < items.count else { return nil }
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = Int64(deadline.tv_nsec) + Int64(min(max(seconds, 0), 86_400) * 1_000_000_000)
        deadline.tv_sec += time_t(nanoseconds / 1_000_000_000)
        deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while answers.count <= taken {
            if pthread_cond_timedwait(answered, lock, &deadline) == ETIMEDOUT, answers.count <= taken { return nil }
        }
        taken += 1
        return answers[taken - 1]
    }
}

/// A class without type parameters, so that a C function pointer can call it.
private class StallGuardWork {
    func workThrough() {}
}
