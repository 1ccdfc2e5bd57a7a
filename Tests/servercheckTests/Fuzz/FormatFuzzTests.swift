import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite struct FormatFuzzTests {
    private func recorded(_ name: String) -> [[UInt8]] {
        RecordedMachine.kinds.compactMap { kind in
            let url = Bundle.module.resourceURL?.appendingPathComponent("Fixtures/\(kind)/proc/\(name)")
            return url.flatMap { try? Data(contentsOf: $0) }.map { [UInt8]($0) }
        }
    }

    @Test("any mount table gives a selection in which each filesystem and each mount point is there once")
    func mountTables() throws {
        let mutator = Mutator(
            words: [
                " - ext4 /dev/sda1 rw", " - ", "\n1 1 0:1 / / rw - ext4 a rw", "\\040", "\\011", "\\134", "\\777", "/",
                "//", "/..", " shared:1 master:2", " autofs ", " fuse.sshfs ", " zfs ",
                "\n25 30 8:1 /a /b ro - xfs x ro",
            ], samples: recorded("self/mountinfo"))
        let types = DiskSpaceSelection.diskTypes(Array("nodev\tproc\n\text4\n\tbtrfs\nnodev\tzfs\n\tsquashfs\n".utf8))
        let named = ["/", "/home", "/not there", "/mnt/\u{FFFD}"]
        try FuzzRounds.run(1000) { random, round in
            let table = MountTable(mutator.next(&random))
            let selection = DiskSpaceSelection(table, diskTypes: types, named: named)
            let devices = selection.filesystems.compactMap { $0.mounts.first?.device }
            try #require(devices.count == selection.filesystems.count, "round \(round)")
            try #require(Set(selection.missing).isSubset(of: named), "round \(round)")
            let points = Set(table.mounts.map(\.point))
            for mount in selection.filesystems.flatMap(\.mounts) {
                try #require(points.contains(mount.point), "round \(round): \(mount.name)")
            }
        }
    }

    @Test("any meminfo and arcstats give amounts within their total, or a reason")
    func memory() throws {
        let machine = try TemporaryDirectory()
        for name in ["proc/spl/kstat/zfs", "proc/self"] {
            try FileManager.default.createDirectory(
                atPath: machine.file(name), withIntermediateDirectories: true)
        }
        let meminfo = Mutator(
            words: ["MemTotal: ", "MemAvailable: ", "MemFree: ", " kB\n", "Cached: 1 kB\n"],
            samples: recorded("meminfo"))
        let arcstats = Mutator(
            words: ["size 4 ", "c_min 4 "], samples: recorded("spl/kstat/zfs/arcstats"))
        try FuzzRounds.run(300) { random, round in
            try machine.write(meminfo.next(&random), to: "proc/meminfo")
            try machine.write(arcstats.next(&random), to: "proc/spl/kstat/zfs/arcstats")
            do {
                let amounts = try MemoryAmounts(of: .test(root: machine.path))
                try #require(
                    amounts.totalBytes > 0 && amounts.availableBytes <= amounts.totalBytes, "round \(round): \(amounts)"
                )
            } catch let error as SensorError {
                try #require(error.description.hasPrefix("cannot "), "round \(round): \(error)")
            }
        }
    }

    @Test("any config is a config or at least one mistake, and what is said of it can be printed")
    func configs() throws {
        let samples = try ["every-key.json", "ancestor/complete.json", "ancestor/numbers-as-strings.json"].map {
            Array(try fixture("config/" + $0).utf8)
        }
        let mutator = Mutator(
            words: [
                "null", "true", "{}", "[]", "\"\\ud800\"", "\"\\u0000\"", "\"\\n|\"", "{\"a\":", "[[[[[[[[", "}", "]",
                ",",
                "\"threshold\": ", "\"name\": ", "\"/etc/shadow\"", "//", "-", "1e", "\\", "\"1e999\"", "\"20GiB\"",
                "\"99999999999TiB\"", "\"::/0\"", "\"0.0.0.0/33\"",
            ], samples: samples)
        try FuzzRounds.run(500) { random, round in
            let bytes = mutator.nextJSON(&random)
            var printed: [String]
            do throws(ConfigError) {
                let config = try ConfigDecoder.decode(bytes, source: .file("/c.json"), registry: .standard)
                printed = ConfigReport.lines(about: config)
            } catch {
                printed = error.lines
            }
            try #require(!printed.isEmpty, "round \(round)")
            for line in printed {
                try #require(
                    line.count <= 1100 && line.unicodeScalars.allSatisfy { !$0.movesText },
                    "round \(round): \(line)")
            }
        }
    }

    @Test("any answer of a Bot API server is a verdict that keeps the token and can be printed")
    func telegramAnswers() throws {
        let token = "123456:AAF-secret_TOKEN"
        let (telegram, problems) = read(Telegram.self, ["chat_id": .string("-47"), "token": .string(token)])
        #expect(problems == [])
        let mutator = Mutator(
            words: [
                "null", "true", "false", token, "\"parameters\":", "\"retry_after\":", "\"migrate_to_chat_id\":", "{",
                "}",
            ],
            samples: [
                #"{"ok":true,"result":{"message_id":7}}"#,
                #"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}"#,
                #"{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1001234567890}}"#,
                #"{"ok":false,"error_code":401,"description":"Unauthorized 123456:AAF-secret_TOKEN"}"#,
                "<html><body>502 Bad Gateway</body></html>",
            ].map { Array($0.utf8) })
        try FuzzRounds.run(3000) { random, round in
            let code = [200, 400, 401, 403, 404, 429, 500, 502, 0, -1].randomElement(using: &random) ?? 0
            let memory = [nil, "-47 -48", "-47", "", "-47 -47", "a b c"].randomElement(using: &random) ?? nil
            let context = DeliveryContext(now: .noon, hostname: "box", memory: memory)
            let verdict = telegram.verdict(on: Answer(code: code, body: mutator.nextJSON(&random)), context: context)
            var outbox = Outbox()
            outbox.append(.sample())
            switch verdict {
            case .delivered: try #require(code == 200, "round \(round)")
            case .again(let memory): try #require(code == 400 && memory.hasPrefix("-47 "), "round \(round)")
            case .failed(let error, let retry):
                try #require(!error.contains(token) && Clean.text(error) == error, "round \(round): \(error)")
                outbox.hold(retry, error: error, now: .noon)
                try #require(outbox.isReady(at: .noon + 86_400), "round \(round): silenced by \(retry)")
            }
        }
    }

    @Test("any last.json is a result or none, and a result can be printed on one line in both formats")
    func lastResults() throws {
        var report = Report(version: "0.1.0", host: "box", time: .noon, findings: [])
        var finding = Finding(
            sensor: "diskspace", id: "diskspace:/", status: .critical, text: "/ 93 % used",
            metrics: [
                Metric(name: "diskspace_/", value: 1.5e9, unit: .bytes, limits: Limits(critical: 1), maximum: 2e9)
            ])
        finding.since = .noon
        report.findings = [finding]
        report.notifications = [
            NotificationReport(channel: "a", reason: .first, title: "t", delivered: false, error: "no")
        ]
        let mutator = Mutator(
            words: [
                "null", "\"critical\"", "\"2026-11-23T12:00:00Z\"", "[]", "{}", "\"|'=\\u0000\\n\"", "\"-1-1-1T0:0:0\"",
            ],
            samples: [JSONText.encode(report)])
        try FuzzRounds.run(1000) { random, round in
            guard let read = JSONText.decode(Report.self, from: mutator.nextJSON(&random)) else {
                return
            }
            for line in NagiosText(verbosity: 3).lines(read) {
                try #require(
                    line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "round \(round): \(line)")
            }
            try #require(NagiosText().lines(read).allSatisfy { $0.filter { $0 == "|" }.count <= 1 }, "round \(round)")
            let again = JSONText.encode(read)
            try #require(JSONText.decode(Report.self, from: again) != nil, "round \(round)")
        }
    }
}
