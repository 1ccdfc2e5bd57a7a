import Testing

@testable import servercheck

@Suite struct DeliveryTests {
    @Test("what a server wants us to wait counts from its answer, not from the beginning of the run")
    func retryAfter() {
        var outboxes = ["scripted": Outbox()]
        outboxes.append(.sample(), to: ["scripted"])
        var transport: any Transport = ScriptedTransport { _ in Answer(code: 429) }
        let delivery = Delivery(
            channels: [ScriptedChannel()], hostname: "box", now: .noon, deadline: .now + .seconds(10), log: .silent,
            elapsed: { 30 })
        let outcome = delivery.run(&outboxes, transport: &transport) { _ in }
        #expect(outcome.notifications.map(\.error) == ["slow down"])
        #expect(outboxes["scripted"]?.isReady(at: .noon + 329) == false)
        #expect(outboxes["scripted"]?.isReady(at: .noon + 330) == true)
    }
}
