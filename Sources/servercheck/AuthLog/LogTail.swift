// Reads what was added to a log since the last run: every complete line exactly once, in order, however the log was
// rotated in between. All facts about files are taken before the first line is read: what is written later belongs to
// the next run.

/// What one reading of a log came to.
struct LogReading: Equatable, Sendable {
    /// Where the next run goes on. Equal to the old one when nothing was read.
    var position: LogPosition
    /// There is no file at the path now. One that appears later is read from its start.
    var isMissing = false
    /// What is worth a line in the log, with the remedy where there is one.
    var notes: [String] = []
    /// Lines longer than `LineReader.longestLine`, skipped.
    var overlongLines: Int64 = 0
}

/// Follows one log over many runs.
struct LogTail {
    /// Hands every complete line that was added since `position` to `consume`, many at a time, with their line ends.
    ///
    /// - Parameter path: the log as configured; looked up below the machine's root.
    /// - Parameter position: what the last committed run returned; nil in a first run, which reads nothing and starts
    ///   at the end. A position of another path counts as none.
    /// - Throws: when the log is there but cannot be read. Lines may have been handed out already; they come again with
    ///   the same position, so a caller must drop them.
    static func read(
        path: String, position: LogPosition?, machine: Machine, consume: (RawSpan) -> Void
    ) throws(LogError) -> LogReading {
        var tail = LogTail(path: path, place: machine.path(path))
        let known = position.flatMap { $0.path == path ? $0 : nil }
        // A rotation in the middle of looking gives names to other files: look again until nothing changed meanwhile.
        for _ in 0..<LogTail.patience {
            tail.live = try tail.openLive()
            if let known, try tail.isSteady(known) {
                try tail.readLive(from: known, consume: consume)
                return tail.reading
            }
            guard tail.openSiblings(known) else { continue }
            guard let known else { break }
            let match = tail.match(known)
            if tail.live?.hasShrunk == true { continue }
            try tail.readChanged(known, match, consume: consume)
            return tail.reading
        }
        if let known {
            try tail.readChanged(known, tail.match(known), consume: consume)
        } else {
            try tail.begin()
        }
        return tail.reading
    }

    /// How often a rotation may come between while the rotated files are opened.
    private static let patience = 20

    /// As configured, and below the machine's root.
    let path: String
    private let place: String
    private var reading: LogReading
    /// nil: there is none.
    private var live: LogFile?
    /// What the log may have been rotated to, the last written first.
    private var siblings: [LogSiblings.Opened] = []

    private init(path: String, place: String) {
        self.path = path
        self.place = place
        reading = LogReading(position: LogPosition(path: path))
    }

    private mutating func openLive() throws(LogError) -> LogFile? {
        let file: LogFile
        do {
            file = try LogFile(place, followLinks: true)
        } catch {
            reading.isMissing = error.kind == .missing
            if reading.isMissing { return nil }
            throw error
        }
        reading.isMissing = false
        if try file.isCompressed() {
            throw LogError(.notAFile, "cannot follow \(place): it is compressed (give the log itself as log_file)")
        }
        return file
    }

    // MARK: - The first run

    private mutating func begin() throws(LogError) {
        reading.position.target = resolvedTarget(before: nil)
        if let live {
            reading.position.live = try live.markAtEnd()
            reading.position.newest = live.facts.modified
        }
        // The newest may still grow, when the first run meets a rotation.
        if let file = siblings.first?.file, (try? file.isCompressed()) == false, var mark = try? file.markAtEnd() {
            mark.watched = LogMark.Watched(path: file.path, size: file.facts.size)
            reading.position.rotated = [mark]
        }
        rememberNewest()
    }

    // MARK: - Nothing was rotated

