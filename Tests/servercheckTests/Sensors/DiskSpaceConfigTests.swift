import Testing

@testable import servercheck

@Suite("Config of diskspace and free_memory") struct DiskSpaceConfigTests {
    @Test("without keys the ancestor's defaults hold")
    func defaults() throws {
        let sensor = try DiskSpace.configured("{}")
        #expect(sensor.name == "diskspace")
        #expect(sensor.policy == NotifyPolicy())
        #expect(
            sensor.limits
                == DiskSpaceLimits(threshold: 20, warningThreshold: nil, freeBelow: nil, inodeThreshold: 95))
        #expect(sensor.excludedPartitions == [])
        #expect(sensor.partitions == [:])
        let memory = try FreeMemory.configured("{}")
        #expect(memory.threshold == 20)
        #expect(memory.warningThreshold == nil)
    }

    @Test("every key is read, and partitions inherit what they do not give")
    func everyKey() throws {
        let sensor = try DiskSpace.configured(
            #"""
            {"name": "disks", "update_interval": 60, "renotify_time": 60, "max_check_attempts": 3, "recovery_margin": 5,
             "recovery": false, "threshold": 90, "warning_threshold": 80, "free_below": "20GiB", "inode_threshold": 99,
             "excluded_partitions": ["/mnt/*", "/boot/"],
             "partitions": {"/home/": {"threshold": 95.5, "free_below": 1000000, "inode_threshold": null},
                            "/": {"warning_threshold": 50, "required": false}, "/low": {"threshold": 70}}}
            """#)
        #expect(sensor.name == "disks")
        #expect(
            sensor.policy
                == NotifyPolicy(renotifySeconds: 3600, maxCheckAttempts: 3, recoveryMargin: 5, recovery: false))
        let limits = DiskSpaceLimits(
            threshold: 90, warningThreshold: 80, freeBelow: 21_474_836_480, inodeThreshold: 99)
        #expect(sensor.limits == limits)
        #expect(sensor.excludedPartitions == [DiskSpacePattern("/mnt/*"), DiskSpacePattern("/boot")])
        var home = limits
        (home.threshold, home.freeBelow, home.inodeThreshold) = (95.5, 1_000_000, nil)
        var root = limits
        root.warningThreshold = 50
        var low = limits
        (low.threshold, low.warningThreshold) = (70, nil)
        #expect(
            sensor.partitions == [
                "/home": DiskSpace.Partition(limits: home, required: true),
                "/": DiskSpace.Partition(limits: root, required: false),
                "/low": DiskSpace.Partition(limits: low, required: true),
            ])
    }

    @Test(
        "every mistake names its place",
        arguments: [
            (#"{"threshold": 101}"#, ["diskspace.threshold: must be between 0 and 100, is 101"]),
            (
                #"{"threshold": 90, "warning_threshold": 95}"#,
                ["diskspace.warning_threshold: must not be above threshold (90), is 95"]
            ),
            (#"{"treshold": 90}"#, [#"diskspace.treshold: unknown key, did you mean "threshold"?"#]),
            (#"{"free_below": "20G"}"#, [#"diskspace.free_below: must be a size above 0 such as "20GiB", is "20G""#]),
            (#"{"free_below": 0}"#, [#"diskspace.free_below: must be a size above 0 such as "20GiB", is 0"#]),
            (#"{"free_below": null}"#, [#"diskspace.free_below: must be a size above 0 such as "20GiB", is null"#]),
            (#"{"inode_threshold": "off"}"#, [#"diskspace.inode_threshold: must be a number, is the text "off""#]),
            (
                #"{"excluded_partitions": ["mnt", 3, ""]}"#,
                [
                    "diskspace.excluded_partitions[1]: must be a string, is a number",
                    #"diskspace.excluded_partitions[0]: must be a mount point such as "/mnt/*", is "mnt""#,
                    #"diskspace.excluded_partitions[1]: must be a mount point such as "/mnt/*", is """#,
                ]
            ),
            (#"{"partitions": []}"#, ["diskspace.partitions: must be an object, is an array"]),
            (
                #"{"partitions": {"home": {}, "/a": 3, "/b": {"requird": true}, "/c": {}, "/c/": {"required": 1}}}"#,
                [
                    #"diskspace.partitions["/a"]: must be an object, is a number"#,
                    #"diskspace.partitions["/b"].requird: unknown key, did you mean "required"?"#,
                    #"diskspace.partitions["/c/"].required: must be true or false, is a number"#,
                    #"diskspace.partitions["/c/"]: is there twice"#,
                    #"diskspace.partitions.home: must be a mount point such as "/home""#,
                ]
            ),
            (
                #"{"threshold": 50, "partitions": {"/a": {"warning_threshold": 60}}}"#,
                [#"diskspace.partitions["/a"].warning_threshold: must not be above threshold (50), is 60"#]
            ),
        ])
    func mistakes(json: String, expected: [String]) throws {
        #expect(try DiskSpace.read(json).problems == expected)
    }

    @Test(
        "free_memory's mistakes name their place",
        arguments: [
            (#"{"threshold": -1}"#, ["free_memory.threshold: must be between 0 and 100, is -1"]),
            (
                #"{"warning_threshold": 30}"#,
                ["free_memory.warning_threshold: must not be above threshold (20), is 30"]
            ),
            (#"{"free_below": 1}"#, ["free_memory.free_below: unknown key"]),
        ])
    func memoryMistakes(json: String, expected: [String]) throws {
        #expect(try FreeMemory.read(json).problems == expected)
    }
}
