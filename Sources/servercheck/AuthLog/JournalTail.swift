// Reads what was added to the journal since the last run: every entry of sshd exactly once. Each file is read on its own,
// by the numbers of its entries: the order that libsystemd gives to the entries of several files depends on clocks, and
// entries can get lost in it when one was set.
//
// 1. A chain of files (JournalPosition) is read from the number after its mark. The mark of a file that still grows moves
//    with entries of sshd only, so that a quiet minute changes no state.
// 2. An entry that was copied from /run to /var has another number: JournalCopies tells it.
// 3. Where numbers are of no use, time decides, and a note says so.

import Glibc

/// What one reading of the journal came to.
struct JournalReading: Equatable, Sendable {
    /// Where the next run goes on. Equal to the old one when there was nothing new.
    var position: JournalPosition
    /// There is no journal of this machine. One that appears later is read from its start.
    var isMissing = false
    /// What is worth a line in the log.
    var notes: [String] = []
    /// Why new entries may not be seen, with the remedy.
    var blindness: String?
    /// Messages longer than `JournalReader.longestMessage`, skipped.
    var overlongMessages = 0
}

/// Follows the journal over many runs.
struct JournalTail {
    /// Receives a message, its pid (nil: none is known, or the entry cannot be read) and its time.
    typealias Consumer = (_ message: Span<UInt8>, _ pid: UInt32?, _ time: Timestamp) -> Void

    /// Entries that one run reads; more wait for the next one. journald lets a service write 10000 in 30 seconds, and a
    /// run that takes too long would be given up, and its work be lost.
    static let runLimit = 100_000
    /// A file is opened again after so many entries: libsystemd keeps mapped what it has seen.
    private static let reopenInterval = 256

    /// Hands every entry that was added since `position` to `consume`.
    ///
    /// - Parameter position: what the last committed run returned; nil in a first run, which reads nothing and starts at
    ///   the end.
    /// - Throws: when there is a journal that cannot be read. Entries may have been handed out already; they come again
    ///   with the same position, so a caller must drop them.
    static func read(
        position: JournalPosition?, machine: Machine, limit: Int = runLimit, consume: Consumer
    ) throws(LogError) -> JournalReading {
        let files = try JournalDirectory(machine).open(position)
        guard let position else {
            var tail = JournalTail(JournalPosition(), files, limit: limit)
            try tail.begin()
            return tail.reading
        }
        var known = position
        // A clock that was set back must not stop the reading by time.
        if let time = known.realtime, time > machine.now, known.lastEntry == nil { known.realtime = machine.now }
        var tail = JournalTail(known, files, limit: limit)
        try tail.readOn(progress: { _ in }, consume)
        return tail.reading
    }

    /// Hands out everything there is, for a scan.
    ///
    /// - Parameter progress: told now and then how many entries are done, of sshd or not.
    static func readAll(
        _ files: [JournalFile], progress: (Int64) -> Void, consume: Consumer
    ) throws(LogError) -> JournalReading {
        var tail = JournalTail(JournalPosition(), files, limit: .max)
        try tail.readOn(progress: progress, consume)
        return tail.reading
    }

    private let files: [JournalFile]
    private let old: JournalPosition
    private let machineID: JournalID?
    private var reading: JournalReading
    private var left: Int
    private var copies: JournalCopies
    /// The last entry of this run.
    private var last: (entry: JournalCursor, isVolatile: Bool)?

    private init(_ position: JournalPosition, _ files: [JournalFile], limit: Int) {
        self.files = files.filter { $0.header != nil }
        old = position
        copies = JournalCopies(position)
        left = limit
        machineID = files.first.flatMap { JournalDirectory.machineID(ofFile: $0.path) }
        reading = JournalReading(position: position, isMissing: files.isEmpty)
        if position.lastEntry == nil { reading.position.cursor = nil }
        reading.position.chains = Array(position.chains.prefix(JournalPosition.chainLimit))
        lookAtDamaged(files.filter { $0.header == nil })
    }

    // MARK: - The first run

