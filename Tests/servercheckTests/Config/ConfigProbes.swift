@testable import servercheck

/// A sensor that reads the keys all sensors share, and a few of its own.
struct ProbeSensor: Sensor, Equatable {
    static let kind = "probe"
    let name: String
    let policy: NotifyPolicy
    let threshold: Double

    init(config: inout ConfigReader) {
        name = config.name()
        policy = config.notifyPolicy()
        threshold = config.number("threshold", in: 0...100) ?? 20
    }

    func measure(on machine: Machine, memory: SensorMemory) throws(SensorError) -> Reading {
        throw SensorError("a probe measures nothing")
    }
}

/// A channel with a secret.
struct ProbeChannel: Channel, Equatable {
    static let kind = "pipe"
    let name: String
    let recipient: String
    let token: Secret?

    init(config: inout ConfigReader) {
        name = config.name()
        recipient = config.string("to") ?? ""
        config.require("to")
        token = config.string("token").map(Secret.init)
    }

    func transfer(for message: Message, context: DeliveryContext) -> Transfer {
        .http(Transfer.HTTPRequest(url: Secret(""), contentType: "text/plain", body: []))
    }

    func verdict(on answer: Answer, context: DeliveryContext) -> Verdict { .delivered() }
}

extension Registry {
    static let probes = Registry(sensors: [ProbeSensor.self], channels: [ProbeChannel.self])
}
