// Decides which file is which after a rotation: the marks of the last run on one side, the files found now on the other.
// A mark goes to one file, a file gets one mark; what is left over is new, a copy, or of no interest.

/// Who is who. Reads first lines only.
struct LogMatch {
    /// A rotated file with something to read, or to remember.
    struct Part {
        var file: LogFile
        /// Where to go on in it.
        var start: LogMark
        /// It was read to its end before: only to be remembered.
        var isDone: Bool
        fileprivate var sibling: LogSibling
    }

    /// What the file at the log's path is.
    enum Live: Equatable {
        case known(LogMark)
        /// Not seen before: all of it is to be read.
        case new
        /// The log, but lines were removed from it: what is left was read.
        case cut
    }

    /// Oldest first.
    private(set) var rotated: [Part] = []
    private(set) var live: Live = .new
    /// Marks whose file is not there now.
    private(set) var lost: [LogMark] = []
    private(set) var notes: [String] = []

    private let position: LogPosition
    /// Newest first: the live file's, then the rotated ones'. Without those of files that had no first line: nothing was
    /// read of them, and an inode alone may by now be that of any file.
    private let marks: [LogMark]
    private var isClaimed: [Bool]

    init(position: LogPosition) {
        self.position = position
        marks = ([position.live].compactMap { $0 } + position.rotated.prefix(LogPosition.rotatedLimit)).map(\.checked)
            .filter { $0.first != nil || $0.waits == true }
        isClaimed = marks.map { _ in false }
    }

    /// - Parameter siblings: the last written first.
    mutating func match(live file: LogFile?, siblings: [LogSiblings.Opened]) {
        var left = siblings
        // By inode first: that a name or the contents look alike matters only where no inode is known.
        var isLiveKnown = false
        if let file, let index = claim(file, by: .inode) {
            live = .known(marks[index])
            isLiveKnown = true
        }
        left = claim(left, by: .inode)
        left = claim(LogMatch.plainFirst(left), by: .firstLine)
        left = claim(left, by: .waiting)
        if let file, !isLiveKnown {
            if let index = claim(file, by: .firstLine) {
                live = .known(marks[index])
            } else if isCutMark(of: file) {
                live = .cut
                notes.append("\(file.path) lost lines that were read; going on at its end")
            } else if let mark = position.live, mark.first != nil, !isClaimed[0] {
                let isSameFile = mark.inode == file.facts.inode && mark.device == file.facts.device
                notes.append(
                    isSameFile
                        ? "\(file.path) was truncated; reading it from its start"
                        : "\(file.path) is a new file, and the one read until now is gone")
            }
        }
        addNew(left, live: file)
        lost = marks.indices.filter { !isClaimed[$0] }.map { marks[$0] }.filter { $0.first != nil }
        sortOldestFirst()
    }

    /// How a mark and a file find each other.
    private enum Clue {
        case inode
        /// Copied or compressed: another inode.
        case firstLine
        /// By its inode, a file of which nothing could be read yet: it may turn out to be the copy of a known one.
        case waiting
    }

    /// The mark that `file` continues; it is claimed then.
    private mutating func claim(_ file: LogFile, by clue: Clue) -> Int? {
        for (index, mark) in marks.enumerated() where !isClaimed[index] {
            let isSameInode = mark.device == file.facts.device && mark.inode == file.facts.inode
            let fits =
                switch clue {
                case .inode: isSameInode && mark.first != nil
                case .firstLine: mark.first != nil
                case .waiting: isSameInode && mark.first == nil
                }
            guard fits, (try? file.continues(mark)) == true else { continue }
            isClaimed[index] = true
            return index
        }
        return nil
    }

    /// Gives marks to files, and returns the files that got none.
    private mutating func claim(
        _ files: [LogSiblings.Opened], by clue: Clue
    ) -> [LogSiblings.Opened] {
        var left: [LogSiblings.Opened] = []
        for (sibling, file) in files {
            guard let index = claim(file, by: clue) else {
                left.append((sibling, file))
                continue
            }
            let mark = marks[index]
            // A compressed file does not grow: known by its inode means read, unless it waits.
            let isDone = clue == .inode && mark.waits != true && (try? file.isCompressed()) == true
            rotated.append(Part(file: file, start: mark, isDone: isDone, sibling: sibling))
        }
        return left
    }

    /// The same first line as the file read until now, but not what came after it.
    private mutating func isCutMark(of file: LogFile) -> Bool {
        guard let first = try? file.firstLineHash() else { return false }
        guard let index = marks.indices.first(where: { !isClaimed[$0] && marks[$0].first == first }) else {
            return false
        }
        isClaimed[index] = true
        return true
    }

    /// Files that came and went between two runs: written to since the last run, named as rotation names them, and no
    /// copy of a file that is known. Where a file is there both plain and compressed, the plain one is read.
    private mutating func addNew(_ files: [LogSiblings.Opened], live: LogFile?) {
        var known = Set(marks.compactMap(\.first))
        for file in rotated.map(\.file) + (live.map { [$0] } ?? []) {
            if let first = try? file.firstLineHash() { known.insert(first) }
        }
        let recent = files.filter { $0.sibling.isRotation && $0.sibling.facts.modified >= position.newest }
        for (sibling, file) in LogMatch.plainFirst(recent) {
            var start = LogMark(device: file.facts.device, inode: file.facts.inode, offset: 0)
            // Without a first line there is nothing to read yet; it may be what gzip is just writing.
            var isDone = false
            do {
                start.first = try file.firstLineHash()
                if let first = start.first, !known.insert(first).inserted { continue }
                isDone = start.first == nil
            } catch {
                if error.kind == .damaged {
                    notes.append(error.description)
                    continue
                }
                // Reading it fails in the same way, leaves a note, and makes it wait.
            }
            rotated.append(Part(file: file, start: start, isDone: isDone, sibling: sibling))
        }
    }

    /// What is compressed stands behind: gzip may be writing it yet, and the plain file is there until that is done.
    private static func plainFirst(_ files: [LogSiblings.Opened]) -> [LogSiblings.Opened] {
        files.filter { (try? $0.file.isCompressed()) == false } + files.filter { (try? $0.file.isCompressed()) == true }
    }

    /// By number where all have one; otherwise by the time of the last write, which compressing keeps.
    private mutating func sortOldestFirst() {
        if rotated.allSatisfy({ $0.sibling.number != nil }) {
            rotated.sort { ($0.sibling.number ?? 0) > ($1.sibling.number ?? 0) }
        } else {
            rotated.sort { ($0.sibling.facts.modified, $0.sibling.path) < ($1.sibling.facts.modified, $1.sibling.path) }
        }
    }
}
