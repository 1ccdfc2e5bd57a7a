// The head of a journal file: whether it can hold anything new is answered by 208 bytes of it, without libsystemd. The
// layout is part of systemd's stability promise (https://systemd.io/JOURNAL_FILE_FORMAT, "Header").

/// What a journal file says of itself.
struct JournalHeader: Sendable, Equatable {
    static let size = 208

    var seqnumID: JournalID
    var entries: UInt64
    /// The sequence numbers of its first and its last entry. A file that was just begun says 0, and where the file
    /// before it ended.
    var head: UInt64
    var tail: UInt64
    /// Microseconds since 1970.
    var headRealtime: UInt64
    var tailRealtime: UInt64

    init(
        seqnumID: JournalID, entries: UInt64, head: UInt64, tail: UInt64, headRealtime: UInt64, tailRealtime: UInt64
    ) {
        self.seqnumID = seqnumID
        self.entries = entries
        self.head = head
        self.tail = tail
        self.headRealtime = headRealtime
        self.tailRealtime = tailRealtime
    }

    /// nil: no journal file, or not yet a whole head.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= JournalHeader.size, bytes.starts(with: Array("LPKSHHRH".utf8)) else { return nil }
        let number = { (offset: Int) in
            bytes[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let bigEndian = { (offset: Int) in
            bytes[offset..<offset + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        self.init(
            seqnumID: JournalID(high: bigEndian(72), low: bigEndian(80)), entries: number(152), head: number(168),
            tail: number(160), headRealtime: number(184), tailRealtime: number(192))
        if seqnumID.isNull { return nil }
    }
}
