// The connections of the last minutes by pid, least recently seen first, in a bounded table.

/// A table of connections, at most one per pid.
struct Connections {
    /// Enough for all that sshd holds open and what it closed in ten minutes of a heavy attack.
    static let limit = 8192

    private static let none: Int32 = -1
    private var entries: [Connection] = []
    /// For each entry: the next one in its bucket, and its neighbours in the order of last use.
    private var nextInBucket: [Int32] = []
    private var newer: [Int32] = []
    private var older: [Int32] = []
    private var free: [Int32] = []
    private var buckets: [Int32]
    private var newest = none
    /// The least recently used entry.
    private var oldest = none

    init() { buckets = [Int32](repeating: Connections.none, count: 1024) }

    var count: Int { entries.count - free.count }

    /// The number of the least recently used entry.
    var oldestIndex: Int? { oldest == Connections.none ? nil : Int(oldest) }

    subscript(index: Int) -> Connection {
        get { entries[index] }
        _modify { yield &entries[index] }
    }

    func index(ofPID pid: UInt32) -> Int? {
        var index = buckets[bucket(pid)]
        while index != Connections.none {
            if entries[Int(index)].pid == pid { return Int(index) }
            index = nextInBucket[Int(index)]
        }
        return nil
    }

    /// Adds a connection whose pid is not in the table. The caller keeps the table below `limit`.
    mutating func insert(_ connection: Connection) -> Int {
        let index: Int
        if let reused = free.popLast() {
            index = Int(reused)
            entries[index] = connection
        } else {
            index = entries.count
            entries.append(connection)
            nextInBucket.append(Connections.none)
            newer.append(Connections.none)
            older.append(Connections.none)
        }
        let place = bucket(connection.pid)
        nextInBucket[index] = buckets[place]
        buckets[place] = Int32(index)
        linkAsNewest(Int32(index))
        return index
    }

    /// Makes an entry the most recently used one.
    mutating func touch(_ index: Int) {
        guard newest != Int32(index) else { return }
        unlink(Int32(index))
        linkAsNewest(Int32(index))
    }

    mutating func remove(_ index: Int) {
        let place = bucket(entries[index].pid)
        if buckets[place] == Int32(index) {
            buckets[place] = nextInBucket[index]
        } else {
            var before = buckets[place]
            while before != Connections.none, nextInBucket[Int(before)] != Int32(index) {
                before = nextInBucket[Int(before)]
            }
            if before != Connections.none { nextInBucket[Int(before)] = nextInBucket[index] }
        }
        unlink(Int32(index))
        free.append(Int32(index))
    }

    /// The numbers of all entries, least recently used first.
    var indices: [Int] {
        var all: [Int] = []
        var index = oldest
        while index != Connections.none {
            all.append(Int(index))
            index = newer[Int(index)]
        }
        return all
    }

    // Pids are handed out in order: their low bits spread well.
    private func bucket(_ pid: UInt32) -> Int { Int(pid) & (buckets.count - 1) }

    private mutating func linkAsNewest(_ index: Int32) {
        newer[Int(index)] = Connections.none
        older[Int(index)] = newest
        if newest != Connections.none { newer[Int(newest)] = index }
        newest = index
        if oldest == Connections.none { oldest = index }
    }

    private mutating func unlink(_ index: Int32) {
        let (above, below) = (newer[Int(index)], older[Int(index)])
        if above != Connections.none { older[Int(above)] = below } else { newest = below }
        if below != Connections.none { newer[Int(below)] = above } else { oldest = above }
    }
}
