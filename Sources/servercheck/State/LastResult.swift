// last.json: the last run's report, for `status`. It is written by rename into a directory that may be any user's to
// read, holds no secret, and is never synced: a reboot makes it old anyway. Its times are in UTC, so that a run with
// nothing to tell need not read the time zone.

import Glibc

/// The last run's report on disk.
enum LastResult {
    static func write(_ report: Report, directory: String) throws(SystemError) {
        let path = directory + "/last.json"
        var bytes = JSONText.encode(report, isUTC: true, capacity: 1024 * (report.findings.count + 1))
        bytes.append(UInt8(ascii: "\n"))
        do {
            try replace(path, bytes)
        } catch {
            switch error.code {
            case ENOENT: StateDirectory.create(directory, mode: StateDirectory.runtimeMode)
            // On a full disk the new result gets the space of the old one, which is no longer true anyway.
            case ENOSPC, EDQUOT: unlink(path)
            default: throw error
            }
            try replace(path, bytes)
        }
    }

    /// `status` is for any user.
    private static func replace(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
        do {
            try OpenFile.replace(path, with: bytes, mode: 0o644)
        } catch {
            guard error.code == EISDIR, rmdir(path) == 0 else { throw error }
            try OpenFile.replace(path, with: bytes, mode: 0o644)
        }
    }

    /// Where no result was found, and why.
    struct Missing: Error, Sendable, Equatable, CustomStringConvertible {
        var description: String
    }

    /// The newest of the results that are there: one of an own run by hand must not hide the timer's. Of two of the same
    /// time the first. One from the future was written before the clock was set back, and counts as older than any.
    static func read(_ places: StatePlaces, now: Timestamp) throws(Missing) -> Report {
        let age = { (report: Report) in report.time > now + 1 ? .infinity : now.seconds(since: report.time) }
        var newest: Report?
        var reasons: [String] = []
        for directory in places.lastCandidates {
            let path = directory + "/last.json"
            do {
                let bytes = try OpenFile.contents(of: path)
                if let report = JSONText.decode(Report.self, from: bytes) {
                    if newest.map({ age(report) < age($0) }) ?? true { newest = report }
                } else {
                    reasons.append("\(path): not a result of servercheck")
                }
            } catch {
                reasons.append("\(path): \(SystemError.text(error.code))")
            }
        }
        if let newest { return newest }
        throw Missing(
            description: "no result of an earlier run (\(reasons.joined(separator: "; "))): run servercheck, or start "
                + "its timer: systemctl start servercheck.timer")
    }
}
