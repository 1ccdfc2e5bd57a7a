// The one error of system calls: what was tried, on which object, and errno.

import Glibc

/// A system call that failed.
struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, as a verb: `read`, `open`, `lock`.
    var action: String
    /// The object it was tried on, mostly a path.
    var object: String
    /// errno(3).
    var code: Int32

    /// `cannot read /var/log/auth.log: Permission denied`. The caller adds the remedy it knows.
    var description: String { "cannot \(action) \(object): \(SystemError.text(code))" }

    static func last(_ action: String, _ object: String) -> SystemError {
        SystemError(action: action, object: object, code: errno)
    }

    static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        // The XSI variant needs a feature macro; strerror(3) is thread-safe in glibc since 2.32.
        guard let message = strerror(code) else { return "error \(code)" }
        strncpy(&buffer, message, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
