// Every line of Fixtures/authlog/sshd-lines.txt means exactly what stands above it.

import Foundation
import Testing

@testable import servercheck

@Suite struct SSHDLineTests {
    private struct Sample {
        var number: Int
        var expected: String
        var bytes: [UInt8]
    }

    private struct Broken: Error, CustomStringConvertible {
        var description: String
    }

    /// The samples; a line without its expectation, or the other way round, is an error.
    private func samples() throws -> [Sample] {
        var samples: [Sample] = []
        var expected: String?
        var isHead = true
        for (index, line) in try fixture("authlog/sshd-lines.txt").components(separatedBy: "\n").enumerated() {
            if line.isEmpty || line.hasPrefix("##") {
                isHead = false
                if expected != nil { throw Broken(description: "line \(index): an expectation without a line") }
            } else if line.hasPrefix("# ") {
                if isHead { continue }
                if expected != nil { throw Broken(description: "line \(index): an expectation without a line") }
                expected = String(line.dropFirst(2))
            } else {
                guard let text = expected else { throw Broken(description: "line \(index + 1): no expectation") }
                samples.append(Sample(number: index + 1, expected: text, bytes: unescaped(line)))
                expected = nil
            }
        }
        return samples
    }

    /// `\xNN` is one byte.
    private func unescaped(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    private func rule(_ line: Span<UInt8>) -> SSHDRule? {
        guard case .sshd(_, _, let message) = LinePrefix(line) else { return nil }
        return SSHDLine.event(line, message: message).rule
    }

    /// What was read, as the fixture writes it.
    private func description(_ line: Span<UInt8>) -> String {
        let event: SSHDEvent
        switch LinePrefix(line) {
        case .foreign: return "foreign"
        case .unreadable: return "unreadable"
        case .sshd(let pid, _, let message):
            if pid != 77 { return "pid \(pid)" }
            event = SSHDLine.event(line, message: message)
        }
        var words = [event.rule.rawValue]
        if let user = event.user {
            let text = line.text(user)
            words.append("user=" + (text.isEmpty || text.contains(" ") ? "\"\(text)\"" : text))
        }
        if let address = event.address { words.append("address=" + line.text(address)) }
        if let port = event.port { words.append("port=\(port)") }
        if let method = event.method { words.append("method=" + line.text(method)) }
        if event.invalidUser { words.append("invalid") }
        switch event.meaning {
        case .failure, .keyboardFailure, .pamFailure, .login: words.append("count=\(event.count)")
        default: break
        }
        return words.joined(separator: " ")
    }

    @Test("every sample line means what stands above it")
    func meanings() throws {
        for sample in try samples() {
            #expect(description(sample.bytes.span) == sample.expected, "line \(sample.number)")
        }
    }

    @Test("every rule has a sample")
    func everyRule() throws {
        let seen = Set(try samples().compactMap { rule($0.bytes.span) })
        #expect(SSHDRule.allCases.filter { !seen.contains($0) } == [])
    }

    @Test("every line cut anywhere is read without a trap, and never for another address")
    func cutAnywhere() throws {
        for sample in try samples() {
            for length in 0...sample.bytes.count {
                let bytes = Array(sample.bytes[..<length])
                guard case .sshd(_, _, let message) = LinePrefix(bytes.span) else { continue }
                let event = SSHDLine.event(bytes.span, message: message)
                for range in [event.user, event.address, event.method].compactMap({ $0 }) {
                    #expect(range.lowerBound >= message.lowerBound && range.upperBound <= message.upperBound)
                }
            }
        }
    }

    @Test("a range that is not in the line is no message")
    func outside() {
        let line = Array("Failed password for root from 1.2.3.4 port 22 ssh2".utf8)
        for range in [-5..<3, 0..<500, 60..<70] {
            #expect(SSHDLine.event(line.span, message: range) == SSHDEvent(rule: .other))
        }
    }

    /// A word that ends a search may stand anywhere, also where another one is not at its end.
    @Test("no word in any place makes a line trap")
    func words() throws {
        let words = [
            " port", " port ", " from ", " from 1.2.3.4 port", " for ", " not allowed because ", ": ", "]: ", "ssh2",
            " [preauth]",
            "%", "invalid user ",
        ].map { Array($0.utf8) }
        var events = 0
        for sample in try samples() {
            let places = sample.bytes.indices.filter { sample.bytes[$0] == UInt8(ascii: " ") } + [sample.bytes.count]
            for place in places {
                // Cut there, or with a word put in there.
                for word in [[]] + words {
                    let whole = sample.bytes[..<place] + word + sample.bytes[place...]
                    for line in [whole, sample.bytes[..<place] + word] where rule(Array(line).span) != nil {
                        events += 1
                    }
                }
            }
        }
        #expect(events > 10_000)
    }
}
