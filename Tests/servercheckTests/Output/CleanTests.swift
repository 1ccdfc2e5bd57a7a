import Testing

@testable import servercheck

@Suite struct CleanTests {
    @Test(
        "foreign text becomes one harmless line",
        arguments: [
            ("/home", "/home"),
            ("/mnt/Größe ✓", "/mnt/Größe ✓"),
            ("a|b", "a?b"),
            ("a\nb\r\tc\u{0}", "a?b??c?"),
            ("\u{1B}[2Jgone", "?[2Jgone"),
            ("\u{9B}31m", "?31m"),
            ("abc\u{202E}def\u{2028}x", "abc?def?x"),
        ])
    func text(foreign: String, expected: String) {
        #expect(Clean.text(foreign) == expected)
    }

    @Test("invalid UTF-8 becomes U+FFFD")
    func invalidUTF8() {
        #expect(Clean.text([0x2F, 0xFF, 0x61] as [UInt8]) == "/\u{FFFD}a")
    }

    @Test("long text is cut and says so")
    func cut() {
        #expect(Clean.text("abcdef", limit: 3) == "abc…")
    }

    @Test("a label cannot leave its quotes")
    func label() {
        #expect(Clean.label("diskspace_/a='b'|c d") == "'diskspace_/a_''b''?c d'")
    }

    @Test("labels of long mount points differ by their ends")
    func longLabels() {
        let long = "diskspace_/" + String(repeating: "a", count: 4084)
        #expect(Clean.label(long) == "'\(long)'")
        #expect(Clean.label(long + "_inodes") == "'\(long)_inodes'")
    }
}
