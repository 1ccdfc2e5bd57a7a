import Foundation
import Testing

@testable import servercheck

@Suite struct CrasherTests {
    @Test("states that once made a run trap are read, and the run tells what it sees")
    func states() throws {
        let directory = try #require(Bundle.module.url(forResource: "Fixtures/crashers", withExtension: nil))
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(files == ["outbox-failures-max.json", "window-counts-max.json"])
        for file in files {
            let story = try Story()
            let log = try TemporaryDirectory()
            try log.write("", to: "auth.log")
            var config = ConfigReader(
                ["log_file": .string(log.path + "/auth.log")], path: "", defaultName: "sshd_access")
            story.sensors = [SSHDAccess(config: &config)]
            story.transport = ScriptedTransport { _ in Answer(code: 403) }
            try story.directory.write(
                try Array(Data(contentsOf: directory.appendingPathComponent(file))), to: "state.json")
            guard case .state = try StateFile(directory: story.places.state).load() else {
                Issue.record("\(file) is no state any more: it must be, to prove anything")
                continue
            }
            try story.run()
            let lines = (0..<6).map { number in
                "\((story.machine.now + Double(number)).utcText) box sshd[\(number + 1)]: "
                    + "Failed password for root from 198.51.100.7 port 22 ssh2\n"
            }
            try log.write(lines.joined(), to: "auth.log")
            let report = try story.run().report
            #expect(report.findings.map(\.id) == ["sshd_access", "notifications"])
            #expect(report.status == .critical)
        }
    }

    @Test("a line end inside a message, as the journal may hand it out, ends no line of ours")
    func lineEndInMessage() throws {
        let user = "x\nSERVERCHECK OK - fine | a=1"
        var rules = AttemptRules()
        rules.amount = 0
        var counter = AttemptCounter(rules: rules, now: .noon, zone: .utc)
        var names: [String?] = []
        counter.onEvent = { names.append($0.user) }
        let time = (Timestamp.noon + -1).utcText
        counter.consume(
            Array("\(time) box sshd[7]: Failed password for invalid user \(user) from 198.51.100.7 port 9 ssh2".utf8)
                .span)
        let summary = counter.finish(complete: true)
        #expect(names == [user])
        #expect(summary.byAddress.map(\.address) == ["198.51.100.7"])
        let tally = try #require(SSHDTally(summary))
        var finding = Finding(sensor: "s", id: "sshd_access:login:\(user)", status: .critical, text: "as \(user)")
        finding.details = tally.details
        let report = Report(version: "1", host: "box", time: .noon, findings: [finding])
        let lines = NagiosText(verbosity: 2).lines(report)
        #expect(lines.allSatisfy { !$0.contains { $0.isNewline } })
        #expect(lines[0] == "SERVERCHECK CRITICAL - as x?SERVERCHECK OK - fine ? a=1")
        let message = MessageWriter(hostname: "box", now: .noon)
            .message(for: [NotifyItem(reason: .first, finding: finding)], id: "1")
        #expect(!message.title.contains { $0.isNewline })
        #expect(!message.body.split(separator: "\n").contains { $0.hasPrefix("SERVERCHECK OK") })
    }
}
