// What counting must remember from one run to the next.

/// The state of `AttemptCounter` between two runs, small: see the limits.
struct AttemptMemory: Sendable, Equatable, Codable {
    /// All attempts ever counted.
    var attemptsTotal = 0
}
