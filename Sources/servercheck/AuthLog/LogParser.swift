// What is remembered from line to line to read the next one: times, names and their numbers, and of the fast path (FastLine)
// what neighbouring lines have in common.

/// Reads lines of a log, one after the other, in their order.
struct LogParser: Sendable {
    /// An address that the fast path has read, and its row in the table of attempts; -1: not known.
    struct Known: Sendable {
        var ip: IPAddress
        var row: Int32 = -1
    }

    /// Names and addresses that the fast path remembers; its tables hold more: those of some lines beside them.
    private static let nameLimit = 2048
    private static let addressLimit = 6144

    var logTime: LogTime
    var hosts: PeerNames
    var userNames: ByteTable
    /// The head of the line before.
    var head = LineHead()
    var addresses: ShortTextTable<Known>
    /// Their numbers in `userNames`.
    var users: ShortTextTable<Int32>
    var memory = LineMemory()

    /// - Parameters:
    ///   - userLimit: users in detail.
    ///   - hostLimit: host names in detail.
    init(
        time: LogTime, mixer: Mixer, userLimit: Int = AttemptTables.userLimit, hostLimit: Int = PeerNames.limit
    ) {
        logTime = time
        hosts = PeerNames(limit: hostLimit, mixer: mixer)
        userNames = ByteTable(limit: userLimit, mixer: mixer)
        addresses = ShortTextTable(mixer: mixer)
        users = ShortTextTable(mixer: mixer)
    }

    /// Before some lines: makes room for what is new in them.
    ///
    /// - Returns: whether addresses have other numbers from here on.
    mutating func prepare() -> Bool {
        if users.count > LogParser.nameLimit { users.removeAll() }
        guard addresses.count > LogParser.addressLimit else { return false }
        forgetNumbers()
        return true
    }

    /// Names, addresses and rows may have other numbers from here on.
    mutating func forgetNumbers() {
        users.removeAll()
        addresses.removeAll()
        memory.forgetAll()
    }

    /// Learns the head of a line of sshd, if its time could be read and means the same in all lines like it.
    mutating func learnHead(_ line: Span<UInt8>, style: LinePrefix.TimeStyle, time: Timestamp?) {
        head = time == nil || logTime.isAmbiguous ? LineHead() : LineHead(line, style: style, time: time)
    }

    /// A line with the head of the one before was read.
    @inline(__always)
    mutating func follow(_ microseconds: Int64) -> Timestamp {
        if head.isClassic { logTime.follow(microseconds: microseconds) }
        return Timestamp(microseconds: microseconds)
    }
}
