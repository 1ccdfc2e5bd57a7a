import Foundation
import Testing

@testable import servercheck

@Suite struct MetricsFileTests {
    private let directory: TemporaryDirectory
    private let report = Report(version: "1", host: "box", time: .noon, findings: [])

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ name: String) -> String? {
        MetricsFile(path: directory.path + "/" + name).write(report, before: .now + .seconds(5))?.text
    }

    @Test("the whole text, readable by others whatever the umask, and nothing beside it")
    func written() throws {
        #expect(write("a.prom") == nil)
        #expect(try directory.text("a.prom") == OpenMetrics.text(report))
        #expect(try OpenFile(directory.path + "/a.prom", flags: O_RDONLY).facts().mode & 0o7777 == 0o644)
        try directory.write("half of a text", to: "a.prom.new")
        #expect(write("a.prom") == nil)
        #expect(try directory.contents() == ["a.prom"])
    }

    @Test("who reads while it is replaced keeps the old text")
    func replaced() throws {
        try directory.write("old", to: "a.prom")
        let old = try OpenFile(directory.path + "/a.prom", flags: O_RDONLY)
        #expect(write("a.prom") == nil)
        #expect(try old.contents(limit: 100) == Array("old".utf8))
    }

    @Test("a directory or a FIFO in its place is left alone")
    func foreign() throws {
        try FileManager.default.createDirectory(atPath: directory.path + "/a.prom", withIntermediateDirectories: false)
        let start = "Prometheus does not see this run: cannot replace \(directory.path)/"
        let remedy = "(metrics_file must name a file in a directory that servercheck may write to)"
        #expect(write("a.prom") == "\(start)a.prom: Is a directory \(remedy)")
        mkfifo(directory.path + "/b.prom", 0o600)
        #expect(write("b.prom") == "\(start)b.prom: Invalid argument \(remedy)")
        #expect(try directory.contents() == ["a.prom", "b.prom"])
    }

    @Test("a link is replaced, not followed")
    func link() throws {
        try directory.write("mine", to: "target")
        symlink("target", directory.path + "/a.prom")
        symlink("target", directory.path + "/a.prom.new")
        #expect(write("a.prom") == nil)
        #expect(try directory.text("target") == "mine")
        #expect(try directory.text("a.prom") == OpenMetrics.text(report))
    }

    @Test("what is in the way is named with its remedy")
    func missing() {
        #expect(
            write("none/a.prom") == "Prometheus does not see this run: cannot open \(directory.path)/none/a.prom.new: "
                + "No such file or directory (create \(directory.path)/none, or change metrics_file)")
        #expect(
            MetricsFile(path: "/proc/a.prom").write(report, before: .now + .seconds(5))?.status == .warning)
    }
}
