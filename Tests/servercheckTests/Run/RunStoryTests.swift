import Foundation
import Synchronization
import Testing

@testable import servercheck

/// A disk whose percentage the test turns: above 90 is CRITICAL, a problem lasts down to 88.
private final class Disk: Sendable {
    private let percent = Mutex<Double>(50)
    private let isThere = Mutex(true)

    func set(_ value: Double) { percent.withLock { $0 = value } }
    func setThere(_ value: Bool) { isThere.withLock { $0 = value } }

    func sensor(name: String = "disk", policy: NotifyPolicy = NotifyPolicy()) -> ScriptedSensor {
        ScriptedSensor(name: name, policy: policy) { [self] (_, memory) throws(SensorError) in
            guard isThere.withLock({ $0 }) else { return Reading(findings: [], memory: memory) }
            let value = percent.withLock { $0 }
            let limits = Limits(critical: 90)
            return Reading(
                findings: [
                    Finding(
                        sensor: name, id: "\(name):/", status: limits.judge(value),
                        lingering: limits.lowered(by: 2).judge(value), text: "/ \(Int(value)) % used")
                ], memory: memory)
        }
    }
}

@Suite struct RunStoryTests {
    @Test("a full disk is told once, its end once, and nothing between")
    func fullDisk() throws {
        let (story, disk) = (try Story(), Disk())
        story.sensors = [disk.sensor()]
        for value in [50, 95, 96, 97, 89, 95, 89, 87, 50] as [Double] {
            disk.set(value)
            try story.run()
        }
        #expect(story.titles == ["CRITICAL: / 95 % used", "RECOVERED: / 87 % used"])
    }

    @Test("disks whose names are equal as texts are told of and remembered apart")
    func equalNames() throws {
        let story = try Story()
        let isBad = Mutex([true, true])
        story.sensors = [
            ScriptedSensor(name: "disk") { (_, memory) in
                // The same letter in one scalar and in two.
                let names = ["/B\u{E9}", "/Be\u{301}"]
                let findings = zip(names, isBad.withLock { $0 }).map { name, isBad in
                    Finding(sensor: "disk", id: "disk:\(name)", status: isBad ? .critical : .ok, text: name)
                }
                return Reading(findings: findings, memory: memory)
            }
        ]
        try story.run()
        #expect(story.titles == ["CRITICAL: /B\u{E9} (and 1 more)"])
        isBad.withLock { $0 = [true, false] }
        try story.run()
        #expect(story.titles.dropFirst() == ["RECOVERED: /Be\u{301}"])
        isBad.withLock { $0 = [false, false] }
        try story.run()
        #expect(story.titles.dropFirst(2) == ["RECOVERED: /B\u{E9}"])
    }

    @Test("the status is what was measured now, the messages are what was decided")
    func statusNow() throws {
        let (story, disk) = (try Story(), Disk())
        story.sensors = [disk.sensor(policy: NotifyPolicy(maxCheckAttempts: 3))]
        disk.set(95)
        let first = try story.run()
        #expect(first.report.status == .critical && story.titles == [])
        try story.run()
        let third = try story.run()
        #expect(third.report.findings.first?.since == first.report.time)
        #expect(story.titles == ["CRITICAL: / 95 % used"])
        disk.set(89)
        #expect(try story.run().report.status == .ok)
        #expect(story.titles.count == 1)
    }

