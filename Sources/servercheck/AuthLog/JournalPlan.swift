// Which journal files hold something new, in which order to read them, and from where. Pure.

/// What a plan needs to know of a file.
struct JournalFileFacts: Sendable, Equatable {
    var header: JournalHeader
    var isVolatile: Bool
    var isArchived: Bool
}

/// What to read.
struct JournalPlan: Sendable, Equatable {
    /// A file that may hold something new.
    struct Part: Sendable, Equatable {
        /// In the list of files.
        var file: Int
        /// Everything of its chain up to here was read.
        var mark: UInt64
        /// The mark is of no use: an entry is new when its time is.
        var goesByTime: Bool
    }

    var parts: [Part] = []
    /// Where the reading of every chain begins.
    var marks: [JournalID: UInt64] = [:]
    /// Some chain is shorter than what was read of it: it was cut, or put back.
    var isCut = false
    /// Files are gone that may have held something new.
    var hasGap = false

    /// - Parameter position: of the last run.
    init(_ position: JournalPosition, _ files: [JournalFileFacts]) {
        let known = position.marks
        let isComplete = position.isComplete
        var chains: [(rank: UInt64, parts: [Part])] = []
        for (id, members) in Dictionary(grouping: files.indices, by: { files[$0].header.seqnumID }) {
            let sorted = members.sorted { left, right in
                let (one, other) = (files[left].header, files[right].header)
                return (one.head, one.tail, left) < (other.head, other.tail, right)
            }
            let end = sorted.reduce(0) { max($0, files[$1].header.tail) }
            var mark = known[id]
            var goesByTime = mark == nil && !isComplete
            // Where only rotated files are left, the last one was deleted after it had been read.
            if let seqnum = mark, seqnum > end, sorted.contains(where: { !files[$0].isArchived }) {
                isCut = true
                goesByTime = true
                mark = nil
            }
            // A chain that is not known was begun with its first entry that is still there.
            let head = sorted.first { files[$0].header.entries > 0 }.map { files[$0].header.head } ?? 0
            let from = mark.map { JournalPlan.advanced($0, over: sorted.map { files[$0] }) } ?? (max(1, head) - 1)
            let parts = sorted.filter { index in
                let header = files[index].header
                if header.entries == 0 || header.tail <= from { return false }
                return !goesByTime || header.tailRealtime > position.sinceMicroseconds
            }.map { Part(file: $0, mark: from, goesByTime: goesByTime) }
            guard let first = parts.first.map({ files[$0.file] }) else {
                // By time there is nothing new: all of it counts as read.
                marks[id] = goesByTime ? end : from
                continue
            }
            marks[id] = from
            if mark != nil, first.header.head > from + 1, position.isVolatile == nil {
                hasGap = true
                marks[id] = first.header.head - 1
            }
            chains.append((first.header.headRealtime, parts))
        }
        // The counter wants the order of time; what is in /run comes after what is in /var, also where both share a
        // chain, as they do since systemd 254.
        let ordered = chains.sorted { $0.rank < $1.rank }.flatMap(\.parts)
        parts = ordered.filter { !files[$0.file].isVolatile } + ordered.filter { files[$0.file].isVolatile }
    }

    /// Numbers between two files of a chain were given to entries elsewhere, in the journals of users. With the mark
    /// behind them, files that were deleted unread can be told from those.
    private static func advanced(_ mark: UInt64, over files: [JournalFileFacts]) -> UInt64 {
        var mark = mark
        for (one, next) in zip(files, files.dropFirst())
        where one.isArchived && one.header.entries > 0 && one.header.tail <= mark && next.header.head > mark {
            mark = next.header.head - 1
        }
        return mark
    }
}

extension JournalPosition {
    /// `realtime` as the journal counts; 0 without one.
    var sinceMicroseconds: UInt64 { UInt64(max(0, realtime?.microseconds ?? 0)) }

    /// By time alone: whether an entry was written after the last one that was read.
    func isNew(_ entry: JournalCursor) -> Bool {
        if let last = lastEntry, last.boot == entry.boot { return !entry.isSameBoot(notAfter: last) }
        return entry.realtime > sinceMicroseconds
    }
}
