// The connections of the last minutes by pid, least recently seen first, in a bounded table.

/// A table of connections, at most one per pid.
struct Connections {
    /// Enough for all that sshd holds open and what it closed in ten minutes of a heavy attack.
    static let limit = 8192

    private static let none: Int32 = -1

    /// A connection, and its place in the table.
    private struct Slot: Sendable {
        var pid: UInt32 = 0
        /// The next one in the same bucket; of one that is free, the next free one.
        var nextInBucket = none
        /// The neighbours in the order of last use.
        var newer = none
        var older = none
        /// From 1 on, never given again; 0: the slot is free.
        var serial: UInt64 = 0
        /// The time of the connection's last line.
        var lastSeen = Timestamp(microseconds: 0)
        /// It was closed, and no line came since.
        var isDone = false
        var connection = Connection(pid: 0, readAt: Timestamp(microseconds: 0))
    }

    private var slots = OwnedTable<Slot>()
    /// Of the connection that was added last.
    private(set) var lastSerial: UInt64 = 0
    private var firstFree = none
    /// Some more than slots. None before the first one.
    private var buckets = OwnedTable<Int32>()
    private var newest = none
    /// The least recently used connection.
    private var oldest = none
    /// The time of its last line; in the far future where there is none.
    private(set) var oldestSeen = Timestamp(microseconds: .max)

    private(set) var count = 0

    /// The number of the least recently used connection.
    var oldestIndex: Int? { oldest == Connections.none ? nil : Int(oldest) }

    subscript(index: Int) -> Connection {
        _read { yield slots[index].connection }
        _modify { yield &slots[index].connection }
    }

    @inline(__always)
    func index(ofPID pid: UInt32) -> Int? {
        guard !buckets.isEmpty else { return nil }
        var index = buckets[bucket(pid)]
        while index != Connections.none {
            if slots[Int(index)].pid == pid { return Int(index) }
            index = slots[Int(index)].nextInBucket
        }
        return nil
    }

    /// The serial number of a connection, if a line of its process with this peer is a further line of it, whatever it
    /// says; otherwise 0.
    @inline(__always)
    func serial(_ index: Int, address: Int32, port: Int32) -> UInt64 {
        slots[index].connection.isSame(address: address, port: port) ? slots[index].serial : 0
    }

    /// Whether `index` still is the connection with a serial number, and of this process.
    @inline(__always)
    func isStill(_ serial: UInt64, pid: UInt32, at index: Int) -> Bool {
        serial > 0 && index < slots.count && slots[index].serial == serial && slots[index].pid == pid
    }

    /// What a further line brings.
    struct Further {
        /// Attempts that are to be counted.
        var new: Int
        /// The connection is closed.
        var isClosed = false
        /// The time at which it counts then by its markers; nil: it does not.
        var marker: Timestamp?
    }

    /// Takes over a further line of a connection, and closes it when that is its last one and nothing else is to be done.
    @inline(__always)
    mutating func takeFurther(_ line: FastLine, at index: Int, user: Int32, now: Timestamp) -> Further {
        let newest = touchEnds(index, line.time)
        touchMiddle(index, line.time, newest: newest)
        var further = Further(new: slots[index].connection.takeFurther(line, user: user, now: now))
        if line.meaning == .closingMarker, further.new == 0 {
            slots[index].isDone = true
            further.isClosed = true
            further.marker = slots[index].connection.close()
        }
        return further
    }

    /// Before anything is changed: `forgetAddresses` and `renumber` do that themselves.
    mutating func makeUnique() {
        slots.makeUnique()
        buckets.makeUnique()
    }

    /// The parser's numbers of addresses, and their rows, begin anew.
    mutating func forgetAddresses() {
        slots.makeUnique()
        for index in slots.indices { (slots[index].connection.address, slots[index].connection.row) = (-1, -1) }
    }

    /// Names have other numbers.
    mutating func renumber(_ names: Renumbering) {
        slots.makeUnique()
        for index in slots.indices { names.apply(to: &slots[index].connection) }
    }

    /// Adds a connection whose pid is not in the table. The caller keeps the table below `limit`.
    ///
    /// - Parameter begin: makes of it what it begins as.
    @inline(__always)
    mutating func insert(
        pid: UInt32, readAt: Timestamp, lastSeen: Timestamp, begin: (inout Connection) -> Void = { _ in }
    ) -> Int {
        if firstFree == Connections.none || count &* 4 >= buckets.count { grow() }
        let index = Int(firstFree)
        let place = bucket(pid)
        let (next, older) = (buckets[place], newest)
        buckets[place] = firstFree
        newest = firstFree
        if oldest == Connections.none { (oldest, oldestSeen) = (firstFree, lastSeen) }
        count += 1
        lastSerial += 1
        let serial = lastSerial
        firstFree = slots[index].nextInBucket
        // Made where it is to be: a copy would be read before it is written.
        slots[index] = Slot(
            pid: pid, nextInBucket: next, older: older, serial: serial, lastSeen: lastSeen,
            connection: Connection(pid: pid, readAt: readAt))
        if older != Connections.none { slots[Int(older)].newer = Int32(truncatingIfNeeded: index) }
        begin(&slots[index].connection)
        return index
    }

