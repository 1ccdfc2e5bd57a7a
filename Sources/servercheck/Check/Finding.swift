// What a sensor found out: one object, its status, the text about it and its numbers.

/// A number with its limits, as perfdata and JSON show it.
struct Metric: Sendable, Equatable {
    /// Units of the Monitoring Plugins guidelines; always base units.
    enum Unit: String, Sendable {
        case none = ""
        case bytes = "B"
        case counter = "c"
    }

    /// The label as it is, mount points and all; only the writers clean it.
    var name: String
    var value: Double
    var unit: Unit = .none
    /// In the unit of `value`.
    var limits: Limits = .none
    var minimum: Double?
    var maximum: Double?

    var status: Status { limits.judge(value) }
}

/// One object (a filesystem, the memory, the SSH service) and its status in this run.
struct Finding: Sendable, Equatable {
    /// Whether a finding lasts or just happened.
    enum Kind: Sendable, Equatable {
        /// Has a beginning and an end: first, worse, reminder, recovered.
        case problem
        /// Happened once: told in the run that saw it, never held back, never recovered.
        case event
        /// About servercheck itself: shown and counted, never told.
        case silent
    }

    /// The `name` of the sensor in the config.
    var sensor: String
    /// `diskspace:/home`, `free_memory`, `sshd_access`: stable over runs.
    var id: String
    var kind: Kind = .problem
    /// What was measured now.
    var status: Status
    /// What an already open problem counts as: the same as `status`, or worse while the value is within the recovery
    /// margin or an incident has not ended.
    var lingering: Status
    /// One line that names the object, the value and the limit. May hold text from outside; the writers clean it.
    var text: String
    /// More lines for messages (largest processes, top addresses).
    var details: [String] = []
    var metrics: [Metric] = []
    /// When the open problem began; filled from the state.
    var since: Timestamp?

    init(
        sensor: String, id: String, kind: Kind = .problem, status: Status, lingering: Status? = nil, text: String,
        details: [String] = [], metrics: [Metric] = []
    ) {
        self.sensor = sensor
        self.id = id
        self.kind = kind
        self.status = status
        self.lingering = max(status, lingering ?? status)
        self.text = text
        self.details = details
        self.metrics = metrics
    }
}
