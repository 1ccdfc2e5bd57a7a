// Doubles for stories: a sensor that answers from a script, a channel without a server, a transport that records.

import Logging
import Synchronization

@testable import servercheck

/// Says what the test tells it.
struct ScriptedSensor: Sensor {
    static let kind = "scripted"
    var name = "scripted"
    var policy = NotifyPolicy()
    var script: @Sendable (Machine, SensorMemory) throws(SensorError) -> Reading

    init(config: inout ConfigReader) {
        name = config.name()
        script = { (_, _) throws(SensorError) in throw SensorError("no script") }
    }

    init(
        name: String = "scripted", policy: NotifyPolicy = NotifyPolicy(),
        _ script: @escaping @Sendable (Machine, SensorMemory) throws(SensorError) -> Reading
    ) {
        self.name = name
        self.policy = policy
        self.script = script
    }

    func measure(on machine: Machine, memory: SensorMemory) throws(SensorError) -> Reading {
        try script(machine, memory)
    }
}

/// A channel whose transfers carry the message's title and body as an HTTP body.
struct ScriptedChannel: Channel {
    static let kind = "scripted"
    var name: String
    var recipient: String { "someone" }
    var destination = ""

    init(name: String = "scripted", destination: String = "") {
        self.name = name
        self.destination = destination
    }
    init(config: inout ConfigReader) { name = config.name() }

    func transfer(for message: Message, context: DeliveryContext) -> Transfer {
        .http(
            .init(
                url: Secret(name + (context.memory.map { "/" + $0 } ?? "")), contentType: "text/plain",
                body: Array("\(message.title)\n\(message.body)".utf8)))
    }

    func verdict(on answer: Answer, context: DeliveryContext) -> Verdict {
        switch answer.code {
        case 200: .delivered()
        case 201: .delivered(warning: "mend me")
        case 300: .again(memory: String(decoding: answer.body, as: UTF8.self))
        case 403: .failed(error: "forbidden", retry: .growing)
        case 429: .failed(error: "slow down", retry: .notBefore(context.now + 300))
        default: .failed(error: answer.failure ?? "code \(answer.code)", retry: .nextRun)
        }
    }
}

/// Records what was sent, and answers as the test says.
final class ScriptedTransport: Transport, Sendable {
    struct Sent: Sendable, Equatable {
        var url: String
        var text: String
        var title: String { String(text.prefix { $0 != "\n" }) }
    }

    private let answer: @Sendable (Sent) -> Answer?
    private let sent = Mutex<[Sent]>([])
    private let waiting = Mutex<[(tag: Int, answer: Answer)]>([])

    /// - Parameter answer: nil: never answers.
    init(_ answer: @escaping @Sendable (Sent) -> Answer? = { _ in Answer(code: 200) }) { self.answer = answer }

    var all: [Sent] { sent.withLock { $0 } }

    func start(_ transfer: Transfer, tag: Int) {
        guard case .http(let request) = transfer else { return }
        let entry = Sent(url: request.url.revealed, text: String(decoding: request.body, as: UTF8.self))
        sent.withLock { $0.append(entry) }
        if let answer = answer(entry) { waiting.withLock { $0.append((tag, answer)) } }
    }

    func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)? {
        waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

/// Several runs of one configuration with a moving clock.
final class Story {
    let directory: TemporaryDirectory
    var machine = Machine.test()
    var sensors: [any Sensor] = []
    var channels: [any Channel] = [ScriptedChannel()]
    var transport = ScriptedTransport()
    var selection: [String] = []
    var isDryRun = false
    var metricsFile: String?

    init() throws { directory = try TemporaryDirectory() }

    var places: StatePlaces { StatePlaces(explicit: directory.path, environment: [:]) }

    /// Runs once, `seconds` after the run before.
    @discardableResult
    func run(after seconds: Double = 60) throws -> Run.Outcome {
        machine.now = machine.now + seconds
        let transport = transport
        return try Run(
            config: .test(channels: channels, sensors: sensors, metricsFile: metricsFile), machine: machine,
            places: places,
            selection: selection, isDryRun: isDryRun, deadline: ContinuousClock.now + .seconds(20),
            log: .silent, makeTransport: { transport }
        ).perform()
    }

    /// The titles sent by the runs so far, without the host.
    var titles: [String] { transport.all.map { String($0.title.dropFirst("[box] ".count)) } }
}

extension Config {
    static func test(channels: [any Channel], sensors: [any Sensor], metricsFile: String? = nil) -> Config {
        Config(
            channels: channels, sensors: sensors, hostname: nil, metricsFile: metricsFile, warnings: [],
            source: .file("test"))
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
