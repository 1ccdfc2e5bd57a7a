import Foundation
import Testing

@testable import servercheck

@Suite final class SecretTests {
    let directory = NSTemporaryDirectory() + "servercheck-secrets-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func read(_ keys: [String: JSONValue]) -> (secret: String?, problems: [String]) {
        var reader = ConfigReader(keys, path: "x", credentialsDirectory: directory)
        let secret = reader.secret("token", file: "token_file")
        return (secret?.revealed, reader.finish().map(\.description))
    }

    func write(_ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/file"))
        chmod("\(directory)/file", 0o600)
        return "\(directory)/file"
    }

    @Test(
        "the trailing line end is not part of the secret",
        arguments: [("s", "s"), ("s\n", "s"), ("s\r\n", "s"), (" s ö \n", " s ö "), ("s\r", "s")])
    func trailing(content: String, expected: String) throws {
        let path = try write(Array(content.utf8))
        for name in [path, "file"] {
            let found = read(["token_file": .string(name)])
            #expect(found.secret == expected)
            #expect(found.problems == [])
        }
    }

    @Test("others that can read or change the file are told of, as for a config", arguments: [0o644, 0o602])
    func openFile(mode: mode_t) throws {
        let path = try write(Array("s".utf8))
        chmod(path, mode)
        let found = read(["token_file": .string(path)])
        #expect(found.secret == "s")
        #expect(found.problems == ["x.token_file: others can read or change \(path) (chmod 0600 \(path))"])
    }

    @Test("a relative path that is no credential is taken as it is")
    func relative() {
        let found = read(["token_file": .string("no-such-credential")])
        #expect(found.secret == nil)
        #expect(
            found.problems == [
                "x.token_file: cannot open the file named here: No such file or directory (check the path)"
            ])
    }

    @Test("a file that holds no usable secret is a mistake, and its content is not quoted")
    func unusable() throws {
        let table: [([UInt8], String)] = [
            ([], "is empty"), ([0x0A], "is empty"),
            (Array("S3\nCRET\n".utf8), "holds a line break or another control character"),
            ([0x53, 0xFF], "is no text"),
        ]
        for (bytes, fault) in table {
            let path = try write(bytes)
            let remedy =
                fault == "is no text"
                ? "(write the secret alone into it, as UTF-8)" : "(write the secret alone into it)"
            let found = read(["token_file": .string(path)])
            #expect(found.secret == nil)
            #expect(found.problems == ["x.token_file: \(path) \(fault) \(remedy)"])
        }
        let path = try write([UInt8](repeating: 0x53, count: 4097))
        #expect(
            read(["token_file": .string(path)]).problems == [
                "x.token_file: cannot read \(path): File too large (a secret has at most 4096 bytes)"
            ])
        #expect(
            read(["token_file": .string(directory)]).problems == [
                "x.token_file: cannot read \(directory): Is a directory (name a regular file)"
            ])
    }

    @Test("a secret that is given twice, or as no text, is a mistake")
    func twice() {
        #expect(read(["token": .string("S3CRET")]).secret == "S3CRET")
        #expect(
            read(["token": .string("S3CRET"), "token_file": .string("file")]).problems == [
                "x.token_file: token is given as well; keep one of them"
            ])
        #expect(read(["token": .number(5)]).problems == ["x.token: must be a string, is a number"])
        #expect(read([:]).problems == [])
    }

    @Test(
        "a secret in the wrong place of a config is shown by no mistake",
        arguments: [
            (
                #"{"chat_id":1,"token_file":"123456:S3CRET"}"#,
                "telegram.token_file: cannot open the file named here: No such file or directory (check the path)"
            ),
            (
                #"{"chat_id":1,"token_file":"123456:S3C/S3CRET"}"#,
                "telegram.token_file: cannot open the file named here: No such file or directory (check the path)"
            ),
            (#"{"123456:S3CRET":"token"}"#, "telegram[a key of 13 characters]: unknown key"),
            (#"{"chat_id":"123456:S3CRET"}"#, "telegram.chat_id: must be the chat's number or @name"),
            (
                #"{"chat_id":1,"message_thread_id":"123456:S3CRET"}"#,
                "telegram.message_thread_id: must be a number, is a text"
            ),
            (#"{"chat_id":1,"123456:S3CRET"}"#, "expected a colon after the key"),
            (#"{"chat_id":1,"token":00123S3CRET}"#, "no number that JSON knows; a text needs double quotes"),
            (#"{"chat_id":1,"token":001234987}"#, "no number that JSON knows; a text needs double quotes"),
            (#"{"chat_id":1,"token":S3CRET}"#, "expected a value; a text needs double quotes"),
            (#"{"123456:S3CRET":1,"123456:S3CRET":2}"#, "[a key of 13 characters]: is given twice (again in line 1)"),
            (#"{}},{"123456:S3CRET":{}"#, "messaging_channels[1][a key of 13 characters]: unknown channel"),
            (#"{}}],"123456:S3CRET":[{"telegram":{}"#, "[a key of 13 characters]: unknown key"),
        ])
    func misplaced(channel: String, expected: String) {
        let text = #"{"messaging_channels":[{"telegram":\#(channel)}],"sensors":[{"free_memory":{}}]}"#
        do throws(ConfigError) {
            _ = try ConfigDecoder.decode(Array(text.utf8), source: .file("/c.json"), registry: .standard)
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains(expected), "\(error)")
            #expect(!error.description.contains("S3CRET") && !error.description.contains("1234987"))
        }
    }

    @Test("interpolated, a secret is asterisks")
    func description() {
        #expect("\(Secret("S3CRET")) \(String(reflecting: Secret("S3CRET")))" == "*** ***")
    }
}
