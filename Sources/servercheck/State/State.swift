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

extension State: Codable {
    enum CodingKeys: String, CodingKey {
        case version
        case sequence
        case standsInFor = "stands_in_for"
        case sensors
        case problems
        case outboxes
    }
}
