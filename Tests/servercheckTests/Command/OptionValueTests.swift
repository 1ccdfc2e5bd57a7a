import ArgumentParser
import Testing

@testable import servercheck

@Suite struct OptionValueTests {
    @Test(
        "an empty value of a path or a name is refused, and the option is named",
        arguments: [
            ("run", "--config"), ("run", "--state-dir"), ("run", "--sensor"), ("status", "--state-dir"),
            ("scan", "--config"), ("check-config", "--config"), ("test-channels", "--config"),
            ("test-channels", "--channel"),
        ])
    func empty(command: String, option: String) {
        do {
            _ = try Servercheck.parseAsRoot([command, option, ""])
            Issue.record("accepted")
        } catch {
            let text = Servercheck.message(for: error)
            #expect(text.contains("'\(option) <"), "\(text)")
            #expect(text.hasSuffix("must not be empty"), "\(text)")
        }
        #expect(throws: Never.self) { try Servercheck.parseAsRoot([command, option, "x"]) }
    }
}
