// A value that several threads share, and waiting for it to change: a mutex, and a condition on the monotonic clock.

import Glibc

/// A monitor in Hoare's sense. Unchecked because only `lock` protects `value`.
final class Monitor<Value: Sendable>: @unchecked Sendable {
    private var value: Value
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Reads or changes the value.
    ///
    /// - Parameter wakes: whether those who wait look at it again.
    func access<Answer>(wakes: Bool = true, _ body: (inout Value) -> Answer) -> Answer {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        let answer = body(&value)
        if wakes { pthread_cond_broadcast(changed) }
        return answer
    }

    /// Reads the value, and wakes nobody.
    func look<Answer>(_ body: (Value) -> Answer) -> Answer {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(value)
    }

    /// Asks `body` now and after each change, until it gives an answer.
    ///
    /// - Returns: nil when `deadline` passed first.
    func wait<Answer>(until deadline: ContinuousClock.Instant, _ body: (inout Value) -> Answer?) -> Answer? {
        var end = Monitor.monotonicTime(of: deadline)
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let answer = body(&value) { return answer }
            if pthread_cond_timedwait(changed, lock, &end) == ETIMEDOUT { return body(&value) }
        }
    }

    /// Waits as long as it takes.
    func waitLong<Answer>(_ body: (inout Value) -> Answer?) -> Answer {
        while true {
            if let answer = wait(until: .now + .seconds(3600), body) { return answer }
        }
    }

    /// ContinuousClock and CLOCK_MONOTONIC differ by the time a machine was suspended.
    private static func monotonicTime(of deadline: ContinuousClock.Instant) -> timespec {
        let left = max(.zero, min(ContinuousClock.now.duration(to: deadline), .seconds(86_400))).components
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        let nanoseconds = Int64(clock.tv_nsec) + left.attoseconds / 1_000_000_000
        clock.tv_sec += time_t(left.seconds + nanoseconds / 1_000_000_000)
        clock.tv_nsec = Int(nanoseconds % 1_000_000_000)
        return clock
    }
}
