// Windows over steps: many runs, each of which knows only what the last one left, beside windows that keep every moment.

import Testing

@testable import servercheck

/// Attempts in runs, and what is found with everything known.
private struct StepStory {
    struct Verdict: Equatable {
        var peak: Int
        var isExceeding: Bool
    }

    let rules: AttemptRules
    var memory = AttemptMemory()
    private var exact: AttemptWindows
    private(set) var clock = Int64.min
    private(set) var found: [Verdict] = []
    private(set) var expected: [Verdict] = []

    init(duration: Double, amount: Int) {
        var rules = AttemptRules()
        (rules.durationSeconds, rules.amount) = (duration, amount)
        self.rules = rules
        exact = AttemptWindows(rules: rules)
    }

    /// One run, in which windows are judged after each of these groups of moments (microseconds).
    mutating func run(_ groups: [[Int64]]) throws {
        var windows = AttemptWindows(rules: rules)
        windows.restore(try #require(memory.keptSteps(duration: windows.duration)))
        exact.beginTotals(clock: clock)
        for group in groups {
            clock = max(clock, group.max() ?? clock)
            for time in group {
                windows.add(time: time, count: 1, clock: clock)
                exact.add(time: time, count: 1, clock: clock)
            }
            windows.judge(clock: clock)
            exact.judge(clock: clock)
        }
        found.append(Verdict(peak: windows.peak?.count ?? 0, isExceeding: windows.lastExceeding != nil))
        expected.append(Verdict(peak: exact.peak?.count ?? 0, isExceeding: exact.lastExceeding != nil))
        memory = AttemptMemory()
        memory.keep(windows, clock: clock)
        memory = try stored(memory)
    }
}

@Suite struct AttemptStepTests {
    private let noon = Timestamp.noon.microseconds

    /// Runs of 5 to 90 s each with moments on both sides of `places`, some of them late.
    private func story(
        seed: UInt64, duration: Double, moments: Int, late: Int, amount: Int
    ) throws -> (story: StepStory, lates: [Int]) {
        var random = SeededGenerator(state: seed)
        var story = StepStory(duration: duration, amount: amount)
        var start = noon
        var lates: [Int] = []
        for _ in 0..<24 {
            let end = start + Int64.random(in: 5_000_000...90_000_000, using: &random)
            // Steadily, or in a burst, or nothing.
            let kind = Int.random(in: 0..<4, using: &random)
            let burst = Int64.random(in: start...end - 1_000_000, using: &random)
            let ends = kind == 0 ? burst...burst + 1_000_000 : start...end
            var times = kind == 1 ? [] : (0..<moments).map { _ in Int64.random(in: ends, using: &random) }
            times.sort()
            var groups = [times]
            let count = start == noon ? 0 : Int.random(in: 0...late, using: &random)
            for _ in 0..<count {
                let reach = max(noon, start - 590_000_000)
                let group = Int.random(in: 0...1, using: &random)
                let time = Int64.random(in: reach...start, using: &random)
                if group == 0 { groups[0].insert(time, at: 0) } else { groups.append([time]) }
            }
            lates.append(count)
            try story.run(groups)
            start = end
        }
        return (story, lates)
    }

    @Test(
        "over many runs no window holds too few, and too many by what came late in the last runs at most",
        arguments: 1...12 as ClosedRange<UInt64>, [5, 30, 100] as [Double])
    func bounded(seed: UInt64, duration: Double) throws {
        let (story, lates) = try story(seed: seed, duration: duration, moments: 60, late: 6, amount: 70)
        var largest = 0
        for (run, (found, expected)) in zip(story.found, story.expected).enumerated() {
            largest = max(largest, expected.peak)
            let late = lates[...run].reduce(0, +)
            #expect(found.peak >= expected.peak && found.peak <= largest + late, "run \(run)")
            #expect(found.isExceeding || !expected.isExceeding, "run \(run)")
        }
        #expect(largest >= 60)
    }

