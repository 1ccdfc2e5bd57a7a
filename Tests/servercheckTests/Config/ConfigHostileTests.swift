import Foundation
import Testing

@testable import servercheck

@Suite struct ConfigHostileTests {
    private static let values: [JSONValue] = [
        .null, .bool(true), .number(0), .number(-1), .number(1.5), .number(1e308), .number(-9.3e18), .number(1.9e19),
        .string(""), .string("\n|\u{1B}[2J"), .string("99999999999999999999"),
        .string(String(repeating: "é", count: 9000)),
        .array([]), .array([.null, .array([]), .object([:])]), .object([:]),
        .object(["": .null, "/": .object(["": .null])]),
    ]

    private func everyKey() throws -> JSONValue {
        let url = try #require(
            Bundle.module.url(forResource: "every-key", withExtension: "json", subdirectory: "Fixtures/config"))
        return try JSONParser.parse([UInt8](try Data(contentsOf: url))).value
    }

    /// `tree` with each value in turn exchanged for `replacement`.
    private func variants(of tree: JSONValue, _ replacement: JSONValue) -> [JSONValue] {
        var variants = [replacement]
        switch tree {
        case .object(let members):
            for (key, value) in members {
                for variant in self.variants(of: value, replacement) {
                    variants.append(.object(members.merging([key: variant]) { $1 }))
                }
            }
        case .array(let elements):
            for (index, value) in elements.enumerated() {
                for variant in self.variants(of: value, replacement) {
                    var changed = elements
                    changed[index] = variant
                    variants.append(.array(changed))
                }
            }
        default: break
        }
        return variants
    }

    @Test(
        "whatever stands at whatever place, the answer is a config or short lines that can be printed",
        arguments: values)
    func anything(value: JSONValue) throws {
        let variants = variants(of: try everyKey(), value)
        #expect(variants.count > 50)
        for variant in variants {
            var printed: [String]
            do throws(ConfigError) {
                let config = try ConfigDecoder.decode(variant, source: .file("/c.json"), registry: .standard)
                printed = ConfigReport.lines(about: config)
            } catch {
                #expect(!error.lines.isEmpty)
                printed = error.lines
            }
            let isPrintable = printed.allSatisfy { line in
                line.unicodeScalars.allSatisfy { !$0.movesText } && line.count <= 1100
            }
            #expect(isPrintable, "\(printed)")
        }
    }
}
