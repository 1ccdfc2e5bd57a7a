// A thread that nobody joins: it may be left behind, and ends with the process.

import Glibc

/// Runs work beside the others.
enum DetachedThread {
    /// Runs `work` on a new thread; on this one when no thread can be had, unguarded being better than not at all.
    ///
    /// The thread takes no signals: those for the process belong to the main thread, and SIGPIPE, which TLS libraries
    /// raise by writing to a closed connection (CURLOPT_NOSIGNAL leaves that to us), is to become an error there.
    static func run(_ work: @escaping @Sendable () -> Void) {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let box = Unmanaged.passRetained(ThreadWork(run: work))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<ThreadWork>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        if status == 0 {
            pthread_detach(thread)
        } else {
            box.takeRetainedValue().run()
        }
    }
}

private final class ThreadWork: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
