import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite final class ConfigFileTests {
    private let root = NSTemporaryDirectory() + "servercheck-config-\(UUID().uuidString)"
    private let good = "{ \"messaging_channels\": [], \"sensors\": [ { \"probe\": {} } ] }"
    private let secret = """
        { "messaging_channels": [ { "pipe": { "to": "a", "token": "b" } } ], "sensors": [ { "probe": {} } ] }
        """

    init() throws { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func machine(_ environment: [String: String] = [:]) -> Machine {
        Machine(
            now: Timestamp(seconds: 0), root: root, hostname: "attic", environment: environment,
            volumeUsage: { _ throws(SystemError) in throw SystemError(action: "", object: "", code: 0) })
    }

    private func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        let directory = (root + path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
        #expect(chmod(root + path, mode) == 0)
    }

    private func load(
        _ path: String? = nil, _ environment: [String: String] = [:], builtIn: Bool = false
    ) throws(ConfigError) -> Config {
        try ConfigFile.load(
            explicitPath: path, machine: machine(environment), registry: .probes, allowBuiltIn: builtIn)
    }

    private func lines(_ path: String? = nil) -> [String] {
        do throws(ConfigError) {
            return try load(path).warnings.map { "warning: \($0)" }
        } catch {
            return error.lines
        }
    }

    @Test("the first file that exists is taken: option, credential, /etc, current directory")
    func order() throws {
        try write(good, to: "/config.json")
        #expect(try load().source == .file("./config.json"))
        try write(good, to: "/etc/servercheck/config.json")
        #expect(try load().source == .file("/etc/servercheck/config.json"))
        let environment = ["CREDENTIALS_DIRECTORY": "/run/credentials/servercheck.service"]
        #expect(try load(nil, environment).source == .file("/etc/servercheck/config.json"))
        try write(good, to: "/run/credentials/servercheck.service/config.json", mode: 0o400)
        #expect(try load(nil, environment).source == .file("/run/credentials/servercheck.service/config.json"))
        #expect(try load(nil, ["CREDENTIALS_DIRECTORY": ""]).source == .file("/etc/servercheck/config.json"))
        try write(good, to: "/home/me/my.json")
        #expect(try load("/home/me/my.json", environment).source == .file("/home/me/my.json"))
        #expect(try load("home/me/my.json").source == .file("home/me/my.json"))
    }

    @Test("no file anywhere is a mistake that names the paths tried")
    func none() {
        #expect(
            lines() == [
                "no config file found, tried /etc/servercheck/config.json, ./config.json (name one with --config)"
            ])
    }

    @Test("a file named by --config must be there, built-in default or not")
    func explicit() {
        let expected = ["cannot open /no.json: No such file or directory (check the path given to --config)"]
        #expect(lines("/no.json") == expected)
        #expect(throws: ConfigError.self) { try load("/no.json", builtIn: true) }
    }

    @Test("a file that is there but cannot be read is not passed over")
    func unreadable() throws {
        try write(good, to: "/config.json")
        try FileManager.default.createDirectory(
            atPath: root + "/etc/servercheck/config.json", withIntermediateDirectories: true)
        #expect(lines() == ["/etc/servercheck/config.json: is not a regular file"])
        // A link to itself: ELOOP, as root too.
        try FileManager.default.removeItem(atPath: root + "/etc/servercheck/config.json")
        #expect(symlink("config.json", root + "/etc/servercheck/config.json") == 0)
        #expect(lines() == ["cannot open /etc/servercheck/config.json: Too many levels of symbolic links"])
    }

    @Test("a FIFO does not block")
    func fifo() {
        #expect(mkfifo(root + "/config.json", 0o600) == 0)
        #expect(lines() == ["./config.json: is not a regular file"])
    }

    @Test("a file larger than 1 MiB is refused")
    func large() throws {
        try write(good + String(repeating: " ", count: 1 << 20), to: "/config.json")
        #expect(lines() == ["cannot read ./config.json: File too large (a config is smaller than 1 MiB)"])
    }

    @Test("a file that others may write to is refused whatever it says")
    func writable() throws {
        try write("no JSON", to: "/config.json", mode: 0o602)
        #expect(lines() == ["./config.json: refused because others may write to it (chmod o-w ./config.json)"])
    }

    @Test("secrets that others can read, and a group that can write, are warnings")
    func readable() throws {
        try write(secret, to: "/config.json", mode: 0o664)
        #expect(
            lines() == [
                "warning: its group may write to it (chmod g-w ./config.json)",
                "warning: others can read the secrets in it (chmod 0600 ./config.json)",
            ])
        try write(good, to: "/config.json", mode: 0o644)
        #expect(lines() == [])
    }

    @Test(
        "type, mode and owner of the file decide",
        arguments: [
            (0o600, 0, []), (0o400, 0, []), (0o440, 0, []), (0o640, 1000, []),
            (0o600, 1001, ["it belongs to user id 1001, who can change it (chown root /c)"]),
            (0o620, 0, ["its group may write to it (chmod g-w /c)"]),
            (0o602, 0, ["refused because others may write to it (chmod o-w /c)"]),
        ] as [(UInt32, UInt32, [String])])
    func facts(mode: UInt32, owner: UInt32, expected: [String]) {
        let facts = FileFacts(mode: mode, owner: owner)
        #expect(ConfigFile.doubts(about: facts, path: "/c", user: 1000).map(\.text) == expected)
    }

    @Test("a config that was merely found and belongs to someone else is refused")
    func foundOwner() {
        let facts = FileFacts(mode: 0o600, owner: 1001)
        let doubts = ConfigFile.doubts(about: facts, path: "./config.json", isNamed: false, user: 0)
        #expect(doubts.map(\.severity) == [.error])
        #expect(ConfigFile.doubts(about: facts, path: "/c", user: 0).map(\.severity) == [.warning])
    }
}

extension FileFacts {
    /// A small regular file.
    fileprivate init(mode: UInt32, owner: UInt32) {
        self.init(
            device: 1, inode: 1, size: 1, modified: 0, mode: S_IFREG | mode, owner: owner, group: 0, links: 1)
    }
}
