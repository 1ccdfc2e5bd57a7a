// `servercheck run`, the default: load the config, run once under a guard, print, exit.

import ArgumentParser
import CShim
import Glibc
import Logging

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", _superCommandName: "servercheck", abstract: "Run every sensor once, notify, print, exit.")

    @OptionGroup var files: FileOptions
    @Flag(help: "Measure and evaluate, print what would be sent and to whom; send nothing, write nothing.")
    var dryRun = false
    @Option(
        help: ArgumentHelp("Only this sensor (repeatable); the others' state is left as it is.", valueName: "name"),
        transform: OptionValue.notEmpty)
    var sensor: [String] = []
    @Option(help: "How to print: nagios, json or openmetrics (Prometheus' text format).")
    var format = OutputFormat.nagios
    @Option(help: ArgumentHelp("For the whole run, whatever blocks.", valueName: "seconds"))
    var timeout: Double = RunSettings.defaultTimeout
    @Flag(name: [.short, .long], help: "Print nothing when all is OK (cron mails nothing).")
    var quiet = false
    @Flag(name: [.customShort("v"), .long], help: "More detail; up to -vvv.")
    var verbose: Int

    func validate() throws {
        guard (1...3600).contains(timeout) else {
            throw ValidationError("--timeout \(timeout): must be between 1 and 3600 seconds")
        }
    }

    func run() throws {
        RunSettings(
            configPath: files.config, stateDirectory: files.stateDir, isDryRun: dryRun, sensors: sensor,
            format: format, timeoutSeconds: timeout, isQuiet: quiet, verbosity: verbose
        ).perform()
    }
}

/// `--config` and `--state-dir`.
struct FileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration; else $CREDENTIALS_DIRECTORY/config.json, /etc/servercheck/config.json, ./config.json.",
            valueName: "path"), completion: .file(), transform: OptionValue.notEmpty)
    var config: String?
    @Option(
        help: ArgumentHelp(
            "Where state.json lives; else $STATE_DIRECTORY, /var/lib/servercheck as root, "
                + "$XDG_STATE_HOME/servercheck.", valueName: "dir"), completion: .directory,
        transform: OptionValue.notEmpty)
    var stateDir: String?
}

/// One run's options as a plain value: an invocation without arguments has nothing to parse.
struct RunSettings: Sendable {
    static let defaultTimeout = 30.0

    var configPath: String?
    var stateDirectory: String?
    var isDryRun = false
    var sensors: [String] = []
    var format = OutputFormat.nagios
    var timeoutSeconds = RunSettings.defaultTimeout
    var isQuiet = false
    var verbosity = 0

    /// Runs, prints and ends the process.
    func perform() -> Never {
        // A reader that has gone, of standard error or of a TLS connection, must not end the run: write(2) fails instead.
        signal(SIGPIPE, SIG_IGN)
        cshim_keep_memory()
        let environment = Machine.processEnvironment()
        let machine = Machine.current(environment: environment)
        let log = LogOutput.logger(environment: environment, minimumLevel: verbosity >= 3 ? .debug : nil)
        // Not .seconds(Double), which takes more of the library than all clocks: from 1 to 3600 s nothing overflows.
        let deadline = ContinuousClock.now + .nanoseconds(Int64(timeoutSeconds * 1e9))
        let printer = Printer(
            format: format, verbosity: verbosity, isQuiet: isQuiet, environment: environment)
        let finish: @Sendable (Ended) -> Never = { ended in
            Servercheck.end(printer.print(ended.report, preview: ended.preview).rawValue)
        }
        let watch = RunWatch(limitSeconds: timeoutSeconds + 0.7) {
            let text =
                "no result within \(Int(timeoutSeconds)) s: the config, the state or runtime directory, or LOG_FILE "
                + "does not answer"
            finish(Ended(report: .failure(text, host: machine.hostname, time: machine.now)))
        }
        let conclude: @Sendable (Ended) -> Never = { ended in
            watch.end()
            finish(ended)
        }
        run(machine, log, deadline: deadline, under: watch, conclude: conclude)
    }

    private struct Ended: Sendable {
        var report: Report
        /// What a dry run would have sent, and to whom.
        var preview: [String] = []
    }

    private func run(
        _ machine: Machine, _ log: Logger, deadline: ContinuousClock.Instant, under watch: RunWatch,
        conclude: @escaping @Sendable (Ended) -> Never
    ) -> Never {
        let failure = { (texts: [String]) -> Never in
            conclude(Ended(report: .failure(texts, host: machine.hostname, time: machine.now)))
        }
        let config: Config
        do {
            config = try ConfigFile.load(explicitPath: configPath, machine: machine, allowBuiltIn: isDryRun)
        } catch {
            failure(error.lines)
        }
        if !config.warnings.isEmpty {
            // Once a minute nobody reads them; a person does, and check-config shows them as well.
            let isForPeople = isDryRun || verbosity > 0 || isatty(STDERR_FILENO) != 0
            for warning in config.warnings { log.log(level: isForPeople ? .warning : .debug, "config: \(warning)") }
        }
        if case .builtIn(let tried) = config.source {
            log.info("no config file (\(tried.joined(separator: ", "))): using the built-in default")
        }
        let names = config.sensors.map(\.name)
        if let unknown = sensors.first(where: { !names.contains($0) }) {
            failure(["--sensor \(unknown): no such sensor in the config, only \(names.joined(separator: ", "))"])
        }
        let places = StatePlaces(explicit: stateDirectory, environment: machine.environment)
        let run = Run(
            config: config, machine: machine, places: places, selection: sensors, isDryRun: isDryRun,
            deadline: deadline, log: log, makeTransport: { CurlTransport() }, clock: { .current })
        let started: StartedRun
        do {
            started = try StartedRun(run)
        } catch {
            failure([error.description])
        }
        let channels = config.channels
        started.perform(under: watch) { outcome in
            if !isDryRun, sensors.isEmpty { remember(outcome.report, places, log) }
            conclude(Ended(report: outcome.report, preview: isDryRun ? Preview.lines(outcome, channels) : []))
        }
    }

    private func remember(_ report: Report, _ places: StatePlaces, _ log: Logger) {
        do {
            try LastResult.write(report, directory: places.last)
        } catch {
            log.warning("\(error); servercheck status will not see this run")
        }
    }
}
