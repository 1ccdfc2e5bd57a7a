// The names, types and help texts of everything Prometheus is told: https://prometheus.io/docs/practices/naming/.
// They are a contract with dashboards and alert rules (contrib/prometheus): add names, do not change them.

/// A metric family; the raw value is its name.
enum MetricFamily: String, Sendable, CaseIterable {
    case buildInfo = "servercheck_build_info"
    case diskAvailable = "servercheck_disk_available_bytes"
    case diskCritical = "servercheck_disk_critical_threshold_bytes"
    case diskInodesCritical = "servercheck_disk_inodes_critical_threshold"
    case diskInodesRatio = "servercheck_disk_inodes_used_ratio"
    case diskInodesUsed = "servercheck_disk_inodes_used"
    case diskUsed = "servercheck_disk_used_bytes"
    case diskUsedRatio = "servercheck_disk_used_ratio"
    case diskWarning = "servercheck_disk_warning_threshold_bytes"
    case findingStatus = "servercheck_finding_status"
    case lastRunTimestamp = "servercheck_last_run_timestamp_seconds"
    case memoryAvailable = "servercheck_memory_available_bytes"
    case memoryCritical = "servercheck_memory_critical_threshold_bytes"
    case memoryUsed = "servercheck_memory_used_bytes"
    case memoryUsedRatio = "servercheck_memory_used_ratio"
    case memoryWarning = "servercheck_memory_warning_threshold_bytes"
    case notificationsPending = "servercheck_notifications_pending"
    case sshAttempts = "servercheck_ssh_last_run_attempts"
    case sshAttemptsTotal = "servercheck_ssh_attempts_total"
    case sshLogins = "servercheck_ssh_last_run_logins"
    case sshPeak = "servercheck_ssh_last_run_peak_attempts"
    case sshPeakCritical = "servercheck_ssh_peak_attempts_critical_threshold"
    case status = "servercheck_status"

    var type: String { self == .sshAttemptsTotal ? "counter" : "gauge" }

    /// One line without a backslash.
    var help: String {
        switch self {
        case .buildInfo: "Always 1; the version is a label."
        case .diskAvailable: "Bytes free to ordinary users."
        case .diskCritical: "Used bytes above which a filesystem is CRITICAL."
        case .diskInodesCritical: "Used inodes above which a filesystem is CRITICAL."
        case .diskInodesRatio: "Used inodes as a share of all, 0 to 1."
        case .diskInodesUsed: "Used inodes."
        case .diskUsed: "Used bytes."
        case .diskUsedRatio: "Used bytes as a share of used and available ones, 0 to 1, as df shows it."
        case .diskWarning: "Used bytes above which a filesystem is WARNING."
        case .findingStatus: "Status of one finding: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."
        case .lastRunTimestamp: "When the last run began, in seconds since 1970."
        case .memoryAvailable: "Bytes of RAM that programs can still have."
        case .memoryCritical: "Used bytes of RAM above which it is CRITICAL."
        case .memoryUsed: "Bytes of RAM that are not available."
        case .memoryUsedRatio: "Used bytes as a share of the RAM, 0 to 1."
        case .memoryWarning: "Used bytes of RAM above which it is WARNING."
        case .notificationsPending: "Messages that wait for their channel; one that had nothing to tell has no line."
        case .sshAttempts: "Failed SSH logins that the last run read."
        case .sshAttemptsTotal: "Failed SSH logins, counted over all runs."
        case .sshLogins: "SSH logins that the last run read."
        case .sshPeak: "Most failed SSH logins in one window that the last run read."
        case .sshPeakCritical: "Failed SSH logins in one window above which it is CRITICAL."
        case .status: "Worst status of the last run: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."
        }
    }
}
