// How far a long scan is, on standard error and only when that is a terminal.

import Glibc

/// A line that is rewritten in place.
struct ScanProgress {
    private static let interval = Duration.milliseconds(100)
    /// A scan that is over before that shows nothing.
    private static let patience = Duration.milliseconds(400)

    private let isShown: Bool
    /// Bytes of logs, or entries of the journal; nil: not known (a pipe).
    private let total: Int64?
    private var next = ContinuousClock.now + ScanProgress.patience
    private var isDrawn = false

    init(total: Int64?) {
        isShown = isatty(STDERR_FILENO) == 1
        self.total = total
    }

    mutating func update(done: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + ScanProgress.interval
        isDrawn = true
        let text =
            if let total, total > 0 {
                "\(Int(min(100, Double(done) / Double(total) * 100))) %"
            } else {
                ScanText.size(Int(done))
            }
        StandardStream.error.write("\r\(text) read\u{1B}[K")
    }

    /// Before anything else is written, and at the end.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        StandardStream.error.write("\r\u{1B}[K")
    }
}
