// What diskspace finds over several runs, while the machine's mounts change.

import Foundation
import Testing

@testable import servercheck

@Suite("Stories of diskspace") struct DiskSpaceStoryTests {
    /// A machine whose mounts change from run to run; the sensor's memory goes along.
    private final class Story {
        let sensor: DiskSpace
        var memory = SensorMemory()
        let root = NSTemporaryDirectory() + "servercheck-story-\(UUID().uuidString)"

        init(_ config: String) throws {
            sensor = try DiskSpace.configured(config)
            try FileManager.default.createDirectory(atPath: root + "/proc/self", withIntermediateDirectories: true)
            try "nodev\ttmpfs\nnodev\tfuse\n\text4\n".write(
                toFile: root + "/proc/filesystems", atomically: false, encoding: .utf8)
        }

        deinit { try? FileManager.default.removeItem(atPath: root) }

        /// One run. `mounts`: lines `POINT OPTIONS`, each a filesystem of its own; all are a tenth full.
        func run(_ mounts: [String], failing: [String: Int32] = [:]) throws -> Reading {
            var lines = ""
            var answers: [[UInt8]: RecordedMachine.Answer] = [:]
            for (index, mount) in mounts.enumerated() {
                let words = mount.split(separator: " ")
                let id = index + 2
                lines += "\(id) \(index == 0 ? 1 : 2) 8:\(id) / \(words[0]) rw - ext4 /dev/sd\(id) \(words[1])\n"
                answers[Array(words[0].utf8)] =
                    failing[String(words[0])].map { .error($0) }
                    ?? .usage(
                        VolumeUsage(
                            totalBytes: 1000, freeBytes: 900, availableBytes: 900, totalInodes: 0, freeInodes: 0))
            }
            try lines.write(toFile: root + "/proc/self/mountinfo", atomically: false, encoding: .utf8)
            let reading = try sensor.measure(on: .scripted(root: root, answers: answers), memory: memory)
            memory = reading.memory
            return reading
        }
    }

    private static func fine(_ mountPoint: String) -> String {
        "OK diskspace:\(mountPoint) / \(mountPoint) 10.0 % used, 900 B of 1000 B free"
    }

    private static func readOnly(_ mountPoint: String) -> String {
        "CRITICAL diskspace:\(mountPoint) / \(mountPoint) 10.0 % used, 900 B of 1000 B free; read-only, was writable before"
    }

    private func summary(_ reading: Reading) -> [String] {
        reading.findings.map { "\($0.status.word) \($0.id) / \($0.text)" }
    }

    @Test("a filesystem that was writable is CRITICAL while it is read-only, one that never was is not")
    func readOnlyTransition() throws {
        let story = try Story(#"{"threshold": 90}"#)
        let fine = [Self.fine("/"), Self.fine("/cd"), Self.fine("/data")]
        #expect(summary(try story.run(["/ rw", "/data rw,errors=remount-ro", "/cd ro"])) == fine)
        let broken = [Self.fine("/"), Self.fine("/cd"), Self.readOnly("/data")]
        #expect(summary(try story.run(["/ rw", "/data ro,errors=remount-ro", "/cd ro"])) == broken)
        let quiet = story.memory
        #expect(summary(try story.run(["/ rw", "/data ro,errors=remount-ro", "/cd ro"])) == broken)
        #expect(summary(try story.run(["/ rw", "/data rw,emergency_ro", "/cd ro"])) == broken)
        #expect(story.memory == quiet)
        #expect(summary(try story.run(["/ rw", "/data rw", "/cd rw"])) == fine)
        #expect(
            summary(try story.run(["/ rw", "/data rw", "/cd ro"])) == [
                Self.fine("/"), Self.readOnly("/cd"), Self.fine("/data"),
            ])
    }

