import Testing

@testable import servercheck

private let home = Finding(
    sensor: "diskspace", id: "diskspace:/home", status: .critical, text: "/home 93.4 % used",
    details: ["a detail"],
    metrics: [
        Metric(
            name: "diskspace_/home", value: 200_600_000_000, unit: .bytes,
            limits: Limits(warning: 170_000_000_000, critical: 193_273_528_320), minimum: 0, maximum: 214_748_364_800),
        Metric(name: "diskspace_/home_inodes", value: 5, limits: Limits(critical: 95), minimum: 0, maximum: 100),
    ])
private let memory = Finding(
    sensor: "free_memory", id: "free_memory", status: .ok, text: "memory 20.0 % used",
    metrics: [Metric(name: "free_memory", value: 1.5, unit: .bytes)])

private func report(_ findings: [Finding], _ notifications: [NotificationReport] = []) -> Report {
    Report(version: "1", host: "box", time: .noon, findings: findings, notifications: notifications)
}

@Suite struct NagiosTextTests {
    @Test("problems first, perfdata on the first line, a line per finding")
    func lines() {
        #expect(
            NagiosText().lines(report([memory, home])) == [
                "SERVERCHECK CRITICAL - /home 93.4 % used | 'free_memory'=1.5B "
                    + "'diskspace_/home'=200600000000B;170000000000;193273528320;0;214748364800 "
                    + "'diskspace_/home_inodes'=5;;95;0;100",
                "CRITICAL diskspace:/home: /home 93.4 % used",
                "OK free_memory: memory 20.0 % used",
            ])
    }

    @Test("-v adds since, limits and messages, -vv details")
    func verbose() {
        var finding = home
        finding.since = .noon
        let entry = NotificationReport(
            channel: "mail", reason: .first, title: "[box] CRITICAL: x", delivered: false, error: "refused")
        #expect(
            NagiosText(verbosity: 2).lines(report([finding], [entry])).dropFirst() == [
                "CRITICAL diskspace:/home: /home 93.4 % used, since \(Timestamp.noon.localText); "
                    + "diskspace_/home 200600000000B, warning above 170000000000, critical above 193273528320; "
                    + "diskspace_/home_inodes 5, critical above 95",
                "  a detail",
                "message to mail (first): [box] CRITICAL: x: not delivered: refused",
            ])
    }

    @Test("text from outside cannot add a line or perfdata")
    func hostile() {
        let finding = Finding(
            sensor: "s", id: "d:/a|b\nOK", status: .warning, text: "x | 'y'=1\n\u{1B}[31m",
            metrics: [Metric(name: "d_/it's=a|b\n c", value: 1)])
        #expect(
            NagiosText(verbosity: 3).lines(report([finding])) == [
                "SERVERCHECK WARNING - x ? 'y'=1??[31m | 'd_/it''s_a?b? c'=1",
                "WARNING d:/a?b?OK: x ? 'y'=1??[31m",
            ])
    }

    @Test(
        "numbers have no exponent and at most three decimals",
        arguments: [
            (0, "0"), (1, "1"), (-1, "-1"), (1.5, "1.5"), (0.0625, "0.063"), (-0.25, "-0.25"), (2.9999, "3"),
            (1e15, "1000000000000000"), (1e300, "9000000000000000000"), (.nan, "U"),
            (-.infinity, "-9000000000000000000"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        #expect(NagiosText.number(value) == text)
    }

    @Test("a state that cannot be kept makes the run UNKNOWN, whatever else is wrong")
    func stateOutranks() {
        let state = Finding(sensor: "state", id: "state", kind: .silent, status: .unknown, text: "read-only")
        let lines = NagiosText().lines(report([home, state]))
        #expect(lines.first?.hasPrefix("SERVERCHECK UNKNOWN - /home 93.4 % used; read-only | ") == true)
        #expect(report([home, state]).status == .unknown)
    }
}
