import Testing

@testable import servercheck

@Suite struct MetricsFileStoryTests {
    private let story: Story

    init() throws {
        story = try Story()
        story.sensors = [
            ScriptedSensor { (_, _) throws(SensorError) in
                Reading(findings: [Finding(sensor: "scripted", id: "scripted", status: .ok, text: "fine")])
            },
            ScriptedSensor(name: "broken") { (_, _) throws(SensorError) in throw SensorError("cannot measure") },
        ]
    }

    @Test("a run leaves its report there, also when a sensor failed")
    func written() throws {
        story.metricsFile = story.directory.path + "/servercheck.prom"
        let outcome = try story.run()
        #expect(outcome.report.status == .unknown)
        #expect(try story.directory.text("servercheck.prom") == OpenMetrics.text(outcome.report))
    }

    @Test("a dry run writes nothing, and a part of a run does not take the others' values away")
    func notWritten() throws {
        story.metricsFile = story.directory.path + "/servercheck.prom"
        story.isDryRun = true
        try story.run()
        #expect(try story.directory.contents() == [])
        story.isDryRun = false
        let whole = OpenMetrics.text(try story.run().report)
        story.selection = ["scripted"]
        try story.run()
        #expect(try story.directory.text("servercheck.prom") == whole)
    }

    @Test("a file that cannot be written is shown as WARNING, and never told")
    func unwritable() throws {
        story.sensors.removeLast()
        story.metricsFile = story.directory.path + "/none/servercheck.prom"
        let report = try story.run().report
        #expect(report.status == .warning)
        #expect(report.findings.map(\.id) == ["scripted", "metrics_file"])
        #expect(
            report.findings.last?.text
                == "Prometheus does not see this run: cannot open \(story.directory.path)/none/servercheck.prom.new: "
                + "No such file or directory (create \(story.directory.path)/none, or change metrics_file)")
        try story.run()
        #expect(story.titles == [])
    }
}
