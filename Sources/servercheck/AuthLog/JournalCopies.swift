// Which entries are there twice. A flush (journalctl --flush, and each boot) copies what is in /run to /var, and deletes
// it in /run when it has done so; one that is under way, or failed, leaves both. A journald that only begins to write to
// /var copies nothing: then /run holds older entries of the same boot that are nowhere else. So time alone proves no copy.
//
// 1. What is in /var is read first. An entry of /run is a copy when the very same one was seen there.
// 2. Once /run was read up to an entry, what is in /var and not after it came from there. Nothing else can be: what was
//    in /var before it was read before it, as /run is opened first, and not read beyond its end of that moment.

/// Tells copies between /run and /var apart from entries that are only in one of them.
struct JournalCopies {
    /// What stays of an entry that is copied, within its boot.
    private struct Entry: Hashable {
        var monotonic: UInt64
        var hash: UInt64
    }

    /// The last entry of /run that was read.
    private(set) var lastVolatile: JournalCursor?
    /// What is going to be read of /run, in microseconds of each boot: only these may be in /var, too.
    private var expected: [JournalID: ClosedRange<UInt64>] = [:]
    private var seen: [JournalID: Set<Entry>] = [:]

    init(_ position: JournalPosition) {
        if position.isVolatile == true, let entry = position.lastEntry { readVolatile(entry) }
        if let entry = position.lastVolatileEntry { readVolatile(entry) }
    }

    /// A file in /run is going to be read, from `first` to `last`.
    mutating func expect(from first: JournalCursor, to last: JournalCursor) {
        let isOneBoot = first.boot == last.boot && first.monotonic <= last.monotonic
        for entry in [first, last] {
            let range = isOneBoot ? first.monotonic...last.monotonic : 0...UInt64.max
            let known = expected[entry.boot] ?? range
            expected[entry.boot] =
                min(known.lowerBound, range.lowerBound)...max(known.upperBound, range.upperBound)
        }
    }

    /// Whether this entry was read on the other side. Asked of each entry once; all of /var before any of /run.
    mutating func isCopy(_ cursor: JournalCursor, isVolatile: Bool) -> Bool {
        let entry = Entry(monotonic: cursor.monotonic, hash: cursor.hash)
        if isVolatile {
            readVolatile(cursor)
            return seen[cursor.boot]?.contains(entry) ?? false
        }
        let isKnown = lastVolatile.map { cursor.isSameBoot(notAfter: $0) } ?? false
        if expected[cursor.boot]?.contains(cursor.monotonic) == true {
            // Two flushes that failed leave two copies in /var.
            return !seen[cursor.boot, default: []].insert(entry).inserted || isKnown
        }
        return isKnown
    }

    private mutating func readVolatile(_ entry: JournalCursor) {
        if let last = lastVolatile, entry.isSameBoot(notAfter: last) { return }
        lastVolatile = entry
    }
}
