// What one line of sshd says about its connection, without texts: names are numbers. Lines become sightings (LogParser),
// sightings become attempts (AttemptCounter).

/// One line of sshd with a time that could be read.
struct Sighting: Sendable {
    var time: Timestamp
    var pid: UInt32
    var meaning: SSHDEvent.Meaning
    var invalidUser = false
    var port: UInt16?
    /// -1: the line names none, -2: beyond the table.
    var user: Int32 = -1
    var peer: Peer?
    /// The number that the parser gave to the text of the peer's address; -1: none.
    var address: Int32 = -1
    /// More than 1 for `message repeated K times`.
    var count: Int32 = 1
    /// The number of its texts; -1: it has none.
    var texts: Int32 = -1
}

/// What is told of an event, and not counted by.
struct SightingTexts: Sendable {
    var method: String?
    /// Of a login.
    var user: String?
}

/// What some lines said.
struct Sightings: Sendable {
    var list: [Sighting] = []
    var texts: [SightingTexts] = []
    /// Which parser found them.
    var parser = 0
    /// Its numbers of names and addresses mean the same as long as this is the same.
    var epoch = 0
    /// Names that it gave the next numbers to.
    var users = NameList()
    var hosts = NameList()

    var lines = 0
    /// Bytes of these lines, one line end each.
    var bytes = 0
    /// Lines with the tag of sshd.
    var sshdLines = 0
    /// Those whose prefix or time cannot be read.
    var unparsed = 0

    /// The memory it takes stays.
    mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        users.removeAll()
        hosts.removeAll()
        (lines, bytes, sshdLines, unparsed) = (0, 0, 0, 0)
    }
}
