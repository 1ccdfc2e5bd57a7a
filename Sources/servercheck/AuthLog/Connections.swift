// The connections of the last minutes by pid, least recently seen first, in a bounded table.

/// A table of connections, at most one per pid.
struct Connections {
    /// Enough for all that sshd holds open and what it closed in ten minutes of a heavy attack.
    static let limit = 8192

    private static let none: Int32 = -1

    /// Beside each entry, so that looking for a pid and keeping the order touch little memory.
    private struct Link {
        var pid: UInt32
        /// The next entry in the same bucket; of one that is free, the next free one.
        var nextInBucket: Int32
        /// The neighbours in the order of last use.
        var newer: Int32
        var older: Int32
        /// The time of the connection's last line.
        var lastSeen: Timestamp
        /// It was closed, and no line came since.
        var isDone = false
    }

    private var entries: [Connection] = []
    private var links: [Link] = []
    private var firstFree = none
    /// Some more than entries. None before the first one.
    private var buckets: [Int32] = []
    private var newest = none
    /// The least recently used entry.
    private var oldest = none
    /// The time of its last line; in the far future where there is none.
    private(set) var oldestSeen = Timestamp(microseconds: .max)

    private(set) var count = 0

    /// The number of the least recently used entry.
    var oldestIndex: Int? { oldest == Connections.none ? nil : Int(oldest) }

    subscript(index: Int) -> Connection {
        _read { yield entries[index] }
        _modify { yield &entries[index] }
    }

    @inline(__always)
    func index(ofPID pid: UInt32) -> Int? {
        guard !buckets.isEmpty else { return nil }
        var index = buckets[bucket(pid)]
        while index != Connections.none {
            let link = links[Int(index)]
            if link.pid == pid { return Int(index) }
            index = link.nextInBucket
        }
        return nil
    }

    /// Whether a line is of connection `index`, which need not be one any more, and names the same peer.
    @inline(__always)
    func isFurther(pid: UInt32, address: Int32, port: Int32, at index: Int) -> Bool {
        index < entries.count && entries[index].isSame(pid: pid, address: address, port: port)
    }

    /// Takes over a further line of a connection.
    ///
    /// - Returns: how many attempts are new.
    @inline(__always)
    mutating func takeFurther(_ line: FastLine, at index: Int, user: Int32, now: Timestamp) -> Int {
        var entries = entries.mutableSpan
        let new = entries[index].takeFurther(line, user: user, now: now)
        touch(index, line.time)
        return new
    }

    /// The parser's numbers of addresses, and their rows, begin anew.
    mutating func forgetAddresses() {
        for index in entries.indices { (entries[index].address, entries[index].row) = (-1, -1) }
    }

    /// Names have other numbers.
    mutating func renumber(_ names: Renumbering) {
        for index in entries.indices { names.apply(to: &entries[index]) }
    }

    /// Adds a connection whose pid is not in the table. The caller keeps the table below `limit`.
    mutating func insert(pid: UInt32, readAt: Timestamp, lastSeen: Timestamp) -> Int {
        if count * 4 >= buckets.count { growBuckets() }
        count += 1
        let place = bucket(pid)
        let link = Link(
            pid: pid, nextInBucket: buckets[place], newer: Connections.none, older: newest, lastSeen: lastSeen)
        let index: Int
        if firstFree != Connections.none {
            index = Int(firstFree)
            firstFree = links[index].nextInBucket
            // Made where it is to be: a copy would be read before it is written.
            entries[index] = Connection(pid: pid, readAt: readAt)
            links[index] = link
        } else {
            index = entries.count
            entries.append(Connection(pid: pid, readAt: readAt))
            links.append(link)
        }
        buckets[place] = Int32(index)
        if newest != Connections.none { links[Int(newest)].newer = Int32(index) }
        newest = Int32(index)
        if oldest == Connections.none {
            oldest = Int32(index)
            oldestSeen = lastSeen
        }
        return index
    }

    func lastSeen(_ index: Int) -> Timestamp { links[index].lastSeen }

    mutating func setLastSeen(_ index: Int, _ time: Timestamp) {
        links[index].lastSeen = time
        noteOldest()
    }

    private mutating func noteOldest() {
        oldestSeen = oldest == Connections.none ? Timestamp(microseconds: .max) : links[Int(oldest)].lastSeen
    }

    /// Whether nothing is to be counted when a connection ends: it ended, and no line came since.
    func isDone(_ index: Int) -> Bool { links[index].isDone }

    mutating func setDone(_ index: Int) { links[index].isDone = true }

    /// Makes an entry the most recently used one, by a line at `time`.
    @inline(__always)
    mutating func touch(_ index: Int, _ time: Timestamp) {
        let number = Int32(index)
        let newest = self.newest
        if oldest == number { touchOldest(time) }
        self.newest = number
        // One view of the array for all its changes.
        var links = self.links.mutableSpan
        links[index].lastSeen = time
        links[index].isDone = false
        guard newest != number else { return }
        let (above, below) = (links[index].newer, links[index].older)
        // It is not the newest one: there is one above it, and a newest one.
        links[Int(above)].older = below
        if below != Connections.none { links[Int(below)].newer = above }
        links[index].newer = Connections.none
        links[index].older = newest
        links[Int(newest)].newer = number
    }

    /// The next one is the oldest then, if there is one.
    @inline(never)
    private mutating func touchOldest(_ time: Timestamp) {
        links[Int(oldest)].lastSeen = time
        if newest != oldest { oldest = links[Int(oldest)].newer }
        noteOldest()
    }

    mutating func remove(_ index: Int) {
        count -= 1
        // No line is a further one of it.
        entries[index].address = -1
        let link = links[index]
        let place = bucket(link.pid)
        if buckets[place] == Int32(index) {
            buckets[place] = link.nextInBucket
        } else {
            var before = buckets[place]
            while before != Connections.none, links[Int(before)].nextInBucket != Int32(index) {
                before = links[Int(before)].nextInBucket
            }
            if before != Connections.none { links[Int(before)].nextInBucket = link.nextInBucket }
        }
        links[index].nextInBucket = firstFree
        firstFree = Int32(index)
        if link.newer != Connections.none { links[Int(link.newer)].older = link.older } else { newest = link.older }
        if link.older != Connections.none {
            links[Int(link.older)].newer = link.newer
        } else {
            oldest = link.newer
            noteOldest()
        }
    }

    /// The numbers of all entries, least recently used first.
    var indices: [Int] {
        var all: [Int] = []
        var index = oldest
        while index != Connections.none {
            all.append(Int(index))
            index = links[Int(index)].newer
        }
        return all
    }

    private mutating func growBuckets() {
        buckets = Array(repeating: Connections.none, count: max(1024, buckets.count * 4))
        for index in indices {
            let place = bucket(links[index].pid)
            links[index].nextInBucket = buckets[place]
            buckets[place] = Int32(index)
        }
    }

    // Pids are handed out in order: their low bits spread well.
    private func bucket(_ pid: UInt32) -> Int { Int(pid) & (buckets.count - 1) }
}
