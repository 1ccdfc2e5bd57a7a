// One entry's name, as sd_journal_get_cursor(3) writes it: `s=…;i=…;b=…;m=…;t=…;x=…`.

/// The cursor of a journal entry, taken apart.
struct JournalCursor: Sendable, Hashable {
    /// `s`: what gave the sequence number; one for all files that journald rotates one from the other.
    var seqnumID: JournalID
    /// `i`: grows by one with each entry. Copying an entry from /run to /var (journalctl --flush) gives it a new one.
    var seqnum: UInt64
    /// `b`, `m`: the boot, and microseconds since it began; they stay with a copied entry.
    var boot: JournalID
    var monotonic: UInt64
    /// `t`: microseconds since 1970.
    var realtime: UInt64
    /// `x`: a hash of what the entry says.
    var hash: UInt64

    init(seqnumID: JournalID, seqnum: UInt64, boot: JournalID, monotonic: UInt64, realtime: UInt64, hash: UInt64) {
        self.seqnumID = seqnumID
        self.seqnum = seqnum
        self.boot = boot
        self.monotonic = monotonic
        self.realtime = realtime
        self.hash = hash
    }

    /// All six parts, in any order; parts of later versions are passed over.
    init?(_ text: Span<UInt8>) {
        var ids: (source: JournalID?, boot: JournalID?)
        var numbers: (seqnum: UInt64?, monotonic: UInt64?, realtime: UInt64?, hash: UInt64?)
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: UInt8(ascii: ";"), in: start..<text.count) ?? text.count
            guard end - start >= 2, text[start + 1] == UInt8(ascii: "=") else { return nil }
            let value = text.extracting(start + 2..<end)
            switch text[start] {
            case UInt8(ascii: "s"): ids.source = JournalID(value)
            case UInt8(ascii: "i"): numbers.seqnum = UInt64(hexadecimal: value)
            case UInt8(ascii: "b"): ids.boot = JournalID(value)
            case UInt8(ascii: "m"): numbers.monotonic = UInt64(hexadecimal: value)
            case UInt8(ascii: "t"): numbers.realtime = UInt64(hexadecimal: value)
            case UInt8(ascii: "x"): numbers.hash = UInt64(hexadecimal: value)
            default: break
            }
            start = end + 1
        }
        guard let source = ids.source, let boot = ids.boot, let seqnum = numbers.seqnum,
            let monotonic = numbers.monotonic, let realtime = numbers.realtime, let hash = numbers.hash
        else { return nil }
        self.init(
            seqnumID: source, seqnum: seqnum, boot: boot, monotonic: monotonic, realtime: realtime, hash: hash)
    }

    init?(_ text: String) { self.init(Array(text.utf8).span) }

    var text: String {
        let number = { (value: UInt64) in String(value, radix: 16) }
        return "s=\(seqnumID.text);i=\(number(seqnum));b=\(boot.text);m=\(number(monotonic));t=\(number(realtime))"
            + ";x=\(number(hash))"
    }

    /// What sd_journal_seek_cursor(3) needs in order to find the first entry that is not before `seqnum`.
    static func seekText(seqnumID: JournalID, seqnum: UInt64) -> String {
        "s=\(seqnumID.text);i=\(String(seqnum, radix: 16))"
    }

    /// Whether this entry was written in the same boot, and not after `other`. Within a boot journald's monotonic times
    /// only grow.
    func isSameBoot(notAfter other: JournalCursor) -> Bool {
        guard boot == other.boot else { return false }
        return monotonic < other.monotonic || (monotonic == other.monotonic && hash == other.hash)
    }

    var time: Timestamp { Timestamp(journal: realtime) }
}

extension Timestamp {
    /// A time of the journal; what no clock can say becomes the latest that counts.
    init(journal microseconds: UInt64) {
        self.init(microseconds: Int64(clamping: min(microseconds, 300_000_000_000_000_000)))
    }
}
