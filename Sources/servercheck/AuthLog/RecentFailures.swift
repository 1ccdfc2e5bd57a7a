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
    /// Entries of one address; beyond that neighbours become one, at the later time.
    private static let entryLimit = 24
    /// Seconds since 1970 that a log can hold, and a little more.
    private static let possible: ClosedRange<Int64> = -300_000_000_000...300_000_000_000

    /// Failures beyond this many need not be told apart.
    private let enough: Int
    private let mixer: Mixer
    private var peers: [Peer] = []
    /// Of each peer, by time.
    private var entries: [[Entry]] = []
    private var slots = HashSlots()

    /// - Parameter enough: `login_after_failures`; 0: nothing is kept.
    init(enough: Int, mixer: Mixer) {
        self.enough = enough
        self.mixer = mixer
    }

    mutating func add(_ peer: Peer, time: Timestamp, count: Int) {
        add(Entry(time: time.seconds, count: count), peer)
    }

    private mutating func add(_ entry: Entry, _ peer: Peer) {
        guard enough > 0 else { return }
        let number = number(of: peer)
        if number >= 0 {
            RecentFailures.add(entry, to: &entries[number], enough: enough)
            return
        }
        if peers.count >= RecentFailures.addressLimit { makeRoom(at: entry.time) }
        var list: [Entry] = []
        // It seldom becomes longer.
        list.reserveCapacity(min(enough, 8))
        list.append(entry)
        append(peer, list)
    }

    /// -1: it has none.
    private func number(of peer: Peer) -> Int { slots.number(hash: peer.hash(mixer)) { peers[$0] == peer } }

    private mutating func append(_ peer: Peer, _ list: [Entry]) {
        slots.add(hash: peer.hash(mixer))
        peers.append(peer)
        entries.append(list)
    }

    private static func add(_ entry: Entry, to entries: inout [Entry], enough: Int) {
        // From before the clock was set back: these would stay the newest ones.
        if let last = entries.last, last.time - entry.time > hour { entries.removeAll { $0.time - entry.time > hour } }
        let place = entries.lastIndex { $0.time <= entry.time }
        if let place, entries[place].time == entry.time {
            entries[place].count = entries[place].count.addingSaturated(entry.count)
        } else if place == entries.indices.last {
            entries.append(entry)
        } else {
            entries.insert(entry, at: place.map { $0 + 1 } ?? 0)
        }
        // Older ones than the last `enough` change no answer.
        var sum = 0
        if let first = entries.lastIndex(where: {
            sum = sum.addingSaturated($0.count)
            return sum >= enough
        }), first > 0 {
            entries.removeSubrange(..<first)
        }
        if entries.count > entryLimit, let newest = entries.last?.time {
            // Otherwise what is joined again and again would never grow old.
            entries.removeAll { newest - $0.time >= hour }
        }
        while entries.count > entryLimit { joinClosest(&entries) }
    }

    private static func joinClosest(_ entries: inout [Entry]) {
        var index = 1
        for other in entries.indices.dropFirst(2)
        where entries[other].time - entries[other - 1].time < entries[index].time - entries[index - 1].time {
            index = other
        }
        entries[index].count = entries[index].count.addingSaturated(entries[index - 1].count)
        entries.remove(at: index - 1)
    }

    /// Failed attempts in the hour before `time`; exact up to `enough`, when that is no more than `entryLimit`.
    func count(_ peer: Peer, before time: Timestamp) -> Int {
        let second = time.seconds
        let number = number(of: peer)
        if number < 0 { return 0 }
        return entries[number].reduce(0) { sum, entry in
            abs(second - entry.time) < RecentFailures.hour ? sum.addingSaturated(entry.count) : sum
        }
    }

    /// Keeps the more important half.
    private mutating func makeRoom(at second: Int64) {
        var kept = peers.indices.filter { abs(second - (entries[$0].last?.time ?? 0)) < RecentFailures.hour }
        if kept.count >= RecentFailures.addressLimit {
            kept.sort { weight(entries[$0]) > weight(entries[$1]) }
            kept.removeSubrange((RecentFailures.addressLimit / 2)...)
        }
        let old = self
        (peers, entries, slots) = ([], [], HashSlots())
        for number in kept { append(old.peers[number], old.entries[number]) }
    }

    /// Those with `enough` failures first, then those that tried last.
    private func weight(_ entries: [Entry]) -> (failures: Int, last: Int64) {
        (min(entries.reduce(0) { $0.addingSaturated($1.count) }, enough), entries.last?.time ?? 0)
    }

    /// The most important, as many as `AttemptMemory` has room for.
    ///
    /// - Parameter text: nil for a peer that cannot be remembered.
    func saved(clock: Timestamp, text: (Peer) -> String?) -> [SavedFailures] {
        let second = clock.seconds
        var live: [(weight: (failures: Int, last: Int64), number: Int)] = []
        live.reserveCapacity(peers.count)
        for number in peers.indices where abs(second - (entries[number].last?.time ?? 0)) < RecentFailures.hour {
            live.append((weight(entries[number]), number))
        }
        live.sort { $1.weight < $0.weight }
        // Where they weigh the same the name decides; so of a few more than there is room for it must be known.
        var kept: [(weight: (failures: Int, last: Int64), saved: SavedFailures)] = []
        kept.reserveCapacity(min(live.count, AttemptMemory.addressLimit))
        for one in live {
            if kept.count >= AttemptMemory.addressLimit, let last = kept.last, one.weight < last.weight { break }
            guard let name = text(peers[one.number]) else { continue }
            var times: [Int64] = []
            times.reserveCapacity(2 * entries[one.number].count)
            for entry in entries[one.number] {
                times.append(entry.time)
                times.append(Int64(entry.count))
            }
            kept.append((one.weight, SavedFailures(peer: name, times: times)))
        }
        kept.sort {
            ($1.weight.failures, $1.weight.last, $0.saved.peer) < ($0.weight.failures, $0.weight.last, $1.saved.peer)
        }
        var bytes = 0
        return kept.prefix(AttemptMemory.addressLimit).map(\.saved).filter {
            bytes += $0.jsonSize
            return bytes <= AttemptMemory.failureBytes
        }
    }

    mutating func restore(_ saved: [SavedFailures], peer: (String) -> Peer?) {
        guard enough > 0 else { return }
        for one in saved.prefix(AttemptMemory.addressLimit) {
            guard let peer = peer(one.peer) else { continue }
            let numbers = one.times.prefix(2 * RecentFailures.entryLimit)
            for index in stride(from: 0, to: numbers.count - 1, by: 2)
            where numbers[index + 1] > 0 && RecentFailures.possible.contains(numbers[index]) {
                add(Entry(time: numbers[index], count: Int(numbers[index + 1])), peer)
            }
        }
    }
}
