import Foundation
import Logging
import Testing

@testable import servercheck

/// Whole runs on a damaged state: decoding it is only half of it, all that is remembered must also be fit for use.
@Suite struct StateFuzzTests {
    /// A log on which a first run leaves something of everything to remember: open connections, windows, failures, an
    /// incident, a waiting message.
    private static func lines(_ minute: Int) -> String {
        (0..<9).map { index in
            let time = "Nov 23 11:\(minute):0\(index) vm sshd[\(100 + index)]: "
            return time + "Invalid user u\(index) from 198.51.100.\(index % 3) port \(3000 + index)\n"
                + (index % 2 == 0
                    ? time
                        + "Failed password for invalid user u\(index) from 198.51.100.\(index % 3) port \(3000 + index) ssh2\n"
                    : "")
        }.joined()
    }

    private func story() throws -> (Story, TemporaryDirectory) {
        let story = try Story()
        let logs = try TemporaryDirectory()
        story.machine.now = .noon
        let (sensor, _) = sensor(logs.file("auth.log"))
        story.sensors = [
            sensor,
            ScriptedSensor(name: "disk") { (_, memory) throws(SensorError) in
                Reading(
                    findings: [Finding(sensor: "disk", id: "disk:/", status: .critical, text: "/ 95 % used")],
                    memory: memory)
            },
        ]
        story.transport = ScriptedTransport { _ in Answer(code: 403) }
        return (story, logs)
    }

    private func sensor(_ path: String) -> (SSHDAccess, [ConfigProblem]) {
        var reader = ConfigReader(
            ["log_file": .string(path), "source": .string("file"), "amount": .number(3)], path: "sshd_access",
            defaultName: "sshd_access", credentialsDirectory: nil)
        let sensor = SSHDAccess(config: &reader)
        return (sensor, reader.finish())
    }

    /// What a run with all of this leaves: the sample that is damaged.
    private func sample() throws -> (state: [UInt8], story: Story, logs: TemporaryDirectory) {
        let (story, logs) = try story()
        try logs.write("Nov 23 11:00:00 vm sshd[1]: Server listening on 0.0.0.0 port 22.\n", to: "auth.log")
        try story.run()
        try logs.write(try logs.text("auth.log") + Self.lines(58), to: "auth.log")
        try story.run()
        // Without the checksum: it guards against broken disks, and what gets past it must do no harm either.
        let state = Array(
            try story.directory.text("state.json").split(separator: "\n").filter { !$0.contains("\"checksum\"") }
                .joined(separator: "\n").utf8)
        #expect(String(decoding: state, as: UTF8.self).contains("\"incident\""))
        return (state, story, logs)
    }

    private static let words = [
        "null", "true", "\"\"", "[]", "{}", "-9223372036854775808", "9223372036854775807", "[9223372036854775807,1]",
        "\"\\u0000|\\n\"", "\"marker\" : \"9999-12-31T23:59:59.999999Z\",", "\"marker\" : \"0000-01-01T00:00:00Z\",",
        "\"counted\" : 9223372036854775807,", "\"failures\" : 9223372036854775807,", "\"version\" : 2,",
        "\"clock\" : \"9999-12-31T23:59:59Z\",", "\"previous\" : \"0000-01-01T00:00:00Z\",",
        "\"seen\" : \"9999-12-31T23:59:59.999999-23:59\",", "\"held_since\" : \"9999-12-31T23:59:59Z\",",
        "\"hold_seconds\" : 1e308,", "\"peer\" : \"::ffff:1.2.3.4%\",", "\"window_end\" : \"9999-12-31T23:59:59Z\",",
        "\"bad_runs\" : -9223372036854775808,", "4294967295", ",", "}", "]",
    ]

    @Test("whatever the state holds, a run ends with a report, leaves a state that can be read, and a small one")
    func damagedStates() throws {
        let (state, story, logs) = try sample()
        let mutator = Mutator(words: Self.words, samples: [state])
        let log = try logs.read("auth.log") + Array(Self.lines(59).utf8)
        try FuzzRounds.run(200) { random, round in
            let bytes = mutator.nextJSON(&random)
            for file in try story.directory.contents() {
                try FileManager.default.removeItem(atPath: story.directory.file(file))
            }
            try story.directory.write(bytes, to: "state.json")
            try logs.write(log, to: "auth.log")
            do {
                let outcome = try story.run(after: 0)
                try #require(outcome.report.findings.count >= 2, "round \(round)")
            } catch let error as StateError {
                try #require(error.description.contains("newer servercheck"), "round \(round): \(error)")
                return
            }
            let left = try story.directory.read("state.json")
            try #require(left.count <= 64 << 10 || left.count <= bytes.count, "round \(round): \(left.count) bytes")
            let loaded = try StateFile(directory: story.directory.path).load()
            guard case .state = loaded else {
                Issue.record("round \(round): \(loaded)")
                return
            }
        }
    }

    @Test("any position of a log leads to a place in it, and a second reading adds nothing")
    func positions() throws {
        let logs = try TemporaryDirectory()
        try logs.write("one\ntwo\n", to: "auth.log")
        try logs.write("zero\n", to: "auth.log.1")
        let path = logs.file("auth.log")
        let machine = Machine.test()
        let first = try LogTail.read(path: path, position: nil, machine: machine) { _ in }
        var position = first.position
        position.rotated = [
            LogMark(device: 1, inode: 2, offset: 3, first: 4, last: 5, watched: .init(path: path, size: 1))
        ]
        let mutator = Mutator(
            words: Self.words + [
                "\"offset\":", "\"first\":1,", "\"overlong\":true,", "\"waits\":true,", "/auth.log.1",
            ],
            samples: [JSONText.encode(position)])
        try FuzzRounds.run(500) { random, round in
            guard let known = JSONText.decode(LogPosition.self, from: mutator.nextJSON(&random)) else {
                return
            }
            var lines = 0
            let reading = try LogTail.read(path: path, position: known, machine: machine) { lines += $0.lines.count }
            try #require(lines <= 3 + 3, "round \(round): \(lines) lines")
            lines = 0
            let again = try LogTail.read(path: path, position: reading.position, machine: machine) {
                lines += $0.lines.count
            }
            try #require(lines == 0 && again.position == reading.position, "round \(round): \(lines) lines")
        }
    }
}
