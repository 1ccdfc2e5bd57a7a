import Foundation
import Testing

@testable import servercheck

@Suite struct LastResultTests {
    /// Results of these ages in places of their own, in this order; nil: there is none.
    private func shown(ages: [Double?], in directory: TemporaryDirectory) throws -> String {
        var places = StatePlaces(explicit: directory.path, environment: [:])
        places.lastCandidates = ages.indices.map { "\(directory.path)/\($0)" }
        for (place, age) in zip(places.lastCandidates, ages) {
            guard let age else { continue }
            let report = Report(
                version: "1", host: place.suffix(1) + "", time: .noon + -age, findings: [], notifications: [])
            try LastResult.write(report, directory: place)
        }
        return try LastResult.read(places, now: .noon).host
    }

    @Test(
        "the newest result is shown, of equal ones the first, and one from the future only where there is no other",
        arguments: [
            ([60, 3600], "0"), ([86_400, 20], "1"), ([nil, 9, 8, 9], "2"), ([30, 30, 30], "0"), ([nil, nil, 5], "2"),
            ([-600, 40], "1"), ([-600, -60], "0"), ([4, -0.5], "1"),
        ] as [([Double?], String)])
    func newest(ages: [Double?], expected: String) throws {
        #expect(try shown(ages: ages, in: TemporaryDirectory()) == expected)
    }

    @Test("what is no result hides none, and without any each place says why")
    func unusable() throws {
        let directory = try TemporaryDirectory()
        var places = StatePlaces(explicit: directory.path, environment: [:])
        places.lastCandidates = [directory.path, "\(directory.path)/0", "\(directory.path)/none"]
        try directory.write("{", to: "last.json")
        let missing = #expect(throws: LastResult.Missing.self) { try LastResult.read(places, now: .noon) }
        #expect(
            missing?.description
                == "no result of an earlier run (\(directory.path)/last.json: not a result of servercheck; "
                + "\(directory.path)/0/last.json: No such file or directory; \(directory.path)/none/last.json: "
                + "No such file or directory): run servercheck, or start its timer: systemctl start servercheck.timer")
        let report = Report(version: "1", host: "box", time: .noon, findings: [], notifications: [])
        try LastResult.write(report, directory: "\(directory.path)/0")
        #expect(try LastResult.read(places, now: .noon + 60).host == "box")
    }
}
