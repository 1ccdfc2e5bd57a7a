// The other end of a connection as a small value: an address, or a host name where sshd logged one.

/// An address with its zone, or a host name. `name` is a number of the counter's table of names.
struct Peer: Sendable, Hashable {
    var ip: IPAddress
    /// The zone of a link-local address or the host name; -1: none.
    var name: Int32 = -1
    var isHostName = false

    init(ip: IPAddress, zone: Int32 = -1) {
        self.ip = ip
        name = zone
    }

    init(hostName: Int32) {
        ip = IPAddress(high: 0, low: 0)
        name = hostName
        isHostName = true
    }

    func hash(_ mixer: Mixer) -> UInt64 {
        mixer.mix(mixer.mix(ip.high, ip.low), UInt64(UInt32(bitPattern: name)))
    }
}

/// The names that peers refer to.
struct PeerNames: Sendable {
    /// Names in detail.
    static let limit = 4096
    var table: ByteTable

    init(limit: Int = PeerNames.limit, mixer: Mixer) { table = ByteTable(limit: limit, mixer: mixer) }

    /// The peer in `range` of `line`; nil when it is a host name beyond the table.
    mutating func peer(_ line: Span<UInt8>, _ range: Range<Int>, ip: IPAddress?) -> Peer? {
        guard let ip else { return table.number(of: line, range).map(Peer.init(hostName:)) }
        guard !ip.isIPv4, let percent = line.firstIndex(of: UInt8(ascii: "%"), in: range) else { return Peer(ip: ip) }
        return Peer(ip: ip, zone: table.number(of: line, percent + 1..<range.upperBound) ?? -1)
    }

    /// The peer that `text` wrote.
    mutating func peer(_ text: String) -> Peer? {
        let bytes = Array(text.utf8)
        guard let place = SSHDPeer.place(bytes.span, at: 0, end: bytes.count), place.end == bytes.count,
            let address = place.address
        else { return nil }
        return peer(bytes.span, address, ip: place.ip)
    }

    func text(_ peer: Peer) -> String {
        if peer.isHostName { return table.text(peer.name) }
        return peer.name < 0 ? peer.ip.text : peer.ip.text + "%" + table.text(peer.name)
    }
}
