import Testing

@testable import servercheck

@Suite struct ConfigDecoderTests {
    private func decode(_ text: String) throws(ConfigError) -> Config {
        try ConfigDecoder.decode(Array(text.utf8), source: .file("/c.json"), registry: .probes)
    }

    private func lines(_ text: String) -> [String] {
        do throws(ConfigError) {
            return try decode(text).warnings.map { "warning: \($0)" }
        } catch {
            return error.lines
        }
    }

    @Test("a right config is read whole")
    func right() throws {
        let config = try decode(
            """
            { "hostname": "attic", "metrics_file": "/var/lib/metrics.prom",
              "messaging_channels": [ { "pipe": { "to": "me", "token": "1:a" } }, { "pipe": { "to": "you" } } ],
              "sensors": [ { "probe": { "threshold": 90 } }, { "probe": { "name": "two" } }, { "probe": {} } ] }
            """)
        #expect(config.hostname == "attic")
        #expect(config.metricsFile == "/var/lib/metrics.prom")
        #expect(config.channels.map(\.name) == ["pipe", "pipe-2"])
        #expect(config.channels.map(\.recipient) == ["me", "you"])
        #expect(config.sensors.map(\.name) == ["probe", "two", "probe-3"])
        #expect(config.sensors.compactMap { ($0 as? ProbeSensor)?.threshold } == [90, 20, 20])
        #expect(config.warnings == [])
        #expect(config.source == .file("/c.json"))
    }

    @Test("no channels at all is legal")
    func noChannels() throws {
        let config = try decode("{ \"messaging_channels\": [], \"sensors\": [ { \"probe\": {} } ] }")
        #expect(config.channels.isEmpty)
        #expect(config.hostname == nil)
        #expect(config.metricsFile == nil)
    }

