// "metrics_file": the report where node_exporter's textfile collector finds it. Readers see the old text or the new one,
// whole; it is never synced, since a reboot makes it old anyway.

import Glibc

/// The file that the config names.
struct MetricsFile: Sendable {
    /// Absolute.
    let path: String

    static let findingID = "metrics_file"
    /// The file may lie on a dead server, and must not take the result with it.
    private static let patienceSeconds = 5.0

    /// Writes the report, and gives up where the filesystem does not answer.
    ///
    /// - Parameter deadline: the end of the run.
    /// - Returns: what kept it from being written, for whoever looks at the result; nil when it is there.
    func write(_ report: Report, before deadline: ContinuousClock.Instant) -> Finding? {
        let left = ContinuousClock.now.duration(to: deadline) / .seconds(1)
        let limitSeconds = max(0.3, min(MetricsFile.patienceSeconds, left))
        let answer = withStallGuard([report], limitSeconds: limitSeconds) { report in
            Result { () throws(SystemError) in try put(Array(OpenMetrics.text(report).utf8)) }
        }.first
        let text: String
        switch answer ?? nil {
        case .success?: return nil
        case .failure(let error)?: text = "\(error) (\(remedy(error)))"
        case nil: text = "\(path) does not answer (check the filesystem, or change metrics_file)"
        }
        return Finding(
            sensor: MetricsFile.findingID, id: MetricsFile.findingID, kind: .silent, status: .warning,
            text: "Prometheus does not see this run: \(text)")
    }

    private func put(_ bytes: [UInt8]) throws(SystemError) {
        // Root could otherwise replace /dev/null.
        if let facts = FileFacts(path: path), !facts.isRegular, !facts.isSymbolicLink {
            throw SystemError(action: "replace", object: path, code: facts.isKind(S_IFDIR) ? EISDIR : EINVAL)
        }
        do {
            try OpenFile.replace(path, with: bytes, mode: 0o644)
        } catch {
            guard [ENOSPC, EDQUOT].contains(error.code) else { throw error }
            // On a full disk the new text gets the space of the old one, which would hide that it is full.
            unlink(path)
            try OpenFile.replace(path, with: bytes, mode: 0o644)
        }
    }

    private func remedy(_ error: SystemError) -> String {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return switch error.code {
        case EACCES, EPERM: "let the user that runs servercheck write to \(directory)"
        case EROFS: "in the unit: add ReadWritePaths=\(directory) with systemctl edit servercheck.service"
        case ENOENT: "create \(directory), or change metrics_file"
        case ENOSPC, EDQUOT: "free some space or inodes"
        default: "metrics_file must name a file in a directory that servercheck may write to"
        }
    }
}
