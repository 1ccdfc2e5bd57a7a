// What df said on a recorded machine at the moment of the recording, against what the sensor makes of the recording. The
// two count the same disks with the same numbers, but for what the machine's file `unlike-df` names with its reason.

import Foundation
import Testing

@testable import servercheck

@Suite("df on recorded machines") struct DfTruthTests {
    /// A row of both of df's tables.
    struct Disk: Equatable {
        var usedBytes: Double
        var availableBytes: Double
        var percent: String
        /// nil where the filesystem has no limit of inodes.
        var usedInodes: Double?
        var totalInodes: Double?
    }

    /// Not what anyone calls a disk: memory, and images that are always full.
    static let others: Set<String> = ["devtmpfs", "tmpfs", "efivarfs", "squashfs", "iso9660"]

    @Test("the sensor finds df's disks, with df's numbers", arguments: RecordedMachine.kinds(with: "df"))
    func disks(kind: String) throws {
        let recorded = try RecordedMachine(kind)
        var expected = try dfDisks(recorded.file("df"))
        #expect(!expected.isEmpty)
        var extra: Set<String> = []
        let unlike = (try? recorded.file("unlike-df")) ?? ""
        for line in unlike.split(separator: "\n") where !line.hasPrefix("#") {
            let match = try #require(line.wholeMatch(of: /([+-]) (.+?): .+/), "\(line)")
            let point = String(match.2)
            if match.1 == "-" {
                try #require(expected.removeValue(forKey: point) != nil, "df shows no \(point)")
            } else {
                extra.insert(point)
            }
        }

        guard case .object(let config) = try JSONParser.parse(Array(recorded.file("config.json").utf8)).value else {
            throw CocoaError(.coderInvalidValue)
        }
        let sensor = try DiskSpace.configured(try #require(config["diskspace"]))
        var found: [String: Disk] = [:]
        for finding in try sensor.measure(on: recorded.machine, memory: SensorMemory()).findings {
            let point = String(finding.id.dropFirst("diskspace:".count))
            if extra.remove(point) != nil { continue }
            found[point] = try disk(finding)
        }
        #expect(found == expected)
        #expect(extra == [], "named in unlike-df, but not found")
    }

    private func disk(_ finding: Finding) throws -> Disk {
        let space = try #require(finding.metrics.first, "\(finding)")
        let used = space.value
        let capacity = try #require(space.maximum)
        let inodes = finding.metrics.dropFirst().first
        return Disk(
            usedBytes: used, availableBytes: capacity - used,
            percent: capacity > 0 ? String(Int((used * 100 / capacity).rounded(.up))) : "-",
            usedInodes: inodes?.value, totalInodes: inodes?.maximum)
    }

    /// By mount point. df shows each btrfs subvolume; the first of a source stands for the filesystem.
    private func dfDisks(_ text: String) throws -> [String: Disk] {
        let tables = text.components(separatedBy: "\n\n").map { $0.split(separator: "\n").dropFirst() }
        try #require(tables.count == 2 && tables[0].count == tables[1].count)
        var disks: [String: Disk] = [:]
        var sources: Set<Substring> = []
        for (space, inodes) in zip(tables[0], tables[1]) {
            let row = space.split(separator: " ", maxSplits: 6)
            let inodeRow = inodes.split(separator: " ", maxSplits: 6)
            try #require(row.count == 7 && inodeRow.count == 7 && row[6] == inodeRow[6], "\(space)")
            let type = String(row[1])
            if DfTruthTests.others.contains(type) || type == "overlay" && row[6] != "/" { continue }
            if !sources.insert(row[0]).inserted { continue }
            let total = Double(inodeRow[2])
            disks[String(row[6])] = Disk(
                usedBytes: try #require(Double(row[3])), availableBytes: try #require(Double(row[4])),
                percent: String(row[5].prefix { $0 != "%" }), usedInodes: total == 0 ? nil : Double(inodeRow[3]),
                totalInodes: total == 0 ? nil : total)
        }
        return disks
    }
}
