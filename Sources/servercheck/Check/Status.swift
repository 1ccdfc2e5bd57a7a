// The four results of the Monitoring Plugins guidelines and their order of severity, decided here and nowhere else.

/// The state of one check. The raw value is the process exit code of the Monitoring Plugins guidelines.
enum Status: Int32, Sendable, CaseIterable {
    case ok = 0
    case warning = 1
    case critical = 2
    case unknown = 3

    /// The word that Nagios prints for the state.
    var word: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }
}

extension Status: Comparable {
    /// A problem that is known outranks one that is only suspected: CRITICAL > WARNING > UNKNOWN > OK.
    private var severity: Int {
        switch self {
        case .ok: 0
        case .unknown: 1
        case .warning: 2
        case .critical: 3
        }
    }

    static func < (left: Status, right: Status) -> Bool { left.severity < right.severity }
}

extension Sequence<Status> {
    /// The most severe of all, OK when there is none.
    var worst: Status { self.max() ?? .ok }
}
