// Values that many tests need.

import Foundation
import Testing

@testable import servercheck

extension Timestamp {
    /// 2026-11-23T12:00:00Z, when most stories begin.
    static let noon = Timestamp(seconds: 1_795_435_200)
}

extension Machine {
    /// A machine without surprises; every field can be changed.
    static func test(now: Timestamp = .noon, root: String = "", environment: [String: String] = [:]) -> Machine {
        var machine = Machine.current(environment: environment)
        machine.now = now
        machine.root = root
        machine.hostname = "box"
        return machine
    }
}

extension TemporaryDirectory {
    func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }
}

/// What comes back of a value that went through the state file.
func stored<Value: JSONStored>(_ value: Value) throws -> Value {
    try #require(JSONText.decode(Value.self, from: JSONText.encode(value), isOurs: true))
}
