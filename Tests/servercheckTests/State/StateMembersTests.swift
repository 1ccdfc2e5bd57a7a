import Foundation
import Testing

@testable import servercheck

@Suite struct StateMembersTests {
    /// A state in which every member of every part says something.
    private let full: State = {
        let mark = LogMark(
            device: 1, inode: .max, offset: 3, first: 4, last: 5, overlong: true, watched: .init(path: "/l.1", size: 6),
            waits: true)
        var tally = SSHDTally()
        tally.first = .noon
        tally.last = .noon + 1
        tally.attempts = 7
        tally.peak = 8
        tally.addresses = [.init(name: "192.0.2.1", attempts: 7)]
        tally.users = [.init(name: "root", attempts: 6)]
        var sshd = SSHDAccessMemory()
        sshd.positions = ["/l": LogPosition(path: "/l", target: "/t", live: mark, rotated: [mark], newest: .max)]
        sshd.journal = JournalPosition(
            cursor: "s=1", isVolatile: true, realtime: .noon, chains: [.init(id: "c", seqnum: .max)], damaged: ["x"],
            volatileCursor: "s=2")
        sshd.attempts = AttemptMemory(
            attemptsTotal: 9, previous: .noon, clock: .noon + 2,
            connections: [
                SavedConnection(
                    pid: 1, port: 2, peer: "192.0.2.1", user: "u", invalid: true, marker: .noon, seen: .noon + 1,
                    read: .noon + 2, closed: true, login: true, failures: 3, pam: 4, keyboard: 5, counted: 6)
            ], moments: [5, 6], steps: [1, 2, 3, 4], stepsDuration: 7, window: [1, 2],
            failures: [SavedFailures(peer: "192.0.2.1", times: [3, 4])])
        sshd.tally = tally
        sshd.incident = SSHDIncident(tally: tally, windowEnd: .noon + 3, seen: .noon + 4)
        sshd.missingSince = .noon
        sshd.isBlind = true
        var outbox = Outbox()
        outbox.append(
            Message(
                id: "1", created: .noon, status: .critical, title: "t", body: "b", reason: .worse, merged: 2,
                events: [.init(status: .critical, text: "e")], eventsLeftOut: 1), byteLimit: 0)
        outbox.hold(.growing, error: "no", now: .noon)
        outbox.memory = "m"
        outbox.madeFor = "1f"
        return State(
            version: 1, sequence: 2, standsInFor: "/s",
            sensors: ["a": SensorMemory(diskspace: .init(writable: ["/"], unreachable: ["/x"]), sshdAccess: sshd)],
            problems: ["p": ProblemRecord(sensor: "a", since: .noon, badRuns: 3, worstTold: .warning, lastTold: .noon)],
            outboxes: ["c": outbox])
    }()

    /// Members that say nothing: a new one that nobody added to the state above.
    private func silent(_ value: Any, _ path: String) -> [String] {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .enum, mirror.children.isEmpty { return [] }
        if mirror.children.isEmpty {
            return [Optional<Any>.some(0) as Any, "", false].contains { "\($0)" == "\(value)" }
                || ["0", "[]", "[:]", "nil"].contains("\(value)") ? [path] : []
        }
        return mirror.children.enumerated().flatMap { silent($1.value, "\(path).\($1.label ?? String($0))") }
    }

    @Test("every member of the state says something in this test, and all of them come back")
    func roundTrip() throws {
        #expect(silent(full, "state") == [])
        #expect(try stored(full) == full)
    }
}
