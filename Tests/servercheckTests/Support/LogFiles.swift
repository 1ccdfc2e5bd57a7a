// Temporary directories, real gzip, and lines as text: what the tests of the log reader share.

import Foundation
import Glibc
import Testing

@testable import servercheck

/// A directory that is removed when the value dies.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/servercheck-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    }

    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
    }
}

/// Runs a program of the system. By posix_spawn(3): Foundation's Process takes many times as long.
func run(_ program: String, _ arguments: [String]) throws {
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var child: pid_t = 0
    try #require(posix_spawn(&child, program, nil, nil, &words, environ) == 0)
    var status: Int32 = -1
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    try #require(status == 0)
}

extension String {
    init(_ line: Span<UInt8>) {
        self = line.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
