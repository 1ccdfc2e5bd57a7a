// sshd_access over many runs on a real log file, with a moving clock.

import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite("Stories of sshd_access") struct SSHDAccessStoryTests {
    /// A log that grows while runs come by; its clock is the machine's.
    private final class Watch {
        let story: Story
        let logs: TemporaryDirectory
        let log: String
        private var pid = 100

        init(_ config: String = "", create: Bool = true) throws {
            story = try Story()
            logs = try TemporaryDirectory()
            log = logs.file("auth.log")
            if create { try logs.write("", to: "auth.log") }
            let more = config.isEmpty ? "" : ", " + config
            story.sensors = [try SSHDAccess.configured(#"{"source": "file", "log_file": "\#(log)"\#(more)}"#)]
        }

        func write(_ text: String) throws {
            let handle = open(log, O_WRONLY | O_APPEND | O_CREAT, 0o640)
            defer { close(handle) }
            let bytes = Array(text.utf8)
            #expect(Glibc.write(handle, bytes, bytes.count) == bytes.count)
        }

        /// Lines at the time of the run before.
        func add(_ message: (Int) -> String, count: Int = 1) throws {
            for _ in 0..<count {
                pid += 1
                try write("\(LogText.prefix(story.machine.now, .rfc3339)) host sshd[\(pid)]: \(message(pid))\n")
            }
        }

        func fail(_ count: Int, address: String = "1.2.3.4") throws {
            try add({ "Failed password for root from \(address) port \($0) ssh2" }, count: count)
        }

        /// One run; what sshd_access found.
        @discardableResult
        func run(after seconds: Double = 60) throws -> Finding {
            try #require(try story.run(after: seconds).report.findings.first)
        }
    }

    private func metrics(_ finding: Finding) -> [String] {
        finding.metrics.map { "\($0.name)=\(NumberText.shortest($0.value))\($0.unit.rawValue)" }
    }

    @Test("the first run judges nothing; six failures alarm, five do not")
    func firstRun() throws {
        let watch = try Watch()
        try watch.fail(20)
        var finding = try watch.run()
        #expect(finding.status == .ok && finding.text == "0 failed SSH logins")
        #expect(metrics(finding) == ["attempts=0", "attempts_total=0c", "peak=0", "logins=0"])
        try watch.fail(5)
        finding = try watch.run(after: 10)
        #expect(finding.status == .ok && finding.text == "5 failed SSH logins")
        #expect(metrics(finding) == ["attempts=5", "attempts_total=5c", "peak=5", "logins=0"])
        try watch.fail(1)
        finding = try watch.run(after: 10)
        #expect(finding.status == .critical)
        #expect(finding.text == "6 failed SSH logins, up to 6 within 30 s (limit 5), most from 1.2.3.4")
        #expect(metrics(finding) == ["attempts=1", "attempts_total=6c", "peak=6", "logins=0"])
        #expect(finding.metrics[2].limits == Limits(critical: 5))
    }

    @Test("after the log's clock was ahead an incident has its own attempts only")
    func ahead() throws {
        let watch = try Watch()
        try watch.run()
        let future = LogText.prefix(watch.story.machine.now + 864_000, .rfc3339)
        try watch.write("\(future) host sshd[9]: Failed password for root from 5.6.7.8 port 9 ssh2\n")
        for _ in 0..<5 {
            try watch.run(after: 3600)
            try watch.fail(1)
        }
        try watch.run(after: 3600)
        try watch.fail(6)
        let finding = try watch.run()
        #expect(finding.text == "6 failed SSH logins, up to 6 within 30 s (limit 5), most from 1.2.3.4")
    }

    @Test("an incident: told when it opens, once per renotify_time, and when it is over, with totals")
    func incident() throws {
        let watch = try Watch()
        try watch.run()
        try watch.fail(7)
        #expect(try watch.run(after: 20).status == .critical)
        // The last exceeding window is younger than its own length, then no more.
        #expect(try watch.run(after: 5).status == .critical)
        let quiet = try watch.run(after: 5)
        #expect(quiet.status == .ok)
        #expect(
            quiet.text
                == "7 failed SSH logins, up to 7 within 30 s (limit 5), most from 1.2.3.4; no more such attack now")
        for _ in 0..<6 {
            try watch.fail(6, address: "5.6.7.8")
            try watch.run(after: 60)
        }
        let last = watch.story.machine.now
        while watch.story.machine.now < last + 290 { try watch.run(after: 58) }
        try watch.run(after: 60)
        #expect(
            watch.story.titles == [
                "CRITICAL: 7 failed SSH logins, up to 7 within 30 s (limit 5), most from 1.2.3.4",
                "CRITICAL: 37 failed SSH logins, up to 7 within 30 s (limit 5), most from 5.6.7.8",
                // The reminder after the last wave.
                "CRITICAL: 43 failed SSH logins, up to 7 within 30 s (limit 5), most from 5.6.7.8; no more such attack now",
                "RECOVERED: 43 failed SSH logins, and none above the limit for 5 min (limit 5 within 30 s)",
            ])
    }

    @Test("a state that is damaged though its checksum matches: told when it is needed, once, and counting goes on")
    func damagedState() throws {
        let watch = try Watch()
        try watch.run()
        try watch.fail(3)
        try watch.run()
        let text = try watch.story.directory.text("state.json")
        let rest = text.split(separator: "\n", maxSplits: 2)[2]
        var bytes = Array("{\n\(rest.replacing("\"failures\":1", with: "\"failures\":true"))".utf8)
        try watch.story.directory.write(bytes, to: "state.json")
        let file = StateFile(directory: watch.story.directory.path)
        #expect(try file.load() == .foreign("it is damaged, or of unknown version 1"))
        StateChecksum.add(to: &bytes)
        try watch.story.directory.write(bytes, to: "state.json")
        #expect(try watch.run().text == "0 failed SSH logins")
        #expect(try Array(watch.story.directory.read("state.json")) == bytes)
        try watch.fail(1)
        let findings = try watch.story.run(after: 1).report.findings
        #expect(findings.map(\.id) == ["sshd_access", "sshd_access:memory"])
        #expect(metrics(findings[0]) == ["attempts=1", "attempts_total=4c", "peak=1", "logins=0"])
        try watch.fail(1)
        #expect(try watch.story.run(after: 1).report.findings.map(\.id) == ["sshd_access"])
        #expect(
            watch.story.titles == [
                "WARNING: what the state holds of earlier attempts is damaged, though its checksum matches; counting goes "
                    + "on without what could not be read"
            ])
    }

    @Test("a login after failures is told at once, also while messages of the incident are held back")
    func login() throws {
        let watch = try Watch()
        try watch.run()
        try watch.fail(7)
        try watch.run(after: 10)
        try watch.add({ "Accepted password for root from 1.2.3.4 port \($0) ssh2" })
        let time = watch.story.machine.now.localText
        let outcome = try watch.story.run(after: 10)
        #expect(outcome.report.status == .critical)
        #expect(
            outcome.report.findings.map(\.text).last
                == "SSH login of root from 1.2.3.4 by password after at least 7 failed attempts from there within an hour, \(time)"
        )
        #expect(watch.story.titles.count == 2)
        #expect(watch.story.titles.last?.hasPrefix("CRITICAL: SSH login of root from 1.2.3.4 by password") == true)
        try watch.run(after: 10)
        #expect(watch.story.titles.count == 2)
    }

    @Test("logins beyond those told one by one are CRITICAL only where one after failures can be among them")
    func furtherLogins() throws {
        let watch = try Watch(#""notify_logins": true, "amount": 1000"#)
        try watch.run()
        try watch.add({ "Accepted publickey for backup from 192.0.2.9 port \($0) ssh2" }, count: 60)
        var outcome = try watch.story.run(after: 10)
        #expect(outcome.report.findings.last?.text == "and 50 more SSH logins")
        #expect(outcome.report.findings.last?.id == "sshd_access:login:more" && outcome.report.status == .ok)
        #expect(watch.story.titles.map { $0.prefix(16) } == ["INFO: SSH login "])
        // One after failures comes last, and is told by name.
        try watch.add({ "Accepted publickey for backup from 192.0.2.9 port \($0) ssh2" }, count: 60)
        try watch.fail(5)
        try watch.add({ "Accepted password for root from 1.2.3.4 port \($0) ssh2" })
        outcome = try watch.story.run(after: 10)
        #expect(outcome.report.findings.filter { $0.status == .critical }.map(\.id) == ["sshd_access:login:1.2.3.4"])
        #expect(outcome.report.findings.last?.text == "and 51 more SSH logins")
        try watch.add({ "Accepted password for root from 1.2.3.4 port \($0) ssh2" }, count: 60)
        outcome = try watch.story.run(after: 10)
        #expect(outcome.report.findings.last?.text == "and 50 more SSH logins")
        #expect(outcome.report.findings.last?.status == .critical)
    }

    @Test("a log that appears later is read from its start; a missing one is UNKNOWN with the remedy")
    func appears() throws {
        let watch = try Watch(create: false)
        let finding = try watch.run()
        #expect(finding.status == .unknown)
        #expect(
            finding.text == "no log of sshd at \(watch.log): install rsyslog, or name the log in \"log_file\"")
        try watch.fail(6)
        #expect(try watch.run(after: 10).status == .critical)
    }

    @Test("a log that is missing for less than two minutes is being rotated")
    func rotation() throws {
        let watch = try Watch()
        try watch.fail(1)
        try watch.run()
        #expect(rename(watch.log, watch.log + ".1") == 0)
        #expect(try watch.run().status == .ok)
        #expect(try watch.run(after: 119).status == .ok)
        #expect(try watch.run(after: 1).status == .unknown)
        try watch.fail(6)
        let finding = try watch.run(after: 5)
        #expect(finding.status == .critical && metrics(finding)[0] == "attempts=6")
    }

    @Test("lines of sshd that cannot be read are UNKNOWN until one can; an incident meanwhile keeps its totals")
    func blindness() throws {
        let watch = try Watch()
        try watch.run()
        try watch.fail(7)
        try watch.run(after: 10)
        try watch.write("2026-11-23 12:00:00 host sshd[1]: Failed password for root from 1.2.3.4 port 1 ssh2\n")
        let text =
            "the lines of sshd in \(watch.log) have a format that is not known, so attacks cannot be seen: use rsyslog's "
            + "RSYSLOG_FileFormat or RSYSLOG_TraditionalFileFormat"
        for _ in 0..<8 {
            let finding = try watch.run()
            #expect(finding.status == .unknown && finding.text == text)
        }
        try watch.add({ _ in "Server listening on :: port 22." })
        #expect(try watch.run().status == .ok)
        #expect(
            watch.story.titles.last
                == "RECOVERED: 7 failed SSH logins, and none above the limit for 5 min (limit 5 within 30 s)")
    }

    @Test("what cannot be read at all is UNKNOWN with the reason")
    func unreadable() throws {
        let watch = try Watch(create: false)
        #expect(mkdir(watch.log, 0o755) == 0)
        #expect(try watch.run().text == "cannot read \(watch.log): it is a directory, not a log file")
    }

    @Test("without a log and a journal there is a remedy for either")
    func neither() throws {
        let root = try TemporaryDirectory()
        let machine = Machine.test(root: root.path)
        let journal = try SSHDAccess.configured(#"{"source": "journal"}"#)
        #expect(
            try journal.measure(on: machine, memory: SensorMemory()).findings.map(\.text) == [
                "no journal of this machine in /var/log/journal or /run/log/journal: let systemd-journald run, and store "
                    + "what it gets"
            ])
        let auto = try SSHDAccess.configured("{}")
        #expect(
            try auto.measure(on: machine, memory: SensorMemory()).findings.map(\.text) == [
                "no log of sshd at /var/log/auth.log or /var/log/secure, and no journal of this machine in "
                    + "/var/log/journal or /run/log/journal: install rsyslog, or name the log in \"log_file\""
            ])
    }

    @Test("auto reads /var/log/secure where there is no log_file")
    func auto() throws {
        let root = try TemporaryDirectory()
        #expect(mkdir(root.file("var"), 0o755) == 0 && mkdir(root.file("var/log"), 0o755) == 0)
        try root.write("", to: "var/log/secure")
        let sensor = try SSHDAccess.configured("{}")
        var machine = Machine.test(root: root.path)
        let first = try sensor.measure(on: machine, memory: SensorMemory())
        var log = LogText()
        for pid in 1...6 { log.fail(pid: pid, port: pid) }
        try root.write(log.lines.map { $0 + "\n" }.joined(), to: "var/log/secure")
        machine.now = .noon + 1
        #expect(try sensor.measure(on: machine, memory: first.memory).findings.map(\.status) == [.critical])
        let file = try SSHDAccess.configured(#"{"source": "file"}"#)
        #expect(try file.measure(on: machine, memory: SensorMemory()).findings.map(\.status) == [.unknown])
    }

    @Test(
        "mistakes in the config",
        arguments: [
            (#"{"log_file": "auth.log"}"#, "sshd_access.log_file: must be an absolute path, is \"auth.log\""),
            (
                #"{"source": "syslog"}"#,
                "sshd_access.source: must be \"auto\", \"file\" or \"journal\", is \"syslog\""
            ),
            (
                #"{"ignore_addresses": ["10.0.0.0/8", "10.0.0.0/33"]}"#,
                "sshd_access.ignore_addresses[1]: must be an address or a CIDR block, is \"10.0.0.0/33\""
            ),
        ])
    func mistakes(_ config: String, _ problem: String) throws {
        #expect(try SSHDAccess.read(config).problems == [problem])
    }
}
