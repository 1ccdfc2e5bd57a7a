// How a result reaches standard output.

import ArgumentParser
import Glibc

/// `--format`.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case nagios
    case json
    case openmetrics
}

/// Prints a report.
struct Printer: Sendable {
    var format: OutputFormat = .nagios
    var verbosity: Int = 0
    var isQuiet: Bool = false
    var environment: [String: String] = [:]

    /// - Parameter preview: lines behind the text, not part of JSON or metrics.
    /// - Returns: the status to end with: what nobody was told is not OK.
    @discardableResult
    func print(_ report: Report, preview: [String] = []) -> Status {
        if isQuiet, report.status == .ok { return .ok }
        let isPrinted = StandardStream.print(bytes(report, preview))
        return !isPrinted && report.status == .ok ? .unknown : report.status
    }

    private func bytes(_ report: Report, _ preview: [String]) -> [UInt8] {
        switch format {
        case .json: return JSONText.encode(report) + [UInt8(ascii: "\n")]
        case .openmetrics: return Array(OpenMetrics.text(report).utf8)
        case .nagios:
            let lines = NagiosText(verbosity: verbosity).lines(report) + preview
            let isJournal = JournalStream.receives(STDOUT_FILENO, environment: environment)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(lines.reduce(0) { $0 + $1.utf8.count + 4 })
            for line in lines {
                if isJournal { bytes.append(priority(of: line, in: report)) }
                bytes.append(line)
                bytes.append(UInt8(ascii: "\n"))
            }
            return bytes
        }
    }

    /// Under systemd each line is a journal entry, and LogLevelMax=notice of the unit keeps a quiet minute out: of a run
    /// that is not OK the status line comes in, and of a check that failed all that is there to explain it.
    private func priority(of line: String, in report: Report) -> String {
        let isStatusLine = line.hasPrefix(NagiosText.prefix)
        let explains = report.status == .unknown && !line.hasPrefix("\(Status.ok.word) ")
        return explains || (isStatusLine && report.status != .ok) ? "<4>" : "<6>"
    }
}
