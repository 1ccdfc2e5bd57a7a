// A file that others read while it changes: they see the old content or the new, whole.

import Glibc

extension OpenFile {
    /// Puts `bytes` in the place of `path` by way of `path.new` and rename(2). Not synced: after a crash of the machine it
    /// may be the old file, or empty.
    ///
    /// - Parameter mode: the permissions, whatever the umask.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(SystemError) {
        let temporary = path + ".new"
        let file = try create(temporary, mode: mode)
        _ = fchmod(file.descriptor, mode)
        do throws(SystemError) {
            try file.write(bytes)
            guard rename(temporary, path) == 0 else { throw .last("replace", path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func create(_ path: String, mode: mode_t) throws(SystemError) -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
        do throws(SystemError) {
            return try OpenFile(path, flags: flags, mode: mode)
        } catch {
            guard error.code == EEXIST else { throw error }
            // Left behind by a kill, or planted: never followed, never reused.
            if unlink(path) != 0, errno == EISDIR { rmdir(path) }
            return try OpenFile(path, flags: flags, mode: mode)
        }
    }
}
