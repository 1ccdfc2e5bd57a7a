// All that is remembered between runs: one value, compared to decide whether anything must be written.

/// The content of state.json.
struct State: Sendable, Equatable {
    /// Raised when an older servercheck could not read what this one writes.
    static let currentVersion = 1

    var version = State.currentVersion
    /// Grows with every commit: of two copies (state directory, runtime directory) the higher one is the newer.
    var sequence = 0
    /// In the runtime directory: the state directory it stands in for.
    var standsInFor: String?
    /// By the sensor's name.
    var sensors: [String: SensorMemory] = [:]
    /// Open problems by finding id.
    var problems: [String: ProblemRecord] = [:]
    /// By the channel's name.
    var outboxes: [String: Outbox] = [:]
}

extension State: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("outboxes", &outboxes)
        json.member("problems", &problems)
        json.member("sensors", &sensors)
        json.member("sequence", &sequence)
        json.member("stands_in_for", &standsInFor)
        json.member("version", &version)
    }
}
