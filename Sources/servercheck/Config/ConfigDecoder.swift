// JSON tree -> Config. Walks the whole file, collects every mistake, and hands out a Config only when there is none.

/// Reads the top level and hands each sensor and channel its own object.
struct ConfigDecoder {
    /// The secrets of config.template.json, which must be edited.
    static let placeholders = ["123456789:replace-with-the-token-from-BotFather", "replace-with-the-password"]

    /// A new channel's secrets are called one of these, or `…_file`.
    private static let secretKeys = ["token", "password"]
    /// More mistakes are counted, not listed: a file that is no config at all should not fill the terminal.
    static let problemLimit = 50
    /// What waits for all of them must fit into the state.
    static let channelLimit = 64

    /// One element of `sensors` or `messaging_channels`.
    private struct Entry {
        var kind: String
        var reader: ConfigReader
    }

    private let registry: Registry
    private let credentialsDirectory: String?
    private var problems: [ConfigProblem]
    private var holdsSecret = false

    /// Parses and decodes.
    ///
    /// - Parameters:
    ///   - warnings: what is known about the file already.
    ///   - secretWarning: joins the warnings when the config holds a secret.
    ///   - credentialsDirectory: $CREDENTIALS_DIRECTORY, for `*_file` keys.
    /// - Throws: all mistakes and warnings when there is at least one mistake.
    static func decode(
        _ bytes: [UInt8], source: Config.Source, registry: Registry, credentialsDirectory: String? = nil,
        warnings: [ConfigProblem] = [], secretWarning: ConfigProblem? = nil
    ) throws(ConfigError) -> Config {
        let parsed: (value: JSONValue, problems: [ConfigProblem])
        do throws(JSONSyntaxError) {
            parsed = try JSONParser.parse(bytes)
        } catch {
            throw ConfigError(
                file: source.path, problems: [ConfigProblem(path: "", text: error.description)] + warnings)
        }
        return try decode(
            parsed.value, source: source, registry: registry, credentialsDirectory: credentialsDirectory,
            problems: warnings + parsed.problems, secretWarning: secretWarning)
    }

    /// The same for a tree.
    static func decode(
        _ json: JSONValue, source: Config.Source, registry: Registry, credentialsDirectory: String? = nil,
        problems: [ConfigProblem] = [], secretWarning: ConfigProblem? = nil
    ) throws(ConfigError) -> Config {
        var decoder = ConfigDecoder(
            registry: registry, credentialsDirectory: credentialsDirectory, problems: problems)
        var config = decoder.config(from: json, source: source)
        if decoder.holdsSecret, let secretWarning { decoder.problems.append(secretWarning) }
        if decoder.problems.contains(where: { $0.severity == .error }) {
            throw ConfigError(file: source.path, problems: decoder.listedProblems)
        }
        config.warnings = decoder.listedProblems
        return config
    }

    private init(registry: Registry, credentialsDirectory: String?, problems: [ConfigProblem]) {
        self.registry = registry
        self.credentialsDirectory = credentialsDirectory
        self.problems = problems
    }

    private var listedProblems: [ConfigProblem] {
        let sorted = problems.filter { $0.severity == .error } + problems.filter { $0.severity == .warning }
        let more = sorted.count - ConfigDecoder.problemLimit
        if more <= 0 { return sorted }
        let severity = sorted[ConfigDecoder.problemLimit].severity
        return sorted.prefix(ConfigDecoder.problemLimit)
            + [ConfigProblem(path: "", text: "and \(more) more", severity: severity)]
    }

    private mutating func config(from json: JSONValue, source: Config.Source) -> Config {
        var config = Config(channels: [], sensors: [], warnings: [], source: source)
        guard case .object(let members) = json else {
            report("", "must be an object, { … }, is \(json.typeName)")
            return config
        }
        var top = ConfigReader(members, path: "", credentialsDirectory: credentialsDirectory)
        // Editors look up there what the keys mean.
        _ = top.string("$schema")
        config.hostname = line("hostname", limit: 253, in: &top)
        config.metricsFile = metricsFile(in: &top)

        let channelEntries = entries(
            top.value("messaging_channels"), of: "messaging_channels", kinds: registry.channels.map { $0.kind })
        let sensorEntries = entries(top.value("sensors"), of: "sensors", kinds: registry.sensors.map { $0.kind })
        problems += top.finish()

        var channelNames = ConfigNames()
        for var entry in channelEntries {
            guard let kind = registry.channels.first(where: { $0.kind == entry.kind }) else { continue }
            lookForSecrets(in: entry.reader)
            let channel = kind.init(config: &entry.reader)
            problems += entry.reader.finish() + channelNames.problems(with: channel.name, at: entry.reader.path)
            config.channels.append(channel)
        }
        var sensorNames = ConfigNames()
        for var entry in sensorEntries {
            guard let kind = registry.sensors.first(where: { $0.kind == entry.kind }) else { continue }
            let sensor = kind.init(config: &entry.reader)
            problems += entry.reader.finish() + sensorNames.problems(with: sensor.name, at: entry.reader.path)
            config.sensors.append(sensor)
        }
        return config
    }

