import Foundation
import Testing

@testable import servercheck

private let sample: State = {
    var state = State()
    state.sequence = 7
    state.problems["diskspace:/home"] = ProblemRecord(
        sensor: "diskspace", since: .noon, badRuns: 1, worstTold: .critical, lastTold: .noon)
    var outbox = Outbox()
    outbox.append(Message(id: "1", created: .noon, status: .critical, title: "t", body: "b"))
    state.outboxes["telegram"] = outbox
    return state
}()

@Suite struct StateFileTests {
    @Test("a state is read back as it was written, again and again")
    func roundTrip() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        #expect(try file.load() == .nothing)
        var state = sample
        for sequence in 1...5 {
            state.sequence = sequence
            try file.commit(state)
            #expect(try file.load() == .state(state))
        }
        #expect(try directory.contents() == ["state.json", "state.json.spare"])
    }

    @Test("the file is one JSON document with an integer version")
    func document() throws {
        let directory = try TemporaryDirectory()
        try StateFile(directory: directory.path).commit(sample)
        let object = try JSONSerialization.jsonObject(with: Data(directory.text("state.json").utf8)) as? [String: Any]
        #expect(object?["version"] as? Int == 1)
    }

    @Test("a shorter state leaves nothing of the longer one before")
    func shorter() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        var long = sample
        for number in 1...200 { long.problems["\(number)"] = sample.problems.values.first }
        try file.commit(long)
        try file.commit(long)
        try file.commit(sample)
        #expect(try file.load() == .state(sample))
        #expect(try !directory.text("state.json").contains("\"200\""))
    }

    @Test(
        "what is no state of ours is foreign",
        arguments: [
            "", "{", "[]", "null", "{}", "{\"version\": \"1\"}", "{\"version\": 1}", "{\"version\": -3}",
            "{\"hosts\": [1, 2]}", "\u{0}\u{0}\u{0}",
        ])
    func foreign(content: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(content, to: "state.json")
        let loaded = try StateFile(directory: directory.path).load()
        guard case .foreign = loaded else {
            Issue.record("\(content) was read as \(loaded)")
            return
        }
    }

    @Test("a digit that changed is damage; a state without a checksum is taken as it is")
    func checksum() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        try file.commit(sample)
        let whole = try directory.text("state.json")
        #expect(whole.contains("\"sequence\" : 7"))
        try directory.write(whole.replacing("\"sequence\" : 7", with: "\"sequence\" : 5"), to: "state.json")
        #expect(try file.load() == .foreign("it is damaged: its checksum does not match"))
        try directory.write(whole.replacing("\"version\" : 1", with: "\"version\" : 3"), to: "state.json")
        #expect(try file.load() == .foreign("it is damaged: its checksum does not match"))
        try directory.write(whole + "\n\n\n", to: "state.json")
        #expect(try file.load() == .state(sample))
        let edited = whole.split(separator: "\n").filter { !$0.contains("checksum") }.joined(separator: "\n")
        try directory.write(edited, to: "state.json")
        #expect(try file.load() == .state(sample))
    }

    @Test("a checksum by single bytes, as builds before 0.1.0 wrote it, is right as well")
    func oldChecksum() throws {
        // From the authors' test vectors.
        #expect(FNV.hash(Array("foobar".utf8)[...]) == 0x8594_4171_f739_67e8)
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        try file.commit(sample)
        let lines = try directory.text("state.json").split(separator: "\n")
        let rest = ([""] + lines.filter { !$0.contains("checksum") }.dropFirst()).joined(separator: "\n")
        let digits = String(decoding: FNV.hexadecimal(FNV.hash(Array(rest.utf8)[...])), as: UTF8.self)
        try directory.write("{\n  \"checksum\" : \"\(digits)\",\(rest)\n", to: "state.json")
        #expect(try file.load() == .state(sample))
    }

    @Test("a newer version is known as such, whatever else it holds")
    func newer() throws {
        let directory = try TemporaryDirectory()
        try directory.write("{\"version\": 2, \"sensors\": \"elsewhere\"}", to: "state.json")
        #expect(try StateFile(directory: directory.path).load() == .newer(version: 2))
    }

    @Test("a state cut at any byte is foreign or whole, never a trap")
    func cut() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        try file.commit(sample)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file.path)))
        for count in 0..<bytes.count {
            try Data(bytes[..<count]).write(to: URL(fileURLWithPath: file.path))
            let loaded = try file.load()
            if case .foreign = loaded { continue }
            // Only the line end was cut.
            #expect(loaded == .state(sample) && count == bytes.count - 1)
        }
    }

    @Test("whichever bit of a state flips, it is foreign, or what it says is the same")
    func flip() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        try file.commit(sample)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file.path)))
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                try Data(changed).write(to: URL(fileURLWithPath: file.path))
                let loaded = try file.load()
                if case .foreign = loaded { continue }
                #expect(loaded == .state(sample), "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("a directory, a FIFO, a socket or a link in the file's place is foreign and is not followed")
    func otherTypes() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile(directory: directory.path)
        try FileManager.default.createDirectory(atPath: file.path, withIntermediateDirectories: false)
        guard case .foreign = try file.load() else {
            Issue.record("a directory was read")
            return
        }
        try FileManager.default.removeItem(atPath: file.path)
        #expect(mkfifo(file.path, 0o600) == 0)
        guard case .foreign = try file.load() else {
            Issue.record("a FIFO was read")
            return
        }
        try FileManager.default.removeItem(atPath: file.path)
        #expect(mknod(file.path, S_IFSOCK | 0o600, 0) == 0)
        guard case .foreign = try file.load() else {
            Issue.record("a socket was read")
            return
        }
        try FileManager.default.removeItem(atPath: file.path)
        try directory.write("{}", to: "target")
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: directory.path + "/target")
        guard case .foreign = try file.load() else {
            Issue.record("a link was followed")
            return
        }
    }

    @Test("a link planted in the spare's place is replaced, and its target stays as it is")
    func plantedLink() throws {
        let directory = try TemporaryDirectory()
        try directory.write("precious", to: "target")
        let file = StateFile(directory: directory.path)
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/state.json.spare", withDestinationPath: directory.path + "/target")
        try file.commit(sample)
        #expect(try file.load() == .state(sample))
        #expect(try directory.text("target") == "precious")
    }
}
