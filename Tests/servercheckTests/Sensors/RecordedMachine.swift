// A machine as a tree of files below Fixtures/proc (recorded) or Fixtures/proc-by-hand: /proc, what its mounts answer, a
// config, and the whole expected outcome. Fixtures/proc/README.md says what each file is.

import Foundation
import Testing

@testable import servercheck

struct RecordedMachine {
    /// What one mount point answers; an errno when it fails.
    enum Answer: Sendable {
        case usage(VolumeUsage)
        case error(Int32)
    }

    let directory: String
    let machine: Machine

    /// - Parameter kind: the folder below Fixtures, `proc/docker-host`.
    init(_ kind: String) throws {
        let resources = try #require(Bundle.module.resourceURL)
        directory = resources.appendingPathComponent("Fixtures/\(kind)").path
        let watched = Set(
            try String(contentsOfFile: directory + "/expected", encoding: .utf8).split(separator: "\n")
                .compactMap { $0.split(separator: " diskspace:", maxSplits: 1).dropFirst().first })
        var answers: [[UInt8]: Answer] = [:]
        for line in try String(contentsOfFile: directory + "/usage", encoding: .utf8).split(separator: "\n")
        where !line.hasPrefix("#") {
            let parts = line.split(separator: ":", maxSplits: 1)
            let words = try #require(parts.last).split(separator: " ")
            let point = Mount.unescaped(Array(parts[0].utf8)[...])
            if words == ["EACCES"] {
                answers[point] = .error(EACCES)
            } else {
                let numbers = words.compactMap { UInt64($0) }
                try #require(numbers.count == 5, "\(line)")
                // A recording has the answers of all mounts, but only the watched disks may be asked, and files, which
                // must be asked to be known as such.
                guard watched.contains(String(decoding: point, as: UTF8.self)[...]) || words.last == "file" else {
                    continue
                }
                answers[point] = .usage(
                    VolumeUsage(
                        totalBytes: numbers[0], freeBytes: numbers[1], availableBytes: numbers[2],
                        totalInodes: numbers[3], freeInodes: numbers[4], isDirectory: words.last != "file"))
            }
        }
        machine = Machine.scripted(root: directory, answers: answers)
    }

    func file(_ name: String) throws -> String {
        try String(contentsOfFile: directory + "/" + name, encoding: .utf8)
    }

    static var kinds: [String] { kinds(with: "expected") }

    /// The machines that have a file of this name.
    static func kinds(with file: String) -> [String] {
        guard let fixtures = Bundle.module.resourceURL?.appendingPathComponent("Fixtures").path else { return [] }
        return ["proc", "proc-by-hand"].flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: "\(fixtures)/\(folder)")) ?? []).sorted()
                .map { "\(folder)/\($0)" }
        }.filter { FileManager.default.fileExists(atPath: "\(fixtures)/\($0)/\(file)") }
    }
}

extension Machine {
    /// A machine whose mounts answer as told; asking any other place is a failure, because nothing must be touched that
    /// is not watched.
    static func scripted(root: String, answers: [[UInt8]: RecordedMachine.Answer]) -> Machine {
        Machine(
            now: Timestamp(seconds: 1_795_000_000), root: root, hostname: "recorded", environment: [:],
            volumeUsage: { (point: [UInt8]) throws(SystemError) -> VolumeUsage in
                let name = String(decoding: point, as: UTF8.self)
                switch answers[point] {
                case .usage(let usage): return usage
                case .error(let code): throw SystemError(action: "ask the filesystem at", object: name, code: code)
                case nil:
                    Issue.record("\(name) was asked")
                    throw SystemError(action: "ask the filesystem at", object: name, code: ENOENT)
                }
            })
    }
}

extension Sensor {
    /// From a config as JSON text; every mistake is a failure.
    static func configured(_ json: String) throws -> Self { try configured(JSONParser.parse(Array(json.utf8)).value) }

    static func configured(_ json: JSONValue) throws -> Self {
        let (sensor, problems) = try read(json)
        #expect(problems == [])
        return sensor
    }

    /// From a config as JSON text, with its mistakes as text.
    static func read(_ json: String) throws -> (sensor: Self, problems: [String]) {
        try read(JSONParser.parse(Array(json.utf8)).value)
    }

    private static func read(_ json: JSONValue) throws -> (sensor: Self, problems: [String]) {
        guard case .object(let members) = json else { throw CocoaError(.coderInvalidValue) }
        var reader = ConfigReader(members, path: kind, defaultName: kind)
        let sensor = Self(config: &reader)
        return (sensor, reader.finish().map { "\($0)" })
    }
}

extension Finding {
    /// The finding as the `expected` files show it.
    var lines: String {
        let number = { (number: Double?) in number.map { NumberText.shortest($0) } ?? "" }
        return "\(status.word) \(id)\n    \(text)\n" + details.map { "    \($0)\n" }.joined()
            + metrics.map { metric in
                "    \(metric.name) \(number(metric.value))\(metric.unit.rawValue);\(number(metric.limits.warning));"
                    + "\(number(metric.limits.critical));\(number(metric.minimum));\(number(metric.maximum))\n"
            }.joined()
    }
}
