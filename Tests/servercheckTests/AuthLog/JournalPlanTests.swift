// Which journal files are read from where: tables of files as journald leaves them.

import Testing

@testable import servercheck

@Suite("The plan of reading the journal") struct JournalPlanTests {
    private static let first = JournalID(high: 1, low: 1)
    private static let second = JournalID(high: 2, low: 2)

    /// A file of `chain` with the entries `numbers`, written a second each.
    private func file(
        _ chain: JournalID, _ numbers: ClosedRange<UInt64>, archived: Bool = true, volatile: Bool = false,
        at seconds: UInt64 = 0
    ) -> JournalFileFacts {
        JournalFileFacts(
            header: JournalHeader(
                seqnumID: chain, entries: UInt64(numbers.count), head: numbers.lowerBound, tail: numbers.upperBound,
                headRealtime: (seconds &+ numbers.lowerBound) &* 1_000_000,
                tailRealtime: (seconds &+ numbers.upperBound) &* 1_000_000),
            isVolatile: volatile, isArchived: archived)
    }

    /// A file that was begun by a rotation at `tail`.
    private func empty(_ chain: JournalID, after tail: UInt64) -> JournalFileFacts {
        JournalFileFacts(
            header: JournalHeader(
                seqnumID: chain, entries: 0, head: 0, tail: tail, headRealtime: 0, tailRealtime: 0),
            isVolatile: false, isArchived: false)
    }

    private func position(_ chains: [(JournalID, UInt64)], seconds: Int64? = nil) -> JournalPosition {
        var position = JournalPosition()
        for (chain, seqnum) in chains { position.setMark(seqnum, of: chain) }
        position.realtime = seconds.map { Timestamp(seconds: $0) }
        return position
    }

    private func parts(_ plan: JournalPlan) -> [String] {
        plan.parts.map { "\($0.file) from \($0.mark)\($0.goesByTime ? " by time" : "")" }
    }

    @Test("only files with numbers behind the mark are read, in the order of their numbers")
    func order() {
        let files = [
            file(Self.first, 21...30, archived: false), file(Self.first, 1...10), file(Self.first, 11...20),
        ]
        #expect(parts(JournalPlan(position([(Self.first, 15)]), files)) == ["2 from 15", "0 from 15"])
        #expect(parts(JournalPlan(position([(Self.first, 30)]), files)) == [])
        #expect(parts(JournalPlan(position([(Self.first, 0)]), files)) == ["1 from 0", "2 from 0", "0 from 0"])
    }

    @Test("a chain that is not known is read from its start, the older one first, and what is in /run last")
    func newChains() {
        let files = [
            file(Self.first, 1...5, archived: false, volatile: true), file(Self.second, 101...110, at: 1000),
        ]
        let plan = JournalPlan(JournalPosition(), files)
        #expect(parts(plan) == ["1 from 100", "0 from 0"])
        #expect(plan.marks == [Self.first: 0, Self.second: 100])
        #expect(!plan.hasGap && !plan.isCut)
    }

    @Test("numbers that went to users' journals are no gap, files that were deleted unread are")
    func gaps() {
        // The rotated file was read; the number 11 went elsewhere.
        let read = JournalPlan(
            position([(Self.first, 10)]), [file(Self.first, 1...10), file(Self.first, 12...20, archived: false)])
        #expect(parts(read) == ["1 from 11"])
        #expect(!read.hasGap)
        let deleted = JournalPlan(position([(Self.first, 10)]), [file(Self.first, 21...30, archived: false)])
        #expect(parts(deleted) == ["0 from 10"])
        #expect(deleted.hasGap)
        #expect(deleted.marks == [Self.first: 20])
    }

    @Test("a chain that ends before its mark was put back, unless its last file was deleted after it was read")
    func cut() {
        let shorter = JournalPlan(
            position([(Self.first, 90)], seconds: 60), [file(Self.first, 1...70, archived: false)])
        #expect(shorter.isCut)
        #expect(parts(shorter) == ["0 from 0 by time"])
        let older = JournalPlan(
            position([(Self.first, 90)], seconds: 70), [file(Self.first, 1...70, archived: false)])
        #expect(older.isCut)
        #expect(parts(older) == [])
        #expect(older.marks == [Self.first: 70])
        let rotated = JournalPlan(position([(Self.first, 90)], seconds: 60), [file(Self.first, 1...70)])
        #expect(!rotated.isCut)
        #expect(parts(rotated) == [])
        // A file that has just been begun says where the one before it ended.
        let begun = JournalPlan(position([(Self.first, 90)], seconds: 60), [empty(Self.first, after: 90)])
        #expect(!begun.isCut && begun.parts.isEmpty)
    }

    @Test("without numbers that can be trusted time decides")
    func time() {
        let files = [file(Self.first, 1...10), file(Self.second, 1...10, archived: false, at: 100)]
        #expect(parts(JournalPlan(position([], seconds: 50), files)) == ["1 from 0 by time"])
        var full = position((0..<UInt64(JournalPosition.chainLimit)).map { (JournalID(high: 9, low: $0), 5) })
        full.realtime = Timestamp(seconds: 50)
        #expect(parts(JournalPlan(full, files)) == ["1 from 0 by time"])
        var odd = position([(Self.first, 10)], seconds: 50)
        odd.chains.append(JournalPosition.Chain(id: "nonsense", seqnum: 1))
        #expect(parts(JournalPlan(odd, files)) == ["1 from 0 by time"])
    }

    @Test("numbers at their limit do not trap")
    func extremes() {
        let files = [
            file(Self.first, (UInt64.max - 1)...UInt64.max, archived: true),
            JournalFileFacts(
                header: JournalHeader(
                    seqnumID: Self.first, entries: .max, head: .max, tail: .max, headRealtime: .max,
                    tailRealtime: .max), isVolatile: false, isArchived: false),
            empty(Self.first, after: 0),
        ]
        for mark in [0, 1, UInt64.max - 1, UInt64.max] {
            for seconds: Int64? in [nil, .min, .max, 0] {
                var position = position([(Self.first, mark)])
                position.realtime = seconds.map { Timestamp(microseconds: $0) }
                #expect(JournalPlan(position, files).parts.count <= 3)
                #expect(JournalPlan(JournalPosition(realtime: position.realtime), files).parts.count <= 3)
            }
        }
    }

    @Test("a chain that is gone is forgotten before one that is there, and the oldest first")
    func trim() {
        let limit = UInt64(JournalPosition.chainLimit)
        var position = position((0...limit + 1).map { (JournalID(high: 7, low: $0), $0) })
        var times: [JournalID: UInt64] = [:]
        for number in 0...limit + 1 where number != 3 { times[JournalID(high: 7, low: number)] = 1000 - number }
        position.trim(lastUsed: times)
        #expect(position.chains.map(\.seqnum) == (0...limit).filter { $0 != 3 })
    }
}