    func lastSeen(_ index: Int) -> Timestamp { slots[index].lastSeen }

    mutating func setLastSeen(_ index: Int, _ time: Timestamp) {
        slots[index].lastSeen = time
        noteOldest()
    }

    private mutating func noteOldest() {
        oldestSeen = oldest == Connections.none ? Timestamp(microseconds: .max) : slots[Int(oldest)].lastSeen
    }

    /// Whether nothing is to be counted when a connection ends: it ended, and no line came since.
    func isDone(_ index: Int) -> Bool { slots[index].isDone }

    /// A last line came: nothing more is to come, but a repeated one perhaps.
    ///
    /// - Returns: the time at which the connection counts now by its markers; nil: it does not.
    mutating func close(_ index: Int) -> Timestamp? {
        slots[index].isDone = true
        return slots[index].connection.close()
    }

    /// Makes a connection the most recently used one, by a line at `time`.
    mutating func touch(_ index: Int, _ time: Timestamp) {
        let newest = touchEnds(index, time)
        touchMiddle(index, time, newest: newest)
    }

    /// The ends of the order.
    ///
    /// - Returns: the connection that was the newest one.
    @inline(__always)
    private mutating func touchEnds(_ index: Int, _ time: Timestamp) -> Int32 {
        if oldest == Int32(truncatingIfNeeded: index) { touchOldest(time) }
        let newest = self.newest
        self.newest = Int32(truncatingIfNeeded: index)
        return newest
    }

    /// The next one is the oldest then, if there is one.
    @inline(never)
    private mutating func touchOldest(_ time: Timestamp) {
        slots[Int(oldest)].lastSeen = time
        if newest != oldest { oldest = slots[Int(oldest)].newer }
        noteOldest()
    }

    /// What is between the ends.
    @inline(__always)
    private mutating func touchMiddle(_ index: Int, _ time: Timestamp, newest: Int32) {
        let number = Int32(truncatingIfNeeded: index)
        slots[index].lastSeen = time
        slots[index].isDone = false
        guard newest != number else { return }
        let (above, below) = (slots[index].newer, slots[index].older)
        // It is not the newest one: there is one above it, and a newest one.
        slots[Int(above)].older = below
        if below != Connections.none { slots[Int(below)].newer = above }
        slots[index].newer = Connections.none
        slots[index].older = newest
        slots[Int(newest)].newer = number
    }

    mutating func remove(_ index: Int) {
        let number = Int32(truncatingIfNeeded: index)
        let (next, newer, older) = (slots[index].nextInBucket, slots[index].newer, slots[index].older)
        let place = bucket(slots[index].pid)
        let (first, nextFree) = (buckets[place], firstFree)
        if first == number { buckets[place] = next }
        firstFree = number
        count -= 1
        if newer == Connections.none { newest = older }
        if older == Connections.none {
            oldest = newer
            noteOldest()
        }
        if first != number {
            var before = first
            while before != Connections.none, slots[Int(before)].nextInBucket != number {
                before = slots[Int(before)].nextInBucket
            }
            if before != Connections.none { slots[Int(before)].nextInBucket = next }
        }
        slots[index].serial = 0
        slots[index].nextInBucket = nextFree
        if newer != Connections.none { slots[Int(newer)].older = older }
        if older != Connections.none { slots[Int(older)].newer = newer }
    }

    /// The numbers of all connections, least recently used first.
    var indices: [Int] {
        var all: [Int] = []
        all.reserveCapacity(count)
        var index = oldest
        while index != Connections.none {
            all.append(Int(index))
            index = slots[Int(index)].newer
        }
        return all
    }

    /// Room for one more.
    @inline(never)
    private mutating func grow() {
        if firstFree == Connections.none {
            // Each time that the table grows it is copied.
            if slots.isEmpty { slots.reserveCapacity(256) }
            firstFree = Int32(slots.count)
            slots.append(Slot())
        }
        guard count * 4 >= buckets.count else { return }
        buckets = OwnedTable(repeating: Connections.none, count: max(1024, buckets.count * 4))
        for index in indices {
            let place = bucket(slots[index].pid)
            slots[index].nextInBucket = buckets[place]
            buckets[place] = Int32(index)
        }
    }

    // Pids are handed out in order: their low bits spread well.
    private func bucket(_ pid: UInt32) -> Int { Int(pid) & (buckets.count - 1) }
}
