import Foundation
import Testing

@testable import servercheck

/// sshd_access over many runs while the machine's clock, or that of the log, does what clocks do.
private final class ClockStory {
    let story: Story
    private let logs: TemporaryDirectory
    private var text = ""
    private var number = 0
    private let isClassic: Bool

    init(_ keys: [String: JSONValue] = [:], isClassic: Bool = false) throws {
        story = try Story()
        logs = try TemporaryDirectory()
        self.isClassic = isClassic
        var reader = ConfigReader(
            ["log_file": .string(logs.file("auth.log")), "source": .string("file")].merging(keys) { $1 },
            path: "sshd_access", defaultName: "sshd_access", credentialsDirectory: nil)
        let sensor = SSHDAccess(config: &reader)
        #expect(reader.finish() == [])
        story.sensors = [sensor]
        try logs.write("", to: "auth.log")
        try story.run()
    }

    var now: Timestamp {
        get { story.machine.now }
        set { story.machine.now = newValue }
    }

    /// `count` failures at the machine's time, or `offset` seconds beside it.
    func fail(_ count: Int, offset: Double = 0, from address: String = "198.51.100.7") throws {
        for _ in 0..<count {
            number += 1
            try line(
                "Failed password for root from \(address) port \(1000 + number) ssh2", pid: number, at: now + offset)
        }
    }

    func line(_ message: String, pid: Int, at time: Timestamp) throws {
        let whole = time.localText
        text += "\(isClassic ? Self.classic(whole) : whole) vm sshd[\(pid)]: \(message)\n"
        try logs.write(text, to: "auth.log")
    }

    /// `2026-11-23T…` -> `Nov 23 …`, both local time.
    private static func classic(_ text: String) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split { "-T+".contains($0) }
        let day = parts[2].hasPrefix("0") ? " \(parts[2].dropFirst())" : String(parts[2])
        return "\(months[(Int(parts[1]) ?? 1) - 1]) \(day) \(parts[3])"
    }

    @discardableResult
    func run(after seconds: Double = 60) throws -> Run.Outcome { try story.run(after: seconds) }

    func metric(_ outcome: Run.Outcome, _ name: String) -> Double? {
        outcome.report.findings.flatMap(\.metrics).first { $0.name == name }?.value
    }

    /// The reasons of the messages sent so far, by the first word of their titles.
    var words: [String] { story.titles.map { String($0.prefix { $0 != ":" }) } }
}

private let hour = 3600.0
private let day = 86_400.0
private let year = 365 * day

@Suite struct ClockStoryTests {
    @Test(
        "a clock that is set, in either direction, alarms nobody, hides no attack, and counts every attempt once",
        arguments: [-hour, -day, -year, -10 * year, hour, day, year, 10 * year])
    func clockSet(by jump: Double) throws {
        let log = try ClockStory()
        try log.fail(4)
        try log.run()
        log.now = log.now + jump
        // Four before and four after are no eight within thirty seconds, not even when the clock says the same time again.
        try log.fail(4)
        let quiet = try log.run()
        #expect(quiet.report.status == .ok && log.words == [])
        try log.fail(6)
        #expect(try log.run().report.status == .critical)
        #expect(log.words == ["CRITICAL"])
        for _ in 0..<6 { try log.run() }
        #expect(log.words == ["CRITICAL", "RECOVERED"])
        try log.fail(6)
        let last = try log.run()
        #expect(log.words == ["CRITICAL", "RECOVERED", "CRITICAL"])
        #expect(log.metric(last, "attempts_total") == 20)
    }

    @Test(
        "an incident that was told before the clock was set is reminded of and ends all the same",
        arguments: [-hour, -year, hour, 10 * year])
    func incidentAcross(jump: Double) throws {
        let log = try ClockStory(["renotify_time": .number(5)])
        try log.fail(6)
        try log.run()
        log.now = log.now + jump
        for _ in 0..<7 {
            try log.fail(6)
            #expect(try log.run().report.status == .critical)
        }
        // At most one per renotify_time and once more for the jump; never silenced.
        let told = log.words.count
        #expect((2...4).contains(told) && !log.words.contains("RECOVERED"), "\(log.words)")
        for _ in 0..<7 { try log.run() }
        // With one reminder at most while it fades.
        #expect(log.words.last == "RECOVERED" && log.words.count <= told + 2, "\(log.words)")
        #expect(try log.run().report.status == .ok)
    }

