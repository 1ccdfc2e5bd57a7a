import Testing

@testable import servercheck

@Suite struct ScanTextTests {
    /// 2026-11-23T12:00:00 on the clock of the machine, whatever its zone.
    private static let noon = Timestamp(seconds: 1_795_435_200 - LocalZone.system.offset(1_795_435_200))

    private func text(_ summary: AttemptSummary, _ histogram: AttemptHistogram, style: TextStyle) -> String {
        ScanText(rules: AttemptRules(), style: style).lines(summary, histogram).joined(separator: "\n")
    }

    private var attack: (summary: AttemptSummary, histogram: AttemptHistogram) {
        let noon = ScanTextTests.noon
        var histogram = AttemptHistogram()
        for (hour, count) in [3, 0, 12, 40, 1, 0, 0, 9].enumerated() where count > 0 {
            histogram.add(noon + Double(hour * 3600), count)
        }
        var summary = AttemptSummary()
        (summary.lines, summary.bytes, summary.sshdLines, summary.unparsed) = (1234, 123_456, 800, 2)
        (summary.attempts, summary.connections, summary.logins) = (65, 20, 2)
        (summary.first, summary.last) = (noon, noon + 26_000)
        summary.byAddress = (0..<12).map {
            .init(address: "192.0.2.\($0)", attempts: 30 - $0, first: noon, last: noon + Double($0))
        }
        summary.attemptsWithoutAddress = 1
        summary.byUser = [
            .init(user: "root", attempts: 60), .init(user: "\u{1B}[2Jx|\u{202E}é", attempts: 5),
        ]
        summary.peak = .init(attempts: 12, start: noon + 60, duration: 30)
        summary.alarms = 2
        summary.notableLogins = [
            .init(
                time: noon + 9, address: "192.0.2.1", user: "alice", method: "password", failures: 7, suspicious: true),
            .init(time: noon, address: "192.0.2.2", user: "bob", method: nil, failures: 0, suspicious: false),
        ]
        return (summary, histogram)
    }

