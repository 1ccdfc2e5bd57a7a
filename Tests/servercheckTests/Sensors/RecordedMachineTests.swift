import Testing

@testable import servercheck

@Suite("Recorded machines") struct RecordedMachineTests {
    @Test("both sensors find on each recorded machine exactly what is expected", arguments: RecordedMachine.kinds)
    func wholeOutcome(kind: String) throws {
        let recorded = try RecordedMachine(kind)
        guard case .object(let config) = try JSONParser.parse(Array(recorded.file("config.json").utf8)).value else {
            Issue.record("config.json is no object")
            return
        }
        let diskSpace = try DiskSpace.configured(try #require(config["diskspace"]))
        let freeMemory = try FreeMemory.configured(try #require(config["free_memory"]))
        let disks = try diskSpace.measure(on: recorded.machine, memory: SensorMemory())
        let memory = try freeMemory.measure(on: recorded.machine, memory: SensorMemory())
        let outcome =
            (disks.findings + memory.findings).map(\.lines).joined()
            + (disks.notes + memory.notes).map { "note: \($0)\n" }.joined()
        let expected = try recorded.file("expected")
        #expect(outcome.split(separator: "\n") == expected.split(separator: "\n"))
    }

    @Test(
        "a second run on a recorded machine changes nothing in the memory and notes nothing",
        arguments: RecordedMachine.kinds)
    func quietSecondRun(kind: String) throws {
        let recorded = try RecordedMachine(kind)
        let sensor = try DiskSpace.configured("{}")
        let points = MountTable(Array(try recorded.file("proc/self/mountinfo").utf8)).mounts.map(\.point)
        #expect(!points.isEmpty)
        let usage = VolumeUsage(totalBytes: 100, freeBytes: 90, availableBytes: 90, totalInodes: 0, freeInodes: 0)
        let machine = Machine.scripted(
            root: recorded.directory, answers: Dictionary(points.map { ($0, .usage(usage)) }) { first, _ in first })
        let first = try sensor.measure(on: machine, memory: SensorMemory())
        let second = try sensor.measure(on: machine, memory: first.memory)
        #expect(second == first)
        #expect(first.memory.diskspace != DiskSpaceMemory())
    }

    @Test(
        "the sandbox of a unit shows the same list as a shell outside",
        arguments: RecordedMachine.kinds.filter { $0.hasSuffix("-sandbox") })
    func sandbox(kind: String) throws {
        let outside = try RecordedMachine(String(kind.dropLast("-sandbox".count)))
        #expect(try diskNames(RecordedMachine(kind)) == diskNames(outside))
    }

    private func diskNames(_ machine: RecordedMachine) throws -> [Substring] {
        try machine.file("expected").split(separator: "\n").compactMap { $0.firstMatch(of: /diskspace:.*/)?.output }
    }
}
