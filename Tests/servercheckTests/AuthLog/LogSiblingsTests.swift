import Testing

@testable import servercheck

@Suite struct LogSiblingsTests {
    @Test(
        "names that rotation gives are told from others",
        arguments: [
            ("auth.log.1", "1"), ("auth.log.1.gz", "1"), ("auth.log.12", "12"), ("auth.log-20261123", "20261123"),
            ("auth.log-20261123.gz", "20261123"), ("auth.log-2026-11-23_00:00.gz", "2026-11-23_00:00"),
            ("auth.log.old", "old"), ("auth-20261123.log", "20261123"), ("auth.1.log.gz", "1"), ("auth.log", nil),
            ("auth.log.bak", nil), ("auth.log~", nil), ("auth.log.swp", nil), (".auth.log.1", nil),
            ("auth.log.1.xz", nil), ("auth.logs.1", nil), ("author.log", nil), ("auth.", nil), ("auth.log.", nil),
            ("daemon.log.1", nil), ("auth.log.gz", nil), ("", nil),
        ] as [(String, String?)])
    func names(name: String, part: String?) {
        #expect(LogSiblings(of: "/var/log/auth.log").rotationPart(of: name).map(String.init) == part)
    }

    @Test("a log without an extension has rotated names too")
    func withoutExtension() {
        let siblings = LogSiblings(of: "/var/log/secure")
        #expect(siblings.rotationPart(of: "secure-20261123") == "20261123")
        #expect(siblings.rotationPart(of: "secure.1.gz") == "1")
        #expect(siblings.rotationPart(of: "secured") == nil)
        #expect(!siblings.isCandidate("secure"))
    }
}
