// All that sshd ever wrote to this machine's journal, for `scan`.

/// The journal's files, opened.
struct JournalScan {
    private let files: [JournalFile]

    /// - Throws: `.missing` when there is no journal.
    init(_ machine: Machine) throws(LogError) {
        files = try JournalDirectory(machine).open(nil)
        if files.isEmpty {
            let places = JournalDirectory.parents.reversed().joined(separator: " or ")
            throw LogError(.missing, "no journal of this machine in \(places)")
        }
        try JournalReader.load()
    }

    /// Entries, of sshd or not.
    var total: Int64 { files.reduce(0) { $0 &+ Int64(clamping: $1.header?.entries ?? 0) } }

    /// Hands every entry of sshd to `consume`, chain after chain.
    ///
    /// - Parameter progress: told now and then how many of `total` are done.
    /// - Returns: what could not be read.
    func read(progress: (Int64) -> Void, consume: JournalTail.Consumer) -> [String] {
        do {
            let reading = try JournalTail.readAll(files, progress: progress, consume: consume)
            return reading.notes + [reading.blindness].compactMap { $0 }
        } catch {
            return [error.description]
        }
    }
}
