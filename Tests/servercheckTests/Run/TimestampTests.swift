import Testing

@testable import servercheck

@Suite struct TimestampTests {
    @Test(
        "RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_795_435_200_000_000, "2026-11-23T12:00:00Z"),
            (1_795_435_200_000_001, "2026-11-23T12:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"),
        ] as [(Int64, String)])
    func utc(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).utcText == text)
    }

    @Test("extreme times neither trap nor wrap around")
    func extremes() {
        for time in [Timestamp(microseconds: .min), Timestamp(microseconds: .max)] {
            _ = time.localText
            _ = time.utcText
            #expect((time + 1e300).microseconds == 9_000_000_000_000_000)
            #expect((time + -1e300).microseconds == -9_000_000_000_000_000)
        }
        #expect(Timestamp(microseconds: .max).seconds(since: Timestamp(microseconds: .min)) > 1e13)
    }

    @Test("a time in the future counts as elapsed")
    func future() {
        #expect((Timestamp.noon + 60).hasElapsed(3600, at: .noon))
        #expect(!Timestamp.noon.hasElapsed(3600, at: .noon + 3599))
        #expect(Timestamp.noon.hasElapsed(3600, at: .noon + 3600))
    }
}
