// `servercheck check-config`: every mistake in the config at once, or what will be watched and who is told.

import ArgumentParser

struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", _superCommandName: "servercheck",
        abstract: "Show every mistake in the config at once, or what will be watched and who is told.",
        discussion: "Exit status: 0 when it can be used, 3 when not.")

    @Option(
        help: ArgumentHelp(
            "The configuration; else $CREDENTIALS_DIRECTORY/config.json, /etc/servercheck/config.json, ./config.json.",
            valueName: "path"), completion: .file(), transform: OptionValue.notEmpty)
    var config: String?

    func run() throws {
        let machine = Machine.current(environment: Machine.processEnvironment())
        let lines: [String]
        let status: Status
        do throws(ConfigError) {
            let config = try ConfigFile.load(explicitPath: config, machine: machine, allowBuiltIn: false)
            lines = ConfigReport.lines(about: config)
            status = .ok
        } catch {
            lines = ConfigReport.lines(about: error)
            status = .unknown
        }
        // The mistakes are what was asked for, so they are the result and go to standard output.
        let isPrinted = StandardStream.print(Array(lines.map { $0 + "\n" }.joined().utf8))
        throw ExitCode((isPrinted ? status : .unknown).rawValue)
    }
}