    /// Whether the log is the file it was, and no rotated file has grown or moved: then nothing else is to be looked at.
    private func isSteady(_ position: LogPosition) throws(LogError) -> Bool {
        for mark in position.rotated {
            if mark.waits == true { return false }
            guard let watched = mark.watched else { continue }
            guard let facts = FileFacts(path: watched.path), facts.device == mark.device,
                facts.inode == mark.inode, facts.size == watched.size
            else { return false }
        }
        // A log that comes and goes may have been rotated while it was there.
        guard let live, let mark = position.live?.checked else { return false }
        // A log that became a link is the same file, but what it is rotated to is found elsewhere now.
        guard (FileFacts(path: place)?.isSymbolicLink == true) == (position.target != nil) else { return false }
        guard mark.device == live.facts.device, mark.inode == live.facts.inode, try live.continues(mark) else {
            return false
        }
        // Without a first line nothing tells whether the file was filled and emptied again, or is another one with the
        // same inode.
        return mark.first != nil || live.facts.modified <= position.newest
    }

    private mutating func readLive(
        from position: LogPosition, consume: (RawSpan) -> Void
    ) throws(LogError) {
        reading.position = position
        guard let live, let old = position.live?.checked, live.facts.size > old.offset else { return }
        let mark = try read(live, from: old, consume: consume)
        if mark == old { return }
        reading.position.live = mark
        reading.position.newest = max(position.newest, live.facts.modified)
    }

    // MARK: - Something was rotated, truncated, replaced

    private func match(_ position: LogPosition) -> LogMatch {
        var match = LogMatch(position: position)
        match.match(live: live, siblings: siblings)
        return match
    }

    private mutating func readChanged(
        _ position: LogPosition, _ match: LogMatch, consume: (RawSpan) -> Void
    ) throws(LogError) {
        reading.position = LogPosition(
            path: path, target: resolvedTarget(before: position.target), newest: position.newest)
        reading.notes += match.notes

        var marks: [LogMark] = []
        for part in match.rotated {
            marks.insert(readRotated(part, consume: consume), at: 0)
        }
        // What was not found may come back, but must not displace all that is there.
        let lost = match.lost.prefix(LogPosition.rotatedLimit / 2).map { mark in
            var mark = mark
            mark.watched = nil
            return mark
        }
        reading.position.rotated = marks.prefix(LogPosition.rotatedLimit - lost.count) + lost
        if let live {
            let start =
                switch match.live {
                case .known(let mark): mark
                case .new: try live.mark(offset: 0, overlong: false)
                case .cut: try live.markAtEnd()
                }
            reading.position.live = try read(live, from: start, consume: consume)
            reading.position.newest = max(reading.position.newest, live.facts.modified)
        }
        rememberNewest()
    }

    /// Reads the rest of a rotated file. One that cannot be read leaves a note, and the others go on.
    private mutating func readRotated(_ part: LogMatch.Part, consume: (RawSpan) -> Void) -> LogMark {
        var mark = part.start
        do {
            if !part.isDone { mark = try read(part.file, from: part.start, consume: consume) }
            let grows = try !part.file.isCompressed()
            mark.watched = grows ? LogMark.Watched(path: part.file.path, size: part.file.facts.size) : nil
            mark.waits = nil
        } catch {
            reading.notes.append(error.description)
            mark.waits = error.kind == .damaged ? nil : true
            mark.watched = nil
        }
        mark.device = part.file.facts.device
        mark.inode = part.file.facts.inode
        return mark
    }

    // MARK: - Parts

    private mutating func read(
        _ file: LogFile, from mark: LogMark, consume: (RawSpan) -> Void
    ) throws(LogError) -> LogMark {
        // The log may be truncated while it is read (logrotate's copytruncate). What was read until then is found again in
        // the copy, by what stood there: so that is known before, and from what was read.
        let first = try file.firstLineHash()
        let isCompressed = try file.isCompressed()
        let before = isCompressed ? [] : try file.bytes(before: mark.offset)
        var new = LogMark(
            device: file.facts.device, inode: file.facts.inode, offset: mark.offset, first: mark.first ?? first,
            last: isCompressed ? nil : mark.last, overlong: mark.overlong)
        // Without a first line there is nothing to read yet.
        if new.first == nil { return new }
        // Another text by now: the next run finds out which.
        if mark.offset > 0, let last = new.last, last != LogFile.hash(before[...]) { return new }
        var source = try file.source(from: mark.offset)
        var reader = LineReader(isInOverlongLine: mark.overlong == true)
        defer { reading.overlongLines &+= reader.overlongLines }
        try reader.readAll(&source, consume: consume)
        let (offset, overflow) = mark.offset.addingReportingOverflow(reader.consumed)
        if reader.consumed == 0 || overflow { return new }
        new.offset = offset
        if !isCompressed { new.last = LogFile.hash((before + reader.tail).suffix(LineReader.tailSize)) }
        new.overlong = reader.isInOverlongLine ? true : nil
        return new
    }

