// One journal file, read through libsystemd. Only the fields that are needed are looked up, and what is handed out is
// bounded: whoever may log as root can write entries of many megabytes.

import CShim
import Glibc

/// What an entry of sshd says.
struct JournalEntry {
    var cursor: JournalCursor
    /// journald's own time, by which it keeps its files in order. It is there for every entry, and trusted: a client can
    /// set none of the fields that begin with an underscore.
    var time: Timestamp
    /// nil: neither the message nor the kernel names one.
    var pid: UInt32?
    /// Bytes of the message, in the reader's buffer; nil: there is none, or it is longer than the limit.
    var length: Int?
    var isOverlong = false
    var machine: JournalID?
}

/// Reads one open file.
struct JournalReader: ~Copyable {
    /// As long as the longest line of a log.
    static let longestMessage = LineReader.longestLine

    private let handle: OpaquePointer
    private let path: String
    private let buffer: UnsafeMutableRawBufferPointer

    init(_ file: JournalFile) throws(LogError) {
        try JournalReader.load()
        var error: Int32 = 0
        guard
            let handle = cshim_journal_open(file.file.descriptor, JournalReader.longestMessage + 64, &error)
        else { throw JournalReader.problem(file.path, error) }
        self.handle = handle
        path = file.path
        buffer = .allocate(byteCount: JournalReader.longestMessage, alignment: 16)
    }

    deinit {
        cshim_journal_close(handle)
        buffer.deallocate()
    }

    static func load() throws(LogError) {
        var reason = [CChar](repeating: 0, count: 256)
        guard cshim_journal_load(&reason, reason.count) != 0 else { return }
        let words = Clean.text(reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
        throw LogError(
            .noLibsystemd,
            "cannot load libsystemd, which reads the journal: \(words) "
                + "(install the package libsystemd0; on Fedora and RHEL: systemd-libs)")
    }

    /// Only what sshd writes. `_UID` is the kernel's word; unit names differ between distributions, and `_COMM` is missing
    /// where the process was gone before journald could look.
    func matchSSHD() throws(LogError) {
        for match in [
            "_UID=0", "SYSLOG_IDENTIFIER=sshd", "SYSLOG_IDENTIFIER=sshd-session", "SYSLOG_IDENTIFIER=sshd-auth",
        ] {
            try check(cshim_journal_add_match(handle, match))
        }
    }

    func seekTail() throws(LogError) { try check(cshim_journal_seek_tail(handle)) }
    func seek(chain: JournalID, seqnum: UInt64) throws(LogError) {
        try check(cshim_journal_seek_cursor(handle, JournalCursor.seekText(seqnumID: chain, seqnum: seqnum)))
    }
    func seek(time: Timestamp) throws(LogError) {
        try check(cshim_journal_seek_realtime(handle, UInt64(max(0, time.microseconds))))
    }

    /// Goes to the next entry. false: there is none.
    func next() throws(LogError) -> Bool { try moved(cshim_journal_next(handle)) }
    func previous() throws(LogError) -> Bool { try moved(cshim_journal_previous(handle)) }

    private func moved(_ result: Int32) throws(LogError) -> Bool {
        try check(result)
        if result == 0, cshim_journal_is_intact(handle) == 0 { throw JournalReader.problem(path, EBADMSG) }
        return result > 0
    }

    func cursor() throws(LogError) -> JournalCursor {
        let text = buffer.bindMemory(to: CChar.self)
        guard let base = text.baseAddress else { throw JournalReader.problem(path, ENOMEM) }
        try check(cshim_journal_cursor(handle, base))
        let bytes = UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[..<strlen(base)])
        guard let cursor = JournalCursor(bytes.span) else { throw JournalReader.problem(path, EBADMSG) }
        return cursor
    }

    func entry() throws(LogError) -> JournalEntry {
        var microseconds: UInt64 = 0
        try check(cshim_journal_realtime(handle, &microseconds))
        var entry = JournalEntry(cursor: try cursor(), time: Timestamp(journal: microseconds))
        // The pid that sshd gave itself, as in the tag of a log line; they differ only where sshd has a pid namespace of
        // its own. A sshd that logs to standard error (-e) names none: then the kernel's.
        entry.pid = try pid("SYSLOG_PID")
        if entry.pid == nil { entry.pid = try pid("_PID") }
        if let length = try value("_MACHINE_ID") {
            withValue(length) { entry.machine = JournalID($0) }
        }
        if let length = try value("MESSAGE") {
            if length <= buffer.count { entry.length = length } else { entry.isOverlong = true }
        }
        return entry
    }

    /// What was copied last: after `entry` the message.
    func withValue(_ length: Int, _ body: (Span<UInt8>) -> Void) {
        let bytes = UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[..<min(length, buffer.count)])
        body(bytes.span)
    }

    private func pid(_ field: String) throws(LogError) -> UInt32? {
        guard let length = try value(field), 1...10 ~= length else { return nil }
        var pid: UInt32 = 0
        for byte in buffer[..<length] {
            guard byte.isDigit else { return nil }
            let (product, overflow) = pid.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(UInt32(byte - UInt8(ascii: "0")))
            if overflow || more { return nil }
            pid = sum
        }
        return pid
    }

    /// Copies a field to the buffer. nil: the entry has none, or it is damaged.
    private func value(_ field: String) throws(LogError) -> Int? {
        var length = 0
        guard let base = buffer.baseAddress else { return nil }
        let result = cshim_journal_value(handle, field, base, buffer.count, &length)
        if result == -EIO { try check(result) }
        return result < 0 ? nil : length
    }

    private func check(_ result: Int32) throws(LogError) {
        if result < 0 { throw JournalReader.problem(path, result == .min ? EIO : -result) }
    }

    /// The entries come back to where they were.
    static func endless(_ path: String) -> LogError { problem(path, EBADMSG) }

    private static func problem(_ path: String, _ code: Int32) -> LogError {
        let reason =
            switch code {
            case EBADMSG, EADDRNOTAVAIL: "it is damaged"
            case ENODATA: "it is cut off"
            case EPROTONOSUPPORT: "it was written by a newer systemd than libsystemd is of"
            default: SystemError.text(code)
            }
        return LogError(.damaged, "cannot read \(path): \(reason)")
    }
}
