// How a result reaches standard output.

import ArgumentParser
import Glibc

/// `--format`.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case nagios
    case json
}

/// Prints a report.
struct Printer: Sendable {
    var format: OutputFormat = .nagios
    var verbosity: Int = 0
    var isQuiet: Bool = false
    var environment: [String: String] = [:]

    /// - Parameter message: what a dry run would have sent, and to whom.
    func print(_ report: Report, wouldSend message: Message? = nil, to recipients: [String] = []) {
        if isQuiet, report.status == .ok { return }
        switch format {
        case .json:
            StandardStream.output.write(String(decoding: JSONText.encode(report), as: UTF8.self) + "\n")
        case .nagios:
            var lines = NagiosText(verbosity: verbosity).lines(report)
            if let message { lines += dryRunLines(message, recipients) }
            // Under systemd each line is a journal entry: a quiet minute stays below LogLevelMax=notice.
            let prefix =
                JournalStream.receives(STDOUT_FILENO, environment: environment)
                ? report.status == .ok ? "<6>" : "<4>" : ""
            StandardStream.output.write(lines.map { prefix + $0 + "\n" }.joined())
        }
    }

    private func dryRunLines(_ message: Message, _ recipients: [String]) -> [String] {
        let heading =
            recipients.isEmpty
            ? "would be told, but no messaging channel is configured:"
            : "would be sent to \(recipients.joined(separator: ", ")):"
        return ["", heading, "  \(message.title)"]
            + message.body.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
    }
}