    /// Where `path` leads to when it is a symbolic link: what it is rotated to is found there too. A link that leads
    /// nowhere for a while (the log vanished, its volume is not mounted) still stands for where it led `before`.
    private func resolvedTarget(before: String?) -> String? {
        guard let facts = FileFacts(path: place), facts.isSymbolicLink else { return nil }
        return realPath(place) ?? before
    }

    /// Opens what the log may have been rotated to.
    ///
    /// - Returns: whether all names still mean the same files afterwards; readdir(3) may miss what is renamed.
    private mutating func openSiblings(_ position: LogPosition?) -> Bool {
        var isStable = true
        siblings = []
        reading.notes = []
        let listed = listSiblings(position)
        for sibling in listed {
            do {
                let file = try LogFile(sibling.path, followLinks: false)
                if !file.facts.isSameFile(as: sibling.facts) { isStable = false }
                siblings.append((sibling, file))
            } catch {
                if error.kind == .missing { isStable = false }
                // Only what was written to since the last run may hold unread lines.
                if sibling.facts.modified >= position?.newest ?? .max { reading.notes.append(error.description) }
            }
        }
        let notes = reading.notes
        let again = listSiblings(position)
        reading.notes = notes
        return isStable && again.elementsEqual(listed) { $0.path == $1.path && $0.facts.isSameFile(as: $1.facts) }
            && isLiveInPlace
    }

    private var isLiveInPlace: Bool {
        let facts = FileFacts(followingLinksAt: place)
        guard let live else { return facts == nil }
        return facts?.isSameFile(as: live.facts) == true
    }

    private mutating func listSiblings(_ position: LogPosition?) -> [LogSibling] {
        var places = [place]
        for target in [resolvedTarget(before: nil), position?.target] {
            if let target, !places.contains(target) { places.append(target) }
        }
        let rotated = position?.rotated.prefix(LogPosition.rotatedLimit) ?? []
        let marks = [position?.live].compactMap { $0 } + rotated
        var found: [LogSibling] = []
        for place in places {
            do {
                found += try LogSiblings(of: place).list { facts in
                    marks.contains { $0.device == facts.device && $0.inode == facts.inode }
                }
            } catch {
                reading.notes.append("\(error): rotated logs are not found")
            }
            // Where a link led to may be no sibling by its name.
            if place != self.place, let facts = FileFacts(path: place), facts.isRegular {
                found.append(LogSibling(path: place, facts: facts, isRotation: true, number: nil))
            }
        }
        var seen: [FileFacts] = live.map { [$0.facts] } ?? []
        var unique: [LogSibling] = []
        for sibling in found where !seen.contains(where: sibling.facts.isSameFile) {
            seen.append(sibling.facts)
            unique.append(sibling)
        }
        return unique.sorted { ($0.facts.modified, $0.path) > ($1.facts.modified, $1.path) }
    }

    /// Every file up to `newest` is known or of no interest. One that is not marked must not look new next time.
    private mutating func rememberNewest() {
        let position = reading.position
        let all = siblings.map(\.sibling.facts)
        var newest = all.reduce(position.newest) { max($0, $1.modified) }
        let isMarked = { (facts: FileFacts) in
            position.rotated.contains { $0.device == facts.device && $0.inode == facts.inode }
        }
        if all.contains(where: { $0.modified == newest && !isMarked($0) }) {
            newest = newest == .max ? newest : newest + 1
        }
        reading.position.newest = newest
    }
}
