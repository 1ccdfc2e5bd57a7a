import Foundation
import Testing

@testable import servercheck

@Suite struct AncestorConfigTests {
    private func load(_ name: String) throws -> Config {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures/config/ancestor"))
        return try ConfigDecoder.decode(
            [UInt8](try Data(contentsOf: url)), source: .file(name), registry: .standard)
    }

    @Test(
        "a config of the ancestor works unchanged",
        arguments: [
            ("complete", ["diskspace", "free_memory", "sshd_access"], ["chat -1001234567890", "me@home.example"]),
            ("minimal", ["diskspace", "free_memory", "sshd_access"], ["chat 4711"]),
            ("one-of-each", ["free_memory"], ["anna@home.example, ben@home.example", "ops@home.example"]),
        ])
    func unchanged(name: String, sensors: [String], recipients: [String]) throws {
        let config = try load(name)
        #expect(config.sensors.map(\.name) == sensors)
        #expect(config.channels.map(\.recipient) == recipients)
        #expect(config.warnings == [])
    }

    @Test("numbers that the ancestor took as strings mean the same, with a warning each")
    func strings() throws {
        let config = try load("numbers-as-strings")
        let expected = [
            ("messaging_channels[0].smtp.port", "25"), ("sensors[0].sshd_access.amount", "3"),
            ("sensors[0].sshd_access.duration", "60"), ("sensors[0].sshd_access.renotify_time", "10"),
            ("sensors[1].free_memory.threshold", "90"), ("sensors[1].free_memory.update_interval", "300"),
            ("sensors[2].diskspace.threshold", "92.5"), ("sensors[2].diskspace.update_interval", "3600"),
        ]
        #expect(
            config.warnings.map(\.description).sorted()
                == expected.map { "\($0): is a string: write the number \($1) without quotes" })
        let disk = try #require(config.sensors.compactMap { $0 as? DiskSpace }.first)
        #expect(disk.limits.threshold == 92.5)
        let memory = try #require(config.sensors.compactMap { $0 as? FreeMemory }.first)
        #expect(memory.threshold == 90)
        let mail = try #require(config.channels.compactMap { $0 as? SMTP }.first)
        #expect(mail.port == 25)
    }
}