    @Test("a scan of an attack shows totals, logins, tables and a chart")
    func whole() {
        let (summary, histogram) = attack
        #expect(
            text(summary, histogram, style: TextStyle(columns: 60, isUTF8: true)) == """
                attempts   65 in 20 connections, 1 without an address
                time       2026-11-23 12:00:00 to 2026-11-23 19:13:20 (7 h 13 min)
                addresses  12
                users      2
                logins     2
                busiest    12 within 30 s, from 2026-11-23 12:01:00
                result     2 alarms with amount 5 and duration 30 s
                lines      1234, of sshd 800, 2 unreadable, 123.5 kB

                logins after failures
                2026-11-23 12:00:09  alice from 192.0.2.1 after 7 failed attempts

                address           attempts  first, last
                192.0.2.0               30  2026-11-23 12:00:00, 2026-11-23 12:00:00
                192.0.2.1               29  2026-11-23 12:00:00, 2026-11-23 12:00:01
                192.0.2.2               28  2026-11-23 12:00:00, 2026-11-23 12:00:02
                192.0.2.3               27  2026-11-23 12:00:00, 2026-11-23 12:00:03
                192.0.2.4               26  2026-11-23 12:00:00, 2026-11-23 12:00:04
                192.0.2.5               25  2026-11-23 12:00:00, 2026-11-23 12:00:05
                192.0.2.6               24  2026-11-23 12:00:00, 2026-11-23 12:00:06
                192.0.2.7               23  2026-11-23 12:00:00, 2026-11-23 12:00:07
                192.0.2.8               22  2026-11-23 12:00:00, 2026-11-23 12:00:08
                192.0.2.9               21  2026-11-23 12:00:00, 2026-11-23 12:00:09
                and 2 more with 39 attempts

                user              attempts
                root                    60
                ?[2Jx??é                 5

                attempts per 15 minutes
                 40 │            █
                    │            █
                    │            █
                    │            █
                    │            █
                    │        ▃   █
                    │        █   █               ▆
                    │▅       █   █   ▂           █
                  0 └─────────────────────────────
                     11-23 12:00  11-23 15:15  11-23 18:30
                """)
    }

    @Test("without UTF-8 everything is ASCII")
    func ascii() {
        let (summary, histogram) = attack
        let lines = text(summary, histogram, style: TextStyle(columns: 60, isUTF8: false))
        #expect(
            lines.hasSuffix(
                """
                user              attempts
                root                    60
                ?[2Jx???                 5

                attempts per 15 minutes
                 40 |            #
                    |            #
                    |            #
                    |            #
                    |            #
                    |            #
                    |        #   #               #
                    |#       #   #   #           #
                  0 +-----------------------------
                     11-23 12:00  11-23 15:15  11-23 18:30
                """))
        #expect(lines.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test("the axis is straight, also where joined slots hold more than any alone", arguments: [1, 7, 30, 3333])
    func axis(each: Int) {
        var histogram = AttemptHistogram()
        for second in 0..<600 { histogram.add(ScanTextTests.noon + Double(second), each) }
        for columns in [20, 40, 60, 200] {
            let lines = ScanChart.lines(histogram, style: TextStyle(columns: columns, isUTF8: true))
            let places = lines.compactMap { line in line.firstIndex { "│└".contains($0) }?.utf16Offset(in: line) }
            #expect(places.count == 9)
            #expect(Set(places).count == 1, "\(lines)")
            #expect(lines.allSatisfy { $0.count <= columns })
        }
    }

    @Test("a scan without attempts has no tables and no chart")
    func nothing() {
        #expect(
            text(AttemptSummary(), AttemptHistogram(), style: TextStyle()) == """
                attempts   0
                addresses  0
                users      0
                logins     0
                result     0 alarms with amount 5 and duration 30 s
                lines      0, of sshd 0, 0 bytes
                """)
    }

    @Test("no line is wider than the place it is printed to", arguments: [40, 57, 80, 133, 200])
    func width(columns: Int) {
        let chart = ScanChart.lines(attack.histogram, style: TextStyle(columns: columns))
        #expect(chart.allSatisfy { $0.count <= columns })
        var long = AttemptHistogram()
        for step in 0..<3000 { long.add(ScanTextTests.noon + Double(step * 977), step % 7) }
        let wide = ScanChart.lines(long, style: TextStyle(columns: columns))
        #expect(wide.count == 11)
        #expect(wide.allSatisfy { $0.count <= columns })
    }

    @Test(
        "the times below a chart are as exact as its slots",
        arguments: [(20, "11-23 12:00:00"), (80_000, "11-23 12:00"), (9_000_000, "2026-11-23")])
    func scale(seconds: Double, first: String) throws {
        var histogram = AttemptHistogram()
        histogram.add(ScanTextTests.noon, 1)
        histogram.add(ScanTextTests.noon + seconds, 1)
        let scale = try #require(ScanChart.lines(histogram, style: TextStyle()).last)
        #expect(scale.drop { $0 == " " }.hasPrefix(first + "  "))
    }

    @Test("colours appear only where they are wanted")
    func colours() {
        let (summary, histogram) = attack
        let plain = text(summary, histogram, style: TextStyle())
        #expect(!plain.contains("\u{1B}"))
        let coloured = text(summary, histogram, style: TextStyle(hasColours: true))
        #expect(coloured.contains("\u{1B}[31m2 alarms with amount 5 and duration 30 s\u{1B}[0m"))
    }

    @Test(
        "spans and sizes are short",
        arguments: [
            (0, "0 s"), (42, "42 s"), (60, "1 min 0 s"), (7500, "2 h 5 min"), (86_400, "1 day 0 h"),
            (300_000, "3 days 11 h"),
        ] as [(Double, String)])
    func spans(seconds: Double, text: String) {
        #expect(ScanText.span(seconds) == text)
        #expect(ScanText.span(-1) == "?")
        #expect(ScanText.span(.infinity) == "?")
    }

    @Test(
        "sizes use decimal units",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (53_426, "53.4 kB"), (268_435_456, "268.4 MB"),
            (3_000_000_000, "3.0 GB"),
        ])
    func sizes(bytes: Int, text: String) {
        #expect(ScanText.size(bytes) == text)
    }
}
