// What one line of sshd says about its connection, without texts: names are numbers. Lines become sightings (LogParser),
// sightings become attempts (AttemptCounter).

/// One line of sshd with a time that could be read.
struct Sighting: Sendable {
    var time: Timestamp
    var pid: UInt32
    /// Its number in the parser's table; -1: the line names none, -2: beyond the table.
    var user: Int32 = -1
    /// The number that the parser gave to the peer's address; -1: it has none.
    var address: Int32 = -1
    /// -1: the line names none.
    var port: Int32 = -1
    /// The number of what else it says; -1: nothing.
    var more: Int32 = -1
    var meaning: SSHDEvent.Meaning
    var invalidUser = false
}

/// What few lines say.
struct FurtherSighting: Sendable {
    /// A peer without a number.
    var peer: Peer?
    /// More than 1 for `message repeated K times`.
    var count = 1
    /// The number of its texts; -1: it has none.
    var texts = -1
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
    var further: [FurtherSighting] = []
    var texts: [SightingTexts] = []
    /// Whether addresses have other numbers than in the batch before.
    var renumbersAddresses = false

    var lines = 0
    /// Bytes of these lines, one line end each.
    var bytes = 0
    /// Lines with the tag of sshd.
    var sshdLines = 0
    /// Those whose prefix or time cannot be read.
    var unparsed = 0

    /// Adds what a sighting says further.
    ///
    /// - Returns: its number.
    mutating func add(_ more: FurtherSighting, _ texts: SightingTexts? = nil) -> Int32 {
        further.append(more)
        if let texts {
            further[further.count - 1].texts = self.texts.count
            self.texts.append(texts)
        }
        return Int32(clamping: further.count - 1)
    }

    /// The memory it takes stays.
    mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        further.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        renumbersAddresses = false
        (lines, bytes, sshdLines, unparsed) = (0, 0, 0, 0)
    }
}
