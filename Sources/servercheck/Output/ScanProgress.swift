// How far a long scan is, on standard error and only when that is a terminal.

import Glibc

/// A line that is rewritten in place.
struct ScanProgress {
    private static let interval = Duration.milliseconds(100)
    /// A scan that is over before that shows nothing.
    private static let patience = Duration.milliseconds(400)

    private let isShown: Bool
    /// nil: not known (a pipe).
    private let totalBytes: Int64?
    private var next = ContinuousClock.now + ScanProgress.patience
    private var isDrawn = false

    init(totalBytes: Int64?) {
        isShown = isatty(STDERR_FILENO) == 1
        self.totalBytes = totalBytes
    }

    mutating func update(doneBytes: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + ScanProgress.interval
        isDrawn = true
        let text =
            if let totalBytes, totalBytes > 0 {
                "\(Int(min(100, Double(doneBytes) / Double(totalBytes) * 100))) %"
            } else {
                ScanText.size(Int(doneBytes))
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
