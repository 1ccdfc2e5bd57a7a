import Foundation
import Testing

@testable import servercheck

@Suite struct ConfigTemplateTests {
    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func template() throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Self.repository.appendingPathComponent("config.template.json")))
    }

    @Test("the template is a working config with every sensor and every channel")
    func complete() throws {
        let config = try ConfigDecoder.decode(
            try template(), source: .file("config.template.json"), registry: .standard)
        #expect(config.sensors.map { type(of: $0).kind } == Registry.standard.sensors.map { $0.kind })
        #expect(config.channels.map { type(of: $0).kind } == Registry.standard.channels.map { $0.kind })
        #expect(
            config.warnings.map(\.description) == [
                "messaging_channels[0].telegram.token: is still the template's: put in your own",
                "messaging_channels[1].smtp.password: is still the template's: put in your own",
            ])
    }

    @Test("the built-in default has the template's sensors and no channels")
    func builtIn() throws {
        guard case .object(let template) = try JSONParser.parse(try template()).value,
            case .object(let builtIn) = try JSONParser.parse(Array(BuiltInConfig.json.utf8)).value
        else {
            Issue.record("the template and the built-in default are objects")
            return
        }
        #expect(builtIn == ["messaging_channels": .array([]), "sensors": template["sensors"] ?? .null])
        let config = try BuiltInConfig.load(tried: ["/a", "/b"], registry: .standard)
        #expect(ScanSettings(config) == ScanSettings())
        let all = Array(#"{"messaging_channels": [], "sensors": [{"sshd_access": {"notify_logins": true}}]}"#.utf8)
        let settings = ScanSettings(try ConfigDecoder.decode(all, source: .file("all"), registry: .standard))
        #expect(settings == ScanSettings(), "a scan tells only of logins after failures")
        #expect(config.source == .builtIn(tried: ["/a", "/b"]))
        #expect(config.warnings == [])
    }

    @Test("check-config on the untouched template says what is watched, who is told and what must be edited")
    func report() throws {
        let config = try ConfigDecoder.decode(
            try template(), source: .file("config.template.json"), registry: .standard)
        #expect(
            ConfigReport.lines(about: config) == [
                "config.template.json: no mistakes, 2 warnings",
                "  warning: messaging_channels[0].telegram.token: is still the template's: put in your own",
                "  warning: messaging_channels[1].smtp.password: is still the template's: put in your own",
                "watched:",
                "  diskspace: every disk: CRITICAL above 90 %, CRITICAL above 95 % of the inodes",
                "  free_memory: memory used: CRITICAL above 90 %",
                "  sshd_access: /var/log/auth.log, else /var/log/secure, else the journal: CRITICAL above 5 failed logins "
                    + "within 30 s, and at a login after 5 failures; reminder after 5 minutes",
                "told:",
                "  telegram: chat 123456789",
                "  smtp: admin@example.org",
            ])
    }
}
