// Names on their way from a parser to the counter. A parser gives each name and address a small number and tells it once,
// with the sightings that first refer to it. It may forget all of them and begin anew; the counter does not.

/// Names, one behind the other.
struct NameList: Sendable {
    private var bytes: [UInt8] = []
    /// Where each one ends.
    private var ends: [Int] = []

    var count: Int { ends.count }

    /// Adds what `table` got after its first `start` names.
    mutating func append(_ table: ByteTable, from start: Int) {
        for number in start..<table.count {
            bytes.append(contentsOf: table[Int32(number)])
            ends.append(bytes.count)
        }
    }

    func forEach(_ body: (Span<UInt8>) -> Void) {
        var start = 0
        for end in ends {
            body(bytes.span.extracting(start..<end))
            start = end
        }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }
}

/// What the numbers of one parser mean to the counter.
struct ParserNumbers {
    private var epoch = 0
    /// The counter's numbers of users and hosts; -2: beyond its table.
    private var users: [Int32] = []
    private var hosts: [Int32] = []
    private var addresses: [IPAddress] = []
    /// The rows of addresses; -1: not known.
    private var rows: [Int32] = []

    /// - Returns: whether the numbers mean something else now.
    mutating func begin(_ sightings: Sightings, users table: inout ByteTable, hosts names: inout PeerNames) -> Bool {
        let isNew = sightings.epoch != epoch
        if isNew { self = ParserNumbers(epoch: sightings.epoch) }
        if sightings.users.count > 0 {
            sightings.users.forEach { users.append(table.number(of: $0, $0.indices) ?? -2) }
        }
        if sightings.hosts.count > 0 { sightings.hosts.forEach { hosts.append(names.number(of: $0) ?? -2) } }
        if !sightings.addresses.isEmpty { addresses.append(contentsOf: sightings.addresses) }
        return isNew
    }

    @inline(__always)
    func user(_ number: Int32) -> Int32 { number < 0 ? number : users[Int(number)] }

    /// nil for a host name beyond the table.
    func peer(_ peer: Peer) -> Peer? {
        if peer.name < 0 { return peer }
        let name = hosts[Int(peer.name)]
        if peer.isHostName { return name < 0 ? nil : Peer(hostName: name) }
        return Peer(ip: peer.ip, zone: max(-1, name))
    }

    func ip(ofAddress address: Int32) -> IPAddress { addresses[Int(address & LogParser.addressMask)] }

    func row(ofAddress address: Int32) -> Int32 {
        let place = Int(address & LogParser.addressMask)
        return address >= 0 && place < rows.count ? rows[place] : -1
    }

    mutating func remember(_ row: Int32, ofAddress address: Int32) {
        let place = Int(address & LogParser.addressMask)
        while rows.count <= place { rows.append(-1) }
        rows[place] = row
    }
}