    @Test("more than 64 channels are refused: what waits for them would not fit into the state", arguments: [64, 65])
    func manyChannels(count: Int) {
        let channels = (1...count).map { "{\"pipe\": {\"to\": \"\($0)\"}}" }.joined(separator: ",")
        #expect(
            lines("{\"messaging_channels\": [\(channels)], \"sensors\": [{\"probe\": {}}]}")
                == (count == 64 ? [] : ["/c.json: messaging_channels: must hold at most 64 channels, has 65"]))
    }

    @Test("all mistakes are told together, each with its path")
    func together() {
        let text = """
            { "host_name": "attic",
              "messaging_channels": [ { "pipe": { "token": 5 } }, { "pip": {} }, "pipe", { "fax": {} } ],
              "sensors": [ { "probe": { "treshold": 90, "threshold": "x" } }, {}, { "probe": {}, "other": {} },
                { "probe": null }, { "probe": { "recovery": "yes" }, "probe": {} }, { "probe": { "name": 5 } } ] }
            """
        #expect(
            lines(text) == [
                "/c.json: sensors[4].probe: is given twice (again in line 4)",
                "/c.json: messaging_channels[1].pip: unknown channel, did you mean \"pipe\"?",
                "/c.json: messaging_channels[2]: must be an object with one key, the kind of channel, is a string",
                "/c.json: messaging_channels[3].fax: unknown channel, known are pipe",
                "/c.json: sensors[1]: must have exactly one key, the kind of sensor, has 0",
                "/c.json: sensors[2]: must have exactly one key, the kind of sensor, has 2",
                "/c.json: sensors[2].other: unknown sensor, known are probe",
                "/c.json: sensors[3].probe: must be an object, is null",
                "/c.json: host_name: unknown key, did you mean \"hostname\"?",
                "/c.json: messaging_channels[0].pipe.to: is missing",
                "/c.json: messaging_channels[0].pipe.token: must be a string, is a number",
                "/c.json: sensors[0].probe.threshold: must be a number, is the text \"x\"",
                "/c.json: sensors[0].probe.treshold: unknown key, did you mean \"threshold\"?",
                "/c.json: sensors[4].probe.recovery: must be true or false, is a string",
                "/c.json: sensors[5].probe.name: must be a string, is a number",
            ])
    }

    @Test(
        "a wrong frame is told",
        arguments: [
            ("[]", ["/c.json: must be an object, { … }, is an array"]),
            (
                "{}",
                [
                    "/c.json: messaging_channels: is missing: write [] to send no messages",
                    "/c.json: sensors: is missing",
                ]
            ),
            (
                "{ \"messaging_channels\": null, \"sensors\": {} }",
                [
                    "/c.json: messaging_channels: must be an array, is null",
                    "/c.json: sensors: must be an array, is an object",
                ]
            ),
            (
                "{ \"messaging_channels\": [], \"sensors\": [] }",
                ["/c.json: sensors: must hold at least one sensor, is empty"]
            ),
            ("{", ["/c.json: line 1, column 2: the file ends, but the { of line 1 is not closed"]),
        ])
    func frame(text: String, expected: [String]) {
        #expect(lines(text) == expected)
    }

    @Test("names are unique in their list, the automatic ones too; a sensor and a channel may share one")
    func names() {
        let text = """
            { "messaging_channels": [ { "pipe": { "to": "a", "name": "probe" } } ],
              "sensors": [ { "probe": { "name": "probe-2" } }, { "probe": {} }, { "probe": { "name": "root" } },
                { "probe": { "name": "root" } }, { "probe": { "name": "probe" } } ] }
            """
        #expect(
            lines(text) == [
                "/c.json: sensors[1].probe.name: \"probe-2\" is the name of sensors[0].probe too: give each its own",
                "/c.json: sensors[3].probe.name: \"root\" is the name of sensors[2].probe too: give each its own",
            ])
    }

    private static let unfit = "must not hold quotes, a backslash, a vertical bar or one of : ; ="

    @Test(
        "a name must be fit for options, ids and perfdata",
        arguments: [
            ("Büro 2.1 (alt)", nil), (String(repeating: "ü", count: 64), nil),
            ("", "must have 1 to 64 characters, has 0"),
            (String(repeating: "a", count: 65), "must have 1 to 64 characters, has 65"),
            ("a\nb", "must not hold control characters"), ("a\u{202E}b", "must not hold control characters"),
            ("a|b", unfit), ("it's", unfit),
            ("a=b", unfit), ("diskspace:/", unfit),
            (" a", "must not begin or end with a space"), ("a ", "must not begin or end with a space"),
            ("notifications", "\"notifications\" is taken by servercheck itself"),
            ("state", "\"state\" is taken by servercheck itself"),
            ("metrics_file", "\"metrics_file\" is taken by servercheck itself"),
        ] as [(String, String?)])
    func fitNames(name: String, expected: String?) {
        var names = ConfigNames()
        let problems = names.problems(with: name, at: "sensors[0].probe")
        #expect(problems == (expected.map { [ConfigProblem(path: "sensors[0].probe.name", text: $0)] } ?? []))
    }

    @Test(
        "a metrics file is an absolute path, and node_exporter reads only .prom",
        arguments: [
            ("\"/m.prom\"", []), ("\"m.prom\"", ["/c.json: metrics_file: must be an absolute path, is \"m.prom\""]),
            ("\"\"", ["/c.json: metrics_file: must be a text of 1 to 4000 bytes on one line, is \"\""]),
            (
                "\"/m.txt\"",
                ["warning: metrics_file: node_exporter reads only files that end in .prom, this is \"/m.txt\""]
            ),
        ] as [(String, [String])])
    func metricsFile(value: String, expected: [String]) {
        let text = "{ \"metrics_file\": \(value), \"messaging_channels\": [], \"sensors\": [ { \"probe\": {} } ] }"
        #expect(lines(text) == expected)
    }

    @Test(
        "a host name is one line of text",
        arguments: [
            ("\"\"", "must be a text of 1 to 253 bytes on one line, is \"\""),
            ("\"a\\nb\"", "must be a text of 1 to 253 bytes on one line, is \"a?b\""),
            ("5", "must be a string, is a number"), ("null", "must be a string, is null"),
        ])
    func hostname(value: String, expected: String) {
        let text = "{ \"hostname\": \(value), \"messaging_channels\": [], \"sensors\": [ { \"probe\": {} } ] }"
        #expect(lines(text) == ["/c.json: hostname: \(expected)"])
    }

    @Test("warnings alone let a run happen; the template's secrets are among them")
    func warnings() throws {
        let token = ConfigDecoder.placeholders[0]
        let text = """
            { "messaging_channels": [ { "pipe": { "to": "a", "token": "\(token)" } } ],
              "sensors": [ { "probe": { "threshold": "20" } } ] }
            """
        let config = try decode(text)
        #expect(
            config.warnings.map(\.description) == [
                "messaging_channels[0].pipe.token: is still the template's: put in your own",
                "sensors[0].probe.threshold: is a string: write the number 20 without quotes",
            ])
        #expect(config.warnings.allSatisfy { $0.severity == .warning })
    }

    @Test("the mistakes of a file that is no config at all are counted, not all listed")
    func many() {
        let elements = [String](repeating: "1", count: 20_000).joined(separator: ",")
        let all = lines("{ \"messaging_channels\": [], \"sensors\": [\(elements)] }")
        #expect(all.count == 51)
        #expect(all.last == "/c.json: and 19950 more")
    }
}
