import Foundation
import Testing

@testable import servercheck

@Suite("free_memory") struct FreeMemoryTests {
    /// A /proc of its own for one test.
    private final class Tree {
        let root = NSTemporaryDirectory() + "servercheck-memory-\(UUID().uuidString)"

        init(_ files: [String: String]) throws {
            for (path, text) in files {
                let url = URL(fileURLWithPath: root + "/proc/" + path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: url)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: root) }

        func measure(_ config: String) throws -> Finding {
            let machine = Machine.scripted(root: root, answers: [:])
            let reading = try FreeMemory.configured(config).measure(on: machine, memory: SensorMemory())
            #expect(reading.memory == SensorMemory())
            #expect(reading.notes == [])
            return try #require(reading.findings.first)
        }
    }

    private static func meminfo(available: Int) -> String {
        "MemTotal:    1000 kB\nMemFree:       10 kB\nMemAvailable:  \(available) kB\nBuffers: 5 kB\nCached: 7 kB\nHugePages_Total:   0\n"
    }

    private static func status(_ name: String, _ resident: String) -> String {
        "Name:\t\(name)\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t1\nVmPeak:\t  999999 kB\nVmRSS:\t\(resident)\nThreads:\t1\n"
    }

    private static let processes = [
        "1/status": status("systemd", "   12345 kB"), "22/status": status("post gres", "  204800 kB"),
        "333/status": status(#"evil\nVmRSS: 9"#, "   13631488 kB"), "4444/status": status("zz", "   12345 kB"),
        "5/status": "Name:\tkthreadd\nPid:\t5\n", "6/status": "garbage", "self/status": status("self", "99999999 kB"),
        "7/status": status("huge", "99999999999999999999999 kB"), "8x/status": status("no pid", "99999999 kB"),
        "9/comm": "gone",
    ]

    @Test("an alarm names the three largest processes")
    func alarm() throws {
        let tree = try Tree(Self.processes.merging(["meminfo": Self.meminfo(available: 50)]) { $1 })
        #expect(
            try tree.measure(#"{"threshold": 90, "warning_threshold": 80}"#)
                == Finding(
                    sensor: "free_memory", id: "free_memory", status: .critical,
                    text: "95.0 % of memory used, 50.0 KiB of 1000 KiB available (limit 90 %)",
                    details: [
                        #"evil\nVmRSS: 9 (pid 333) uses 13.0 GiB"#, "post gres (pid 22) uses 200 MiB",
                        "systemd (pid 1) uses 12.1 MiB",
                    ],
                    metrics: [
                        Metric(
                            name: "free_memory", value: 972_800, unit: .bytes,
                            limits: Limits(warning: 819_200, critical: 921_600), minimum: 0, maximum: 1_024_000)
                    ]))
    }

    @Test(
        "status and text at every level",
        arguments: [
            (221, Status.ok, Status.ok, "77.9 % of memory used, 221 KiB of 1000 KiB available"),
            (
                219, .ok, .warning,
                "78.1 % of memory used, 219 KiB of 1000 KiB available (within 2 points of the limit 80 %)"
            ),
            (199, .warning, .warning, "80.1 % of memory used, 199 KiB of 1000 KiB available (limit 80 %)"),
            (101, .warning, .critical, "89.9 % of memory used, 101 KiB of 1000 KiB available (limit 80 %)"),
            (99, .critical, .critical, "90.1 % of memory used, 99.0 KiB of 1000 KiB available (limit 90 %)"),
            (0, .critical, .critical, "100.0 % of memory used, 0 B of 1000 KiB available (limit 90 %)"),
            (5000, .ok, .ok, "0.0 % of memory used, 1000 KiB of 1000 KiB available"),
        ])
    func levels(available: Int, status: Status, lingering: Status, text: String) throws {
        let tree = try Tree(["meminfo": Self.meminfo(available: available), "1/status": Self.status("init", "1024 kB")])
        let finding = try tree.measure(#"{"threshold": 90, "warning_threshold": 80}"#)
        #expect(finding.status == status)
        #expect(finding.lingering == lingering)
        #expect(finding.text == text)
        #expect(finding.details == (lingering == .ok ? [] : ["init (pid 1) uses 1.0 MiB"]))
    }

    @Test("the message that it is over names the limit that was passed")
    func recovered() throws {
        let config = #"{"threshold": 90, "warning_threshold": 80}"#
        let sensor = try FreeMemory.configured(config)
        let finding = try Tree(["meminfo": Self.meminfo(available: 500)]).measure(config)
        let text = "50.0 % of memory used, 500 KiB of 1000 KiB available"
        #expect(sensor.recovered(finding, from: .critical).text == "\(text) (limit 90 %)")
        #expect(sensor.recovered(finding, from: .warning).text == "\(text) (limit 80 %)")
        #expect(finding.text == text)
    }

    @Test("without MemAvailable: free, buffers and cached")
    func oldKernel() throws {
        let tree = try Tree(["meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n"])
        #expect(try tree.measure(#"{"threshold": 90}"#).metrics[0].value == 580 * 1024)
        let bare = try Tree(["meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\n"])
        #expect(try bare.measure(#"{"threshold": 95}"#).metrics[0].value == 900 * 1024)
    }

    @Test(
        "what the ARC can give back is available, as far as there is memory",
        arguments: [
            ("size 4 409600\nc_min 4 102400\n", 900 * 1024 - 307_200), ("size 4 100\nc_min 4 102400\n", 900 * 1024),
            ("size 4 409600\n", 900 * 1024), ("garbage\nsize 4\nsize 4 -5\nc_min 4 0\n", 900 * 1024), ("", 900 * 1024),
            ("size 4 18446744073709551615\nc_min 4 0\n", 0),
        ])
    func arc(statistics: String, used: Int) throws {
        let tree = try Tree(["meminfo": Self.meminfo(available: 100), "spl/kstat/zfs/arcstats": statistics])
        #expect(try tree.measure(#"{"threshold": 99}"#).metrics[0].value == Double(used))
    }

    @Test("a container's own meminfo does not get the host's ARC")
    func containerARC() throws {
        let tree = try Tree([
            "meminfo": Self.meminfo(available: 100), "spl/kstat/zfs/arcstats": "size 4 409600\nc_min 4 102400\n",
            "self/mountinfo": "9 1 0:48 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n",
        ])
        #expect(try tree.measure(#"{"threshold": 99}"#).metrics[0].value == 900 * 1024)
    }

    @Test(
        "a meminfo that makes no sense is an error with a remedy",
        arguments: [
            ("", "it has no MemTotal"), ("MemTotal: 0 kB\n", "it has no MemTotal"),
            ("MemTotal: x kB\n", "it has no MemTotal"),
            ("MemTotal: -5 kB\n", "it has no MemTotal"), ("MemTotal: 1000 MB\n", "it has no MemTotal"),
            ("MemTotal: 99999999999999999999999 kB\n", "it has no MemTotal"),
            ("MemTotal: 1000 kB\nBuffers: 5 kB\n", "it has neither MemAvailable nor MemFree"),
        ])
    func garbled(text: String, reason: String) throws {
        let tree = try Tree(["meminfo": text])
        #expect(throws: SensorError("cannot understand /proc/meminfo: \(reason) (is another program mounted over it?)"))
        {
            try tree.measure("{}")
        }
    }

    @Test("numbers beyond every integer saturate")
    func saturating() throws {
        let tree = try Tree([
            "meminfo":
                "MemTotal: 18446744073709551615 kB\nMemFree: 18446744073709551615 kB\nBuffers: 18446744073709551615 kB\n"
        ])
        #expect(try tree.measure("{}").metrics[0].value == 0)
    }

    @Test("no meminfo at all is an error that names what hides it")
    func missing() throws {
        let tree = try Tree(["x": ""])
        #expect(
            throws: SensorError(
                "cannot open \(tree.root)/proc/meminfo: No such file or directory (under systemd, ProcSubset=pid hides it)"
            )
        ) { try tree.measure("{}") }
    }
}
