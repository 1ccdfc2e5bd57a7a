// `servercheck test-channels`: one test message through each channel, at once, and a line for each.

import ArgumentParser
import Logging

/// Sends a test message through each channel.
struct TestChannels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-channels", _superCommandName: "servercheck",
        abstract: "Send a test message through each channel.",
        discussion: "Prints a line per channel. Exits 2 when one failed, 3 when the config is bad or names no channel.")

    @Option(help: ArgumentHelp("Only this channel.", valueName: "name"), transform: OptionValue.notEmpty)
    var channel: String?

    @Option(
        help: ArgumentHelp("The config file.", valueName: "path"), completion: .file(), transform: OptionValue.notEmpty)
    var config: String?

    @Option(help: ArgumentHelp("For all of it.", valueName: "seconds"))
    var timeout: Double = RunSettings.defaultTimeout

    func validate() throws {
        guard (1...3600).contains(timeout) else {
            throw ValidationError("--timeout \(timeout): must be between 1 and 3600 seconds")
        }
    }

    func run() throws {
        let deadline = ContinuousClock.now + .seconds(timeout)
        let environment = Machine.processEnvironment()
        let machine = Machine.current(environment: environment)
        let loaded: Config
        do throws(ConfigError) {
            loaded = try ConfigFile.load(explicitPath: config, machine: machine, allowBuiltIn: false)
        } catch {
            throw complaint(error.description)
        }
        let log = LogOutput.logger(environment: environment, minimumLevel: nil)
        for warning in loaded.warnings { log.warning("config: \(warning)") }
        let channels = loaded.channels.filter { channel == nil || $0.name == channel }
        if loaded.channels.isEmpty {
            throw complaint("no channels are configured: messaging_channels is empty, there is nobody to tell")
        }
        if channels.isEmpty {
            let known = loaded.channels.map(\.name).joined(separator: ", ")
            throw complaint("there is no channel \"\(Clean.text(channel ?? "", limit: 64))\"; known are \(known)")
        }
        var transport = CurlTransport()
        let test = ChannelTest(now: machine.now, hostname: loaded.hostname ?? machine.hostname)
        let verdicts = test.send(through: channels, with: &transport, before: deadline)
        for (channel, verdict) in zip(channels, verdicts) {
            StandardStream.output.write(ChannelTest.line(for: channel, verdict, timeoutSeconds: timeout) + "\n")
        }
        if !verdicts.allSatisfy(ChannelTest.isDelivered) { throw ExitCode(Status.critical.rawValue) }
    }

    private func complaint(_ text: String) -> ExitCode {
        StandardStream.error.write(text + "\n")
        return ExitCode(Status.unknown.rawValue)
    }
}
