import Testing

@testable import servercheck

@Suite struct ConfigReportTests {
    private func report(_ text: String, registry: Registry = .probes) -> [String] {
        do throws(ConfigError) {
            return ConfigReport.lines(
                about: try ConfigDecoder.decode(Array(text.utf8), source: .file("/c.json"), registry: registry))
        } catch {
            return ConfigReport.lines(about: error)
        }
    }

    @Test("mistakes come first, then warnings, with their numbers above")
    func mistakes() {
        let text = """
            { "messaging_channels": [],
              "sensors": [ { "probe": { "threshold": "20" } }, { "probe": { "treshold": 20 } } ] }
            """
        #expect(
            report(text) == [
                "/c.json: 1 mistake, 1 warning, nothing will run",
                "  sensors[1].probe.treshold: unknown key, did you mean \"threshold\"?",
                "  warning: sensors[0].probe.threshold: is a string: write the number 20 without quotes",
            ])
        #expect(
            report("{}") == [
                "/c.json: 2 mistakes, nothing will run",
                "  messaging_channels: is missing: write [] to send no messages",
                "  sensors: is missing",
            ])
    }

    @Test("no config file at all is told without a file")
    func none() {
        let error = ConfigError(problems: [ConfigProblem(path: "", text: "no config file found, tried /a")])
        #expect(
            ConfigReport.lines(about: error) == ["1 mistake, nothing will run", "  no config file found, tried /a"])
    }

    @Test("a right config is told in words, without secrets")
    func right() {
        let text = """
            { "hostname": "attic", "metrics_file": "/m.prom",
              "messaging_channels": [ { "pipe": { "to": "me|\\n", "token": "hidden" } } ],
              "sensors": [
                { "probe": { "max_check_attempts": 3, "renotify_time": 90, "recovery": false } }, { "probe": {} } ] }
            """
        #expect(
            report(text) == [
                "/c.json: no mistakes",
                "watched:",
                "  probe: probe; told after 3 bad runs, reminder after 90 minutes, its end is not told",
                "  probe-2: probe",
                "told:",
                "  pipe: me??",
                "name in messages: attic",
                "metrics file: /m.prom",
            ])
    }

    @Test("the limits of disks and memory are told in words")
    func sensors() {
        let text = """
            { "messaging_channels": [], "sensors": [
                { "diskspace": { "threshold": 90, "warning_threshold": 80.5, "free_below": "20GiB",
                    "excluded_partitions": ["/mnt/*", "/boot"],
                    "partitions": { "/srv": { "threshold": 95, "inode_threshold": null, "required": false } } } },
                { "diskspace": { "name": "plain" } },
                { "free_memory": { "threshold": 90, "warning_threshold": 75 } } ] }
            """
        let disks = "CRITICAL above 90 % and less than 20.0 GiB free, WARNING above 80.5 % and less than 20.0 GiB free"
        let srv = "CRITICAL above 95 % and less than 20.0 GiB free, WARNING above 80.5 % and less than 20.0 GiB free"
        #expect(
            report(text, registry: .standard) == [
                "/c.json: no mistakes",
                "watched:",
                "  diskspace: every disk but /mnt/*, /boot: \(disks), CRITICAL above 95 % of the inodes"
                    + "; /srv: \(srv), may be absent",
                "  plain: every disk: CRITICAL above 20 %, CRITICAL above 95 % of the inodes",
                "  free_memory: memory used: CRITICAL above 90 %, WARNING above 75 %",
                "told: nobody, there are no messaging channels",
            ])
    }
}