    private func metricsFile(in top: inout ConfigReader) -> String? {
        let key = "metrics_file"
        guard let path = line(key, limit: 4000, in: &top) else { return nil }
        if !path.hasPrefix("/") {
            top.problem(key, "must be an absolute path, is \(ConfigProblem.quoted(path))")
        } else if !path.hasSuffix(".prom") {
            let text = "node_exporter reads only files that end in .prom, this is \(ConfigProblem.quoted(path))"
            top.problem(key, text, severity: .warning)
        }
        return path
    }

    /// A text of one line, not empty.
    private func line(_ key: String, limit: Int, in top: inout ConfigReader) -> String? {
        guard let text = top.string(key) else { return nil }
        if text.isEmpty || text.utf8.count > limit || text.unicodeScalars.contains(where: \.movesText) {
            top.problem(key, "must be a text of 1 to \(limit) bytes on one line, is \(ConfigProblem.quoted(text))")
            return nil
        }
        return text
    }

    /// The elements of the list `key` that name a known kind; mistakes are reported.
    private mutating func entries(_ list: JSONValue?, of key: String, kinds: [String]) -> [Entry] {
        guard let list else {
            report(key, key == "sensors" ? "is missing" : "is missing: write [] to send no messages")
            return []
        }
        guard case .array(let elements) = list else {
            report(key, "must be an array, is \(list.typeName)")
            return []
        }
        if elements.isEmpty, key == "sensors" { report(key, "must hold at least one sensor, is empty") }
        if elements.count > ConfigDecoder.channelLimit, key != "sensors" {
            report(key, "must hold at most \(ConfigDecoder.channelLimit) channels, has \(elements.count)")
        }
        let noun = key == "sensors" ? "sensor" : "channel"
        var seen: [String] = []
        var entries: [Entry] = []
        for (index, element) in elements.enumerated() {
            let place = "\(key)[\(index)]"
            guard case .object(let members) = element else {
                report(place, "must be an object with one key, the kind of \(noun), is \(element.typeName)")
                continue
            }
            if members.count != 1 {
                report(place, "must have exactly one key, the kind of \(noun), has \(members.count)")
            }
            for kind in members.count == 1 ? Array(members.keys) : members.keys.sorted() {
                guard let content = members[kind] else { continue }
                let path = ConfigProblem.path(place, kind)
                guard kinds.contains(kind) else {
                    let meant = Spelling.nearest(to: kind, in: kinds).map { "did you mean \"\($0)\"?" }
                    report(path, "unknown \(noun), " + (meant ?? "known are \(kinds.joined(separator: ", "))"))
                    continue
                }
                seen.append(kind)
                let number = seen.count { $0 == kind }
                guard case .object(let keys) = content else {
                    report(path, "must be an object, is \(content.typeName)")
                    continue
                }
                let reader = ConfigReader(
                    keys, path: path, defaultName: number == 1 ? kind : "\(kind)-\(number)",
                    credentialsDirectory: credentialsDirectory)
                entries.append(Entry(kind: kind, reader: reader))
            }
        }
        return entries
    }

    private mutating func report(_ path: String, _ text: String, severity: ConfigProblem.Severity = .error) {
        problems.append(ConfigProblem(path: path, text: text, severity: severity))
    }

    private mutating func lookForSecrets(in reader: ConfigReader) {
        for key in ConfigDecoder.secretKeys {
            guard case .string(let text) = reader.peek(key), !text.isEmpty else { continue }
            holdsSecret = true
            if ConfigDecoder.placeholders.contains(text) {
                let path = ConfigProblem.path(reader.path, key)
                report(path, "is still the template's: put in your own", severity: .warning)
            }
        }
    }
}
