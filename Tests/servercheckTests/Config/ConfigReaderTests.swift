import Testing

@testable import servercheck

@Suite struct ConfigReaderTests {
    private func reader(_ members: [String: JSONValue]) -> ConfigReader {
        ConfigReader(members, path: "sensors[0].probe", defaultName: "probe")
    }

    @Test(
        "an ancestor's number may be a decimal string, with a warning",
        arguments: [("20", 20), ("20.5", 20.5), ("0", 0), ("007", 7)])
    func decimalString(text: String, expected: Double) {
        var config = reader(["threshold": .string(text)])
        #expect(config.number("threshold", in: 0...100) == expected)
        #expect(
            config.finish() == [
                ConfigProblem(
                    path: "sensors[0].probe.threshold",
                    text: "is a string: write the number \(text) without quotes", severity: .warning)
            ])
    }

    @Test(
        "what only looks like a number is a mistake",
        arguments: [
            "0x10", "1e400", "1e2", "", " 20", "20 ", "+20", "20,5", "20%", ".5", "5.", "-", "1.2.3", "nan", "inf",
            "٢٠",
            "1\n", String(repeating: "9", count: 400),
        ])
    func noNumber(text: String) {
        var config = reader(["threshold": .string(text)])
        #expect(config.number("threshold", in: 0...100) == nil)
        #expect(
            config.finish().map(\.description) == [
                "sensors[0].probe.threshold: must be a number, is the text \(ConfigProblem.quoted(text))"
            ])
    }

    @Test("a number of a key that the ancestor did not have must be a number")
    func newNumber() {
        var config = reader(["warning_threshold": .string("80")])
        #expect(config.number("warning_threshold", in: 0...100) == nil)
        #expect(
            config.finish().map(\.description) == [
                "sensors[0].probe.warning_threshold: must be a number, is a string: write 80 without quotes"
            ])
    }

    @Test(
        "impossible values are told with the possible ones",
        arguments: [
            (.number(101), "must be between 0 and 100, is 101"),
            (.number(-0.5), "must be between 0 and 100, is -0.5"),
            (.number(1e300), "must be between 0 and 100, is 1e+300"),
            (.string("101"), "must be between 0 and 100, is 101"),
            (.number(2.5), "must be a whole number, is 2.5"),
            (.null, "must be a number, is null"),
            (.bool(true), "must be a number, is true or false"),
            (.array([]), "must be a number, is an array"),
            (.object([:]), "must be a number, is an object"),
        ] as [(JSONValue, String)])
    func impossible(value: JSONValue, expected: String) {
        var config = reader(["amount": value])
        #expect(config.integer("amount", in: 0...100) == nil)
        let errors = config.finish().filter { $0.severity == .error }
        #expect(errors == [ConfigProblem(path: "sensors[0].probe.amount", text: expected)])
    }

    @Test("the widest range of whole numbers does not trap")
    func widest() {
        var config = reader(["a": .number(9.3e18), "b": .number(-9.3e18), "c": .number(5)])
        #expect(config.integer("a", in: Int.min...Int.max) == nil)
        #expect(config.integer("b", in: Int.min...Int.max) == nil)
        #expect(config.integer("c", in: Int.min...Int.max) == 5)
    }

    @Test("texts, flags and lists of the wrong type are told, element by element")
    func types() {
        var config = reader([
            "text": .number(1), "flag": .string("true"), "list": .array([.string("a"), .number(1), .null]),
            "other": .string("a"), "inner": .array([]),
        ])
        #expect(config.string("text") == nil)
        #expect(config.bool("flag") == nil)
        #expect(config.strings("list") == ["a"])
        #expect(config.strings("other") == [])
        #expect(config.object("inner") == nil)
        config.require("text")
        config.require("absent")
        #expect(
            config.finish().map(\.description) == [
                "sensors[0].probe.text: must be a string, is a number",
                "sensors[0].probe.flag: must be true or false, is a string",
                "sensors[0].probe.list[1]: must be a string, is a number",
                "sensors[0].probe.list[2]: must be a string, is null",
                "sensors[0].probe.other: must be an array of strings, is a string",
                "sensors[0].probe.inner: must be an object, is an array",
                "sensors[0].probe.absent: is missing",
            ])
    }

    @Test("unknown keys are told once, with the nearest known key")
    func unknownKeys() {
        var config = reader(["treshold": .number(1), "colour": .null, "": .null, "a|\n\u{1B}[2J": .null])
        _ = config.number("threshold", in: 0...100)
        let expected = [
            "sensors[0].probe: unknown key \"\"",
            "sensors[0].probe[\"a???[2J\"]: unknown key",
            "sensors[0].probe.colour: unknown key",
            "sensors[0].probe.treshold: unknown key, did you mean \"threshold\"?",
        ]
        #expect(config.finish().map(\.description) == expected)
        #expect(config.finish().map(\.description) == expected)
    }

    @Test("an unknown key is never what another one is said to have meant")
    func unknownForEachOther() {
        let config = reader(["colours": .null, "colour": .null, "coloured": .null])
        #expect(
            config.finish().map(\.text) == ["unknown key", "unknown key", "unknown key"])
    }

    @Test("of thousands of unknown keys a meaning is looked for where it is shown")
    func thousands() {
        let keys = (0..<20_000).map { ("treshold\($0 % 10)\($0)", JSONValue.null) }
        var config = reader(Dictionary(uniqueKeysWithValues: keys))
        for key in ["threshold", "threshold00000"] { _ = config.value(key) }
        let problems = config.finish()
        #expect(problems.count == 20_000)
        #expect(problems[0].text == "unknown key, did you mean \"threshold\"?")
        #expect(problems.dropFirst(50).allSatisfy { $0.text == "unknown key" })
    }

    @Test("a key that is no plain word stands in brackets in the path")
    func nested() throws {
        var config = reader(["partitions": .object(["/mnt/a b": .object(["treshold": .number(1)])])])
        let outer = config.object("partitions")
        var partitions = try #require(outer)
        let inner = partitions.object("/mnt/a b")
        var partition = try #require(inner)
        _ = partition.number("threshold", in: 0...100)
        #expect(
            partition.finish().map(\.description) == [
                "sensors[0].probe.partitions[\"/mnt/a b\"].treshold: unknown key, did you mean \"threshold\"?"
            ])
    }

    @Test("the keys that all sensors share have the defaults of the README")
    func policy() {
        var config = reader([:])
        #expect(config.name() == "probe")
        #expect(
            config.notifyPolicy(renotifyMinutes: 5)
                == NotifyPolicy(renotifySeconds: 300, maxCheckAttempts: 1, recoveryMargin: 2, recovery: true))
        #expect(config.notifyPolicy().renotifySeconds == nil)
        #expect(config.finish() == [])
    }
}
