import Testing

@testable import servercheck

@Suite struct LocalClockTests {
    @Test("times are written as Timestamp writes them, over all years, in any order")
    func same() {
        var random = SeededGenerator(state: 3)
        var clock = LocalClock()
        let ranges: [Range<Int64>] = [
            -62_000_000_000..<250_000_000_000, 946_684_000..<946_686_000, 1_700_000_000..<1_900_000_000,
            1_761_400_000..<1_761_500_000, 4_102_444_000..<4_102_445_000,
        ]
        for range in ranges {
            for _ in 0..<400 {
                let time = Timestamp(
                    microseconds: Int64.random(in: range, using: &random) * 1_000_000
                        + Int64.random(in: 0..<1_000_000, using: &random))
                var text: [UInt8] = []
                clock.append(time, to: &text)
                #expect(String(decoding: text, as: UTF8.self) == time.localText)
            }
        }
    }

    @Test("the date of a day is the inverse of the day of a date")
    func dates() {
        for day in stride(from: Int64(0), to: 80_000, by: 13) {
            let date = LogTime.date(ofDay: day)
            #expect(LogTime.isDate(year: date.year, month: date.month, day: date.day))
            #expect(LogTime.days(year: date.year, month: date.month, day: date.day) == day)
        }
    }
}
