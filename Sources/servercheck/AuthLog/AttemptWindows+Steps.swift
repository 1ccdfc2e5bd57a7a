// When there are too many moments to keep, neighbours become one step. Why a window over steps may hold too many attempts,
// never too few, and how many at most:
//
// 1. A step stands at its last moment, and is in a window when that is. So the sum of a window holds all of a step that it
//    may hold a part of: too many.
// 2. That is bounded. What a window holds of old attempts, the window that ends at the last old moment in it holds as well.
//    For every entry it is known how many any window that ends at one of its moments holds (`most`), counted before the
//    moments became one. So a window holds at most that and what is new in it.
// 3. Moments inside a step are not known, but the windows that end there need not be looked at: from one to the next new
//    attempt, or from the step's first moment, what is new in a window only falls. So the window that ends at the new
//    attempt, or at the first moment, is judged for all of them: with the whole step, and what is new in it.
// 4. These numbers are then the new `most`, and what is new becomes a part of the step. An attempt that comes late later
//    may find one too many for each that was late before and is not in its own window: no more than that.

extension AttemptWindows {
    /// Attempts of one moment, or of several that became one.
    struct Step: Sendable, Equatable {
        /// The first of the moments, in microseconds since 1970.
        var first: Int64
        /// The last of them.
        var time: Int64
        var count: Int
        /// No window that ends at one of the moments holds more; `max` where that is not known.
        var most: Int

        var isJoined: Bool { first < time }
    }

    /// What is known of an entry besides; see `Step`.
    struct Bound: Sendable, Equatable {
        var first: Int64
        var most: Int
    }

    /// Whether windows that end at `time`, or later, may hold a part of a step.
    @inline(__always)
    func reachesSteps(from time: Int64) -> Bool { !bounds.isEmpty && time - duration < joinedUntil }

    /// The first moment of an entry.
    private func first(_ index: Int) -> Int64 { index < bounds.count ? bounds[index].first : kept[index].time }

    /// With this limit sums are exact. The log may say anything.
    private static func count(_ entry: Entry) -> Int { min(entry.count, Int(countLimit)) }

    /// Takes over what was kept before.
    ///
    /// - Parameter steps: by time; none overlaps another.
    mutating func restore(_ steps: [Step]) {
        kept = steps.map { Entry(time: $0.time, count: $0.count) }
        joinedUntil = steps.last { $0.isJoined }?.time ?? .min
        bounds = steps.prefix(inexact(steps)).map { Bound(first: $0.first, most: $0.most) }
    }

    /// Of how many, from the first one on, the windows may hold a part of a step.
    func inexact(_ steps: [Step]) -> Int {
        guard let joined = steps.last(where: { $0.isJoined })?.time else { return 0 }
        return steps.partitionPoint { $0.time - duration >= joined }
    }
}

// MARK: - Judging

extension AttemptWindows {
    /// Judges all windows that hold an attempt of the batch, and keeps it.
    @inline(never)
    mutating func judgeOverSteps(_ batch: ArraySlice<Entry>) {
        var new: [Entry] = []
        for entry in batch { AttemptWindows.append(entry, to: &new) }
        guard let earliest = new.first?.time else { return }
        // Windows that end before hold nothing new.
        let from = kept.partitionPoint { $0.time >= earliest }
        let most = judge(new, endsFrom: from)

        var entries: [Entry] = []
        var limits: [Bound] = []
        var place = 0
        for index in from...kept.count {
            let first = index < kept.count ? self.first(index) : .max
            while place < new.count, new[place].time < first {
                entries.append(new[place])
                if reachesSteps(from: new[place].time) {
                    limits.append(Bound(first: new[place].time, most: most.new[place]))
                }
                place += 1
            }
            guard index < kept.count else { break }
            var entry = kept[index]
            while place < new.count, new[place].time <= entry.time {
                entry.count = entry.count.addingSaturated(new[place].count)
                place += 1
            }
            entries.append(entry)
            if index < bounds.count { limits.append(Bound(first: first, most: most.old[index - from])) }
        }
        kept.replaceSubrange(from..., with: entries)
        bounds.replaceSubrange(min(from, bounds.count)..., with: limits)
    }

