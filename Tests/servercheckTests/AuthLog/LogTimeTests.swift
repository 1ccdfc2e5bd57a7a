// Times of log lines, in tables: what they mean, and what is no time.

import Testing

@testable import servercheck

@Suite struct LogTimeTests {
    /// Germany's rules since 1996: an hour more from the last Sunday of March to that of October, 01:00 UTC.
    private static let berlin = LocalZone { seconds in
        let year = LogTime.year(ofDay: Int64((Double(seconds) / 86_400).rounded(.down)))
        let change = { (month: Int64) in
            let last = LogTime.days(year: year, month: month, day: 31)
            // 1970-01-01 was a Thursday.
            return (last - ((last % 7 + 7 + 4) % 7)) * 86_400 + 3600
        }
        return seconds >= change(3) && seconds < change(10) ? 7200 : 3600
    }

    /// Each line's time in UTC, `-` for none; read one after the other.
    private func times(
        _ lines: [String], now: String, zone: LocalZone = .utc, previous: Timestamp? = nil
    ) throws -> [String] {
        var reader = LogTime(now: try moment(now), zone: zone, previous: previous)
        return lines.map { line in
            let bytes = Array((line + " host sshd[1]: x").utf8)
            guard case .sshd(_, let style, _) = LinePrefix(bytes.span) else { return "no line" }
            return reader.time(of: bytes.span, style: style)?.utcText ?? "-"
        }
    }

    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    @Test(
        "without a year it is the nearest year to now that is not to come, nor half a year before the line before",
        arguments: [
            // New Year, seen from both sides.
            (["Dec 31 23:59:59"], "2027-01-01T00:00:30Z", ["2026-12-31T23:59:59Z"]),
            (["Jan  1 00:00:01"], "2026-12-31T23:59:59Z", ["2027-01-01T00:00:01Z"]),
            (
                ["Dec 31 23:59:59", "Jan  1 00:00:00", "Jan  1 00:00:01"], "2027-01-01T00:10:00Z",
                ["2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z"]
            ),
            // Out of order around midnight.
            (
                ["Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:01"], "2027-01-01T00:10:00Z",
                ["2027-01-01T00:00:00Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:01Z"]
            ),
            // The day of the month padded with a zero, and with a space.
            (
                ["Nov 05 04:03:02", "Nov  5 04:03:02"], "2026-11-23T12:00:00Z",
                ["2026-11-05T04:03:02Z", "2026-11-05T04:03:02Z"]
            ),
            // 29 February: the nearest leap year.
            (["Feb 29 12:00:00"], "2026-02-28T00:00:00Z", ["2024-02-29T12:00:00Z"]),
            (["Feb 29 12:00:00"], "2027-03-01T00:00:00Z", ["2024-02-29T12:00:00Z"]),
            (["Feb 29 12:00:00"], "2028-02-29T12:00:10Z", ["2028-02-29T12:00:00Z"]),
            (["Feb 29 12:00:00"], "2100-03-01T00:00:00Z", ["2096-02-29T12:00:00Z"]),
            // No log is of next winter, a clock may be a little ahead.
            (["Mar  1 00:00:00"], "2026-11-23T12:00:00Z", ["2026-03-01T00:00:00Z"]),
            (["Nov 24 23:00:00"], "2026-11-23T23:30:00Z", ["2026-11-24T23:00:00Z"]),
            (["Nov 27 23:00:00"], "2026-11-23T23:30:00Z", ["2025-11-27T23:00:00Z"]),
            // A log over two years: never back by more than half a year.
            (
                ["Sep  1 00:00:00", "Dec  1 00:00:00", "Feb  1 00:00:00", "May  1 00:00:00", "Jul 15 00:00:00"],
                "2026-07-20T00:00:00Z",
                [
                    "2025-09-01T00:00:00Z", "2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z",
                    "2026-07-15T00:00:00Z",
                ]
            ),
            (
                ["Jan 25 00:00:00", "Jul  1 00:00:00", "Dec  1 00:00:00", "Jan 10 00:00:00"], "2026-07-20T00:00:00Z",
                ["2026-01-25T00:00:00Z", "2026-07-01T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-10T00:00:00Z"]
            ),
            // From the future: a clock that was ahead.
            (
                ["Nov 23 14:00:00", "Nov 23 12:00:01"], "2026-11-23T12:00:05Z",
                ["2026-11-23T14:00:00Z", "2026-11-23T12:00:01Z"]
            ),
        ] as [([String], String, [String])])
    func years(_ lines: [String], _ now: String, _ expected: [String]) throws {
        #expect(try times(lines, now: now) == expected)
    }

