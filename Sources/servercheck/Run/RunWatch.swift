// Watches the thread that runs, so that a run ends in time whatever blocks it (a dead server under the config, the state
// or a log, a hung mount). What must stay true:
//
// 1. A healthy run pays for one thread, which sleeps until the process ends: nobody hands work over and nobody waits, since
//    each hand-over costs more than a sensor.
// 2. Of those that could end the run (the thread that runs, its substitute, the watch at the limit) exactly one does. The
//    others rest for ever.
// 3. The watching thread allocates nothing before it acts: its first allocation would set up a heap of its own.

import Glibc

/// A watch over one run.
final class RunWatch: Sendable {
    private enum Stage {
        /// Only the limit ends what blocks here.
        case alone
        /// What blocks here is left behind and `substitute` goes on. `isLate`: the watch has looked once already.
        case replaceable(substitute: @Sendable () -> Void, isLate: Bool)
        /// Another thread goes on.
        case replaced
        /// Somebody ends the run.
        case ended
    }

    /// How often the watch looks. A step that lasts longer than two looks is late.
    static let lookSeconds = 0.2

    private let stage = Monitor(Stage.alone)

    /// Starts watching.
    ///
    /// - Parameters:
    ///   - limitSeconds: when the run ends whatever it does.
    ///   - atLimit: says so, and ends the process. Not called once `end` was.
    init(limitSeconds: Double, lookSeconds: Double = RunWatch.lookSeconds, atLimit: @escaping @Sendable () -> Void) {
        let look = Int64(lookSeconds * 1e9)
        let limit = RunWatch.nanoseconds() + Int64(limitSeconds * 1e9)
        // Without a thread the run goes on unwatched, which is better than not at all.
        _ = DetachedThread.start(needsLittleStack: true) { [stage] in
            while true {
                let left = limit - RunWatch.nanoseconds()
                if left <= 0 { break }
                RunWatch.sleep(nanoseconds: min(left, look))
                if RunWatch.look(at: stage) { return }
            }
            if RunWatch.takeEnd(of: stage) { atLimit() }
        }
    }

    /// Does `work` on this thread. When that is late, `substitute` begins on another thread, and this one never returns.
    ///
    /// - Parameter substitute: does what `work` and all that follows would have done, and ends the process.
    func attempt<Answer>(_ work: () -> Answer, substitute: @escaping @Sendable () -> Void) -> Answer {
        stage.access { if case .alone = $0 { $0 = .replaceable(substitute: substitute, isLate: false) } }
        let answer = work()
        let goesOn = stage.access { stage in
            guard case .replaceable = stage else { return false }
            stage = .alone
            return true
        }
        if !goesOn { RunWatch.rest() }
        return answer
    }

    /// Whoever ends the run calls this first; for all others it never returns.
    func end() {
        if !RunWatch.takeEnd(of: stage) { RunWatch.rest() }
    }

    private static func takeEnd(of stage: Monitor<Stage>) -> Bool {
        stage.access { stage in
            if case .ended = stage { return false }
            stage = .ended
            return true
        }
    }

    /// - Returns: whether there is nothing left to watch.
    private static func look(at stage: Monitor<Stage>) -> Bool {
        let (isOver, substitute) = stage.access { stage -> (Bool, (@Sendable () -> Void)?) in
            switch stage {
            case .alone, .replaced: return (false, nil)
            case .ended: return (true, nil)
            case .replaceable(let substitute, let isLate):
                stage = isLate ? .replaced : .replaceable(substitute: substitute, isLate: true)
                return (false, isLate ? substitute : nil)
            }
        }
        // On a thread of its own: it may block as well, and the limit still holds.
        if let substitute { DetachedThread.run(substitute) }
        return isOver
    }

    /// What ContinuousClock counts, without its 128-bit numbers: the thread should touch few pages.
    private static func nanoseconds() -> Int64 {
        var clock = timespec()
        clock_gettime(CLOCK_BOOTTIME, &clock)
        return Int64(clock.tv_sec) * 1_000_000_000 + Int64(clock.tv_nsec)
    }

    private static func sleep(nanoseconds: Int64) {
        var time = timespec(tv_sec: time_t(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&time, nil)
    }

    private static func rest() -> Never { while true { pause() } }
}
