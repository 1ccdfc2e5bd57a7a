// Where sshd_access reads: the first log file that is there, else the journal. Both may hold the same messages, so that
// going over from one to the other must neither count them twice nor lose what came in between.

/// Reads what is new.
struct SSHDAccessInput {
    /// What was read.
    struct Reading {
        /// nil: there is neither a log nor a journal.
        var place: String?
        var isJournal = false
        /// The log is missing for a moment only, as between a rotation's rename and the next line.
        var isInRotation = false
        var notes: [String] = []
        /// Why new entries may not be seen, with the remedy.
        var blindness: String?
    }

    /// Of logs, in the order in which they are looked for.
    let paths: [String]
    let usesJournal: Bool
    let machine: Machine

    /// A log that is missing for longer is gone.
    private static let rotationSeconds = 120.0

    /// Counts what is new, and moves the positions.
    func read(_ own: inout SSHDAccessMemory, _ counter: inout AttemptCounter) throws(SensorError) -> Reading {
        if !usesJournal { own.journal = nil }
        let before = own
        var reading = Reading()
        if own.journal == nil {
            reading = try readFiles(&own) { counter.consume($0) }
        } else if !paths.isEmpty {
            // The journal told what a log that appears now holds so far.
            reading = try readFiles(&own) { _ in }
        }
        if reading.place != nil {
            own.missingSince = nil
            if before.journal != nil { try leaveJournal(&own, &counter, &reading, before) }
            return reading
        }
        let wasThere = before.positions.values.contains(where: \.hasFile)
        if !paths.isEmpty {
            let since = own.missingSince ?? machine.now
            own.missingSince = since
            let isFollowed = usesJournal ? wasThere : own.positions.values.contains(where: \.hasFile)
            reading.isInRotation =
                own.journal == nil && isFollowed
                && !since.hasElapsed(SSHDAccessInput.rotationSeconds, at: machine.now)
        }
        guard usesJournal, !reading.isInRotation else { return reading }
        // What a log told before is not told again by the journal, which has the same times but for milliseconds.
        var start = own.journal
        if start == nil, wasThere, let clock = own.attempts.clock {
            start = JournalPosition(realtime: min(clock, machine.now))
            reading.notes.append("going over to the journal, from \(clock.localText) on")
        }
        if paths.isEmpty {
            own.positions = [:]
            own.missingSince = nil
        }
        try readJournal(start, &own, &counter, &reading)
        return reading
    }

    /// Reads on in the first log that is there.
    private func readFiles(
        _ own: inout SSHDAccessMemory, consume: (RawSpan) -> Void
    ) throws(SensorError) -> Reading {
        var reading = Reading()
        var positions: [String: LogPosition] = [:]
        for path in paths where reading.place == nil {
            do {
                let log = try LogTail.read(
                    path: path, position: own.positions[path], machine: machine, consume: consume)
                positions[path] = log.position
                reading.notes += log.notes
                if log.overlongLines > 0 {
                    reading.notes.append(
                        "\(log.overlongLines) lines of \(path) are longer than 64 KiB and were skipped")
                }
                if !log.isMissing { reading.place = path }
            } catch {
                throw SensorError(error.description)
            }
        }
        own.positions.merge(positions) { _, new in new }
        own.positions = own.positions.filter { paths.contains($0.key) }
        return reading
    }

    private func readJournal(
        _ start: JournalPosition?, _ own: inout SSHDAccessMemory, _ counter: inout AttemptCounter,
        _ reading: inout Reading
    ) throws(SensorError) {
        do {
            let journal = try JournalTail.read(position: start, machine: machine) { message, pid, time in
                counter.consume(message: message, pid: pid, time: time)
            }
            own.journal = journal.position
            reading.notes += journal.notes
            if journal.overlongMessages > 0 {
                reading.notes.append(
                    "\(journal.overlongMessages) messages in the journal are longer than 64 KiB and were skipped")
            }
            reading.blindness = journal.blindness
            if !journal.isMissing {
                reading.place = "the journal"
                reading.isJournal = true
            }
        } catch {
            throw SensorError(error.description)
        }
    }

    /// A log is there (again): the journal is read for the last time. Where it cannot be, the log counts.
    private func leaveJournal(
        _ own: inout SSHDAccessMemory, _ counter: inout AttemptCounter, _ reading: inout Reading,
        _ before: SSHDAccessMemory
    ) throws(SensorError) {
        let untouched = counter
        do {
            var last = Reading()
            try readJournal(own.journal, &own, &counter, &last)
            reading.notes += last.notes
        } catch {
            counter = untouched
            own.positions = before.positions
            reading = try readFiles(&own) { counter.consume($0) }
        }
        own.journal = nil
        if let place = reading.place { reading.notes.append("going over from the journal to \(place)") }
    }
}

extension LogPosition {
    /// Whether there was a log, or what it was rotated to.
    fileprivate var hasFile: Bool { live != nil || !rotated.isEmpty }
}
