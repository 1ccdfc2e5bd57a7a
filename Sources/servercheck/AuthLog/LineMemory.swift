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
        /// The connection that the last line belonged to.
        var connection: Int32 = 0
        /// Of `ADDR port N`, and of the user name with the space behind it; 0: it is not known how that is written.
        private var peerBytes: UInt8 = 0
        private var userBytes: UInt8 = 0
        /// Of the peer eight bytes each, at 0, at these places and at the end: where it is short they overlap.
        private var places: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        private var peer: (UInt64, UInt64, UInt64, UInt64, UInt64, last: UInt64) = (0, 0, 0, 0, 0, 0)
        private var name: (UInt64, UInt64) = (0, 0)
        private var nameMask: (UInt64, UInt64) = (0, 0)

        var peerLength: Int { Int(peerBytes) }
        var userLength: Int { Int(userBytes) }

        /// Whether its peer stands at `start` of a line's window.
        @inline(__always)
        func isPeer(_ bytes: LineWindow, at start: Int) -> Bool {
            // Without a branch for each length: those come in no order.
            var difference = (bytes.word(at: start) ^ peer.0) | (bytes.word(at: start &+ peerLength &- 8) ^ peer.last)
            difference |= bytes.word(at: start &+ Int(places.0)) ^ peer.1
            difference |= bytes.word(at: start &+ Int(places.1)) ^ peer.2
            difference |= bytes.word(at: start &+ Int(places.2)) ^ peer.3
            difference |= bytes.word(at: start &+ Int(places.3)) ^ peer.4
            guard difference == 0, peerLength > 0 else { return false }
            // The port may go on.
            return !bytes.byte(at: start &+ peerLength).isDigit
        }

        /// Whether its user, and a space, stand at `start`.
        @inline(__always)
        func isUser(_ bytes: LineWindow, at start: Int) -> Bool {
            let first = (bytes.word(at: start) ^ name.0) & nameMask.0
            let second = (bytes.word(at: start &+ 8) ^ name.1) & nameMask.1
            return first | second == 0 && userLength > 0
        }

        mutating func learnPeer(_ bytes: LineWindow, _ range: Range<Int>, address: Int32, port: Int32) {
            let start = range.lowerBound
            (self.address, self.port) = (address, port)
            peerBytes = range.count >= 8 && range.count <= 48 ? UInt8(truncatingIfNeeded: range.count) : 0
            if peerBytes == 0 { return }
            let end = peerBytes &- 8
            places = (min(8, end), min(16, end), min(24, end), min(32, end))
            peer = (
                bytes.word(at: start), bytes.word(at: start &+ Int(places.0)), bytes.word(at: start &+ Int(places.1)),
                bytes.word(at: start &+ Int(places.2)), bytes.word(at: start &+ Int(places.3)),
                bytes.word(at: start &+ Int(end))
            )
        }

        /// - Parameter length: of the name.
        mutating func learnUser(_ bytes: LineWindow, at start: Int, length: Int, number: Int32) {
            userBytes = length < 16 ? UInt8(truncatingIfNeeded: length &+ 1) : 0
            name = (bytes.word(at: start), bytes.word(at: start + 8))
            nameMask = (LineMemory.mask(userLength), LineMemory.mask(userLength - 8))
            user = number
        }
    }

    private static let places: UInt32 = 256
    private var entries: [Entry] = []

    /// Of the first bytes of a word.
    @inline(__always)
    private static func mask(_ bytes: Int) -> UInt64 {
        // No bits are left where it is shifted by all 64.
        .max >> UInt64(truncatingIfNeeded: 64 &- 8 &* min(8, max(0, bytes)))
    }

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
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Int(LineMemory.places)) }
    }

    mutating func forgetAll() {
        for place in entries.indices { entries[place] = Entry() }
    }
}