    private mutating func begin() throws(LogError) {
        for chain in byAge { reading.position.setMark(0, of: chain) }
        for header in files.compactMap(\.header) {
            let mark = reading.position.mark(of: header.seqnumID) ?? 0
            reading.position.setMark(max(mark, header.tail), of: header.seqnumID)
        }
        // What is written to now; without one, what was written last.
        let candidates = files.filter { ($0.header?.entries ?? 0) > 0 }.sorted { left, right in
            if left.isArchived != right.isArchived { return right.isArchived }
            if left.isVolatile != right.isVolatile { return left.isVolatile }
            return left.header?.tailRealtime ?? 0 > right.header?.tailRealtime ?? 0
        }
        if let file = candidates.first {
            do {
                let reader = try JournalReader(file)
                try reader.seekTail()
                if try reader.previous() {
                    let cursor = try reader.cursor()
                    // The header may count an entry that is still being written.
                    if file.header?.tail == reading.position.mark(of: cursor.seqnumID) {
                        reading.position.setMark(cursor.seqnum, of: cursor.seqnumID)
                    }
                    last = (cursor, file.isVolatile)
                }
            } catch {
                try damaged(file, error)
            }
        }
        finish()
    }

    // MARK: - Later runs

    private mutating func readOn(progress: (Int64) -> Void, _ consume: Consumer) throws(LogError) {
        let facts = files.compactMap { file in
            file.header.map {
                JournalFileFacts(header: $0, isVolatile: file.isVolatile, isArchived: file.isArchived)
            }
        }
        let plan = JournalPlan(old, facts)
        if plan.isCut {
            let since = old.realtime.map { " from \($0.localText) on" } ?? ""
            reading.notes.append("the journal was cut, or put back to an earlier state: going on by time\(since)")
        }
        if plan.hasGap {
            reading.notes.append(
                "files of the journal were deleted before they could be read (by vacuuming, or SystemMaxUse=)")
        }
        for file in byAge { reading.position.setMark(plan.marks[file] ?? 0, of: file) }
        expectCopies(plan)
        var done: Int64 = 0
        for part in plan.parts where left > 0 {
            let header = facts[part.file].header
            let entries = Int64(clamping: header.entries)
            try read(files[part.file], header, part, consume: consume) { mark in
                let share = mark > header.head ? Int64(clamping: mark - header.head) : 0
                progress(done &+ min(share, entries))
            }
            done &+= entries
        }
        if left <= 0 { reading.notes.append("the journal holds more than one run reads: the next one goes on") }
        finish()
    }

    private mutating func read(
        _ file: JournalFile, _ header: JournalHeader, _ part: JournalPlan.Part, consume: Consumer,
        progress: (UInt64) -> Void
    ) throws(LogError) {
        let chain = header.seqnumID
        var mark = max(part.mark, header.head > 0 ? header.head - 1 : 0)
        do throws(LogError) {
            var isAtEnd = false
            while !isAtEnd, left > 0 {
                let before = mark
                isAtEnd = try readPiece(file, chain, part, &mark, consume: consume)
                if !isAtEnd, mark == before { throw JournalReader.endless(file.path) }
                progress(mark)
            }
            if isAtEnd, file.isArchived { mark = max(mark, header.tail) }
            // The next run knows the chain, and does not go by time. The last number may belong to an entry that is still
            // being written.
            if isAtEnd, part.goesByTime, header.tail > 0 { mark = max(mark, header.tail - 1) }
        } catch {
            try damaged(file, error)
            if file.isArchived { mark = max(mark, header.tail) }
        }
        // What is not of sshd moves no mark, so that it changes no state.
        if mark > reading.position.mark(of: chain) ?? 0 { reading.position.setMark(mark, of: chain) }
    }

