// Which parts of a log are counted at the same time, and how far each of them is: all that two threads tell each other.
//
// Processors are not equally fast: the host of a virtual machine takes one away for a while, or both share one core. So the
// log is not cut in two for good. Whoever has nothing left to do begins a part of his own in what the other one has before
// him, and that one stops where it begins to be known.

import Glibc

/// The parts of one log. The first one begins with it; the others are added once they have a checkpoint.
final class LogParts: @unchecked Sendable {
    /// A place in the log, and what is known there.
    struct Checkpoint: Sendable {
        var offset: Int64
        var knowledge: AttemptCounter.Knowledge
    }

    /// Where the next line is to be read.
    struct End: Sendable, Equatable {
        var offset: Int64
        /// The next bytes belong to an overlong line.
        var isInOverlongLine = false
    }

    /// Where a part is to begin.
    struct Beginning {
        /// At the first line behind it.
        var offset: Int64
        /// Bytes by which the part must know enough: up to there the one before has to be read as well.
        var limit: Int64
    }

    /// Who counts. Each has read some bytes, which tells how fast he is.
    enum Worker {
        case main
        case other
    }

    /// A part behind the first one.
    struct Later: Sendable {
        var part: LaterPart
        var checkpoint: Checkpoint
    }

    private struct Part: Sendable {
        /// nil: the first one.
        var later: Later?
        /// Up to where it has read.
        var position: Int64
        /// Where it ends: at the checkpoint of the next one.
        var limit = Int64.max
        /// Nothing more is counted.
        var end: End?
    }

    /// What one worker has read.
    private struct Progress: Sendable {
        private(set) var bytes: Int64 = 0
        private var reads = 0

        /// - Returns: whether it is time to look at the memory: that takes longer than all else between two reads.
        mutating func add(_ more: Int64) -> Bool {
            bytes &+= more
            reads &+= 1
            return reads % 2 == 1
        }
    }

    private struct State: Sendable {
        /// In the order of the log.
        var parts = [Part(position: 0)]
        /// Where the second part begins, as long as it has no checkpoint: the first one does not go on behind it.
        var reserved: Int64?
        var main = Progress()
        var other = Progress()
        /// Bytes that are read twice where two parts meet; 0: not known yet.
        var overlap: Int64 = 0
        /// Tables of the first part that are full by now.
        var full = AttemptCounter.FullTables()
        /// Nobody waits for more of them.
        var isAwaited = false
        var isAbandoned = false
    }

    /// Counters of further parts hold few names of their own: a scan's memory is bounded.
    private static let namesLimit = 8192
    /// More would not help.
    private static let partsLimit = 4
    /// Bytes of memory. A scan takes 16 MB at most, and either thread may double a table before its next look.
    private static let memoryLimit = 15_000_000

    /// As it is before the first line.
    let counter: AttemptCounter
    private let file: OpenFile
    private let size: Int64
    /// Bytes that a further part must spare the other one.
    private let worthwhile: Int64
    private let isMemoryShort: @Sendable () -> Bool
    private let state: Monitor<State>

    /// - Parameters:
    ///   - log: at its beginning.
    ///   - size: of the log, in bytes.
    ///   - counter: for each part behind the first one.
    ///   - worthwhile: bytes that a further part must spare the one before it.
    ///   - isMemoryShort: asked now and then; once it says so, there are no parts any more.
    /// - Returns: nil where the log cannot be read by several.
    init?(
        of log: borrowing LogSource, size: Int64, _ counter: AttemptCounter, worthwhile: Int64,
        isMemoryShort: @escaping @Sendable () -> Bool
    ) {
        guard log.offset == 0, let file = try? log.file.reopened() else { return nil }
        self.file = file
        self.size = size
        self.counter = counter
        self.worthwhile = worthwhile
        self.isMemoryShort = isMemoryShort
        state = Monitor(State(reserved: size / 2))
    }

    /// The log, at the first line behind an offset; nil: none is near.
    func log(behind offset: Int64) -> LogSource? {
        guard let file = try? file.reopened(), var log = try? LogSource(file: file),
            let start = log.lineStart(behind: offset)
        else { return nil }
        log.skip(to: start)
        return log
    }

    // MARK: - The second part

    /// Where the second part should begin: in the middle of what the first one has before it now.
    func beginning() -> Beginning {
        state.access(wakes: false) { state in
            let middle = ((state.parts.first?.position ?? 0) &+ size) / 2
            if state.reserved != nil { state.reserved = middle }
            return Beginning(offset: middle, limit: (size &- middle) / 2)
        }
    }

    /// There will be no second part.
    func giveUp() { state.access { $0.reserved = nil } }

    /// The first part waits until the second one has a checkpoint, or there will be none.
    func waitForSecond() {
        state.access { $0.isAwaited = true }
        _ = state.waitLong { $0.reserved == nil || $0.isAbandoned ? true : nil }
    }

    // MARK: - While they count

