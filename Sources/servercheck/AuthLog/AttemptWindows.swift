// The busiest window, and whether one exceeded the limit: (end − duration, end] by the log's own clock.
//
// Attempts come a little out of order, and those of marked connections late; so they are collected and judged in
// batches, each merged with what is kept of the time before. A window is judged when it holds a new attempt.

/// Finds windows with too many attempts.
struct AttemptWindows {
    /// Attempts at one moment.
    struct Entry: Sendable, Equatable {
        /// Microseconds since 1970.
        var time: Int64
        var count: Int
    }

    /// How late an attempt may come and still meet all others of its window, in microseconds.
    static let lateness: Int64 = 600_000_000
    /// Of one entry that an earlier run left: sums of all of them stay exact.
    static let countLimit: Int64 = 1_000_000_000_000
    private static let batchSize = 4096
    private static let keptLimit = 65_536
    /// How many places back the place of an entry is looked for.
    private static let nearby = 64

    private let amount: Int
    let duration: Int64
    private let gap: Int64
    /// Judged already, by time.
    var kept: [Entry] = []
    /// Of the first of these, up to the last whose window reaches over a step of several moments; empty where there is no
    /// such step.
    var bounds: [Bound] = []
    /// The end of the last such step.
    var joinedUntil = Int64.min
    private var fresh: [Entry] = []
    /// While a batch is put between what is kept; their memory is used again.
    private var merged: [Entry] = []
    private var isNew: [Bool] = []
    /// Whether `fresh` is in the order of time.
    private var isSorted = true
    /// Where in `fresh` the last entry was put.
    private var lastAdded = Int.max

    private(set) var peak: Entry?
    /// End of the last exceeding window.
    private(set) var lastExceeding: Int64?
    private(set) var alarms = 0
    /// The end of the last exceeding window of this epoch, to tell one incident from the next.
    private var incidentEnd: Int64?
    /// Since `beginTotals`, where the incident before is not known: whether the next exceeding window may belong to it, and
    /// the end of the one that might have. Whether another epoch began.
    private var mayGoOn = false
    private var firstExceeding: Int64?
    private var isOtherEpoch = false

    init(rules: AttemptRules) {
        amount = rules.amount
        duration = AttemptWindows.microseconds(rules.durationSeconds)
        gap = AttemptWindows.microseconds(rules.incidentGapSeconds)
    }

    private static func microseconds(_ seconds: Double) -> Int64 {
        seconds > 0 ? Int64(min(seconds, 1e9) * 1e6) : 0
    }

    /// Moments that are kept.
    var remembered: Int { kept.count }

    /// How long an entry can matter, in microseconds.
    var horizon: Int64 { duration + AttemptWindows.lateness }

    @inline(__always)
    mutating func add(time: Int64, count: Int, clock: Int64) {
        // Most come in their order.
        let last = fresh.count &- 1
        guard last >= 0, last &+ 2 < AttemptWindows.batchSize, fresh[last].time < time else {
            return addAnywhere(time: time, count: count, clock: clock)
        }
        lastAdded = last &+ 1
        fresh.append(Entry(time: time, count: count))
    }

    @inline(never)
    private mutating func addAnywhere(time: Int64, count: Int, clock: Int64) {
        if lastAdded < fresh.count, fresh[lastAdded].time == time {
            fresh[lastAdded].count = fresh[lastAdded].count.addingSaturated(count)
            return
        }
        // Few come out of order, and those not by much: most batches need no sorting.
        lastAdded = fresh.count
        let lowest = max(0, lastAdded - AttemptWindows.nearby)
        while lastAdded > lowest, fresh[lastAdded - 1].time > time { lastAdded -= 1 }
        if lastAdded == fresh.count {
            fresh.append(Entry(time: time, count: count))
        } else {
            if lastAdded > 0, fresh[lastAdded - 1].time > time { isSorted = false }
            fresh.insert(Entry(time: time, count: count), at: lastAdded)
        }
        // What is near the end stays: it may not be complete yet.
        if fresh.count >= AttemptWindows.batchSize { judge(clock: clock, but: AttemptWindows.nearby) }
    }

    /// Forgets the time before: the clock was set back.
    mutating func startEpoch(clock: Int64) {
        judge(clock: clock)
        (kept, bounds) = ([], [])
        incidentEnd = nil
        (mayGoOn, isOtherEpoch) = (false, true)
    }

    /// Judges what is left, and gives back the memory for that.
    mutating func finish(clock: Int64) {
        judge(clock: clock)
        (fresh, merged, isNew) = ([], [], [])
    }

    /// Judges all windows that hold an attempt added since the last time.
    ///
    /// - Parameter last: so many of the latest entries are left for the next time.
    mutating func judge(clock: Int64, but last: Int = 0) {
        guard fresh.count > last else { return }
        if !isSorted { fresh.sort { $0.time < $1.time } }
        isSorted = true
        lastAdded = .max
        let batch = fresh.dropLast(last)
        let first = batch[0].time
        // What lies before every window of the batch stays as it is.
        let untouched = kept.partitionPoint { $0.time > first - duration }
        if reachesSteps(from: first) {
            judgeOverSteps(batch)
        } else if first > kept.last?.time ?? .min {
            let old = kept.count
            kept.reserveCapacity(old + batch.count)
            var before = first
            for entry in batch {
                if entry.time != before || kept.count == old {
                    kept.append(entry)
                } else {
                    AttemptWindows.append(entry, to: &kept)
                }
                before = entry.time
            }
            // These are what the window of the first new entry holds beside it.
            let sum = kept[untouched..<old].reduce(0) { $0.addingSaturated($1.count) }
            sweep(from: old, windowStart: untouched, sum: sum) { _ in true }
        } else {
            merge(batch, from: untouched)
            let isNew = isNew
            sweep(from: untouched, windowStart: untouched, sum: 0) { isNew[$0 - untouched] }
        }
        fresh.removeFirst(batch.count)
        // What is left for the next time may be long ago, and needs its windows then.
        let clock = min(clock, fresh.first?.time ?? clock)
        forget(clock: clock)
    }