    @Test("lines from the future are counted once, and neither alarm for ever nor hide what comes at the right time")
    func future() throws {
        for ahead in [300, 2 * hour, 10 * year] {
            let log = try ClockStory()
            try log.fail(6, offset: ahead)
            #expect(try log.run().report.status == .critical)
            for _ in 0..<7 { try log.run() }
            #expect(log.words == ["CRITICAL", "RECOVERED"], "\(ahead)")
            #expect(try log.run().report.status == .ok, "\(ahead)")
            try log.fail(6)
            let outcome = try log.run()
            #expect(log.words == ["CRITICAL", "RECOVERED", "CRITICAL"], "\(ahead)")
            #expect(log.metric(outcome, "attempts_total") == 12)
        }
    }

    @Test(
        "connections that are open while the clock is set back count once, whether or not a run finds something new then",
        arguments: [-660, -hour, -day] as [Double], [false, true])
    func openAcross(jump: Double, hasNews: Bool) throws {
        let log = try ClockStory(["amount": .number(50)])
        try log.line("Invalid user adm from 198.51.100.8 port 9", pid: 9, at: log.now)
        try log.line("Failed password for root from 198.51.100.9 port 8 ssh2", pid: 8, at: log.now)
        try log.run()
        log.now = log.now + jump
        if hasNews { try log.fail(1) }
        for _ in 0..<3 { try log.run() }
        try log.line("Failed password for invalid user adm from 198.51.100.8 port 9 ssh2", pid: 9, at: log.now)
        try log.line("Connection closed by invalid user adm 198.51.100.8 port 9 [preauth]", pid: 9, at: log.now)
        try log.line("Connection closed by authenticating user root 198.51.100.9 port 8 [preauth]", pid: 8, at: log.now)
        #expect(log.metric(try log.run(), "attempts_total") == (hasNews ? 3 : 2))
        for _ in 0..<11 { try log.run() }
        #expect(log.metric(try log.run(), "attempts_total") == (hasNews ? 3 : 2))
    }

    @Test("a login after failures is told though the clock was set between them")
    func loginAcross() throws {
        for jump in [-600, 600, -1800] as [Double] {
            let log = try ClockStory(["amount": .number(50)])
            try log.fail(5)
            try log.run()
            log.now = log.now + jump
            try log.line("Accepted password for root from 198.51.100.7 port 9 ssh2", pid: 9, at: log.now)
            #expect(try log.run().report.status == .critical)
            #expect(log.words == ["CRITICAL"], "\(jump)")
        }
    }

    @Test(
        "a message that is held back goes out though the clock was set back, and one that waits says how late it is",
        arguments: [-year, -hour, hour, 10 * year])
    func outboxAcross(jump: Double) throws {
        let log = try ClockStory()
        log.story.transport = ScriptedTransport { _ in Answer(code: 403) }
        try log.fail(6)
        for _ in 0..<5 { try log.run() }
        log.now = log.now + jump
        let works = ScriptedTransport()
        log.story.transport = works
        try log.run()
        // Held for some minutes by a clock that is gone: a time in the future counts as elapsed.
        try log.run(after: 600)
        #expect(works.all.count >= 1)
        #expect(works.all.first?.title.contains("CRITICAL") == true)
    }

    @Test("a classic log goes on over New Year and over 29 February without an alarm and without a loss")
    func calendar() throws {
        // 2027-12-31 and 2028-02-28, a minute before midnight; 2028 is a leap year.
        for midnight in [1_830_297_600, 1_835_395_200, 1_835_481_600] as [Int64] {
            let log = try ClockStory(isClassic: true)
            log.now = Timestamp(seconds: midnight) + -100
            try log.fail(3)
            try log.run()
            try log.fail(3)
            try log.run()
            #expect(log.words == [], "\(midnight)")
            try log.fail(6)
            let outcome = try log.run()
            #expect(log.words == ["CRITICAL"], "\(midnight)")
            #expect(log.metric(outcome, "attempts_total") == 12)
        }
    }
}