    @Test("a disk that is unmounted is gone from the list, and read-only at its return it is not CRITICAL")
    func unmounted() throws {
        let story = try Story(#"{"threshold": 90}"#)
        #expect(summary(try story.run(["/ rw", "/data rw"])) == [Self.fine("/"), Self.fine("/data")])
        #expect(summary(try story.run(["/ rw"])) == [Self.fine("/")])
        #expect(summary(try story.run(["/ rw", "/data ro"])) == [Self.fine("/"), Self.fine("/data")])
    }

    @Test("a named partition is CRITICAL while it is not mounted, unless it is not required")
    func missing() throws {
        let story = try Story(#"{"threshold": 90, "partitions": {"/data": {}, "/stick": {"required": false}}}"#)
        let gone = [Self.fine("/"), "CRITICAL diskspace:/data / /data is not mounted"]
        #expect(summary(try story.run(["/ rw"])) == gone)
        #expect(
            summary(try story.run(["/ rw", "/data rw", "/stick rw"]))
                == [Self.fine("/"), Self.fine("/data"), Self.fine("/stick")])
        #expect(summary(try story.run(["/ rw"])) == gone)
    }

    @Test("a mount that may not be reached is noted once, until it was reached or gone")
    func unreachable() throws {
        let story = try Story(#"{"threshold": 90}"#)
        let note =
            "/secret/in is left out: this user may not reach it (exclude it, or let the user enter the directories above)"
        let mounts = ["/ rw", "/secret/in rw"]
        var reading = try story.run(mounts, failing: ["/secret/in": EACCES])
        #expect(summary(reading) == [Self.fine("/")])
        #expect(reading.notes == [note])
        reading = try story.run(mounts, failing: ["/secret/in": EACCES])
        #expect(summary(reading) == [Self.fine("/")])
        #expect(reading.notes == [])
        #expect(summary(try story.run(mounts)) == [Self.fine("/"), Self.fine("/secret/in")])
        #expect(try story.run(mounts, failing: ["/secret/in": EACCES]).notes == [note])
    }

    @Test("a mount that fails is UNKNOWN with the reason, and what was known of it stays remembered")
    func failing() throws {
        let story = try Story(#"{"threshold": 90}"#)
        _ = try story.run(["/ rw", "/data rw"])
        #expect(
            summary(try story.run(["/ rw", "/data ro"], failing: ["/data": EIO]))
                == [
                    Self.fine("/"),
                    "UNKNOWN diskspace:/data / cannot ask the filesystem at /data: Input/output error",
                ])
        #expect(summary(try story.run(["/ rw", "/data ro"])) == [Self.fine("/"), Self.readOnly("/data")])
    }

    @Test("mounts that hang are UNKNOWN, an excluded one is not touched, and the others are measured")
    func hanging() throws {
        let story = try Story(#"{"threshold": 90, "excluded_partitions": ["/ex*"]}"#)
        _ = try story.run(["/ rw", "/a rw", "/excluded rw", "/hung rw", "/z rw"])
        var machine = Machine.scripted(root: "", answers: [:])
        let usage = VolumeUsage(totalBytes: 1000, freeBytes: 900, availableBytes: 900, totalInodes: 0, freeInodes: 0)
        machine.root = story.root
        machine.volumeUsage = { (point: [UInt8]) throws(SystemError) -> VolumeUsage in
            if point.starts(with: "/ex".utf8) { Issue.record("an excluded mount was touched") }
            if point.starts(with: "/hung".utf8) { while true { pause() } }
            return usage
        }
        let reading = try story.sensor.measure(on: machine, memory: story.memory, stallSeconds: 0.2)
        #expect(
            summary(reading)
                == [
                    Self.fine("/"), Self.fine("/a"),
                    "UNKNOWN diskspace:/hung / /hung does not answer within 0.2 seconds", Self.fine("/z"),
                ])
    }

    @Test("the memory stays small, and keeps what it remembers before what is new")
    func bounded() {
        let many = Set((1000..<1400).map { "/disk\($0)" })
        let kept = DiskSpaceMemory.bounded(many, remembered: ["/disk1399", "/gone"])
        #expect(kept == (1000..<1255).map { "/disk\($0)" } + ["/disk1399"])
        #expect(DiskSpaceMemory.bounded(many, remembered: kept) == kept)
        let long = Set((0..<50).map { "/" + String(repeating: "x", count: 1000 + $0) })
        #expect(DiskSpaceMemory.bounded(long, remembered: []).map(\.utf8.count).reduce(0, +) <= 16 << 10)
    }

    @Test("without a mount table, or with one that shows nothing, there is an error with a remedy")
    func blind() throws {
        let story = try Story("{}")
        #expect(
            throws: SensorError(
                "no mounted filesystem found in /proc/self/mountinfo (name a mount point in \"partitions\" of diskspace)"
            )
        ) { try story.run([]) }
        #expect(
            throws: SensorError(
                "cannot open /nowhere/proc/self/mountinfo: No such file or directory (is /proc mounted, and ProcSubset=pid not set?)"
            )
        ) { try story.sensor.measure(on: .scripted(root: "/nowhere", answers: [:]), memory: SensorMemory()) }
    }
}
