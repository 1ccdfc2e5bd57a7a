// What counting must remember from one run to the next. Small whatever an attacker does (about 33 KiB of JSON at most),
// and harmless when a damaged state file holds nonsense.

/// The state of `AttemptCounter` between two runs.
struct AttemptMemory: Sendable, Equatable {
    /// All attempts ever counted.
    var attemptsTotal = 0
    /// Time of the last line without a year: decides the year of the next one.
    var previous: Timestamp?
    /// The latest time of the log.
    var clock: Timestamp?
    /// Connections that may write more lines.
    @JSONLater var connections: [SavedConnection] = []
    /// Attempts that can share a window with the next one: the time of a moment, as microseconds since the one before
    /// (since 1970), and its count in turn.
    @JSONLater var moments: [Int64] = []
    /// Those before, where there were too many: microseconds from the step before to the first moment (since 1970), from
    /// there to the last one, the count, and the most attempts in a window that ends at one of the moments.
    @JSONLater var steps: [Int64] = []
    /// The duration of these windows, in microseconds; nil without steps.
    var stepsDuration: Int64?
    /// Moments as earlier versions wrote them, each as microseconds since 1970. They are read; what is written is empty,
    /// for the earlier versions.
    @JSONLater var window: [Int64] = []
    /// Failed attempts of the last hour, for logins that follow them.
    @JSONLater var failures: [SavedFailures] = []

    /// sshd lets 100 connections wait for a login (MaxStartups); as many are remembered, the last used ones.
    static let openLimit = 100
    /// Closed and logged-in ones, whose last line may be still to come.
    static let doneLimit = 28
    /// Moments and steps together.
    static let windowLimit = 512
    static let addressLimit = 96
    /// Bytes of JSON: attackers choose names, and how many connections they leave open. Room for all that are open, with
    /// addresses of IPv6 and without users.
    static let connectionBytes = 21 << 10
    static let failureBytes = 6 << 10
    static let windowBytes = 5 << 10
    /// The longest name in the state, in bytes of JSON.
    static let nameLimit = 80
}

extension AttemptMemory {
    /// Whether the last line of one of the connections was read at such a time, or it cannot be told. Without decoding
    /// them: most runs ask for nothing else.
    func hasConnection(readAt isSuch: (Timestamp) -> Bool) -> Bool {
        guard let elements = $connections.text?.elements else { return connections.contains { isSuch($0.read) } }
        return elements.contains { element in
            var likely = 0
            return element.member("read", likely: &likely)?.time.map(isSuch) ?? true
        }
    }
}

/// One connection; what is nil, false or 0 is left out.
struct SavedConnection: Sendable, Equatable {
    var pid: UInt32 = 0
    var port: UInt16?
    var peer: String?
    var user: String?
    var invalid: Bool?
    var marker: Timestamp?
    var seen = Timestamp(seconds: 0)
    var read = Timestamp(seconds: 0)
    var closed: Bool?
    var login: Bool?
    var failures: Int?
    var pam: Int?
    var keyboard: Int?
    var counted: Int?

    /// About how many bytes it takes in the state, at least as many as it does.
    var jsonSize: Int {
        let size = { (number: Int?) in number.map { 12 + Int64($0).jsonSize } ?? 0 }
        return 95 + size(failures) + size(pam) + size(keyboard) + size(counted)
            + (peer.map { 10 + $0.jsonSize } ?? 0) + (user.map { 10 + $0.jsonSize } ?? 0)
            + (marker == nil ? 0 : 40) + (invalid == nil ? 0 : 15) + (closed == nil ? 0 : 14) + (login == nil ? 0 : 13)
    }
}

/// The failed attempts of one address: seconds since 1970 and count in turn, newest last.
struct SavedFailures: Sendable, Equatable {
    var peer = ""
    var times: [Int64] = []

    /// At least as many bytes as it takes in the state.
    var jsonSize: Int { 25 + peer.jsonSize + times.reduce(0) { $0 + 1 + $1.jsonSize } }
}

extension AttemptMemory: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("attempts_total", &attemptsTotal)
        json.member("clock", &clock)
        json.member("connections", &_connections)
        json.member("failures", &_failures)
        json.member("moments", later: &_moments)
        json.member("previous", &previous)
        json.member("steps", later: &_steps)
        json.member("steps_duration", &stepsDuration)
        json.member("window", &_window)
    }
}

extension JSONMembers {
    /// Left out where it is empty: earlier versions did not write it.
    fileprivate mutating func member(_ name: StaticString, later numbers: inout JSONLater<Int64>) {
        var present: JSONLater<Int64>? = numbers.text == nil && numbers.wrappedValue.isEmpty ? nil : numbers
        member(name, &present)
        numbers = present ?? JSONLater(wrappedValue: [])
    }
}

extension SavedConnection: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("closed", &closed)
        json.member("counted", &counted)
        json.member("failures", &failures)
        json.member("invalid", &invalid)
        json.member("keyboard", &keyboard)
        json.member("login", &login)
        json.member("marker", &marker)
        json.member("pam", &pam)
        json.member("peer", &peer)
        json.member("pid", &pid)
        json.member("port", &port)
        json.member("read", &read)
        json.member("seen", &seen)
        json.member("user", &user)
    }
}

extension SavedFailures: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("peer", &peer)
        json.member("times", &times)
    }
}
