// The directories of the state and of the last result: made when they are missing.

import Glibc

/// Opening and making directories.
enum StateDirectory {
    static let stateMode: mode_t = 0o750
    /// `status` is for any user.
    static let runtimeMode: mode_t = 0o755

    /// Opens it; where it is missing, makes it first.
    static func open(_ path: String, mode: mode_t) throws(SystemError) -> OpenFile {
        do throws(SystemError) {
            return try OpenFile(path, flags: O_RDONLY | O_DIRECTORY)
        } catch {
            guard error.code == ENOENT else { throw error }
            create(path, mode: mode)
            return try OpenFile(path, flags: O_RDONLY | O_DIRECTORY)
        }
    }

    /// mkdir -p; a failure shows when something is written there.
    static func create(_ path: String, mode: mode_t) {
        if mkdir(path, mode) == 0 {
            // Whatever the umask.
            chmod(path, mode)
            return
        }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        create(String(path[..<slash]), mode: mode)
        if mkdir(path, mode) == 0 { chmod(path, mode) }
    }
}