    /// - Parameter from: the first entry where windows end that may hold something new.
    /// - Returns: `most` of the entries from there on that have a bound, and of the new ones where these become entries.
    private mutating func judge(_ new: [Entry], endsFrom from: Int) -> (old: [Int], new: [Int]) {
        var ends = new.map(\.time)
        for index in from..<kept.count {
            if first(index) < kept[index].time { ends.append(first(index)) }
            ends.append(kept[index].time)
        }
        ends.sort()
        var (oldMost, newMost) = (bounds.dropFirst(from).map(\.most), Array(repeating: 0, count: new.count))
        // Of both: the first in the window, the first behind it, and the sum.
        var old = (start: kept.partitionPoint { $0.time > new[0].time - duration }, end: from, sum: 0)
        old.sum = kept[old.start..<from].reduce(0) { $0 + AttemptWindows.count($1) }
        var late = (start: 0, end: 0, sum: 0)
        for end in ends {
            while old.end < kept.count, first(old.end) <= end {
                old.sum += AttemptWindows.count(kept[old.end])
                old.end += 1
            }
            while old.start < old.end, kept[old.start].time <= end - duration {
                old.sum -= AttemptWindows.count(kept[old.start])
                old.start += 1
            }
            while late.end < new.count, new[late.end].time <= end {
                late.sum += AttemptWindows.count(new[late.end])
                late.end += 1
            }
            while late.start < late.end, new[late.start].time <= end - duration {
                late.sum -= AttemptWindows.count(new[late.start])
                late.start += 1
            }
            guard late.start < late.end else { continue }
            let last = old.end - 1
            let sum = late.sum + min(old.sum, bounds.indices.contains(last) ? bounds[last].most : .max)
            let start = old.start < old.end ? kept[old.start].time : .max
            note(sum, from: min(start, new[late.start].time), to: end)
            if last < from || kept[last].time < end {
                newMost[late.end - 1] = sum
            } else if last < bounds.count {
                oldMost[last - from] = max(oldMost[last - from], sum)
            }
        }
        return (oldMost, newMost)
    }
}

// MARK: - Joining

extension AttemptWindows {
    /// The entries that can still matter, about `limit` at most: neighbours become one. The last `duration` keeps most of
    /// the places.
    func coalesced(to limit: Int, clock: Int64) -> [Step] {
        let live = kept.partitionPoint { $0.time > clock - horizon }
        let recent = kept.partitionPoint { $0.time > clock - duration }
        let late = AttemptWindows.cells(kept[recent...], to: limit - min(recent - live, limit / 4))
        let early = AttemptWindows.cells(kept[live..<recent], to: limit - late.count)
        var steps: [Step] = []
        steps.reserveCapacity(early.count + late.count)
        var (start, sum) = (0, 0)
        for index in kept.indices {
            let entry = kept[index]
            sum += AttemptWindows.count(entry)
            while start < index, kept[start].time <= entry.time - duration {
                sum -= AttemptWindows.count(kept[start])
                start += 1
            }
            guard index >= live else { continue }
            // Windows of the first ones reach further back than what is kept, but a window with something new does not.
            let most = index < bounds.count ? bounds[index].most : sum
            let length = index < recent ? early.length : late.length
            if length > 0, index != recent, let last = steps.indices.last,
                steps[last].time / length == entry.time / length
            {
                steps[last].time = entry.time
                steps[last].count = steps[last].count.addingSaturated(entry.count)
                steps[last].most = max(steps[last].most, most)
            } else {
                steps.append(Step(first: first(index), time: entry.time, count: entry.count, most: most))
            }
        }
        return steps
    }

    /// The finest cells of time of which so few hold entries, and how many do. Each is made of two of the finer ones; a
    /// length of 0: each entry has its own.
    private static func cells(_ entries: ArraySlice<Entry>, to limit: Int) -> (length: Int64, count: Int) {
        guard entries.count > limit else { return (0, entries.count) }
        var length: Int64 = 1000
        while true {
            let count = filled(entries, length)
            if count <= limit || length >= Int64.max / 4 { return (length, count) }
            length *= 2
        }
    }

    /// In how many cells there are entries.
    private static func filled(_ entries: ArraySlice<Entry>, _ length: Int64) -> Int {
        var count = 0
        var last = Int64.min
        for entry in entries {
            let place = entry.time / length
            if place != last { count += 1 }
            last = place
        }
        return count
    }
}
