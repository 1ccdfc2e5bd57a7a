// What stat(2) tells about a file. The one place where a struct stat becomes values.

import Glibc

/// What stat(2) tells about a file.
struct FileFacts: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    /// Bytes.
    var size: Int64
    /// Nanoseconds since 1970; logrotate and gzip keep it when they compress. 0 outside what 64 bits hold.
    var modified: Int64
    /// st_mode: type and permission bits.
    var mode: UInt32
    var owner: UInt32
    var group: UInt32
    /// Hard links.
    var links: UInt64

    var isRegular: Bool { isKind(S_IFREG) }
    var isSymbolicLink: Bool { isKind(S_IFLNK) }

    func isKind(_ kind: mode_t) -> Bool { mode & S_IFMT == kind }

    func isSameFile(as other: FileFacts) -> Bool { device == other.device && inode == other.inode }
}

extension FileFacts {
    init(_ status: stat) {
        let (seconds, overflow) = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: overflow ? 0 : seconds &+ Int64(status.st_mtim.tv_nsec), mode: status.st_mode,
            owner: status.st_uid, group: status.st_gid, links: UInt64(status.st_nlink))
    }

    /// Of what the path leads to; nil: there is nothing, or it is out of reach.
    init?(followingLinksAt path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of the name itself, not of what a link leads to; nil: there is none, or it is out of reach.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
