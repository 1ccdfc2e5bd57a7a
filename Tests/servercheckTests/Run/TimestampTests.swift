import Glibc
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

    @Test("the time in UTC is that of gmtime_r(3)")
    func utcOfLibrary() {
        var seconds: [Int64] = [-1, 0, 1, 951_782_399, 951_782_400, 4_107_542_400, -2_208_988_801]
        seconds += stride(from: -70_000_000_000, through: 300_000_000_000, by: 12_345_677)
        for second in seconds {
            var clock = time_t(second)
            var broken = tm()
            gmtime_r(&clock, &broken)
            let numbers = [
                broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour, broken.tm_min, broken.tm_sec,
            ]
            let text = Timestamp(seconds: second).utcText
            #expect(text.split(whereSeparator: { "-T:Z".contains($0) }).compactMap { Int32($0) } == numbers.map(abs))
            #expect(text.hasPrefix("-") == (numbers[0] < 0))
        }
    }
}