    @Test(
        "daylight saving: the hour that comes twice, and the one that is left out",
        arguments: [
            // 2026-10-25 03:00 summer time becomes 02:00.
            (
                [
                    "Oct 25 01:59:59", "Oct 25 02:30:00", "Oct 25 02:59:59", "Oct 25 02:00:00", "Oct 25 02:30:00",
                    "Oct 25 03:00:00",
                ],
                "2026-10-25T12:00:00Z",
                [
                    "2026-10-24T23:59:59Z", "2026-10-25T00:30:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z",
                    "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z",
                ]
            ),
            // A little out of order within the first hour stays there.
            (
                ["Oct 25 02:30:10", "Oct 25 02:30:05"], "2026-10-25T12:00:00Z",
                ["2026-10-25T00:30:10Z", "2026-10-25T00:30:05Z"]
            ),
            // 2026-03-29 02:00 becomes 03:00; 02:30 never was, and is read with the offset before.
            (
                ["Mar 29 01:59:59", "Mar 29 02:30:00", "Mar 29 03:00:00"], "2026-03-29T12:00:00Z",
                ["2026-03-29T00:59:59Z", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"]
            ),
            (["Jul  1 12:00:00"], "2026-07-02T12:00:00Z", ["2026-07-01T10:00:00Z"]),
            (["Jan  1 00:30:00"], "2027-01-01T12:00:00Z", ["2026-12-31T23:30:00Z"]),
        ] as [([String], String, [String])])
    func daylightSaving(_ lines: [String], _ now: String, _ expected: [String]) throws {
        #expect(try times(lines, now: now, zone: Self.berlin) == expected)
    }

    @Test(
        "RFC 3339 means one moment, wherever it was written",
        arguments: [
            ("2026-11-23T15:42:13Z", "2026-11-23T15:42:13Z"),
            ("2026-11-23T15:42:13+00:00", "2026-11-23T15:42:13Z"),
            ("2026-11-23T15:42:13-00:00", "2026-11-23T15:42:13Z"),
            ("2026-11-23T15:42:13+01:00", "2026-11-23T14:42:13Z"),
            ("2026-11-23T15:42:13-03:30", "2026-11-23T19:12:13Z"),
            ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00Z"),
            ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
            ("2026-11-23T15:42:13.7Z", "2026-11-23T15:42:13.700000Z"),
            ("2026-11-23T15:42:13.75Z", "2026-11-23T15:42:13.750000Z"),
            ("2026-11-23T15:42:13.755Z", "2026-11-23T15:42:13.755000Z"),
            ("2026-11-23T15:42:13.7552Z", "2026-11-23T15:42:13.755200Z"),
            ("2026-11-23T15:42:13.75526Z", "2026-11-23T15:42:13.755260Z"),
            ("2026-11-23T15:42:13.755266Z", "2026-11-23T15:42:13.755266Z"),
            ("2026-11-23T15:42:13.7552669Z", "2026-11-23T15:42:13.755266Z"),
            ("2026-11-23T15:42:13.75526699Z", "2026-11-23T15:42:13.755266Z"),
            ("2026-11-23T15:42:13.755266999+00:00", "2026-11-23T15:42:13.755266Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ])
    func rfc3339(_ text: String, _ expected: String) throws {
        #expect(try times([text], now: "2026-11-23T16:00:00Z") == [expected])
    }

    @Test(
        "what is not quite a time is none",
        arguments: [
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
            "2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:60:00Z",
            "2026-11-23T23:59:61Z", "2026-11-23T15:42:13", "2026-11-23T15:42:13.Z", "2026-11-23T15:42:13z",
            "2026-11-23T15:42:13+0100", "2026-11-23T15:42:13+24:00", "2026-11-23T15:42:13+01:60",
            "2026-11-23T15:42:13+01:00x", "2026-11-23T15:42:13Zx", "2026-11-23T15:42:1xZ", "2026-11-23T15-42-13Z",
            "2026-11-23T15:42:13 01:00", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
            "+026-11-23T15:42:13Z", "2026-11-23T",
            "Foo  5 04:03:02", "nov  5 04:03:02", "Nov  0 04:03:02", "Nov 31 04:03:02", "Nov 3x 04:03:02",
            "Feb 30 04:03:02", "Nov  5 24:03:02", "Nov  5 04:60:02", "Nov  5 04:03:61", "Nov  5 04:03:0x",
            "Nov    04:03:02",
        ])
    func garbage(_ text: String) throws {
        // `no line`: so far from a time that no prefix is found.
        #expect(["-", "no line"].contains(try times([text], now: "2026-11-23T16:00:00Z").first))
        // And it leaves no trace: the line after it is read as if it had never been.
        let after = try times([text, "Nov 23 15:00:00"], now: "2026-11-23T16:00:00Z").last
        #expect(after == "2026-11-23T15:00:00Z")
    }

    @Test("the line before is remembered over runs, and not believed when it lies far ahead")
    func remembered() throws {
        let now = "2026-12-31T23:59:59Z"
        let december: Timestamp = try moment("2026-12-31T23:59:00Z")
        #expect(try times(["Jan  1 00:00:00"], now: now, previous: december) == ["2027-01-01T00:00:00Z"])
        for previous in [try moment("2031-01-01T00:00:00Z").microseconds, .max, .min, -1] {
            let times = try times(["Dec 31 23:59:30"], now: now, previous: Timestamp(microseconds: previous))
            #expect(times == ["2026-12-31T23:59:30Z"])
        }
    }

    @Test("days and years agree with each other from 1970 to 9999")
    func calendar() {
        #expect(LogTime.days(year: 1970, month: 1, day: 1) == 0)
        #expect(LogTime.days(year: 2000, month: 3, day: 1) == 11_017)
        for year in stride(from: Int64(1970), through: 9999, by: 1) {
            let first = LogTime.days(year: year, month: 1, day: 1)
            let last = LogTime.days(year: year, month: 12, day: 31)
            #expect(LogTime.year(ofDay: first) == year && LogTime.year(ofDay: last) == year)
            #expect(last - first == (LogTime.isDate(year: year, month: 2, day: 29) ? 365 : 364))
        }
    }
}
