// Who tried, and as whom: the address and user tables of one pass, bounded.

/// Attempts by address and by user.
struct AttemptTables {
    /// Addresses in detail.
    static let addressLimit = 16_384
    /// Users in detail.
    static let userLimit = 4096

    private struct Row: Sendable {
        var attempts: Int
        var first: Timestamp
        var last: Timestamp

        mutating func count(_ number: Int, _ time: Timestamp) {
            add(Row(attempts: number, first: time, last: time))
        }

        mutating func add(_ other: Row) {
            attempts = attempts.addingSaturated(other.attempts)
            first = min(first, other.first)
            last = max(last, other.last)
        }
    }

    private var rows = OwnedTable<Row>()
    /// Of the rows; apart from them, because of most lines only the rows are touched.
    private var peers: [Peer] = []
    private var slots = HashSlots()
    private let mixer: Mixer
    private let limit: Int
    private var attemptsOfUser = OwnedTable<Int>()
    private(set) var fromOtherAddresses = 0
    private(set) var withoutAddress = 0
    private(set) var forOtherUsers = 0

    /// - Parameter limit: addresses in detail.
    init(mixer: Mixer, limit: Int = addressLimit) {
        self.mixer = mixer
        self.limit = limit
    }

    /// Before anything is counted.
    mutating func makeUnique() {
        rows.makeUnique()
        attemptsOfUser.makeUnique()
    }

    /// What `row` gives to a peer beyond the table.
    static let otherRow: Int32 = -2

    /// The row of an address, a new one if it has none.
    mutating func row(for peer: Peer, time: Timestamp) -> Int32 {
        let row = self.row(of: peer)
        if row >= 0 { return Int32(row) }
        guard rows.count < limit else { return AttemptTables.otherRow }
        slots.add(hash: peer.hash(mixer))
        rows.append(Row(attempts: 0, first: time, last: time))
        peers.append(peer)
        return Int32(rows.count - 1)
    }

    @inline(__always)
    mutating func add(row: Int32, time: Timestamp, count: Int) {
        if row >= 0 {
            rows[Int(row)].count(count, time)
        } else {
            fromOtherAddresses = fromOtherAddresses.addingSaturated(count)
        }
    }

    mutating func addWithoutAddress(_ count: Int) { withoutAddress = withoutAddress.addingSaturated(count) }

    /// -1: there is none.
    private func row(of peer: Peer) -> Int {
        slots.number(hash: peer.hash(mixer)) { peers[$0] == peer }
    }

    /// A host name, or nothing, turned out to be an address: its attempts move there.
    mutating func move(_ count: Int, from old: Peer?, to new: Peer, time: Timestamp) {
        guard count > 0 else { return }
        let row = old.map { self.row(of: $0) } ?? -1
        if row >= 0 {
            rows[row].attempts = max(0, rows[row].attempts - count)
        } else if old == nil {
            withoutAddress = max(0, withoutAddress - count)
        } else {
            fromOtherAddresses = max(0, fromOtherAddresses - count)
        }
        add(row: self.row(for: new, time: time), time: time, count: count)
    }

    /// - Parameter user: a number of the counter's table of users; -1: no user known, -2: beyond the table.
    @inline(__always)
    mutating func add(user: Int32, count: Int) {
        guard user >= 0, Int(user) < attemptsOfUser.count else { return addNew(user: user, count: count) }
        attemptsOfUser[Int(user)] = attemptsOfUser[Int(user)].addingSaturated(count)
    }

    /// For a user without attempts so far, or without a place.
    @inline(never)
    private mutating func addNew(user: Int32, count: Int) {
        if user == -1 { return }
        guard user >= 0 else {
            forOtherUsers = forOtherUsers.addingSaturated(count)
            return
        }
        while attemptsOfUser.count <= Int(user) { attemptsOfUser.append(0) }
        attemptsOfUser[Int(user)] = attemptsOfUser[Int(user)].addingSaturated(count)
    }

    /// The most zealous addresses first. No more is counted then.
    ///
    /// - Parameter limit: how many are wanted at least.
    mutating func byAddress(limit: Int, _ text: (Peer) -> String) -> [AttemptSummary.AddressCount] {
        // A scan's memory peaks here.
        slots = HashSlots()
        let least = AttemptTables.least(of: limit, rows.lazy.map(\.attempts))
        var texts: [String] = []
        var ranks: [Rank] = []
        ranks.reserveCapacity(min(limit, rows.count))
        texts.reserveCapacity(min(limit, rows.count))
        for row in rows.indices where rows[row].attempts >= least {
            let text = text(peers[row])
            ranks.append(Rank(rows[row].attempts, row: row, text: texts.count, text))
            texts.append(text)
        }
        peers = []
        ranks.sort { $0.isBefore($1, texts) }
        return ranks.map { rank in
            let row = rows[Int(rank.row)]
            return AttemptSummary.AddressCount(
                address: texts[Int(rank.text)], attempts: row.attempts, first: row.first, last: row.last)
        }
    }

