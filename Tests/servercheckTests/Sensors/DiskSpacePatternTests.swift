import Testing

@testable import servercheck

@Suite("Patterns of mount points") struct DiskSpacePatternTests {
    @Test(
        "a star stands for any bytes, everything else for itself",
        arguments: [
            ("/mnt", "/mnt", true), ("/mnt", "/mnt2", false), ("/mnt", "/mn", false), ("/mnt/*", "/mnt/a", true),
            ("/mnt/*", "/mnt/a/b", true), ("/mnt/*", "/mnt", false), ("/mnt*", "/mnt", true), ("*", "/", true),
            ("*/snap/*/x", "/a/snap/b/snap/c/x", true), ("*/snap/*/x", "/a/snap/x", false), ("/**b", "/ab", true),
            ("/a?c", "/abc", false), ("/[ab]", "/a", false), ("/a*b*c", "/aXbXbc", true), ("/a*b*c", "/aXbXbd", false),
            ("*a", "/b", false), ("/ä*", "/äö", true), ("/*", "", false),
        ])
    func matching(pattern: String, path: String, expected: Bool) {
        #expect(DiskSpacePattern(pattern).matches(Array(path.utf8)) == expected)
    }

    @Test("a pattern made to be slow is not slow")
    func hostile() {
        let pattern = DiskSpacePattern(String(repeating: "*a", count: 1000) + "b")
        #expect(!pattern.matches([UInt8](repeating: UInt8(ascii: "a"), count: 4096)))
    }
}
