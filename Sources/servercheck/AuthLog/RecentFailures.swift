// Failed attempts of the last hour by address, for logins that follow them. Bounded: the addresses that tried last stay.

/// Who failed how often within an hour.
struct RecentFailures {
    /// Failures in one second.
    struct Entry: Sendable, Equatable {
        /// Seconds since 1970.
        var time: Int64
        var count: Int
    }

    /// One hour, as `login_after_failures` counts.
    static let hour: Int64 = 3600
    /// Addresses in one pass.
    static let addressLimit = 4096
    /// Entries of one address; beyond that the oldest become one, at the later time.
    private static let entryLimit = 8

    /// Failures beyond this many need not be told apart.
    private let enough: Int
    private var byPeer: [Peer: [Entry]] = [:]

    /// - Parameter enough: `login_after_failures`; 0: nothing is kept.
    init(enough: Int) { self.enough = enough }

    mutating func add(_ peer: Peer, time: Timestamp, count: Int) {
        guard enough > 0 else { return }
        if byPeer[peer] == nil, byPeer.count >= RecentFailures.addressLimit { drop(before: time.seconds) }
        RecentFailures.add(
            Entry(time: time.seconds, count: count), to: &byPeer[peer, default: []], enough: enough)
    }

    private static func add(_ entry: Entry, to entries: inout [Entry], enough: Int) {
        let place = entries.lastIndex { $0.time <= entry.time }
        if let place, entries[place].time == entry.time {
            entries[place].count = entries[place].count.addingSaturated(entry.count)
        } else {
            entries.insert(entry, at: place.map { $0 + 1 } ?? 0)
        }
        // Older ones than the last `enough` change no answer.
        var sum = 0
        if let first = entries.lastIndex(where: {
            sum = sum.addingSaturated($0.count)
            return sum >= enough
        }) {
            entries.removeSubrange(..<first)
        }
        while entries.count > entryLimit {
            entries[1].count = entries[1].count.addingSaturated(entries[0].count)
            entries.removeFirst()
        }
    }

    /// Failed attempts in the hour before `time`; exact up to `enough`.
    func count(_ peer: Peer, before time: Timestamp) -> Int {
        let second = time.seconds
        return (byPeer[peer] ?? []).reduce(0) { sum, entry in
            let age = second.subtractingReportingOverflow(entry.time)
            guard !age.overflow, age.partialValue < RecentFailures.hour, age.partialValue > -RecentFailures.hour else {
                return sum
            }
            return sum.addingSaturated(entry.count)
        }
    }

    /// Makes room: first what is too old, then the half that tried longest ago.
    private mutating func drop(before second: Int64) {
        byPeer = byPeer.filter { ($0.value.last?.time ?? .min) > second &- RecentFailures.hour }
        guard byPeer.count >= RecentFailures.addressLimit else { return }
        let times = byPeer.values.compactMap { $0.last?.time }.sorted()
        let middle = times[times.count / 2]
        byPeer = byPeer.filter { ($0.value.last?.time ?? .min) > middle }
    }

    /// The most important: those that have `enough` failures first, then those that tried last.
    func saved(limit: Int, clock: Timestamp, text: (Peer) -> String) -> [SavedFailures] {
        let second = clock.seconds
        let live = byPeer.filter { ($0.value.last?.time ?? .min) > second &- RecentFailures.hour }
        let total = { (entries: [Entry]) in min(entries.reduce(0) { $0.addingSaturated($1.count) }, enough) }
        let sorted = live.map { (text($0.key), $0.value, total($0.value)) }.sorted { left, right in
            (right.2, right.1.last?.time ?? 0, left.0) < (left.2, left.1.last?.time ?? 0, right.0)
        }
        return sorted.prefix(limit).map { peer, entries, _ in
            SavedFailures(peer: peer, times: entries.flatMap { [$0.time, Int64($0.count)] })
        }
    }

    mutating func restore(_ saved: [SavedFailures], peer: (String) -> Peer?) {
        guard enough > 0 else { return }
        for one in saved.prefix(RecentFailures.addressLimit) {
            guard let peer = peer(one.peer) else { continue }
            for index in stride(from: 0, to: min(one.times.count - 1, 64), by: 2) where one.times[index + 1] > 0 {
                RecentFailures.add(
                    Entry(time: one.times[index], count: Int(one.times[index + 1])), to: &byPeer[peer, default: []],
                    enough: enough)
            }
        }
    }
}