    /// - Parameter mark: the last number of the chain that was read.
    /// - Returns: whether there is no more.
    private mutating func readPiece(
        _ file: JournalFile, _ chain: JournalID, _ part: JournalPlan.Part, _ mark: inout UInt64, consume: Consumer
    ) throws(LogError) -> Bool {
        let reader = try JournalReader(file)
        try reader.matchSSHD()
        if part.goesByTime, old.lastEntry == nil, mark < (file.header?.head ?? 0), let since = old.realtime {
            try reader.seek(time: since)
        } else {
            try reader.seek(chain: chain, seqnum: mark == .max ? mark : mark + 1)
        }
        for _ in 0..<min(left, JournalTail.reopenInterval) {
            guard try reader.next() else { return true }
            let entry = try reader.entry()
            guard entry.cursor.seqnum > mark else { continue }
            // What came meanwhile may be copied meanwhile, or follow something in another file: the next run finds it.
            if entry.cursor.seqnum > file.header?.tail ?? 0 { return true }
            mark = entry.cursor.seqnum
            left -= 1
            if copies.isCopy(entry.cursor, isVolatile: file.isVolatile) { continue }
            if part.goesByTime, !old.isNew(entry.cursor) { continue }
            remember(entry.cursor, isVolatile: file.isVolatile)
            if let machine = entry.machine, let machineID, machine != machineID { continue }
            if entry.isOverlong {
                reading.overlongMessages += 1
            } else {
                reader.withValue(entry.length ?? 0) { consume($0, entry.length == nil ? nil : entry.pid, entry.time) }
            }
        }
        return false
    }

    // MARK: - Parts

    /// Looks at the ends of what is unread in /run, where it may be in /var, too.
    private mutating func expectCopies(_ plan: JournalPlan) {
        guard plan.parts.contains(where: { !files[$0.file].isVolatile }) else { return }
        for part in plan.parts where files[part.file].isVolatile {
            let file = files[part.file]
            guard let header = file.header else { continue }
            do throws(LogError) {
                let reader = try JournalReader(file)
                try reader.seek(chain: header.seqnumID, seqnum: max(part.mark &+ 1, header.head))
                guard try reader.next() else { continue }
                let first = try reader.cursor()
                try reader.seekTail()
                guard try reader.previous() else { continue }
                copies.expect(from: first, to: try reader.cursor())
            } catch {
                // Told of when it is read.
            }
        }
    }

    /// What is in /run may be older than what was read of /var before.
    private mutating func remember(_ entry: JournalCursor, isVolatile: Bool) {
        if let known = last?.entry ?? old.lastEntry, entry.isSameBoot(notAfter: known) { return }
        last = (entry, isVolatile)
    }

    /// A rotated file that is damaged is told of, and passed over from there on. In the one that grows nothing new can be
    /// seen.
    private mutating func damaged(_ file: JournalFile, _ error: LogError) throws(LogError) {
        guard error.kind == .damaged else { throw error }
        if file.isArchived {
            reading.notes.append("\(error.description): the rest of it is skipped")
        } else {
            blind(error.description)
        }
    }

    private mutating func blind(_ text: String) {
        reading.blindness = "\(text), so attacks may not be seen (journalctl --rotate begins a new file)"
    }

    /// Files without a head. One that has just been created gets it in a moment.
    private mutating func lookAtDamaged(_ headless: [JournalFile]) {
        let told = old.damaged ?? []
        let archived = headless.filter(\.isArchived).map(\.name).sorted()
        let names = Array(archived.prefix(JournalPosition.damagedLimit))
        for name in names where !told.contains(name) {
            reading.notes.append("cannot read the journal file \(Clean.text(name)): it is damaged, and skipped")
        }
        reading.position.damaged = names.isEmpty ? nil : names
        if let file = headless.first(where: { !$0.isArchived && $0.size > 0 }) {
            blind("cannot read \(file.path): it is damaged")
        }
    }

    private mutating func finish() {
        if let last {
            reading.position.cursor = last.entry.text
            reading.position.realtime = last.entry.time
            reading.position.isVolatile = last.isVolatile ? true : nil
        }
        let volatile = copies.lastVolatile
        let isOfUse = volatile != reading.position.lastEntry && volatile?.boot == reading.position.lastEntry?.boot
        reading.position.volatileCursor = isOfUse ? volatile?.text : nil
        reading.position.trim(lastUsed: lastUsed)
    }

    /// When each chain was written to last.
    private var lastUsed: [JournalID: UInt64] {
        var times: [JournalID: UInt64] = [:]
        for header in files.compactMap(\.header) {
            times[header.seqnumID] = max(times[header.seqnumID] ?? 0, header.tailRealtime)
        }
        return times
    }

    private var byAge: [JournalID] {
        lastUsed.sorted { ($0.value, $0.key.high, $0.key.low) < ($1.value, $1.key.high, $1.key.low) }.map(\.key)
    }
}
