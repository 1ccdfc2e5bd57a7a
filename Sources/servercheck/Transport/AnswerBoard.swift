// Where the threads of the transfers leave their answers for the one that waits. An answer that comes after its round
// was abandoned is dropped.

import Glibc

/// Answers behind a mutex, and a condition on the monotonic clock. Unchecked because only `lock` protects the rest.
final class AnswerBoard: @unchecked Sendable {
    private var answers: [(tag: Int, answer: Answer)] = []
    /// Transfers of this round that have not answered.
    private var running = 0
    private var round = 0
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let posted = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(posted, &attributes)
        pthread_condattr_destroy(&attributes)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_cond_destroy(posted)
        pthread_mutex_destroy(lock)
        posted.deallocate()
        lock.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    /// Announces a transfer.
    ///
    /// - Returns: the round it belongs to.
    func begin() -> Int {
        locked {
            running += 1
            return round
        }
    }

    func post(_ tag: Int, _ answer: Answer, round: Int) {
        locked {
            guard round == self.round else { return }
            running -= 1
            answers.append((tag, answer))
            pthread_cond_signal(posted)
        }
    }

    func isAbandoned(_ round: Int) -> Bool { locked { round != self.round } }

    /// Ends the round: what is running is not waited for any more.
    func abandon() {
        locked {
            round += 1
            running = 0
            answers.removeAll()
        }
    }

    /// The oldest answer nobody has taken; waits for one. nil when none is to come, or when `deadline` passed, which
    /// abandons the round.
    func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)? {
        let until = AnswerBoard.monotonicTime(of: deadline)
        let answer: (tag: Int, answer: Answer)? = locked {
            while answers.isEmpty && running > 0 {
                var until = until
                if pthread_cond_timedwait(posted, lock, &until) == ETIMEDOUT { break }
            }
            return answers.isEmpty ? nil : answers.removeFirst()
        }
        if answer == nil { abandon() }
        return answer
    }

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