    @Test("however few steps there are, no window holds too few", arguments: 1...40 as ClosedRange<UInt64>)
    func coarse(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var rules = AttemptRules()
        rules.durationSeconds = [0.003, 0.01, 0.03].randomElement(using: &random) ?? 1
        let duration = Int64(rules.durationSeconds * 1e6)
        let limit = Int.random(in: 2...24, using: &random)
        var (all, steps, clock): ([Int64], [AttemptWindows.Step], Int64) = ([], [], noon)
        for _ in 0..<12 {
            var windows = AttemptWindows(rules: rules)
            windows.restore(steps)
            var largest = 0
            for _ in 0..<2 {
                var new: [Int64] = []
                for _ in 0..<Int.random(in: 0...25, using: &random) {
                    clock += max(0, Int64.random(in: -2000...2000, using: &random))
                    new.append(clock)
                }
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    new.append(clock - Int64.random(in: 0...60_000, using: &random))
                }
                for time in new { windows.add(time: time, count: 1, clock: clock) }
                windows.judge(clock: clock)
                // All windows that hold one of these, one by one.
                all += new
                for end in all {
                    let isIn = { (time: Int64) in time <= end && time > end - duration }
                    if new.contains(where: isIn) { largest = max(largest, all.filter(isIn).count) }
                }
            }
            #expect(windows.peak?.count ?? 0 >= largest)
            #expect(windows.lastExceeding != nil || largest <= rules.amount)
            steps = windows.coalesced(to: limit, clock: clock)
            #expect(steps.reduce(0) { $0 + $1.count } == all.count)
            #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.time < $1.first })
        }
        #expect(steps.contains { $0.isJoined })
    }

    @Test(
        "where the moments of the last windows do not fit either, none holds too few",
        arguments: 1...3 as ClosedRange<UInt64>, [5, 300] as [Double])
    func dense(seed: UInt64, duration: Double) throws {
        let story = try story(seed: seed, duration: duration, moments: 700, late: 20, amount: 400).story
        #expect(!story.memory.steps.isEmpty)
        for (found, expected) in zip(story.found, story.expected) {
            #expect(found.peak >= expected.peak && (found.isExceeding || !expected.isExceeding))
        }
    }

    @Test("as long as all moments fit, many runs find what one does", arguments: 1...12 as ClosedRange<UInt64>)
    func exact(seed: UInt64) throws {
        let story = try story(seed: seed, duration: 30, moments: 16, late: 8, amount: 12).story
        #expect(story.memory.steps.isEmpty && !story.memory.moments.isEmpty)
        #expect(story.found == story.expected)
    }

    @Test("a run that must join moments itself finds no window with too few", arguments: 1...3 as ClosedRange<UInt64>)
    func withinOneRun(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var windows = AttemptWindows(rules: AttemptRules())
        var (times, late, lates): ([Int64], [Int64], Int) = ([], [], 0)
        for number in 0..<90_000 as Range<Int64> {
            let time = noon + number * 5000
            windows.add(time: time, count: 1, clock: time)
            times.append(time)
            if number > 50_000, number % 9000 == 0 {
                let before = Int64.random(in: time - 240_000_000...time - 31_000_000, using: &random)
                // Six at once make the largest window, and nothing else does.
                for _ in 0..<6 { windows.add(time: before, count: 1, clock: time) }
                late += Array(repeating: before, count: 6)
                lates += 6
            }
        }
        windows.finish(clock: noon + 90_000 * 5000)
        times = (times + late).sorted()
        var (start, largest) = (0, 0)
        for (end, time) in times.enumerated() {
            while times[start] <= time - 30_000_000 { start += 1 }
            largest = max(largest, end - start + 1)
        }
        let peak = try #require(windows.peak?.count)
        #expect(windows.remembered < 65_536)
        #expect(peak >= largest && peak <= largest + lates, "\(peak), \(largest)")
    }

    @Test("a steady attack below the limit, with connections that count late, exceeds nothing in any run")
    func steady() throws {
        var lines: [(time: Timestamp, message: String, pid: Int)] = []
        for number in 0..<4500 {
            lines.append((.noon + Double(number) * 0.2, "Failed password for root from 192.0.2.7 port 22 ssh2", 7))
        }
        // Markers only: counted when they close, at the time when they began.
        for number in 0..<24 {
            let from = "198.51.100.\(number) port \(2000 + number)"
            let time = .noon + Double(number) * 37.37
            lines.append((time, "Invalid user adm from \(from)", 500_000 + number))
            lines.append((time + 25, "Connection closed by invalid user adm \(from) [preauth]", 500_000 + number))
        }
        lines.sort { $0.time < $1.time }
        var runs = CountingRuns()
        runs.rules.amount = 155
        var one = runs
        var log = LogText()
        var place = 0
        for minute in 1...16 {
            let end = .noon + Double(minute) * 60
            let first = log.lines.count
            while place < lines.count, lines[place].time < end {
                log.time = lines[place].time
                log.add(lines[place].message, pid: lines[place].pid)
                place += 1
            }
            try runs.run(log.lines[first...], now: end)
        }
        try one.run(log.lines, now: log.time, complete: true)
        #expect(one.last.peak?.attempts == 151 && one.last.attempts == 4524)
        #expect(runs.summaries.reduce(0) { $0 + $1.attempts } == 4524)
        #expect(runs.summaries.allSatisfy { $0.lastExceeding == nil })
        #expect((151...153).contains(runs.summaries.compactMap { $0.peak?.attempts }.max() ?? 0))
    }

