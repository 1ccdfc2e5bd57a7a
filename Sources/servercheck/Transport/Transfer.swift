// One exchange with a server as a value: what libcurl is to do, and what came back.

/// A text that must not be printed, logged or stored. Interpolating it gives asterisks.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The text itself: for Transport only.
    let revealed: String
    init(_ text: String) { revealed = text }
    var description: String { "***" }
    var debugDescription: String { "***" }
}

/// One thing for libcurl to do.
enum Transfer: Sendable, Equatable {
    case http(HTTPRequest)
    case mail(MailRequest)

    /// A POST. The URL is a secret where it carries a token.
    struct HTTPRequest: Sendable, Equatable {
        var url: Secret
        var contentType: String
        var body: [UInt8]
    }

    /// A message for an SMTP server.
    struct MailRequest: Sendable, Equatable {
        enum Security: Sendable, Equatable {
            case none
            /// STARTTLS, required.
            case startTLS
            /// TLS from the first byte (port 465).
            case implicit
        }

        var server: String
        var port: Int
        var security: Security
        var username: String?
        var password: Secret?
        var sender: String
        var recipients: [String]
        /// The name in EHLO.
        var clientName: String
        /// A PEM file; nil: the system's.
        var caFile: String?
        var verifyTLS: Bool
        /// The RFC 5322 message with CRLF line ends, not dot-stuffed.
        var message: [UInt8]
    }
}

/// What came back.
struct Answer: Sendable, Equatable {
    /// Why no complete answer came: libcurl's words, or the missing library. Must hold no secret. nil: it came.
    var failure: String?
    /// HTTP or SMTP status code; 0 when there was none.
    var code: Int = 0
    /// The HTTP body, cut at 64 KiB.
    var body: [UInt8] = []
    /// SMTP: refused recipients with the server's words.
    var refusedRecipients: [RefusedRecipient] = []

    struct RefusedRecipient: Sendable, Equatable {
        var address: String
        var reply: String
    }
}

/// Carries transfers side by side. One implementation speaks to libcurl; tests script another.
protocol Transport {
    /// Begins a transfer; `tag` comes back with its answer.
    mutating func start(_ transfer: Transfer, tag: Int)
    /// Waits for any running transfer to end.
    ///
    /// - Returns: nil when none is running, or when `deadline` passed (running ones are then abandoned).
    mutating func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)?
}
