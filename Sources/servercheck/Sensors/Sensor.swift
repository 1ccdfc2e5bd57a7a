// What every sensor is: a value whose stored properties are its config keys, and one function that measures.

/// One thing to watch. A sensor only measures and judges; whether anyone is told is decided in Notify.
protocol Sensor: Sendable {
    /// The key in the config's `sensors` array.
    static var kind: String { get }
    /// `name` in the config; the kind when there is none.
    var name: String { get }
    var policy: NotifyPolicy { get }
    /// What is watched and its limits in words, one line, for check-config.
    var summary: String { get }

    /// Reads the sensor's keys; every mistake goes into `config.problems`, so that all are reported together.
    init(config: inout ConfigReader)

    /// Measures once. May block, and may then be called once more on another thread while the first call has not returned.
    ///
    /// - Parameter memory: what the same sensor returned in the last run that was committed; empty in the first run.
    /// - Returns: findings, and what to remember.
    /// - Throws: a reason with its remedy when nothing could be measured; the run makes it one UNKNOWN finding and
    ///   leaves the memory as it was.
    func measure(on machine: Machine, memory: SensorMemory) throws(SensorError) -> Reading
    /// The finding as the message words it that its problem is over: with the limit, which the status line of each run
    /// need not name.
    ///
    /// - Parameter level: the worst that was told.
    func recovered(_ finding: Finding, from level: Status) -> Finding
}

extension Sensor {
    var summary: String { Self.kind }

    func recovered(_ finding: Finding, from level: Status) -> Finding { finding }
}

/// What a sensor hands over after one run.
struct Reading: Sendable, Equatable {
    var findings: [Finding]
    var memory: SensorMemory = SensorMemory()
    /// Things worth a line in the log, not in the result.
    var notes: [String] = []
}

/// Why a sensor could not measure, with the remedy: one line.
struct SensorError: Error, Sendable, Equatable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// What sensors remember between runs: a block for each kind that needs one.
struct SensorMemory: Sendable, Equatable {
    var diskspace: DiskSpaceMemory?
    var sshdAccess: SSHDAccessMemory?
}

extension SensorMemory: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("diskspace", &diskspace)
        json.member("sshd_access", &sshdAccess)
    }
}

/// When and how often a finding may be told: the config keys that all sensors share.
struct NotifyPolicy: Sendable, Equatable {
    /// Seconds between reminders while a problem lasts; nil: no reminders.
    var renotifySeconds: Double?
    /// Consecutive bad runs before a problem is told (Nagios soft and hard states).
    var maxCheckAttempts: Int = 1
    /// Percentage points below a threshold that a value must reach before its problem is over.
    var recoveryMargin: Double = 2
    /// Whether the end of a problem is told.
    var recovery: Bool = true
}
