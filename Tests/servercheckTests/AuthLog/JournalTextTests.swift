// Cursors, ids, names and heads of journal files: what others wrote, read with care.

import Testing

@testable import servercheck

@Suite("Texts and heads of the journal") struct JournalTextTests {
    private static let cursor =
        "s=f61ca23192884400bf91506b6424eebf;i=3e9;b=b3ca1e3bfe50441da9371bcc12f1ad6d;m=5;t=660f350d94680;x=f76d07a972a2cb1c"

    @Test("a cursor is taken apart and put together again")
    func cursorText() throws {
        let cursor = try #require(JournalCursor(Self.cursor))
        #expect(cursor.text == Self.cursor)
        #expect(cursor.seqnum == 0x3e9)
        #expect(cursor.time.utcText == "2026-11-23T15:33:30Z")
        // Parts in another order, and of a later version.
        let parts = Self.cursor.split(separator: ";").reversed().map(String.init) + ["y=1"]
        #expect(JournalCursor(parts.joined(separator: ";")) == cursor)
    }

    @Test(
        "what is no cursor is none",
        arguments: [
            "", ";", "=", "s=", "s;i", "nonsense", "s=1;i=2;b=3;m=4;t=5;x=6",
            Self.cursor.replacing("i=3e9", with: "i="),
            Self.cursor.replacing("i=3e9", with: "i=10000000000000000"), Self.cursor.replacing("i=3e9", with: "i=-1"),
            Self.cursor.replacing("m=5", with: "m=5 "), Self.cursor.replacing(";x=f76d07a972a2cb1c", with: ""),
            Self.cursor + ";;",
        ])
    func noCursor(_ text: String) {
        #expect(JournalCursor(text) == nil)
    }

    @Test("entries of one boot are compared by time; two of one microsecond are told apart")
    func copies() throws {
        let cursor = try #require(JournalCursor(Self.cursor))
        var other = cursor
        other.seqnumID = JournalID(high: 1, low: 2)
        other.seqnum = 7
        #expect(other.isSameBoot(notAfter: cursor))
        other.hash = 1
        #expect(!other.isSameBoot(notAfter: cursor))
        other.monotonic = 4
        #expect(other.isSameBoot(notAfter: cursor))
        other.boot = JournalID(high: 1, low: 2)
        #expect(!other.isSameBoot(notAfter: cursor))
    }

    @Test("only the system's own files are journald's names")
    func names() {
        let rotated = "system@0c0f9c29ea4748eabc425da0de4d4786-000000000000e021-000660f35444c380.journal"
        for name in ["system.journal", rotated, "system@000660f35444c380-0123456789abcdef.journal~"] {
            #expect(JournalFileName.isSystem(name), "\(name)")
        }
        for name in [
            "user-1000.journal", "user-1000@0c0f.journal", "system.journal~", "system.journal.gz", "system@x",
            "remote-x.journal",
            ".", "",
        ] {
            #expect(!JournalFileName.isSystem(name), "\(name)")
        }
        let parsed = JournalFileName.rotation(rotated)
        #expect(parsed?.chain.text == "0c0f9c29ea4748eabc425da0de4d4786")
        #expect(parsed?.head == 0xe021)
        #expect(JournalFileName.rotation("system@000660f35444c380-0123456789abcdef.journal~") == nil)
        #expect(JournalFileName.rotation(rotated.replacing("-0006", with: "x0006")) == nil)
    }

    @Test("a rotated file that was read to its end is not opened again")
    func done() {
        let id = "0c0f9c29ea4748eabc425da0de4d4786"
        let names = ["1", "65", "c9"].map { head in
            "system@\(id)-\(String(repeating: "0", count: 16 - head.count) + head)-000660f35444c380.journal"
        }
        let done = { (seqnum: UInt64) in
            JournalFileName.done(
                names + ["system.journal"], JournalPosition(chains: [JournalPosition.Chain(id: id, seqnum: seqnum)]))
        }
        #expect(done(99) == [])
        #expect(done(100) == [names[0]])
        #expect(done(200) == [names[0], names[1]])
        // Nothing tells where the last one ends.
        #expect(done(.max) == [names[0], names[1]])
        #expect(JournalFileName.done(names, nil) == [])
    }

    @Test("a head is read as journald writes it, and nothing else is one")
    func header() throws {
        var bytes = Array("LPKSHHRH".utf8) + [UInt8](repeating: 0, count: 264)
        bytes[72] = 0xAB
        bytes[87] = 0x01
        for (offset, value) in [(152, 3), (160, 0x0204), (168, 7), (184, 5), (192, 9)] {
            bytes[offset] = UInt8(value & 0xFF)
            bytes[offset + 1] = UInt8(value >> 8)
        }
        let header = try #require(JournalHeader(bytes))
        #expect(header.seqnumID.text == "ab000000000000000000000000000001")
        #expect(
            [header.entries, header.tail, header.head, header.headRealtime, header.tailRealtime] == [
                3, 0x0204, 7, 5, 9,
            ])
        #expect(JournalHeader(Array(bytes.prefix(207))) == nil)
        #expect(JournalHeader([]) == nil)
        bytes[0] = 0
        #expect(JournalHeader(bytes) == nil)
        #expect(JournalHeader(Array("LPKSHHRH".utf8) + [UInt8](repeating: 0, count: 264)) == nil)
    }
}
