// What counting leaves to the next run, and what it takes from the last one. Both ends distrust: attackers choose what is
// saved, and a damaged state file may say anything.

extension AttemptCounter {
    /// What to remember, after `finish`.
    var memory: AttemptMemory {
        if let untouched { return untouched }
        var memory = AttemptMemory(attemptsTotal: summary.attemptsTotal, previous: nil, clock: clock)
        memory.previous = previousClassic
        memory.connections = left ?? connections.indices.map { saved($0) }
        let clock = self.clock ?? now
        memory.keep(windows, clock: clock.microseconds)
        memory.failures = recent.saved(clock: clock) { savedText($0) }
        return memory
    }

    /// Before a run ends only so many connections stay as the state may hold, the last used ones.
    ///
    /// A connection that is dropped counts now, and once more if it goes on: so the names of users go first, then host
    /// names, then what is over already.
    mutating func evict() {
        if untouched != nil { return }
        var left: [Leaving] = []
        left.reserveCapacity(min(connections.count, AttemptMemory.openLimit + AttemptMemory.doneLimit))
        var (open, over, bytes) = (0, 0, 0)
        for index in connections.indices.reversed() {
            let isOver = connections[index].closed || connections[index].loggedIn
            if isOver { over += 1 } else { open += 1 }
            guard isOver ? over <= AttemptMemory.doneLimit : open <= AttemptMemory.openLimit else {
                drop(index)
                continue
            }
            let saved = saved(index)
            bytes += saved.jsonSize
            left.append(Leaving(index: index, isOver: isOver, saved: saved))
        }
        // The least recently used one first, as it is stored.
        left.reverse()
        AttemptCounter.shorten(&left, &bytes) { $0.saved.user = nil }
        AttemptCounter.shorten(&left, &bytes) { one in
            if connections[one.index].peer?.isHostName == true { one.saved.peer = nil }
        }
        for isOver in [true, false] where bytes > AttemptMemory.connectionBytes {
            left.removeAll { one in
                guard bytes > AttemptMemory.connectionBytes, one.isOver == isOver else { return false }
                bytes -= one.saved.jsonSize
                drop(one.index)
                return true
            }
        }
        self.left = left.map(\.saved)
    }

    /// A connection on its way into the state.
    private struct Leaving {
        let index: Int
        let isOver: Bool
        var saved: SavedConnection
    }

    /// Leaves something out of one after the other, until there is room for all.
    private static func shorten(_ left: inout [Leaving], _ bytes: inout Int, _ leaveOut: (inout Leaving) -> Void) {
        for place in left.indices where bytes > AttemptMemory.connectionBytes {
            bytes -= left[place].saved.jsonSize
            leaveOut(&left[place])
            bytes += left[place].saved.jsonSize
        }
    }

    private mutating func drop(_ index: Int) {
        close(index)
        connections.remove(index)
    }

    private func saved(_ index: Int) -> SavedConnection {
        let connection = connections[index]
        let text = { (number: Int32) in Clean.text(parser.userNames.text(number)).cut(jsonSize: AttemptMemory.nameLimit)
        }
        // Markers and their user matter only while the connection may yet count by them alone; ageing needs no fractions.
        let mayCount = connection.attempts == 0 && connection.counted == 0
        let user = mayCount && connection.user >= 0 ? text(connection.user) : nil
        return SavedConnection(
            pid: connection.pid, port: UInt16(exactly: connection.port),
            peer: connection.peer.flatMap { savedText($0) }, user: user,
            invalid: mayCount && connection.invalidUser ? true : nil, marker: mayCount ? connection.firstMarker : nil,
            seen: Timestamp(seconds: connections.lastSeen(index).seconds),
            read: Timestamp(seconds: connection.readAt.seconds),
            closed: connection.closed ? true : nil, login: connection.loggedIn ? true : nil,
            failures: connection.failures.nonZero, pam: connection.pamFailures.nonZero,
            keyboard: connection.keyboardFailures.nonZero, counted: connection.counted.nonZero)
    }

    /// nil for a name that is too long for the state: half a name would be another machine's.
    private func savedText(_ peer: Peer) -> String? {
        let text = parser.hosts.text(peer)
        return text.jsonSize <= AttemptMemory.nameLimit ? text : nil
    }

    /// Takes over what the last run left, once.
    mutating func restore() {
        guard let memory = untouched.take() else { return }
        let (known, failures) = (memory.$connections.decoded, memory.$failures.decoded)
        let window = memory.keptSteps(duration: windows.duration)
        hasLostMemory = known == nil || window == nil || failures == nil
        let possible = AttemptMemory.possibleTimes
        clock = memory.clock.flatMap { possible.contains($0.microseconds) ? $0 : nil }
        let limit = AttemptMemory.openLimit + AttemptMemory.doneLimit
        for saved in (known ?? []).prefix(limit) where connections.index(ofPID: saved.pid) == nil {
            let index = connections.insert(pid: saved.pid, readAt: saved.read, lastSeen: saved.seen)
            var connection = connections[index]
            connection.port = saved.port.map(Int32.init) ?? -1
            connection.peer = saved.peer.flatMap { parser.hosts.peer($0) }
            connection.user = saved.user.map { parser.userNames.number(of: $0) ?? -2 } ?? -1
            connection.invalidUser = saved.invalid == true
            connection.firstMarker = saved.marker.flatMap { possible.contains($0.microseconds) ? $0 : nil }
            connection.closed = saved.closed == true
            connection.loggedIn = saved.login == true
            connection.failures = max(0, saved.failures ?? 0)
            connection.pamFailures = max(0, saved.pam ?? 0)
            connection.keyboardFailures = max(0, saved.keyboard ?? 0)
            // Its failures were counted when they came, and one more at most, for its markers.
            connection.counted = max(connection.attempts, min(1, max(0, saved.counted ?? 0)))
            connections[index] = connection
        }
        windows.restore(window ?? [])
        recent.restore(failures ?? []) { parser.hosts.peer($0) }
    }
}

extension Int {
    /// nil for 0: left out of the state.
    fileprivate var nonZero: Int? { self == 0 ? nil : self }
}
