import Foundation
import Testing

@testable import servercheck

@Suite struct JSONReportTests {
    private let report: Report = {
        var finding = Finding(
            sensor: "diskspace", id: "diskspace:/ä\n|", status: .critical, text: "full",
            metrics: [
                Metric(
                    name: "diskspace_/ä", value: 1_000_000_000_000, unit: .bytes, limits: Limits(critical: 0.5),
                    minimum: 0)
            ])
        finding.since = Timestamp.noon + -60
        return Report(
            version: "1", host: "box", time: .noon, findings: [finding],
            notifications: [
                NotificationReport(channel: "mail", reason: .worse, title: "t", delivered: true, error: nil)
            ])
    }()

    @Test("one object with every key, null for what is not known")
    func object() {
        let time = Timestamp.noon.localText
        #expect(
            String(decoding: JSONText.encode(report), as: UTF8.self)
                == "{\"exit_code\":2,\"findings\":[{\"id\":\"diskspace:/ä\\n|\",\"metrics\":[{\"critical\":0.5,"
                + "\"max\":null,\"min\":0,\"name\":\"diskspace_/ä\",\"unit\":\"B\",\"value\":1000000000000,"
                + "\"warning\":null}],\"sensor\":\"diskspace\",\"since\":\"\((Timestamp.noon + -60).localText)\","
                + "\"status\":\"CRITICAL\",\"text\":\"full\"}],\"host\":\"box\",\"notifications\":[{\"channel\":\"mail\","
                + "\"delivered\":true,\"error\":null,\"reason\":\"worse\",\"title\":\"t\"}],\"status\":\"CRITICAL\","
                + "\"summary\":\"full\",\"time\":\"\(time)\",\"version\":\"1\"}")
    }

    @Test("status reads back what run wrote")
    func roundTrip() throws {
        #expect(try stored(report) == report)
    }

    @Test("an infinite number is null, not a failure")
    func infinite() {
        var endless = report
        endless.findings[0].metrics[0].value = .infinity
        #expect(String(decoding: JSONText.encode(endless), as: UTF8.self).contains("\"value\":null"))
    }
}
