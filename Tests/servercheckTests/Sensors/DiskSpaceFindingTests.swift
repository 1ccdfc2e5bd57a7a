import Testing

@testable import servercheck

@Suite("Findings of diskspace") struct DiskSpaceFindingTests {
    private static let gibibyte: UInt64 = 1 << 30

    private func usage(_ total: UInt64, _ free: UInt64, _ available: UInt64, inodes: UInt64 = 0, freeInodes: UInt64 = 0)
        -> VolumeUsage
    {
        VolumeUsage(
            totalBytes: total, freeBytes: free, availableBytes: available, totalInodes: inodes, freeInodes: freeInodes)
    }

    @Test("a full example, with the limits in bytes and the lingering status")
    func example() throws {
        let sensor = try DiskSpace.configured(#"{"threshold": 90, "warning_threshold": 80}"#)
        let gib = Self.gibibyte
        let finding = sensor.finding(
            about: "/home", usage: usage(210 * gib, 23 * gib, 13 * gib, inodes: 1000, freeInodes: 900),
            becameReadOnly: false)
        #expect(
            finding
                == Finding(
                    sensor: "diskspace", id: "diskspace:/home", status: .critical, lingering: .critical,
                    text: "/home 93.5 % used, 13.0 GiB of 200 GiB free (limit 90 %)",
                    metrics: [
                        Metric(
                            name: "diskspace_/home", value: Double(187 * gib), unit: .bytes,
                            limits: Limits(warning: Double(160 * gib), critical: Double(180 * gib)), minimum: 0,
                            maximum: Double(200 * gib)),
                        Metric(
                            name: "diskspace_/home_inodes", value: 100, limits: Limits(critical: 950), minimum: 0,
                            maximum: 1000),
                    ]))
    }

    @Test(
        "the message that a problem is over names the limit that was passed, and the inodes",
        arguments: [
            ("/home", Status.critical, "/home 50.0 % used, 500 B of 1000 B free (limit 90 %)"),
            ("/home", .warning, "/home 50.0 % used, 500 B of 1000 B free (limit 80 %)"),
            ("/home", .unknown, "/home 50.0 % used, 500 B of 1000 B free (limit 80 %)"),
            ("/srv", .critical, "/srv 50.0 % used, 500 B of 1000 B free (limit 95 % and less than 100 B free)"),
        ])
    func recovered(mountPoint: String, level: Status, text: String) throws {
        let sensor = try DiskSpace.configured(
            "{\"name\": \"d\", \"threshold\": 90, \"warning_threshold\": 80, \"partitions\": {"
                + "\"/srv\": {\"threshold\": 95, \"free_below\": 100}}}")
        var finding = sensor.finding(
            about: mountPoint, usage: usage(1000, 500, 500, inodes: 200, freeInodes: 150), becameReadOnly: false)
        // As a second one of the same name.
        finding.id += " (2)"
        let told = sensor.recovered(finding, from: level)
        #expect(told.text == text)
        #expect(told.details == ["25.0 % of inodes used (limit 95 %)"])
        let bare = sensor.finding(about: mountPoint, usage: usage(1000, 500, 500), becameReadOnly: false)
        #expect(sensor.recovered(bare, from: level).details == [])
    }

