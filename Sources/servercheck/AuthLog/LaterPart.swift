// A part of a log that does not begin with it.

/// Counts from some place in a log on.
final class LaterPart: @unchecked Sendable {
    /// Where it begins: at a line.
    let offset: Int64
    // Touched by the one who counts alone, until its end is told.
    private(set) var counter: AttemptCounter
    private var source: LogSource
    private let parts: LogParts

    private let limit: Int64

    /// - Returns: nil where there is no line near.
    init?(_ parts: LogParts, _ beginning: LogParts.Beginning) {
        guard let source = parts.log(behind: beginning.offset), let offset = source.offset else { return nil }
        self.offset = offset
        limit = beginning.limit
        self.source = source
        self.parts = parts
        counter = parts.counter
    }

    /// Counts, and adds itself to the parts once it knows enough: to its end, or as far as it can be counted here.
    ///
    /// - Parameter waits: whether it waits for the tables of the first part when its own have no room.
    /// - Returns: whether it was added.
    func count(by worker: LogParts.Worker, waits: Bool) -> Bool {
        var reader = LineReader(readSize: ParallelScan.readSize)
        var first: Timestamp?
        var isAdded = false
        var position = offset
        while let end = parts.advance(
            self, to: source.offset ?? position, bytes: (source.offset ?? position) &- position, by: worker)
        {
            position = source.offset ?? position
            if isAdded { source.limit = end }
            // What cannot be read the part before will come to.
            guard (try? reader.readSome(&source, consume: { counter.consume($0) })) == true else { break }
            first = first ?? counter.clock
            if !isAdded, !reader.isInOverlongLine, let first, counter.mayKnowEnough(since: first) {
                let place = offset &+ reader.consumed
                isAdded = parts.add(self, LogParts.Checkpoint(offset: place, knowledge: counter.checkpoint()))
                if !isAdded { return false }
                // Where the first part's tables are full by now, those of this one would only take room.
                let full = parts.fullTables([])
                if !full.kinds.isEmpty { _ = counter.goOn(with: full, instead: full.kinds) }
            }
            if !isAdded, reader.consumed > limit || !counter.knowsLittle { return false }
            guard !counter.hasTooManyHosts, hasRoom(waits) else { break }
        }
        let end = LogParts.End(offset: offset &+ reader.consumed, isInOverlongLine: reader.isInOverlongLine)
        parts.finish(self, end)
        return isAdded
    }

    /// Whether its tables have room. Where they have not, those of the first part take their place.
    private func hasRoom(_ waits: Bool) -> Bool {
        let needs = counter.neededTables
        if needs.isEmpty { return true }
        return counter.goOn(with: parts.fullTables(waits ? needs : []), instead: needs)
    }
}

extension LogParts {
    /// Counts parts as long as there is something to gain by that.
    ///
    /// - Parameter names: addresses in the worker's last counter.
    func help(by worker: Worker, names: Int) {
        var names = names
        while let beginning = nextBeginning(for: worker, names: names), let part = LaterPart(self, beginning) {
            guard part.count(by: worker, waits: false) else { return }
            names = part.counter.tables.addresses
        }
    }
}