    /// Keeps only what can still matter, and of that not too much.
    @inline(never)
    private mutating func forget(clock: Int64) {
        let over = kept.partitionPoint { $0.time > clock - horizon }
        kept.removeSubrange(..<over)
        if !bounds.isEmpty { bounds.removeFirst(min(over, bounds.count)) }
        if kept.count > AttemptWindows.keptLimit { restore(coalesced(to: AttemptWindows.keptLimit / 2, clock: clock)) }
    }

    /// Of one moment there is one entry.
    static func append(_ entry: Entry, to entries: inout [Entry]) {
        if let last = entries.indices.last, entries[last].time == entry.time {
            entries[last].count = entries[last].count.addingSaturated(entry.count)
        } else {
            entries.append(entry)
        }
    }

    /// Puts the batch between the entries that are kept, and notes which of those from `untouched` on hold something new.
    private mutating func merge(_ batch: ArraySlice<Entry>, from untouched: Int) {
        merged.removeAll(keepingCapacity: true)
        isNew.removeAll(keepingCapacity: true)
        var old = untouched
        for entry in batch {
            while old < kept.count, kept[old].time <= entry.time {
                AttemptWindows.append(kept[old], to: &merged)
                if isNew.count < merged.count { isNew.append(false) }
                old += 1
            }
            AttemptWindows.append(entry, to: &merged)
            if isNew.count < merged.count { isNew.append(true) } else { isNew[merged.count - 1] = true }
        }
        merged += kept[old...]
        isNew += repeatElement(false, count: kept.count - old)
        kept.removeSubrange(untouched...)
        kept += merged
    }

    /// Slides over the windows of what is kept.
    ///
    /// - Parameters:
    ///   - first: the end of the first window.
    ///   - windowStart: its first entry, or one before it.
    ///   - sum: of the entries from there on up to its end, without the end; none of them is new.
    ///   - isNew: whether an entry was added since the last time.
    @inline(__always)
    private mutating func sweep(from first: Int, windowStart: Int, sum: Int, isNew: (Int) -> Bool) {
        let entries = kept
        var start = windowStart
        var sum = sum
        var new = 0
        var most = peak?.count ?? 0
        // Their own variables: there is one exceeding window after the other in an attack.
        var (last, incident) = (lastExceeding ?? .min, incidentEnd ?? .min)
        for end in first..<entries.count {
            let time = entries[end].time
            sum = sum.addingSaturated(entries[end].count)
            new &+= isNew(end) ? 1 : 0
            // No time of a log is so long ago that this overflows.
            while start < end, entries[start].time <= time &- duration {
                sum &-= entries[start].count
                new &-= start >= first && isNew(start) ? 1 : 0
                start += 1
            }
            guard new > 0 else { continue }
            if sum > most {
                most = sum
                peak = Entry(time: entries[start].time, count: sum)
            }
            guard sum > amount else { continue }
            last = max(last, time)
            if mayGoOn { firstExceeding = time }
            mayGoOn = false
            if incident == .min || time - incident > gap { alarms += 1 }
            incident = max(incident, time)
        }
        if last > .min { lastExceeding = last }
        if incident > .min { incidentEnd = incident }
    }

    /// Notes one window, as `sweep` notes many.
    mutating func note(_ sum: Int, from start: Int64, to end: Int64) {
        if sum > peak?.count ?? 0 { peak = Entry(time: start, count: sum) }
        guard sum > amount else { return }
        lastExceeding = max(lastExceeding ?? end, end)
        if mayGoOn { firstExceeding = end }
        mayGoOn = false
        if incidentEnd.map({ end - $0 > gap }) ?? true { alarms += 1 }
        incidentEnd = max(incidentEnd ?? end, end)
    }
}

// MARK: - Two parts of a log

extension AttemptWindows {
    /// Forgets what was found, but not what is needed for what follows.
    mutating func beginTotals(clock: Int64) {
        judge(clock: clock)
        (peak, lastExceeding, firstExceeding) = (nil, nil, nil)
        alarms = 0
        (mayGoOn, isOtherEpoch) = (incidentEnd == nil, false)
    }

    /// Whether both, of which all is judged, keep the same attempts. The other may not have seen the last incident.
    func remembersTheSame(as other: AttemptWindows) -> Bool {
        kept == other.kept && bounds == other.bounds && (other.incidentEnd == nil || other.incidentEnd == incidentEnd)
    }

    /// Adds what was found after this since `beginTotals`, where both kept the same.
    ///
    /// - Returns: false where the order of incidents is not known; then nothing has changed.
    mutating func takeOver(_ other: AttemptWindows, clock: Int64) -> Bool {
        var other = other
        other.judge(clock: clock)
        if let end = incidentEnd, let next = other.firstExceeding {
            if next < end { return false }
            if next - end <= gap { alarms -= 1 }
        }
        alarms += other.alarms
        if other.peak?.count ?? 0 > peak?.count ?? 0 { peak = other.peak }
        if let last = other.lastExceeding { lastExceeding = max(lastExceeding ?? last, last) }
        if other.isOtherEpoch || other.incidentEnd != nil { incidentEnd = other.incidentEnd }
        (kept, bounds, joinedUntil) = (other.kept, other.bounds, other.joinedUntil)
        return true
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element fulfils `condition`, when all after it do too.
    func partitionPoint(where condition: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
