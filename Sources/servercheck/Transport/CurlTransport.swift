// Carries transfers with libcurl, each on a thread of its own. Not libcurl's multi interface: there, the end of a mail
// (smtp_done), the QUIT after it and a name server that is silent block all other transfers in the same thread.

import CShim

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
            DetachedThread.run { [board] in
                let answer = exchange.perform { board.isAbandoned(round) }
                board.post(tag, answer, round: round)
            }
        }
    }

    func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)? { board.next(before: deadline) }

    private func loadedLibrary() -> Result<CurlLibrary, CurlLibrary.Missing> {
        if let library { return library }
        CurlLibrary.spareInitialisation()
        cshim_share_memory()
        let opened = Result { () throws(CurlLibrary.Missing) in try CurlLibrary(name: libraryName) }
        library = opened
        return opened
    }
}
