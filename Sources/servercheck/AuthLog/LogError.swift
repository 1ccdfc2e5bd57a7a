// Why a log cannot be read, with the remedy, in one line.

import Glibc

/// A log that cannot be read, or not to its end.
struct LogError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// There is no such file.
        case missing
        /// The user may not read it.
        case denied
        /// A directory, a FIFO, a device.
        case notAFile
        /// Compressed data that is damaged or ends early. What came before was handed out.
        case damaged
        /// libz.so.1 is not installed.
        case noZlib
        /// libsystemd.so.0 is not installed.
        case noLibsystemd
        /// Anything else the system said.
        case failed
    }

    var kind: Kind
    /// `cannot read /var/log/auth.log: Permission denied (add the user to group adm)`
    var description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A failed system call on the log at `path`; a missing permission comes with its remedy.
    init(_ error: SystemError, path: String) {
        let text = "cannot read \(path): \(SystemError.text(error.code))"
        switch error.code {
        case ENOENT, ENOTDIR: self.init(.missing, text)
        case EACCES, EPERM: self.init(.denied, "\(text) (\(LogError.permissionRemedy(path: path)))")
        default: self.init(.failed, text)
        }
    }

    /// A log compressed by a program other than gzip.
    static func compressed(_ path: String, by packer: String) -> LogError {
        LogError(
            .failed,
            "cannot read \(path): it is compressed by \(packer), only gzip is read here (give servercheck scan - what "
                + "\(packer) -dc prints)")
    }

    /// What is no regular file, by its st_mode.
    static func notAFile(path: String, mode: UInt32) -> LogError {
        let type =
            switch mode & S_IFMT {
            case S_IFDIR: "a directory"
            case S_IFIFO: "a FIFO"
            case S_IFSOCK: "a socket"
            default: "a device"
            }
        return LogError(.notAFile, "cannot read \(path): it is \(type), not a log file")
    }

    /// Debian's logs belong to group adm, Red Hat's to root alone.
    private static func permissionRemedy(path: String) -> String {
        guard let facts = FileFacts(followingLinksAt: path), facts.mode & S_IRGRP == 0 else {
            return "add the user to group adm"
        }
        return "only its owner may read it: run as root, or let group adm read it"
    }
}
