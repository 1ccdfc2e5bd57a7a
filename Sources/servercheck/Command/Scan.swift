// `servercheck scan`: what is in any auth log, and what the configured limits would have said to it.

import ArgumentParser
import CShim
import Glibc

struct Scan: ParsableCommand {
    /// `--format`.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    static let configuration = CommandConfiguration(
        commandName: "scan", _superCommandName: "servercheck",
        abstract: "Analyse an auth log: attempts, addresses, users, logins, the busiest window.",
        discussion: """
            Reads plain and gzip logs in the order of time, so that `servercheck scan /var/log/auth.log*` takes them all.
            Exit status: 0 when everything could be read and written, whatever it says; 3 when not.
            """)

    @Argument(
        help: ArgumentHelp(
            "Logs, compressed or not; - is standard input. Without any: the configured log_file, else /var/log/auth.log, "
                + "else /var/log/secure, else the journal.", valueName: "file"), completion: .file())
    var files: [String] = []
    @Flag(help: "Read what sshd wrote to this machine's systemd journal, in all boots.")
    var journal = false
    @Option(
        help: ArgumentHelp(
            "The configuration whose amount and duration are tried, without its ignore_addresses; without any: amount 5, duration 30.",
            valueName: "path"), completion: .file(), transform: OptionValue.notEmpty)
    var config: String?
    @Flag(help: "Print one JSON object per attempt or login, and nothing else.")
    var events = false
    @Option(help: "How to print: text or json.")
    var format = Format.text

    func run() throws {
        try ScanRequest(files: files, journal: journal, config: config, events: events, format: format).perform()
    }
}

/// A scan, whoever understood its arguments.
struct ScanRequest {
    var files: [String] = []
    var journal = false
    var config: String?
    var events = false
    var format = Scan.Format.text

    /// The request in arguments behind `scan`, if these are names of logs and a format only. Understanding that takes the
    /// argument parser as long as five megabytes of a log take to read.
    init?(plain arguments: some Sequence<String>) {
        var isFormat = false
        for argument in arguments {
            if isFormat {
                guard let format = Scan.Format(rawValue: argument) else { return nil }
                self.format = format
                isFormat = false
            } else if argument == "--format" {
                isFormat = true
            } else if argument.isEmpty || argument.hasPrefix("-") {
                return nil
            } else {
                files.append(argument)
            }
        }
        if isFormat || files.isEmpty { return nil }
    }

    init(files: [String], journal: Bool, config: String?, events: Bool, format: Scan.Format) {
        (self.files, self.journal, self.config, self.events, self.format) = (files, journal, config, events, format)
    }

    /// Ends with an exit status.
    func perform() throws {
        let machine = Machine.current(environment: Machine.processEnvironment())
        var settings: ScanSettings
        do throws(ConfigError) {
            settings = try ScanSettings.load(explicitConfig: config, machine: machine)
        } catch {
            return try fail(error.lines, machine)
        }
        var source: ScanSource
        do throws(ScanSource.Failure) {
            source = try ScanSource(files: files, journal: journal, settings: settings, machine: machine)
        } catch {
            return try fail(error.texts, machine)
        }
        var errors = 0
        let report = { (source: ScanSource) in
            for text in source.errors[errors...] { StandardStream.error.write(Clean.text(text) + "\n") }
            errors = source.errors.count
        }
        report(source)

        // What growing tables outgrew would otherwise stay in memory.
        cshim_give_back_blocks(256 << 10)
        // Only the text tells of logins after failures.
        if events || format == .json { settings.rules.loginAfterFailures = 0 }
        var counter = AttemptCounter(rules: settings.rules, now: machine.now)
        var histogram = AttemptHistogram()
        let output = OutputBuffer()
        if events {
            var json = ScanJSON()
            counter.onEvent = { event in output.append { json.append(event, to: &$0) } }
        } else if format == .text {
            counter.onAttempt = { time, count in histogram.add(time, count) }
        }
        var progress = ScanProgress(total: source.total)
        source.read(&counter) { progress.update(done: $0) }
        let summary = counter.finish(complete: true)
        progress.clear()
        report(source)
        if !events {
            switch format {
            case .json: ScanJSON.write(summary, output.append)
            case .text:
                let text = ScanText(rules: settings.rules, style: .ofOutput(environment: machine.environment))
                for line in text.lines(summary, histogram) { output.append { $0 += Array((line + "\n").utf8) } }
            }
        }
        let isPrinted = output.finish()
        let isWhole = source.errors.isEmpty && isPrinted
        throw ExitCode(isWhole ? Status.ok.rawValue : Status.unknown.rawValue)
    }

    /// Nothing can be read at all.
    private func fail(_ texts: [String], _ machine: Machine) throws {
        for text in texts { StandardStream.error.write(Clean.text(text) + "\n") }
        if format == .json, !events {
            Printer(format: .json).print(.failure(texts, host: machine.hostname, time: machine.now))
        }
        throw ExitCode(Status.unknown.rawValue)
    }
}

/// What a scan takes from the config.
struct ScanSettings: Sendable, Equatable {
    var rules = AttemptRules()
    /// Logs to look for when none is named, the first one that is there.
    var candidates = ["/var/log/auth.log", "/var/log/secure"]
    /// false: the config says that the journal is read.
    var readsLogs = true

    /// A config that is named must be right. One in the standard places is used when there is one; when it cannot be, a
    /// scan goes on without it and says so.
    static func load(explicitConfig: String?, machine: Machine) throws(ConfigError) -> ScanSettings {
        let config: Config
        do {
            // Without any it is as the built-in one says, which need not be read for that.
            guard let loaded = try ConfigFile.loadAny(explicitPath: explicitConfig, machine: machine) else {
                return ScanSettings()
            }
            config = loaded
        } catch {
            if explicitConfig != nil { throw error }
            let reason = Clean.text(error.lines.first ?? "it cannot be used")
            StandardStream.error.write("scanning without the config: \(reason)\n")
            return ScanSettings()
        }
        return ScanSettings(config)
    }

    init() {}

    init(_ config: Config) {
        guard let sensor = config.sensors.lazy.compactMap({ $0 as? SSHDAccess }).first else { return }
        rules = sensor.rules
        // A scan tells only of logins after failures.
        rules.notifyLogins = false
        readsLogs = sensor.source != .journal
        if !candidates.contains(sensor.logFile) { candidates.insert(sensor.logFile, at: 0) }
    }

    func defaultLogs(on machine: Machine) -> [String] {
        candidates.map(machine.path).first { access($0, F_OK) == 0 }.map { [$0] } ?? []
    }
}