    /// A part has read up to `position`; `part` is nil for the first one.
    ///
    /// - Returns: where it ends; nil: what it counts is not needed.
    func advance(_ part: LaterPart?, to position: Int64, bytes: Int64, by worker: Worker) -> Int64? {
        let (end, looks) = state.access(wakes: false) { state -> (Int64?, Bool) in
            let looks = worker == .main ? state.main.add(bytes) : state.other.add(bytes)
            if state.isAbandoned { return (nil, false) }
            guard let index = state.parts.firstIndex(where: { $0.later?.part === part }) else { return (.max, looks) }
            state.parts[index].position = position
            return (min(state.parts[index].limit, part == nil ? state.reserved ?? .max : .max), looks)
        }
        guard looks, isMemoryShort() else { return end }
        abandon()
        return nil
    }

    /// Adds a part, where the one before it has not come so far yet. That one ends at the checkpoint then.
    func add(_ part: LaterPart, _ checkpoint: Checkpoint) -> Bool {
        state.access { state in
            guard !state.isAbandoned,
                let before = state.parts.lastIndex(where: { $0.later?.checkpoint.offset ?? 0 <= part.offset }),
                state.parts[before].end == nil, checkpoint.offset < state.parts[before].limit
            else { return false }
            // One read may be under way, but none goes behind what is reserved.
            let reach = state.parts[before].position &+ Int64(ParallelScan.readSize)
            guard min(reach, before == 0 ? state.reserved ?? .max : .max) <= checkpoint.offset else { return false }
            let later = Later(part: part, checkpoint: checkpoint)
            state.parts.insert(
                Part(later: later, position: checkpoint.offset, limit: state.parts[before].limit), at: before + 1)
            state.parts[before].limit = checkpoint.offset
            state.overlap = max(state.overlap, checkpoint.offset &- part.offset)
            state.reserved = nil
            return true
        }
    }

    /// A part is counted.
    func finish(_ part: LaterPart?, _ end: End) {
        state.access { state in
            if part == nil { state.isAwaited = true }
            if let index = state.parts.firstIndex(where: { $0.later?.part === part }) { state.parts[index].end = end }
        }
    }

    /// Where a worker with nothing left to do should begin a part: so that both come to their ends at the same time, if
    /// they go on as fast as before. nil: nowhere.
    ///
    /// - Parameter names: addresses in the worker's last counter, as many as another one may have. Where the first part's
    ///   table is full that one serves all.
    func nextBeginning(for worker: Worker, names: Int) -> Beginning? {
        state.look { state in
            guard !state.isAbandoned, state.overlap > 0, state.parts.count < LogParts.partsLimit,
                names <= LogParts.namesLimit || state.full.kinds.contains(.addresses),
                let part = state.parts.filter({ $0.end == nil }).max(by: { remaining($0) < remaining($1) })
            else { return nil }
            let (own, others) =
                worker == .main ? (state.main.bytes, state.other.bytes) : (state.other.bytes, state.main.bytes)
            let (left, overlap) = (Double(remaining(part)), Double(state.overlap))
            let share = (left * Double(others) - overlap * Double(own)) / Double(max(1, own &+ others))
            let rest = max(share, left / 8)
            guard left - rest - overlap >= Double(worthwhile) else { return nil }
            return Beginning(offset: part.position &+ Int64(rest), limit: Int64((left - rest) / 2))
        }
    }

    private func remaining(_ part: Part) -> Int64 { max(0, min(size, part.limit) &- part.position) }

    /// Tells which tables of the first part are full.
    func useTables(_ full: AttemptCounter.FullTables) { state.access { $0.full = full } }

    /// The full tables of the first part; waits until these are among them, or until no more become full.
    func fullTables(_ kinds: Set<AttemptCounter.FullTables.Kind>) -> AttemptCounter.FullTables {
        state.waitLong { state in
            kinds.isSubset(of: state.full.kinds) || state.isAwaited || state.isAbandoned ? state.full : nil
        }
    }

    /// Asks whether this process holds more memory than several parts may take, or it cannot be told.
    static func memoryWatch() -> @Sendable () -> Bool {
        let memory = try? ResidentMemory()
        return { memory?.bytes ?? .max > memoryLimit }
    }

    /// What is counted is not needed any more: it ends soon. What was counted is given back.
    func abandon() {
        state.access { state in
            state.isAbandoned = true
            state.parts = []
        }
    }

    var bytesRead: Int64 { state.look { $0.main.bytes &+ $0.other.bytes } }

    // MARK: - When they are joined

    /// The part that begins to be known where another one ends.
    func next(at offset: Int64) -> Later? {
        state.look { $0.parts.first { $0.later?.checkpoint.offset == offset }?.later }
    }

    /// Waits for the end of a part; then its counter may be used. nil: it is not needed any more.
    func waitForEnd(of part: LaterPart) -> End? {
        state.waitLong { state -> End?? in
            if let end = state.parts.first(where: { $0.later?.part === part })?.end { return .some(end) }
            // The answer is nil, or there is none yet.
            return state.isAbandoned ? .some(nil) : nil
        }
    }
}
