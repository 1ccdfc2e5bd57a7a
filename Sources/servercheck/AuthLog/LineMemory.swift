// What the lines of a connection have in common: user, address and port, as an earlier line of the process wrote them. A
// connection writes several lines, and only the first one's names must be looked up.

/// The last lines of some processes. It only saves work: what it forgets is looked up again.
struct LineMemory: Sendable {
    /// What one process wrote. The bytes are compared, so a pid that comes again does no harm.
    struct Entry: Sendable {
        /// What the last line named: the parser's number of the address, the port, the user's number.
        private(set) var address: Int32 = -1
        private(set) var port: Int32 = 0
        private(set) var user: Int32 = -1
        /// The connection that the last line belonged to, and its serial number; 0: that is not known.
        private(set) var connection: Int32 = 0
        private(set) var serial: UInt64 = 0
        /// Of `ADDR port N`, and of the user name with the space behind it; 0: it is not known how that is written.
        private var peerBytes: UInt8 = 0
        private var userBytes: UInt8 = 0
        private var peer = InlineArray<6, UInt64>(repeating: 0)
        /// Which bits of `peer[1...3]` are its own.
        private var peerMask = InlineArray<3, UInt64>(repeating: 0)
        private var name: (UInt64, UInt64) = (0, 0)
        private var nameMask: (UInt64, UInt64) = (0, 0)

        var peerLength: Int { Int(peerBytes) }
        var userLength: Int { Int(userBytes) }

        /// Whether its peer stands at a distance behind `place`. The port may go on there.
        @inline(__always)
        func isPeer(_ place: LinePlace, _ distance: Int) -> Bool {
            var difference = place.word(distance) ^ peer[0]
            difference |= (place.word(distance &+ 8) ^ peer[1]) & peerMask[0]
            difference |= (place.word(distance &+ 16) ^ peer[2]) & peerMask[1]
            difference |= (place.word(distance &+ 24) ^ peer[3]) & peerMask[2]
            // IPv6.
            if peerLength > 32 {
                difference |= (place.word(distance &+ 32) ^ peer[4]) & .firstBytes(peerLength - 32)
                difference |= (place.word(distance &+ 40) ^ peer[5]) & .firstBytes(peerLength - 40)
            }
            return difference == 0 && peerLength > 0
        }

        /// Whether its user, and a space, stand at `place`.
        @inline(__always)
        func isUser(_ place: LinePlace) -> Bool {
            let first = (place.word(0) ^ name.0) & nameMask.0
            let second = (place.word(8) ^ name.1) & nameMask.1
            return first | second == 0 && userLength > 0
        }

        /// - Parameter length: of `ADDR port N` at `place`.
        @inline(__always)
        mutating func learnPeer(_ place: LinePlace, length: Int, address: Int32, port: Int32) {
            (self.address, self.port, serial) = (address, port, 0)
            peerBytes = length >= 8 && length <= 48 ? UInt8(truncatingIfNeeded: length) : 0
            for index in peer.indices { peer[index] = place.word(8 &* index) }
            for index in peerMask.indices { peerMask[index] = .firstBytes(length - 8 * index - 8) }
        }

        mutating func learnConnection(_ connection: Int32, serial: UInt64) {
            (self.connection, self.serial) = (connection, serial)
        }

        /// - Parameter length: of the name.
        @inline(__always)
        mutating func learnUser(_ place: LinePlace, length: Int, number: Int32) {
            userBytes = length < 16 ? UInt8(truncatingIfNeeded: length &+ 1) : 0
            name = (place.word(0), place.word(8))
            nameMask = (.firstBytes(userLength), .firstBytes(userLength - 8))
            user = number
        }
    }

    private static let places: UInt32 = 256
    private var entries = OwnedTable<Entry>()

    /// Where a process has its entry.
    @inline(__always)
    static func place(_ pid: UInt32) -> Int { Int(pid & (places - 1)) }

    @inline(__always)
    subscript(place: Int) -> Entry {
        _read { yield entries[place] }
        _modify { yield &entries[place] }
    }

    /// Before the first line.
    mutating func prepare() {
        if entries.isEmpty { entries = OwnedTable(repeating: Entry(), count: Int(LineMemory.places)) }
    }

    /// Before anything is learned.
    mutating func makeUnique() { entries.makeUnique() }

    mutating func forgetAll() {
        makeUnique()
        for place in entries.indices { entries[place] = Entry() }
    }
}