    @Test("an unmounted disk's problem is over and told so; a sensor that fails proves nothing")
    func gone() throws {
        let (story, disk) = (try Story(), Disk())
        let fails = Mutex(false)
        let working = disk.sensor()
        story.sensors = [
            ScriptedSensor(name: "disk") { (machine, memory) throws(SensorError) in
                if fails.withLock({ $0 }) { throw SensorError("no mount table") }
                return try working.script(machine, memory)
            }
        ]
        disk.set(95)
        try story.run()
        fails.withLock { $0 = true }
        #expect(try story.run().report.findings.map(\.status) == [.unknown])
        fails.withLock { $0 = false }
        try story.run()
        disk.setThere(false)
        try story.run()
        #expect(
            story.titles == [
                "CRITICAL: / 95 % used", "UNKNOWN: no mount table", "RECOVERED: disk can measure again",
                "RECOVERED: disk:/ is no longer there",
            ])
    }

    @Test("while the network is away messages wait, in order, and say late when they were")
    func network() throws {
        let (story, disk) = (try Story(), Disk())
        let isUp = Mutex(false)
        story.transport = ScriptedTransport { _ in
            isUp.withLock { $0 } ? Answer(code: 200) : Answer(failure: "connection refused")
        }
        story.sensors = [disk.sensor()]
        disk.set(95)
        let began = story.machine.now + 60
        let first = try story.run()
        #expect(first.report.notifications.map(\.delivered) == [false])
        #expect(
            first.report.findings.last?.text
                == "scripted: 1 message not delivered since \(began.localText): connection refused")
        #expect(first.report.findings.last?.status == .warning)
        disk.set(50)
        #expect(try story.run(after: 600).report.status == .warning)
        isUp.withLock { $0 = true }
        #expect(try story.run(after: 600).report.status == .ok)
        let arrived = story.transport.all.suffix(2)
        #expect(arrived.map(\.title) == ["[box] CRITICAL: / 95 % used", "[box] RECOVERED: / 50 % used"])
        #expect(arrived.first?.text.contains("Late by 20 min: this was at \(began.localText).") == true)
        let before = story.transport.all.count
        try story.run()
        #expect(story.transport.all.count == before)
    }

    @Test("one channel that fails keeps the other from nothing")
    func twoChannels() throws {
        let (story, disk) = (try Story(), Disk())
        story.channels = [ScriptedChannel(name: "a"), ScriptedChannel(name: "b")]
        story.transport = ScriptedTransport { Answer(code: $0.url == "a" ? 403 : 200) }
        story.sensors = [disk.sensor()]
        disk.set(95)
        let report = try story.run().report
        #expect(report.notifications.filter(\.delivered).map(\.channel) == ["b"])
        #expect(report.notifications.filter { !$0.delivered }.map(\.error) == ["forbidden"])
        // 403 is tried again after one minute, then two, then four.
        for _ in 1...7 { try story.run() }
        #expect(story.transport.all.map(\.url) == ["a", "b", "a", "a", "a"])
    }

    @Test("a channel that never answers keeps its message for the next run")
    func silentChannel() throws {
        let (story, disk) = (try Story(), Disk())
        let answers = Mutex(false)
        story.transport = ScriptedTransport { _ in answers.withLock { $0 } ? Answer(code: 200) : nil }
        story.sensors = [disk.sensor()]
        disk.set(95)
        #expect(try story.run().report.notifications.map(\.error) == ["no answer within the time of this run"])
        answers.withLock { $0 = true }
        #expect(try story.run().report.notifications.map(\.delivered) == [true])
    }

    @Test("a group that moved gets the message under its new id, now and later")
    func moved() throws {
        let (story, disk) = (try Story(), Disk())
        story.transport = ScriptedTransport {
            $0.url == "scripted" ? Answer(code: 300, body: Array("-100".utf8)) : Answer(code: 201)
        }
        story.sensors = [disk.sensor()]
        disk.set(95)
        let report = try story.run().report
        #expect(report.findings.last?.text == "scripted: mend me" && report.status == .critical)
        disk.set(50)
        try story.run()
        #expect(story.transport.all.map(\.url) == ["scripted", "scripted/-100", "scripted/-100"])
    }

    @Test("a server that sends us in circles is left for later")
    func circles() throws {
        let (story, disk) = (try Story(), Disk())
        story.transport = ScriptedTransport { _ in Answer(code: 300, body: Array("-100".utf8)) }
        story.sensors = [disk.sensor()]
        disk.set(95)
        #expect(
            try story.run().report.notifications.map(\.error) == ["the server keeps naming another recipient"])
        #expect(story.transport.all.count == 2)
    }

    @Test("each delivered message leaves the outbox on disk before the next one begins")
    func committed() throws {
        let (story, disk) = (try Story(), Disk())
        let up = Mutex(false)
        let places = story.places
        let waitingAtStart = Mutex<[Int]>([])
        story.transport = ScriptedTransport { _ in
            guard up.withLock({ $0 }) else { return Answer(failure: "down") }
            if case .state(let state)? = try? StateFile(directory: places.state).load() {
                waitingAtStart.withLock { $0.append(state.outboxes["scripted"]?.messages.count ?? 0) }
            }
            return Answer(code: 200)
        }
        story.sensors = [disk.sensor()]
        for value in [95, 50, 95] as [Double] {
            disk.set(value)
            try story.run()
        }
        up.withLock { $0 = true }
        try story.run()
        #expect(waitingAtStart.withLock { $0 } == [3, 2, 1])
    }

    @Test("a dry run sends nothing, writes nothing and shows what it would send")
    func dryRun() throws {
        let (story, disk) = (try Story(), Disk())
        story.sensors = [disk.sensor()]
        story.isDryRun = true
        disk.set(95)
        let outcome = try story.run()
        #expect(outcome.message?.title == "[box] CRITICAL: / 95 % used")
        #expect(outcome.report.notifications.map(\.title) == ["[box] CRITICAL: / 95 % used"])
        #expect(story.transport.all == [])
        #expect(try story.directory.contents() == [])
    }

    @Test("--sensor leaves the others' problems and memory as they are")
    func selection() throws {
        let (story, disk) = (try Story(), Disk())
        story.sensors = [disk.sensor(name: "a"), disk.sensor(name: "b")]
        disk.set(95)
        try story.run()
        disk.set(50)
        story.selection = ["a"]
        #expect(try story.run().report.findings.map(\.id) == ["a:/"])
        story.selection = []
        try story.run()
        #expect(
            story.titles == [
                "CRITICAL: / 95 % used (and 1 more)", "RECOVERED: / 50 % used", "RECOVERED: / 50 % used",
            ])
    }

    @Test("a sensor that hangs is UNKNOWN, and the others are heard")
    func hang() throws {
        let story = try Story()
        let disk = Disk()
        story.sensors = [
            ScriptedSensor(name: "hung") { (_, memory) throws(SensorError) in
                while true { pause() }
            }, disk.sensor(),
        ]
        let run = Run(
            config: .test(channels: [], sensors: story.sensors), machine: story.machine, places: story.places,
            deadline: ContinuousClock.now + .milliseconds(300), log: .silent, makeTransport: { ScriptedTransport() })
        let report = try run.perform().report
        #expect(report.findings.map(\.status) == [.unknown, .ok])
        #expect(report.findings.first?.text == "hung has not answered within 0 s")
    }

    @Test("an event is told in the run that saw it, and never again")
    func event() throws {
        let story = try Story()
        let sees = Mutex(true)
        story.sensors = [
            ScriptedSensor(name: "ssh") { (_, memory) throws(SensorError) in
                let login = Finding(sensor: "ssh", id: "ssh:login", kind: .event, status: .critical, text: "login")
                return Reading(findings: sees.withLock { $0 } ? [login] : [], memory: memory)
            }
        ]
        #expect(try story.run().report.status == .critical)
        #expect(try story.run().report.status == .critical)
        sees.withLock { $0 = false }
        #expect(try story.run().report.status == .ok)
        #expect(story.titles == ["CRITICAL: login", "CRITICAL: login"])
    }

    @Test("a channel that comes to bear another one's name gets neither its messages nor its waiting time")
    func renamed() throws {
        let (story, disk) = (try Story(), Disk())
        story.channels = [
            ScriptedChannel(name: "telegram", destination: "one"),
            ScriptedChannel(name: "telegram-2", destination: "two"),
        ]
        let firstWorks = Mutex(false)
        story.transport = ScriptedTransport { sent in
            Answer(code: sent.url == "telegram-2" || firstWorks.withLock { $0 } ? 200 : 403)
        }
        story.sensors = [disk.sensor()]
        disk.set(95)
        try story.run()
        for _ in 0..<10 { try story.run() }
        story.channels = [ScriptedChannel(name: "telegram", destination: "two")]
        firstWorks.withLock { $0 = true }
        let before = story.transport.all.count
        disk.set(50)
        let report = try story.run().report
        #expect(story.transport.all.dropFirst(before).map(\.title) == ["[box] RECOVERED: / 50 % used"])
        #expect(report.status == .ok && report.notifications.map(\.delivered) == [true])
        guard case .state(let state) = try StateFile(directory: story.places.state).load() else {
            Issue.record("no state")
            return
        }
        #expect(state.outboxes == [:])
    }

    @Test("a mended channel is tried at once, with what waited")
    func mended() throws {
        let (story, disk) = (try Story(), Disk())
        story.channels = [ScriptedChannel(name: "telegram", destination: "wrong")]
        let works = Mutex(false)
        story.transport = ScriptedTransport { _ in Answer(code: works.withLock { $0 } ? 200 : 403) }
        story.sensors = [disk.sensor()]
        disk.set(95)
        // Tried after 1, 2, 4 and 8 minutes; the next time would be in 16.
        for _ in 0..<16 { try story.run() }
        #expect(story.transport.all.count == 5)
        works.withLock { $0 = true }
        try story.run()
        #expect(story.transport.all.count == 5)
        story.channels = [ScriptedChannel(name: "telegram", destination: "right")]
        #expect(try story.run().report.notifications.map(\.delivered) == [true])
        #expect(story.titles.last == "CRITICAL: / 95 % used")
    }

    @Test("what the config dropped leaves nothing in the state")
    func dropped() throws {
        let (story, disk) = (try Story(), Disk())
        story.transport = ScriptedTransport { _ in Answer(failure: "down") }
        story.sensors = [disk.sensor()]
        disk.set(95)
        try story.run()
        story.channels = []
        story.sensors = []
        try story.run()
        guard case .state(let state) = try StateFile(directory: story.places.state).load() else {
            Issue.record("no state")
            return
        }
        #expect(state.outboxes == [:] && state.problems == [:] && state.sensors == [:])
    }

    @Test("a quiet run writes nothing")
    func quiet() throws {
        let (story, disk) = (try Story(), Disk())
        story.sensors = [disk.sensor()]
        disk.set(95)
        try story.run()
        let before = try story.directory.text("state.json")
        let inode = try FileManager.default.attributesOfItem(atPath: story.directory.path + "/state.json")
        for _ in 1...3 { try story.run() }
        let after = try FileManager.default.attributesOfItem(atPath: story.directory.path + "/state.json")
        #expect(try story.directory.text("state.json") == before)
        #expect(inode[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
    }
}
