// Entries that are both in /run and in /var, and such that only look like it.

import Testing

@testable import servercheck

@Suite("Copies between the two directories of the journal") struct JournalCopiesTests {
    private static func entry(_ monotonic: UInt64, boot: UInt64 = 1, seqnum: UInt64 = 1) -> JournalCursor {
        JournalCursor(
            seqnumID: JournalID(high: 1, low: seqnum), seqnum: seqnum, boot: JournalID(high: 7, low: boot),
            monotonic: monotonic, realtime: 1000, hash: monotonic)
    }

    private static func answers(
        _ copies: inout JournalCopies, _ entries: [JournalCursor], isVolatile: Bool = false
    ) -> [Bool] {
        var answers: [Bool] = []
        for entry in entries { answers.append(copies.isCopy(entry, isVolatile: isVolatile)) }
        return answers
    }

    @Test("an entry of /run is a copy only where /var holds that very entry, however new the others there are")
    func exact() {
        var copies = JournalCopies(JournalPosition())
        copies.expect(from: Self.entry(10), to: Self.entry(30))
        // Newer ones first: a flush that came late puts copies behind them.
        let persistent = [40, 15, 20, 5].map { Self.entry($0, seqnum: $0) } + [Self.entry(16, boot: 2)]
        #expect(Self.answers(&copies, persistent) == [false, false, false, false, false])
        let volatile = [10, 15, 16, 20, 30].map { Self.entry($0) }
        #expect(Self.answers(&copies, volatile, isVolatile: true) == [false, true, false, true, false])
        #expect(copies.lastVolatile == Self.entry(30))
    }

    @Test("of two copies in /var the second is one")
    func twice() {
        var copies = JournalCopies(JournalPosition())
        copies.expect(from: Self.entry(10), to: Self.entry(30))
        #expect(Self.answers(&copies, [Self.entry(20, seqnum: 5), Self.entry(20, seqnum: 9)]) == [false, true])
    }

    @Test("what was read of /run is known in /var, also after newer entries were read there", arguments: [true, false])
    func remembered(isLast: Bool) {
        var position = JournalPosition(cursor: Self.entry(isLast ? 20 : 25).text, isVolatile: isLast ? true : nil)
        position.volatileCursor = isLast ? nil : Self.entry(20).text
        var copies = JournalCopies(position)
        let persistent = [5, 20, 21, 30].map { Self.entry($0, seqnum: 9) } + [Self.entry(5, boot: 2)]
        #expect(Self.answers(&copies, persistent) == [true, true, false, false, false])
    }

    @Test("files that hold several boots, or times that run backwards, are compared as a whole")
    func anyTimes() {
        var copies = JournalCopies(JournalPosition())
        copies.expect(from: Self.entry(30), to: Self.entry(10))
        copies.expect(from: Self.entry(.max, boot: 2), to: Self.entry(0, boot: 3))
        let entries = [1, 2, 3].map { Self.entry(50, boot: $0) }
        #expect(Self.answers(&copies, entries) == [false, false, false])
        #expect(Self.answers(&copies, entries, isVolatile: true) == [true, true, true])
    }
}
