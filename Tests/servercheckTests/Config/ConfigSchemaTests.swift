import Foundation
import Testing

@testable import servercheck

@Suite struct ConfigSchemaTests {
    /// The keys of each kind in config.schema.json.
    private func keys(of kind: String) throws -> [String] {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let bytes = [UInt8](try Data(contentsOf: repository.appendingPathComponent("config.schema.json")))
        guard case .object(let schema) = try JSONParser.parse(bytes).value,
            case .object(let definitions) = schema["$defs"], case .object(let definition) = definitions[kind],
            case .object(let properties) = definition["properties"]
        else { return [] }
        return properties.keys.sorted()
    }

    @Test("the schema has exactly the keys that each sensor reads", arguments: Registry.standard.sensors.indices)
    func sensors(index: Int) throws {
        let kind = Registry.standard.sensors[index]
        var reader = ConfigReader([:], path: "")
        _ = kind.init(config: &reader)
        #expect(Set(reader.known).sorted() == (try keys(of: kind.kind)))
    }

    @Test("the schema has exactly the keys that each channel reads", arguments: Registry.standard.channels.indices)
    func channels(index: Int) throws {
        let kind = Registry.standard.channels[index]
        var reader = ConfigReader([:], path: "")
        _ = kind.init(config: &reader)
        #expect(Set(reader.known).sorted() == (try keys(of: kind.kind)))
    }
}
