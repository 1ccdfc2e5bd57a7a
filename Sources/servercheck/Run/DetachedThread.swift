// A thread that nobody joins: it may be left behind, and ends with the process.

import CShim
import Glibc

/// Runs work beside the others.
enum DetachedThread {
    /// Runs `work` on a new thread; on this one when no thread can be had, unguarded being better than not at all.
    ///
    /// The thread takes no signals: those for the process belong to the main thread, and SIGPIPE, which TLS libraries
    /// raise by writing to a closed connection (CURLOPT_NOSIGNAL leaves that to us), is to become an error there.
    static func run(_ work: @escaping @Sendable () -> Void) {
        if !start(work) { work() }
    }

    /// The same.
    ///
    /// - Parameter needsLittleStack: `work` does not go deep: 512 KiB do, and no page below has to catch an overflow. 8 MiB
    ///   would take page tables of their own, and where transparent huge pages are always used, 2 MiB of zeros.
    /// - Parameter startsElsewhere: on another processor than this one, where there is another. Linux often starts a thread
    ///   beside its creator, and only some milliseconds later moves one of the two; until then they take turns.
    /// - Returns: false when no thread can be had; then nothing is done.
    static func start(
        needsLittleStack: Bool = false, startsElsewhere: Bool = false, _ work: @escaping @Sendable () -> Void
    ) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        _ = cshim_block_all_signals(&attributes)
        if needsLittleStack {
            pthread_attr_setguardsize(&attributes, 0)
            pthread_attr_setstacksize(&attributes, 512 << 10)
        }
        if startsElsewhere, cshim_avoid_this_processor(&attributes) == 0 {
            let isStarted = start(attributes) {
                // Once it runs, it may run anywhere.
                cshim_use_all_processors()
                work()
            }
            // Where that is refused, a thread that starts anywhere.
            return isStarted || start(needsLittleStack: needsLittleStack, work)
        }
        return start(attributes, work)
    }

    private static func start(_ attributes: pthread_attr_t, _ work: @escaping @Sendable () -> Void) -> Bool {
        var attributes = attributes
        let box = Unmanaged.passRetained(ThreadWork(run: work))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { pointer in
                guard let pointer else { return nil }
                let box = Unmanaged<ThreadWork>.fromOpaque(pointer)
                box.takeUnretainedValue().run()
                // Only now: the first free(3) of a thread sets up a heap for it.
                box.release()
                return nil
            }, box.toOpaque())
        if status != 0 { box.release() }
        return status == 0
    }
}

private final class ThreadWork: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
