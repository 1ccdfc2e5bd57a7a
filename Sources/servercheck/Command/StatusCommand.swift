// `servercheck status`: the last run's result, for Nagios and for people, without running anything and without root.

import ArgumentParser

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", _superCommandName: "servercheck",
        abstract: "Print the last run's result, without running anything.")

    @Option(
        help: ArgumentHelp("Where state.json lives, if a run was told so.", valueName: "dir"),
        completion: .directory, transform: OptionValue.notEmpty)
    var stateDir: String?
    @Option(help: ArgumentHelp("An older result is UNKNOWN.", valueName: "seconds"))
    var maxAge: Double = 300
    @Option(help: "How to print: nagios, json or openmetrics (Prometheus' text format).")
    var format = OutputFormat.nagios
    @Flag(name: [.customShort("v"), .long], help: "More detail; up to -vvv.")
    var verbose: Int

    func validate() throws {
        guard maxAge > 0, maxAge.isFinite else { throw ValidationError("--max-age \(maxAge): must be above 0 seconds") }
    }

    func run() throws {
        let machine = Machine.current(environment: Machine.processEnvironment())
        let report = StatusCommand.report(
            StatePlaces(explicit: stateDir, environment: machine.environment), machine, maxAgeSeconds: maxAge)
        let printer = Printer(format: format, verbosity: verbose, environment: machine.environment)
        throw ExitCode(printer.print(report).rawValue)
    }

    static func report(_ places: StatePlaces, _ machine: Machine, maxAgeSeconds: Double) -> Report {
        do {
            var report = try LastResult.read(places, now: machine.now)
            let age = machine.now.seconds(since: report.time)
            // A result from the future was written before the clock was set back; nobody knows how old it is.
            guard age > maxAgeSeconds || age < -1 else { return report }
            let text =
                age < 0
                ? "the last result is from the future (\(report.time.localText)): the clock was set back"
                : "the last result is \(Int(age)) s old (\(report.time.localText)), more than \(Int(maxAgeSeconds)) s: "
                    + "is servercheck.timer running?"
            report.findings = [
                Finding(sensor: "status", id: "status", kind: .silent, status: .unknown, text: text)
            ]
            report.notifications = []
            return report
        } catch {
            return .failure(error.description, host: machine.hostname, time: machine.now)
        }
    }
}
