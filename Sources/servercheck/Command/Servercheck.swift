import ArgumentParser

@main
struct Servercheck: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "servercheck")
}