    /// What addresses are sorted by, without touching their texts where these differ early.
    private struct Rank {
        private let attempts: Int
        /// Its first 16 bytes, the first one highest.
        private var start: (UInt64, UInt64) = (0, 0)
        let row: Int32
        let text: Int32

        init(_ attempts: Int, row: Int, text number: Int, _ text: String) {
            self.attempts = attempts
            self.row = Int32(row)
            self.text = Int32(number)
            var text = text
            text.withUTF8 { bytes in
                for index in 0..<min(8, bytes.count) { start.0 |= UInt64(bytes[index]) << UInt64(56 - 8 * index) }
                for index in 8..<max(8, min(16, bytes.count)) {
                    start.1 |= UInt64(bytes[index]) << UInt64(120 - 8 * index)
                }
            }
        }

        /// More attempts first, then by name.
        func isBefore(_ other: Rank, _ texts: [String]) -> Bool {
            if attempts != other.attempts { return attempts > other.attempts }
            if start != other.start { return start < other.start }
            return texts[Int(text)] < texts[Int(other.text)]
        }
    }

    /// How many attempts the one has that comes last of the first `limit`; 1 where there are not so many.
    private static func least(of limit: Int, _ attempts: some Collection<Int>) -> Int {
        guard attempts.count > limit else { return 1 }
        // The first `limit` so far, the smallest first: few of all come among them, so nothing is sorted.
        var most: [Int] = []
        most.reserveCapacity(limit + 1)
        for number in attempts where most.count < limit || number > most[0] {
            most.insert(number, at: most.firstIndex { $0 >= number } ?? most.endIndex)
            if most.count > limit { most.removeFirst() }
        }
        return max(1, most[0])
    }

    func byUser(limit: Int, _ text: (Int32) -> String) -> [AttemptSummary.UserCount] {
        let least = AttemptTables.least(of: limit, attemptsOfUser)
        return attemptsOfUser.indices.filter { attemptsOfUser[$0] >= least }.map {
            AttemptSummary.UserCount(user: text(Int32($0)), attempts: attemptsOfUser[$0])
        }.sorted { ($1.attempts, $0.user) < ($0.attempts, $1.user) }
    }
}

// MARK: - Tables of one log's parts

extension AttemptTables {
    /// Addresses in detail.
    var addresses: Int { rows.count }

    /// Adds what a later part of the log counted: as if this table had counted it. The other table must have known all
    /// its addresses and users, this one may be full.
    ///
    /// - Parameter names: what the other's names are called here.
    mutating func add(_ other: AttemptTables, _ names: Renumbering) {
        makeUnique()
        for (row, peer) in zip(other.rows, other.peers) {
            let place = self.row(for: names.peer(peer), time: row.first)
            if place >= 0 {
                rows[Int(place)].add(row)
            } else {
                fromOtherAddresses = fromOtherAddresses.addingSaturated(row.attempts)
            }
        }
        for (number, attempts) in other.attemptsOfUser.enumerated() {
            add(user: names.user(Int32(number)), count: attempts)
        }
        fromOtherAddresses = fromOtherAddresses.addingSaturated(other.fromOtherAddresses)
        withoutAddress = withoutAddress.addingSaturated(other.withoutAddress)
        forOtherUsers = forOtherUsers.addingSaturated(other.forOtherUsers)
    }

    /// An empty table of the same size.
    func renewed() -> AttemptTables { AttemptTables(mixer: mixer, limit: limit) }

    /// The same addresses, of which nothing is counted yet.
    var emptied: AttemptTables {
        var empty = self
        empty.makeUnique()
        for index in rows.indices {
            empty.rows[index] = Row(
                attempts: 0, first: Timestamp(microseconds: .max), last: Timestamp(microseconds: .min))
        }
        empty.attemptsOfUser = OwnedTable()
        (empty.fromOtherAddresses, empty.withoutAddress, empty.forOtherUsers) = (0, 0, 0)
        return empty
    }
}
