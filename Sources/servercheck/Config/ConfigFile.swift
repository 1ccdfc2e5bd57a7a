// Finds the config file and decides whether it can be trusted. The checks are made on the open file, never on its path:
// between a check of a path and its opening someone could exchange the file.

import Glibc

/// Where a config comes from.
enum ConfigFile {
    /// A hand-written config has a few KiB.
    private static let sizeLimit = 1 << 20

    /// Reads the config of `explicitPath` (`--config`), or the first of the standard places that exists:
    /// $CREDENTIALS_DIRECTORY/config.json, /etc/servercheck/config.json, ./config.json.
    ///
    /// - Parameter allowBuiltIn: without any file, use the built-in default (for `--dry-run`).
    /// - Throws: every mistake, each with its remedy; the paths that were tried when there is no file.
    static func load(
        explicitPath: String?, machine: Machine, registry: Registry = .standard, allowBuiltIn: Bool
    ) throws(ConfigError) -> Config {
        if let config = try loadAny(explicitPath: explicitPath, machine: machine, registry: registry) { return config }
        let places = standardPlaces(credentials(of: machine))
        if allowBuiltIn { return try BuiltInConfig.load(tried: places, registry: registry) }
        let tried = places.joined(separator: ", ")
        throw ConfigError(problems: [
            ConfigProblem(path: "", text: "no config file found, tried \(tried) (name one with --config)")
        ])
    }

    /// The same; nil where there is none in the standard places.
    static func loadAny(
        explicitPath: String?, machine: Machine, registry: Registry = .standard
    ) throws(ConfigError) -> Config? {
        let credentials = credentials(of: machine)
        for place in explicitPath.map({ [$0] }) ?? standardPlaces(credentials) {
            let file: OpenFile
            do throws(SystemError) {
                file = try OpenFile(path(place, on: machine), flags: O_RDONLY)
            } catch {
                // Any other reason (no permission on the way) means that a file may be there: to pass over it silently
                // would run something else than what was configured.
                let isAbsent = error.code == ENOENT || error.code == ENOTDIR
                if isAbsent, explicitPath == nil { continue }
                throw configError(error, on: place)
            }
            return try read(
                file, place: place, isNamed: explicitPath != nil, credentials: credentials, registry: registry)
        }
        return nil
    }

    private static func credentials(of machine: Machine) -> String? {
        machine.environment["CREDENTIALS_DIRECTORY"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func standardPlaces(_ credentials: String?) -> [String] {
        [credentials.map { "\($0)/config.json" }, "/etc/servercheck/config.json", "./config.json"].compactMap { $0 }
    }

    private static func read(
        _ file: borrowing OpenFile, place: String, isNamed: Bool, credentials: String?, registry: Registry
    ) throws(ConfigError) -> Config {
        let facts = try naming(place) { () throws(SystemError) in try file.facts() }
        let doubts = doubts(about: facts, path: place, isNamed: isNamed, user: geteuid())
        // What a refused file says is not looked at.
        if doubts.contains(where: { $0.severity == .error }) { throw ConfigError(file: place, problems: doubts) }
        let bytes = try naming(place) { () throws(SystemError) in try file.contents(limit: sizeLimit, facts: facts) }
        return try ConfigDecoder.decode(
            bytes, source: .file(place), registry: registry, credentialsDirectory: credentials, warnings: doubts,
            secretWarning: secretDoubt(about: facts, path: place))
    }

    /// What is wrong with the file itself. Modes 0400 and 0440, which systemd gives to credentials, are fine.
    ///
    /// - Parameters:
    ///   - isNamed: by `--config`. A file that was merely found (./config.json) and belongs to someone else is refused:
    ///     it could name any file to read a token from, or to write metrics to.
    ///   - user: the effective user id of this process.
    static func doubts(
        about facts: FileFacts, path: String, isNamed: Bool = true, user: @autoclosure () -> UInt32
    ) -> [ConfigProblem] {
        if !facts.isRegular { return [ConfigProblem(path: "", text: "is not a regular file")] }
        if facts.mode & S_IWOTH != 0 {
            return [ConfigProblem(path: "", text: "refused because others may write to it (chmod o-w \(path))")]
        }
        var doubts: [ConfigProblem] = []
        if facts.mode & S_IWGRP != 0 {
            let text = "its group may write to it (chmod g-w \(path))"
            doubts.append(ConfigProblem(path: "", text: text, severity: .warning))
        }
        if facts.owner != 0, facts.owner != user() {
            let text = "it belongs to user id \(facts.owner), who can change it (chown root \(path))"
            doubts.append(ConfigProblem(path: "", text: text, severity: isNamed ? .warning : .error))
        }
        return doubts
    }

    /// The warning for a config that holds a secret.
    static func secretDoubt(about facts: FileFacts, path: String) -> ConfigProblem? {
        if facts.mode & S_IROTH == 0 { return nil }
        return ConfigProblem(
            path: "", text: "others can read the secrets in it (chmod 0600 \(path))", severity: .warning)
    }

    private static func path(_ place: String, on machine: Machine) -> String {
        place.hasPrefix("/") || machine.root.isEmpty ? machine.path(place) : machine.path("/\(place)")
    }

    private static func naming<Value>(
        _ place: String, _ work: () throws(SystemError) -> Value
    ) throws(ConfigError) -> Value {
        do throws(SystemError) { return try work() } catch { throw configError(error, on: place) }
    }

    private static func configError(_ error: SystemError, on place: String) -> ConfigError {
        let remedy =
            switch error.code {
            case EACCES: " (run as root, or name another file with --config)"
            case EFBIG: " (a config is smaller than 1 MiB)"
            case ENOENT, ENOTDIR: " (check the path given to --config)"
            default: ""
            }
        let named = SystemError(action: error.action, object: place, code: error.code)
        return ConfigError(problems: [ConfigProblem(path: "", text: "\(named)\(remedy)")])
    }
}
