// The entry: subcommands, and the one place that turns any error into exit status 3.

import ArgumentParser
import CShim
import Glibc

@main
struct Servercheck: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "servercheck",
        abstract: "Checks this server once, tells who must know, and answers like a Nagios plugin.",
        discussion: "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, wrong usage or an internal failure.",
        version: version,
        subcommands: [RunCommand.self, StatusCommand.self, Scan.self, CheckConfig.self, TestChannels.self],
        defaultSubcommand: RunCommand.self)

    static func main() {
        StandardStream.openMissing()
        do {
            // What the timer calls: nothing to parse, and parsing costs more than a sensor.
            if cshim_argument_count() <= 1 { RunSettings().perform() }
            if CommandLine.arguments[1] == "scan", let scan = ScanRequest(plain: CommandLine.arguments.dropFirst(2)) {
                try scan.perform()
            }
            var command = try parsed(Array(CommandLine.arguments.dropFirst()))
            try command.run()
            end(Status.ok.rawValue)
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error).isSuccess {
                // Help and version: asked for, yet no check has been made. A completion script is for an installer to keep.
                StandardStream.output.write(text + "\n")
                let first = CommandLine.arguments.dropFirst().first
                if first?.hasPrefix("--generate-completion-script") == true { end(Status.ok.rawValue) }
            } else {
                StandardStream.error.write(text + "\n")
                let options = CommandLine.arguments.joined(separator: "=")
                let format = OutputFormat.allCases.first { options.contains("--format=\($0.rawValue)") }
                Printer(format: format ?? .nagios)
                    .print(.failure(message(for: error), host: Machine.ownHostname(), time: .current))
            }
            end(Status.unknown.rawValue)
        }
    }

    /// A subcommand is tried without all the others, which takes a fifth of the time, and options alone are run's; that it
    /// names its parent spares it the search for a request of completions. What it does not accept alone is parsed in full:
    /// that knows all there is to say.
    private static func parsed(_ arguments: [String]) throws -> ParsableCommand {
        let named = configuration.subcommands.first { $0.configuration.commandName == arguments.first }
        let isRun = named == nil && arguments.first?.hasPrefix("-") == true
        if let likely = isRun ? RunCommand.self : named,
            let command = try? likely.parseAsRoot(isRun ? arguments : Array(arguments.dropFirst())),
            type(of: command) == likely
        {
            return command
        }
        return try parseAsRoot(arguments)
    }

    /// Without exit handlers: a thread that was left behind may still be in libcurl's TLS library, whose handler would take
    /// the ground from under it.
    static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}
