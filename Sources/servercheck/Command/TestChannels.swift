// `servercheck test-channels`: one test message through each channel, at once, and a line for each.

import ArgumentParser
import FoundationEssentials
import Glibc

/// Sends a test message through each channel.
struct TestChannels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-channels", abstract: "Send a test message through each channel.",
        discussion: "Prints a line per channel. Exits 2 when one failed, 3 when the config is bad or names no channel.")

    @Option(help: ArgumentHelp("Only this channel.", valueName: "name"))
    var channel: String?

    @Option(help: ArgumentHelp("The config file.", valueName: "path"))
    var config: String?

    @Option(help: ArgumentHelp("For all of it.", valueName: "seconds"))
    var timeout: Double = 30

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout must be between 0 and 86400 seconds")
        }
    }

    func run() throws {
        let machine = Machine.current(environment: ProcessInfo.processInfo.environment)
        let loaded: Config
        do throws(ConfigError) {
            loaded = try ConfigFile.load(explicitPath: config, machine: machine, allowBuiltIn: false)
        } catch {
            throw complaint(error.description)
        }
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
        let verdicts = test.send(
            through: channels, with: &transport, before: ContinuousClock.now + .seconds(timeout))
        for (channel, verdict) in zip(channels, verdicts) {
            print(ChannelTest.line(for: channel, verdict, timeoutSeconds: timeout))
        }
        if !verdicts.allSatisfy(ChannelTest.isDelivered) { throw ExitCode(Status.critical.rawValue) }
    }

    private func complaint(_ text: String) -> ExitCode {
        // A standard error that is closed has nobody to tell.
        try? OpenFile(adopting: dup(STDERR_FILENO), path: "standard error").write(Array("\(text)\n".utf8))
        return ExitCode(Status.unknown.rawValue)
    }
}
