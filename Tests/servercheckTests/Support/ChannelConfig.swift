@testable import servercheck

/// A channel read from its keys, as the decoder does it, with everything that was wrong.
func read<Kind: Channel>(
    _: Kind.Type, _ keys: [String: JSONValue], credentialsDirectory: String? = nil
) -> (channel: Kind, problems: [String]) {
    var reader = ConfigReader(
        keys, path: Kind.kind, defaultName: Kind.kind, credentialsDirectory: credentialsDirectory)
    let channel = Kind(config: &reader)
    let problems = reader.finish().map { ($0.severity == .warning ? "warning: " : "") + $0.description }
    return (channel, problems)
}

extension Message {
    static func sample(title: String = "[host] CRITICAL: / 93 % used", body: String = "since now\n") -> Message {
        Message(
            id: "1700000000000000.1", created: Timestamp(seconds: 1_700_000_000), status: .critical, title: title,
            body: body)
    }
}
