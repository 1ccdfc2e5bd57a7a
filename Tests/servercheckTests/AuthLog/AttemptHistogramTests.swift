import Testing

@testable import servercheck

@Suite struct AttemptHistogramTests {
    private func histogram(_ times: [(Int64, Int)], zone: LocalZone = .utc) -> AttemptHistogram {
        var histogram = AttemptHistogram(zone: zone)
        for (seconds, count) in times { histogram.add(Timestamp(seconds: seconds), count) }
        return histogram
    }

    @Test("a short log has slots of a second")
    func seconds() {
        let counts = histogram([(1000, 1), (1002, 5), (1000, 2), (998, 1)])
        #expect(counts.width == 1)
        #expect(counts.counts == [1, 0, 3, 0, 5])
        #expect(counts.start(of: 0) == Timestamp(seconds: 998))
    }

    @Test("a longer log has wider slots, on whole local days in the end")
    func days() {
        let day: Int64 = 86_400
        let counts = histogram(
            [(0, 1), (100 * day, 2), (40 * day + 5, 3)], zone: LocalZone { _ in 7200 }
        ).fitted(to: 101)
        #expect(counts.width == day)
        #expect(counts.counts.count == 101)
        #expect((counts.counts[0], counts.counts[40], counts.counts[100]) == (1, 3, 2))
        #expect(counts.start(of: 1) == Timestamp(seconds: day - 7200))
    }

    @Test("no attempt is lost, however far times are apart", arguments: [2, 7, 60, 400])
    func nothingLost(limit: Int) {
        var random = SeededGenerator(state: UInt64(limit))
        var all = AttemptHistogram(zone: .utc)
        var sum = 0
        for _ in 0..<500 {
            let count = Int.random(in: 1...9, using: &random)
            sum += count
            all.add(Timestamp(seconds: Int64.random(in: -3_000_000_000...9_000_000_000, using: &random)), count)
            #expect(all.counts.count <= 4096)
        }
        let fitted = all.fitted(to: limit)
        #expect(fitted.counts.count <= limit)
        #expect(fitted.counts.reduce(0, +) == sum)
    }

    @Test("forged counts and times do not overflow")
    func forged() {
        var counts = AttemptHistogram(zone: .utc)
        for time in [Int64.min, 0, .max, -1, 1] {
            counts.add(Timestamp(microseconds: time), .max)
            counts.add(Timestamp(microseconds: time), .max)
        }
        #expect(counts.fitted(to: 2).counts.contains(.max))
    }
}
