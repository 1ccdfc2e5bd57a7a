// Where the state and the last result live, by the design's section 6.

import Glibc

/// The directories of one invocation.
struct StatePlaces: Sendable, Equatable {
    /// Survives a reboot: state.json.
    var state: String
    /// Gone with a reboot: the state when the state directory cannot be written.
    var runtime: String
    /// Where the last result is written: last.json.
    var last: String
    /// Where `status` looks; of equally new results that of the first place is shown.
    var lastCandidates: [String]

    /// - Parameters:
    ///   - explicit: `--state-dir`.
    ///   - userID: the effective user.
    init(explicit: String?, environment: [String: String], userID: uid_t = geteuid()) {
        let first = { (name: String) in environment[name].flatMap(StatePlaces.first) }
        let isRoot = userID == 0
        state = explicit ?? first("STATE_DIRECTORY") ?? StatePlaces.ownState(environment, userID)
        let ownRuntime =
            first("RUNTIME_DIRECTORY") ?? (isRoot ? "/run/servercheck" : nil)
            ?? environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 + "/servercheck" : nil }
        runtime = ownRuntime ?? state
        last = explicit ?? ownRuntime ?? state
        lastCandidates = [last]
        if explicit == nil {
            for place in [state, "/run/servercheck"] where !lastCandidates.contains(place) {
                lastCandidates.append(place)
            }
        }
    }

    /// systemd joins several directories with a colon; the unit has one.
    private static func first(of directories: String) -> String? {
        let isColon = { (byte: UInt8) in byte == UInt8(ascii: ":") }
        guard directories.utf8.contains(where: isColon) else { return directories.isEmpty ? nil : directories }
        return directories.split(separator: ":").first.map(String.init)
    }

    private static func ownState(_ environment: [String: String], _ userID: uid_t) -> String {
        if userID == 0 { return "/var/lib/servercheck" }
        if let directory = environment["XDG_STATE_HOME"], directory.hasPrefix("/") { return directory + "/servercheck" }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? homeDirectory(of: userID)
        return home + "/.local/state/servercheck"
    }

    /// From the password database, for cron jobs and units without $HOME.
    private static func homeDirectory(of user: uid_t) -> String {
        guard let entry = getpwuid(user), let home = entry.pointee.pw_dir else { return "/nonexistent" }
        return String(cString: home)
    }
}
