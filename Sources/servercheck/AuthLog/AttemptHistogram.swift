// Attempts over time in a bounded number of slots: fine ones first, coarser ones as the log turns out to be longer.

/// Counts per slot of time. Slots begin on whole local minutes, hours, days.
struct AttemptHistogram: Sendable, Equatable {
    /// Slots kept while counting; a chart shows fewer.
    private static let slotLimit = 4096
    /// Seconds of a slot, each a multiple of the one before; beyond the last they double.
    private static let widths: [Int64] = [1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400]

    /// Seconds of one slot.
    private(set) var width: Int64 = 1
    /// The first slot's number: its local time divided by the width.
    private var firstSlot: Int64 = 0
    private(set) var counts: [Int] = []
    /// Seconds east of UTC, of the first attempt: a chart has one scale, also over a change to summer time.
    private var offset: Int64 = 0
    private let zone: LocalZone

    init(zone: LocalZone = .system) { self.zone = zone }

    static func == (left: AttemptHistogram, right: AttemptHistogram) -> Bool {
        (left.width, left.firstSlot, left.offset) == (right.width, right.firstSlot, right.offset)
            && left.counts == right.counts
    }

    /// The beginning of slot `index`.
    func start(of index: Int) -> Timestamp {
        Timestamp(seconds: ((firstSlot &+ Int64(index)) &* width) &- offset)
    }

    mutating func add(_ time: Timestamp, _ count: Int) {
        if counts.isEmpty {
            offset = zone.offset(time.seconds)
            firstSlot = slot(of: time)
            counts = [0]
        }
        var slot = slot(of: time)
        while max(slot, firstSlot + Int64(counts.count) - 1) - min(slot, firstSlot) >= AttemptHistogram.slotLimit {
            coarsen()
            slot = self.slot(of: time)
        }
        if slot < firstSlot {
            counts.insert(contentsOf: repeatElement(0, count: Int(firstSlot - slot)), at: 0)
            firstSlot = slot
        }
        let index = Int(slot - firstSlot)
        if index >= counts.count { counts.append(contentsOf: repeatElement(0, count: index + 1 - counts.count)) }
        counts[index] = counts[index].addingSaturated(count)
    }

    /// The same attempts in at most `limit` slots; not in fewer than two, which the times around 1970 never share.
    func fitted(to limit: Int) -> AttemptHistogram {
        var fitted = self
        while fitted.counts.count > max(2, limit) { fitted.coarsen() }
        return fitted
    }

    private func slot(of time: Timestamp) -> Int64 {
        AttemptHistogram.floorDivide(time.seconds &+ offset, width)
    }

    private mutating func coarsen() {
        let wider = AttemptHistogram.widths.first { $0 > width } ?? width * 2
        let factor = wider / width
        let first = AttemptHistogram.floorDivide(firstSlot, factor)
        var coarse: [Int] = []
        for (index, count) in counts.enumerated() where count > 0 {
            let target = Int(AttemptHistogram.floorDivide(firstSlot + Int64(index), factor) - first)
            if target >= coarse.count {
                coarse.append(contentsOf: repeatElement(0, count: target + 1 - coarse.count))
            }
            coarse[target] = coarse[target].addingSaturated(count)
        }
        (width, firstSlot, counts) = (wider, first, coarse)
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
