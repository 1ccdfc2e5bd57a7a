// The moments of attempts as numbers of the state: each time as the microseconds since the one before, so that twice as many
// fit. The numbers that are read may be anything.

extension AttemptMemory {
    /// Microseconds: behind the year 9999, the last one of RFC 3339.
    private static let timeLimit: Int64 = 300_000_000_000_000_000

    /// Times beyond these are no log's, and arithmetic with them could overflow.
    static let possibleTimes = -timeLimit...timeLimit

    /// Keeps as much of the windows as there is room for.
    mutating func keep(_ windows: AttemptWindows, clock: Int64) {
        var limit = AttemptMemory.windowLimit
        repeat {
            let all = windows.coalesced(to: limit, clock: clock)
            let inexact = windows.inexact(all)
            (steps, moments) = (AttemptMemory.numbers(all[..<inexact]), AttemptMemory.pairs(all[inexact...]))
            limit -= limit / 4
        } while limit > 3 && AttemptMemory.size(steps) + AttemptMemory.size(moments) > AttemptMemory.windowBytes
        stepsDuration = steps.isEmpty ? nil : windows.duration
    }

    private static func size(_ numbers: [Int64]) -> Int { numbers.reduce(0) { $0 + 1 + $1.jsonSize } }

    private static func limited(_ count: Int) -> Int64 { min(Int64(count), AttemptWindows.countLimit) }

    private static func pairs(_ steps: ArraySlice<AttemptWindows.Step>) -> [Int64] {
        var last: Int64 = 0
        return steps.flatMap { step in
            defer { last = step.time }
            return [step.time - last, limited(step.count)]
        }
    }

    private static func numbers(_ steps: ArraySlice<AttemptWindows.Step>) -> [Int64] {
        var last: Int64 = 0
        return steps.flatMap { step in
            defer { last = step.time }
            return [step.first - last, step.time - step.first, limited(step.count), limited(step.most)]
        }
    }

    /// What `keep` kept, or an earlier version; nil where something else stands there. What follows a number that cannot be
    /// is not known.
    ///
    /// - Parameter duration: of a window, in microseconds. What is known of shorter ones does not bound it.
    func keptSteps(duration: Int64) -> [AttemptWindows.Step]? {
        guard let old = $window.decoded, let steps = $steps.decoded, let moments = $moments.decoded else { return nil }
        let isBounded = stepsDuration ?? 0 >= duration
        var kept: [AttemptWindows.Step] = []
        var last: Int64 = 0
        for place in AttemptMemory.places(steps, by: 4) {
            guard let first = AttemptMemory.time(steps[place], after: last, isFirst: place == 0), steps[place + 1] >= 0,
                let time = AttemptMemory.time(steps[place + 1], after: first, isFirst: true),
                steps[place + 2] > 0, steps[place + 3] > 0
            else { break }
            let most = steps[place + 3] < AttemptWindows.countLimit && isBounded ? Int(steps[place + 3]) : .max
            kept.append(.init(first: first, time: time, count: AttemptMemory.count(steps[place + 2]), most: most))
            last = time
        }
        let joined = kept.last?.time ?? .min
        last = 0
        for place in AttemptMemory.places(moments, by: 2) {
            guard let time = AttemptMemory.time(moments[place], after: last, isFirst: place == 0), time > joined,
                moments[place + 1] > 0
            else { break }
            kept.append(.init(first: time, time: time, count: AttemptMemory.count(moments[place + 1]), most: .max))
            last = time
        }
        return kept.isEmpty ? AttemptMemory.absolute(old) : kept
    }

    private static func count(_ number: Int64) -> Int { Int(min(number, AttemptWindows.countLimit)) }

    private static func places(_ numbers: [Int64], by width: Int) -> StrideTo<Int> {
        stride(from: 0, to: min(numbers.count, width * windowLimit) - width + 1, by: width)
    }

    /// nil for a time that no log has, or that is not later; the first one need not be.
    private static func time(_ difference: Int64, after last: Int64, isFirst: Bool) -> Int64? {
        let (time, overflows) = last.addingReportingOverflow(difference)
        return !overflows && (isFirst || difference > 0) && possibleTimes.contains(time) ? time : nil
    }

    /// Times as earlier versions wrote them.
    private static func absolute(_ numbers: [Int64]) -> [AttemptWindows.Step] {
        places(numbers, by: 2)
            .filter { numbers[$0 + 1] > 0 && possibleTimes.contains(numbers[$0]) }
            .map { .init(first: numbers[$0], time: numbers[$0], count: count(numbers[$0 + 1]), most: .max) }
            .sorted { $0.time < $1.time }
    }
}
