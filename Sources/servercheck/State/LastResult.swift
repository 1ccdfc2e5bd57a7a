// last.json: the last run's report, for `status`. It is written by rename into a directory that may be any user's to
// read, holds no secret, and is never synced: a reboot makes it old anyway.

import Glibc

/// The last run's report on disk.
enum LastResult {
    static func write(_ report: Report, directory: String) throws(SystemError) {
        let path = directory + "/last.json"
        var bytes = JSONText.encode(report)
        bytes.append(UInt8(ascii: "\n"))
        do {
            try replace(path, bytes)
        } catch {
            guard [ENOSPC, EDQUOT].contains(error.code) else { throw error }
            // On a full disk the new result gets the space of the old one, which is no longer true anyway.
            unlink(path)
            try replace(path, bytes)
        }
    }

    private static func replace(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".new"
        // Left behind by a kill, or planted: never followed, never reused.
        if unlink(temporary) != 0, errno == EISDIR { rmdir(temporary) }
        let file = try OpenFile(temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o644)
        // The unit's umask is 0077; `status` is for any user.
        _ = fchmod(file.descriptor, 0o644)
        do throws(SystemError) {
            try file.write(bytes)
            if rename(temporary, path) == 0 { return }
            guard errno == EISDIR, rmdir(path) == 0, rename(temporary, path) == 0 else {
                throw .last("replace", path)
            }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Where no result was found, and why.
    struct Missing: Error, Sendable, Equatable, CustomStringConvertible {
        var description: String
    }

    static func read(_ places: StatePlaces) throws(Missing) -> Report {
        var reasons: [String] = []
        for directory in places.lastCandidates {
            let path = directory + "/last.json"
            do {
                let bytes = try OpenFile.contents(of: path)
                if let report = JSONText.decode(Report.self, from: bytes) { return report }
                reasons.append("\(path): not a result of servercheck")
            } catch {
                reasons.append("\(path): \(SystemError.text(error.code))")
            }
        }
        throw Missing(
            description: "no result of an earlier run (\(reasons.joined(separator: "; "))): run servercheck, or start "
                + "its timer: systemctl start servercheck.timer")
    }
}
