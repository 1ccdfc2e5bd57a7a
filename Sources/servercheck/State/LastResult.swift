// last.json: the last run's report, for `status`. It is written by rename into a directory that may be any user's to
// read, holds no secret, and is never synced: a reboot makes it old anyway. Its times are in UTC, so that a run with nothing to tell need
// not read the time zone.

import Glibc

/// The last run's report on disk.
enum LastResult {
    static func write(_ report: Report, directory: String) throws(SystemError) {
        let path = directory + "/last.json"
        var bytes = JSONText.encode(report, isUTC: true)
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

    private static func replace(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".new"
        let file = try create(temporary)
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

    private static func create(_ path: String) throws(SystemError) -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
        do throws(SystemError) {
            return try OpenFile(path, flags: flags, mode: 0o644)
        } catch {
            guard error.code == EEXIST else { throw error }
            // Left behind by a kill, or planted: never followed, never reused.
            if unlink(path) != 0, errno == EISDIR { rmdir(path) }
            return try OpenFile(path, flags: flags, mode: 0o644)
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
