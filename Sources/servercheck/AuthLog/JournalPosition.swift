// How far the journal was read. journald numbers its entries without a gap within a chain: one file and those rotated
// from it. A chain ends, and another begins, when a file was not closed properly (a crash, a power cut) and at a copy
// from /run to /var. So what counts is a number for each chain: exact whatever the clock does. The cursor of the last
// entry of /run tells copies of what was read there, and that of the last one of all where to go on when the numbers are
// of no use.

/// How far the journal was read; harmless when a damaged state file holds nonsense.
struct JournalPosition: Equatable, Sendable {
    /// A chain of journal files.
    struct Chain: Equatable, Sendable {
        /// 32 hexadecimal digits.
        var id = ""
        /// Everything up to this sequence number was read.
        var seqnum: UInt64 = 0
    }

    /// Chains that are kept; a machine adds one at each power cut, and loses old ones by vacuuming.
    static let chainLimit = 32
    /// Damaged files that are remembered, so that each is told of once.
    static let damagedLimit = 8

    /// Of the entry that was read last; journalctl --after-cursor goes on from there, too. nil: there was none.
    var cursor: String?
    /// Whether that entry was in /run, from where it may be copied to /var.
    var isVolatile: Bool?
    /// When it was written. Without any chain: where to begin.
    var realtime: Timestamp?
    /// The oldest first.
    var chains: [Chain] = []
    /// Names of damaged files that were told of.
    var damaged: [String]?
    /// Of the entry that was read last in /run, when it is of the same boot as `cursor`, and another one.
    var volatileCursor: String?

    /// The cursors, where they are some.
    var lastEntry: JournalCursor? { JournalPosition.entry(cursor) }
    var lastVolatileEntry: JournalCursor? { JournalPosition.entry(volatileCursor) }

    private static func entry(_ cursor: String?) -> JournalCursor? {
        cursor.flatMap { $0.utf8.count < 512 ? JournalCursor($0) : nil }
    }

    /// A chain that is not known was begun since the last run and is read from its start, unless it may have been
    /// forgotten: then time decides.
    var isComplete: Bool {
        if chains.isEmpty { return realtime == nil }
        return chains.count < JournalPosition.chainLimit && chains.allSatisfy { JournalID($0.id) != nil }
    }

    /// How far each chain was read.
    var marks: [JournalID: UInt64] {
        var marks: [JournalID: UInt64] = [:]
        for chain in chains.prefix(JournalPosition.chainLimit) {
            if let id = JournalID(chain.id) { marks[id] = chain.seqnum }
        }
        return marks
    }

    func mark(of chain: JournalID) -> UInt64? { marks[chain] }

    mutating func setMark(_ seqnum: UInt64, of chain: JournalID) {
        let id = chain.text
        if let index = chains.firstIndex(where: { $0.id == id }) {
            chains[index].seqnum = seqnum
        } else {
            chains.append(Chain(id: id, seqnum: seqnum))
        }
    }

    /// Drops chains beyond the limit: first those that no file belongs to, then those not written to for longest.
    ///
    /// - Parameter lastUsed: of the chains that are there.
    mutating func trim(lastUsed: [JournalID: UInt64]) {
        chains.removeAll { JournalID($0.id) == nil }
        while chains.count > JournalPosition.chainLimit {
            let times = chains.map { chain in JournalID(chain.id).flatMap { lastUsed[$0] } ?? 0 }
            chains.remove(at: times.indices.min { times[$0] < times[$1] } ?? 0)
        }
    }
}

extension JournalPosition: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("chains", &chains)
        json.member("cursor", &cursor)
        json.member("damaged", &damaged)
        json.member("is_volatile", &isVolatile)
        json.member("realtime", &realtime)
        json.member("volatile_cursor", &volatileCursor)
    }
}

extension JournalPosition.Chain: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("id", &id)
        json.member("seqnum", &seqnum)
    }
}
