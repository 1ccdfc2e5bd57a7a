// Carries transfers with libcurl, each on a thread of its own. Not libcurl's multi interface: there, the end of a mail
// (smtp_done), the QUIT after it and a name server that is silent block all other transfers in the same thread.

import Glibc

/// The transport of a real run. Transfers that are running when a deadline passes or the transport dies are told to stop,
/// which they do within a second; nobody waits for them.
final class CurlTransport: Transport {
    /// What one transfer may take.
    struct Limits: Sendable, Equatable {
        var connectSeconds = 5
        var transferSeconds = 15
        /// Of an answer's body.
        var bodyBytes = 64 << 10
    }

    private let libraryName: String
    private let limits: Limits
    /// nil until there is something to send.
    private var library: Result<CurlLibrary, CurlLibrary.Missing>?
    private let board = AnswerBoard()

    init(libraryName: String = "libcurl.so.4", limits: Limits = Limits()) {
        self.libraryName = libraryName
        self.limits = limits
    }

    deinit { board.abandon() }

    func start(_ transfer: Transfer, tag: Int) {
        let round = board.begin()
        if case .mail(let mail) = transfer, mail.exposesCredentials {
            board.post(tag, Answer(failure: mail.exposureRemedy), round: round)
            return
        }
        switch loadedLibrary() {
        case .failure(let missing): board.post(tag, Answer(failure: missing.description), round: round)
        case .success(let library):
            let exchange = CurlExchange(transfer, library: library, limits: limits)
            runOnThread { [board] in
                let answer = exchange.perform { board.isAbandoned(round) }
                board.post(tag, answer, round: round)
            }
        }
    }

    func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)? { board.next(before: deadline) }

    private func loadedLibrary() -> Result<CurlLibrary, CurlLibrary.Missing> {
        if let library { return library }
        let opened = Result { () throws(CurlLibrary.Missing) in try CurlLibrary(name: libraryName) }
        library = opened
        return opened
    }
}

/// Runs `work` on a detached thread; on this one when no thread can be had.
///
/// The thread takes no signals: those for the process belong to the main thread, and SIGPIPE, which TLS libraries raise
/// by writing to a closed connection (CURLOPT_NOSIGNAL leaves that to us), is to become an error of that transfer.
private func runOnThread(_ work: @escaping @Sendable () -> Void) {
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

private final class ThreadWork: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