    @Test("the sensor's name is in id and labels")
    func named() throws {
        let sensor = try DiskSpace.configured(#"{"name": "big disks", "threshold": 90}"#)
        let finding = sensor.finding(about: "/", usage: usage(100, 50, 50, inodes: 5), becameReadOnly: false)
        #expect(finding.sensor == "big disks")
        #expect(finding.id == "big disks:/")
        #expect(finding.metrics.map(\.name) == ["big disks_/", "big disks_/_inodes"])
    }

    @Test(
        "status, what an open problem counts as, and the text at every level",
        arguments: [
            // used of 1000 bytes
            (779, Status.ok, Status.ok, "/x 77.9 % used, 221 B of 1000 B free"),
            (780, .ok, .ok, "/x 78.0 % used, 220 B of 1000 B free"),
            (781, .ok, .warning, "/x 78.1 % used, 219 B of 1000 B free (within 2 points of the limit 80 %)"),
            (800, .ok, .warning, "/x 80.0 % used, 200 B of 1000 B free (within 2 points of the limit 80 %)"),
            (801, .warning, .warning, "/x 80.1 % used, 199 B of 1000 B free (limit 80 %)"),
            (880, .warning, .warning, "/x 88.0 % used, 120 B of 1000 B free (limit 80 %)"),
            (881, .warning, .critical, "/x 88.1 % used, 119 B of 1000 B free (limit 80 %)"),
            (900, .warning, .critical, "/x 90.0 % used, 100 B of 1000 B free (limit 80 %)"),
            (901, .critical, .critical, "/x 90.1 % used, 99 B of 1000 B free (limit 90 %)"),
            (1000, .critical, .critical, "/x 100.0 % used, 0 B of 1000 B free (limit 90 %)"),
        ])
    func levels(used: UInt64, status: Status, lingering: Status, text: String) throws {
        let sensor = try DiskSpace.configured(#"{"threshold": 90, "warning_threshold": 80}"#)
        let finding = sensor.finding(
            about: "/x", usage: usage(1000, 1000 - used, 1000 - used), becameReadOnly: false)
        #expect(finding.status == status)
        #expect(finding.lingering == lingering)
        #expect(finding.text == text)
    }

    @Test(
        "with free_below both must hold, in one limit",
        arguments: [
            // capacity, used, limit, status
            (UInt64(1000), UInt64(950), 900.0, Status.critical), (10_000, 9500, 9800, .ok),
            (10_000, 9801, 9800, .critical),
            (100, 91, 90, .critical), (100, 90, 90, .ok),
        ])
    func freeBelow(capacity: UInt64, used: UInt64, limit: Double, status: Status) throws {
        let sensor = try DiskSpace.configured(#"{"threshold": 90, "free_below": 200, "recovery_margin": 0}"#)
        let finding = sensor.finding(
            about: "/x", usage: usage(capacity, capacity - used, capacity - used), becameReadOnly: false)
        #expect(finding.metrics[0].limits == Limits(critical: limit))
        #expect(finding.status == status)
        #expect(finding.text.hasSuffix("(limit 90 % and less than 200 B free)") == (status != .ok))
    }

    @Test("free space that only the superuser may use does not count as free")
    func reserve() throws {
        let sensor = try DiskSpace.configured(#"{"threshold": 90}"#)
        let finding = sensor.finding(about: "/x", usage: usage(1000, 50, 0), becameReadOnly: false)
        #expect(finding.metrics[0].value == 950)
        #expect(finding.metrics[0].maximum == 950)
        #expect(finding.text == "/x 100.0 % used, 0 B of 950 B free (limit 90 %)")
    }

    @Test("inodes alone can be the reason, and null turns them off")
    func inodes() throws {
        let full = usage(1000, 900, 900, inodes: 1000, freeInodes: 20)
        let finding = try DiskSpace.configured(#"{"threshold": 90}"#)
            .finding(about: "/x", usage: full, becameReadOnly: false)
        #expect(finding.status == .critical)
        #expect(finding.text == "/x 10.0 % used, 900 B of 1000 B free; 98.0 % of inodes used (limit 95 %)")
        let off = try DiskSpace.configured(#"{"threshold": 90, "inode_threshold": null}"#)
            .finding(about: "/x", usage: full, becameReadOnly: false)
        #expect(off.status == .ok)
        #expect(off.metrics.map(\.name) == ["diskspace_/x"])
        let near = usage(1000, 900, 900, inodes: 1000, freeInodes: 60)
        let lingering = try DiskSpace.configured(#"{"threshold": 90}"#)
            .finding(about: "/x", usage: near, becameReadOnly: false)
        #expect(lingering.status == .ok)
        #expect(lingering.lingering == .critical)
        #expect(
            lingering.text
                == "/x 10.0 % used, 900 B of 1000 B free; 94.0 % of inodes used (within 2 points of the limit 95 %)")
    }

    @Test(
        "odd numbers are legal: nothing at all, more available than free, more free than there is, the largest numbers",
        arguments: [
            (UInt64(0), UInt64(0), UInt64(0), 0.0, 0.0, "/x 0.0 % used, 0 B of 0 B free"),
            (1000, 100, 300, 900, 1200, "/x 75.0 % used, 300 B of 1.2 KiB free"),
            (1000, 2000, 2000, 0, 2000, "/x 0.0 % used, 2.0 KiB of 2.0 KiB free"),
            (.max, 0, .max, 0x1p64, 0x1p65, "/x 50.0 % used, 16.0 EiB of 32.0 EiB free"),
        ])
    func odd(total: UInt64, free: UInt64, available: UInt64, value: Double, maximum: Double, text: String) throws {
        let sensor = try DiskSpace.configured(#"{"threshold": 90}"#)
        let finding = sensor.finding(
            about: "/x", usage: usage(total, free, available, inodes: total, freeInodes: .max), becameReadOnly: false)
        #expect(finding.status == .ok)
        #expect(finding.metrics[0].value == value)
        #expect(finding.metrics[0].maximum == maximum)
        #expect(finding.text == text)
    }

    @Test("a filesystem that became read-only is CRITICAL whatever its numbers")
    func readOnly() throws {
        let sensor = try DiskSpace.configured(#"{"threshold": 90}"#)
        let finding = sensor.finding(about: "/x", usage: usage(1000, 900, 900), becameReadOnly: true)
        #expect(finding.status == .critical)
        #expect(finding.lingering == .critical)
        #expect(finding.text == "/x 10.0 % used, 900 B of 1000 B free; read-only, was writable before")
    }
}