    @Test("moments of an earlier version's state are read, and written in the new form")
    func earlierForm() throws {
        let pairs = (0..<40 as Range<Int64>).map { "\(noon + $0 * 1_000_000),\($0 % 3 + 1)" }.joined(separator: ",")
        let text = #"{"attempts_total":7,"connections":[],"failures":[],"window":[\#(pairs)]}"#
        var windows = AttemptWindows(rules: AttemptRules())
        for isOurs in [false, true] {
            let memory = try #require(JSONText.decode(AttemptMemory.self, from: Array(text.utf8), isOurs: isOurs))
            windows.restore(try #require(memory.keptSteps(duration: windows.duration)))
        }
        let expected = (0..<40 as Range<Int64>).map { second in
            AttemptWindows.Entry(time: noon + second * 1_000_000, count: Int(second % 3) + 1)
        }
        #expect(windows.kept == expected)
        var memory = AttemptMemory()
        memory.keep(windows, clock: noon + 40_000_000)
        #expect(memory.window == [] && memory.steps == [] && memory.stepsDuration == nil)
        #expect(memory.moments.prefix(4) == [noon, 1, 1_000_000, 2] && memory.moments.count == 80)
        #expect(try stored(memory).keptSteps(duration: 1) == memory.keptSteps(duration: 1))
        #expect(memory.keptSteps(duration: 1)?.map(\.time) == windows.kept.map(\.time))
    }

    @Test("steps that were kept for a shorter duration do not bound windows of a longer one")
    func otherDuration() throws {
        // Ten attempts a second for ten minutes.
        var rules = AttemptRules()
        rules.durationSeconds = 10
        var kept = AttemptWindows(rules: rules)
        let clock = noon + 600_000_000
        for number in 0..<6000 as Range<Int64> { kept.add(time: noon + number * 100_000, count: 1, clock: clock) }
        kept.finish(clock: clock)
        var memory = AttemptMemory()
        memory.keep(kept, clock: clock)
        memory = try stored(memory)
        #expect(memory.stepsDuration == 10_000_000)
        for (duration, least, most) in [(5.0, 51, 101), (10, 101, 101), (20, 201, 400)] {
            rules.durationSeconds = duration
            var windows = AttemptWindows(rules: rules)
            windows.restore(try #require(memory.keptSteps(duration: windows.duration)))
            windows.add(time: noon + 300_000_001, count: 1, clock: clock)
            windows.finish(clock: clock)
            let peak = try #require(windows.peak?.count)
            #expect((least...most).contains(peak), "\(duration)")
        }
    }

    @Test("whatever the counts and pauses, moments and steps take few bytes", arguments: [1, 1000, .max])
    func size(count: Int) throws {
        for (pause, duration) in [(50, 30), (77_777, 30), (999_999, 30), (9_999_999, 86_400)] as [(Int64, Double)] {
            var rules = AttemptRules()
            rules.durationSeconds = duration
            var windows = AttemptWindows(rules: rules)
            let clock = noon + 9000 * pause
            for number in 0..<9000 as Range<Int64> {
                windows.add(time: noon + number * pause, count: count, clock: clock)
            }
            windows.finish(clock: clock)
            var memory = AttemptMemory()
            let empty = JSONText.encode(memory).count
            memory.keep(windows, clock: clock)
            let bytes = JSONText.encode(memory).count - empty
            #expect(bytes < AttemptMemory.windowBytes + 100 && memory.steps.count + memory.moments.count > 200)
            let steps = try #require(memory.keptSteps(duration: windows.duration))
            #expect(steps.count <= AttemptMemory.windowLimit)
            #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.time < $1.first })
        }
    }
}
