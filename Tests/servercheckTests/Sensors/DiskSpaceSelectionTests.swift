import Testing

@testable import servercheck

@Suite("Selection of filesystems") struct DiskSpaceSelectionTests {
    /// Lines `ID PARENT DEVICE ROOT POINT TYPE`; the outcome as the mount points of each filesystem, and what is missing.
    private func selection(_ lines: [String], named: [String] = []) -> [[String]] {
        let text = lines.map { line in
            let words = line.split(separator: " ")
            let source = words[5] == "zfs" ? words[3].dropFirst() : "src"
            return "\(words[0]) \(words[1]) 0:\(words[2]) \(words[3]) \(words[4]) rw - \(words[5]) \(source) rw\n"
        }
        let selection = DiskSpaceSelection(
            MountTable(Array(text.joined().utf8)),
            diskTypes: ["ext4", "xfs", "btrfs", "vfat", "fuseblk", "squashfs", "iso9660", "udf", "erofs", "cramfs"],
            named: named)
        return selection.filesystems.map { $0.mounts.map(\.name) } + selection.missing.map { ["missing", $0] }
    }

    @Test("disks and ZFS are watched; images, memory, network, FUSE, overlays and pseudo filesystems are not")
    func types() {
        let types = [
            "ext4", "xfs", "vfat", "fuseblk", "fuseblk.ntfs", "zfs", "squashfs", "iso9660", "udf", "erofs", "cramfs",
            "tmpfs",
            "nfs4", "cifs", "fuse.sshfs", "fuse", "overlay", "proc", "autofs", "9p", "virtiofs",
        ]
        let lines = types.enumerated().map { "\($0 + 2) 1 \($0 + 2) / /\($1) \($1)" }
        #expect(
            selection(["1 0 1 / / ext4"] + lines)
                == [["/"], ["/ext4"], ["/fuseblk"], ["/fuseblk.ntfs"], ["/vfat"], ["/xfs"], ["/zfs"]])
    }

    @Test(
        "/ is watched whatever it is", arguments: ["overlay", "tmpfs", "squashfs", "nfs4", "virtiofs", "9p", "simfs"])
    func root(type: String) {
        #expect(selection(["1 0 1 / / \(type)", "2 1 2 / /proc proc"]) == [["/"]])
    }

    @Test("a filesystem is one: the mount of its root first, then the order of the file")
    func grouped() {
        #expect(
            selection([
                "1 0 1 /@ / btrfs", "2 1 1 /@home /home btrfs", "3 1 2 /b /srv/b btrfs", "4 1 2 /a /srv/a btrfs",
                "5 1 3 /sub /bind ext4", "6 1 3 / /data ext4", "7 1 3 / /again ext4",
            ]) == [["/", "/home"], ["/data", "/again", "/bind"], ["/srv/b", "/srv/a"]])
    }

    @Test("a name beats the order, brings in any type, and stays one per name")
    func named() {
        let lines = [
            "1 0 1 /@ / btrfs", "2 1 1 /@home /home btrfs", "3 1 2 / /mnt/nas nfs4", "4 1 3 / /run tmpfs",
            "5 1 4 / /auto autofs", "6 5 5 / /auto ext4",
        ]
        #expect(selection(lines, named: ["/home"]) == [["/home"]])
        #expect(selection(lines, named: ["/", "/home"]) == [["/"], ["/home"]])
        #expect(
            selection(lines, named: ["/mnt/nas", "/run", "/auto"]) == [
                ["/", "/home"], ["/auto"], ["/mnt/nas"], ["/run"],
            ])
        #expect(
            selection(lines, named: ["/gone", "/a"]) == [["/", "/home"], ["missing", "/a"], ["missing", "/gone"]])
    }

    @Test("a named mount that another one hides is not mounted for anyone")
    func namedHidden() {
        let lines = ["1 0 1 / / ext4", "2 1 2 / /srv/a ext4", "3 1 3 / /srv ext4"]
        #expect(selection(lines, named: ["/srv/a"]) == [["/"], ["/srv"], ["missing", "/srv/a"]])
    }

    @Test("automounts and what they mounted are left alone")
    func automounts() {
        #expect(
            selection(["1 0 1 / / ext4", "2 1 2 / /archive autofs", "3 2 3 / /archive ext4", "4 3 4 / /archive/x xfs"])
                == [["/"]])
    }

    @Test("a ZFS snapshot is full by design")
    func snapshots() {
        #expect(
            selection(["1 0 1 / / ext4", "2 1 2 /tank /tank zfs", "3 2 3 /tank@daily /tank/.zfs/snapshot/daily zfs"])
                == [["/"], ["/tank"]])
    }

    @Test("the types that need a device are those without nodev")
    func diskTypes() {
        let text = "nodev\tsysfs\n\text4\n\tfuseblk\nnodev\tfuse\nnodev\tzfs\n\n\tbtrfs"
        #expect(DiskSpaceSelection.diskTypes(Array(text.utf8)) == ["ext4", "fuseblk", "btrfs"])
    }

    private static let files: @Sendable ([UInt8]) throws(SystemError) -> VolumeUsage = { point in
        VolumeUsage(
            totalBytes: 10, freeBytes: 5, availableBytes: 5, totalInodes: 0, freeInodes: 0,
            isDirectory: !point.starts(with: "/etc".utf8))
    }

    @Test("the first directory names a filesystem; patterns go by that name alone")
    func answers() {
        let table = MountTable(
            Array(
                """
                1 0 8:1 /h /etc/hosts rw - ext4 x rw
                2 0 8:1 /v /volume rw - ext4 x rw
                3 0 8:1 /w /work rw - ext4 x rw

                """.utf8))
        let filesystem = DiskSpaceSelection.Filesystem(mounts: table.mounts, isNamed: false)
        let name = { (patterns: [String]) -> String? in
            let answer = filesystem.answer(excluding: patterns.map { DiskSpacePattern($0) }, ask: Self.files)
            return answer.outcome == .excluded ? nil : answer.mount.name
        }
        #expect(name([]) == "/volume")
        #expect(name(["/etc/hosts"]) == "/volume")
        #expect(name(["/work"]) == "/volume")
        #expect(name(["/volume"]) == nil)
        #expect(name(["/etc/*", "/vol*"]) == nil)
    }

    @Test("a filesystem of which only files are mounted is none, unless it is named")
    func onlyFiles() {
        let mounts = MountTable(Array("1 0 8:1 /h /etc/hosts rw - ext4 x rw\n".utf8)).mounts
        let plain = DiskSpaceSelection.Filesystem(mounts: mounts, isNamed: false)
        #expect(plain.answer(excluding: [], ask: Self.files).outcome == .excluded)
        let named = DiskSpaceSelection.Filesystem(mounts: mounts, isNamed: true)
        #expect(named.answer(excluding: [DiskSpacePattern("*")], ask: Self.files).mount.name == "/etc/hosts")
        #expect(named.answer(excluding: [DiskSpacePattern("*")], ask: Self.files).outcome != .excluded)
    }
}
