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

    /// - Parameter preview: lines behind the text, not part of JSON.
    func print(_ report: Report, preview: [String] = []) {
        if isQuiet, report.status == .ok { return }
        switch format {
        case .json:
            StandardStream.output.write(String(decoding: JSONText.encode(report), as: UTF8.self) + "\n")
        case .nagios:
            let lines = NagiosText(verbosity: verbosity).lines(report) + preview
            // Under systemd each line is a journal entry: a quiet minute stays below LogLevelMax=notice.
            let prefix =
                JournalStream.receives(STDOUT_FILENO, environment: environment)
                ? report.status == .ok ? "<6>" : "<4>" : ""
            StandardStream.output.write(lines.map { prefix + $0 + "\n" }.joined())
        }
    }
}
