// Which filesystems are watched, each once, and under which name. Decided from the mount table alone, so that the
// shipped unit's sandbox, which repeats and remounts everything, gives the same list as a shell.

/// The filesystems to watch and the named mount points that are not mounted.
struct DiskSpaceSelection: Sendable, Equatable {
    /// One filesystem with all the places where it can be asked, the preferred one first. Never empty.
    struct Filesystem: Sendable, Equatable {
        var mounts: [Mount]
        /// The config's `partitions` names it by its mount point.
        var isNamed: Bool
    }

    /// Sorted by the preferred mount point.
    var filesystems: [Filesystem] = []
    /// Mount points that the config names and nobody mounted, sorted.
    var missing: [String] = []

    /// Full by design: a limit says nothing about them.
    private static let imageTypes: Set<String> = ["squashfs", "iso9660", "udf", "erofs", "cramfs"]

    /// - Parameters:
    ///   - diskTypes: the types that /proc/filesystems does not mark nodev. Network and FUSE filesystems, overlay, autofs
    ///     and tmpfs are all nodev; fuseblk (NTFS) is not.
    ///   - named: mount points that are watched whatever their type.
    init(_ table: MountTable, diskTypes: Set<String>, named: [String]) {
        var namedDevices: Set<Mount.Device> = []
        for name in named.sorted() {
            let point = Array(name.utf8)
            guard let mount = table.mounts.first(where: { $0.point == point && !table.isHidden($0) }) else {
                missing.append(name)
                continue
            }
            namedDevices.insert(mount.device)
            filesystems.append(Filesystem(mounts: [mount], isNamed: true))
        }

        var devices: [Mount.Device] = []
        var mountsByDevice: [Mount.Device: [Mount]] = [:]
        for mount in table.mounts
        where DiskSpaceSelection.isDisk(mount, diskTypes: diskTypes) && !namedDevices.contains(mount.device)
            && !table.isHidden(mount) && !table.isAutomounted(mount)
        {
            if mountsByDevice[mount.device] == nil { devices.append(mount.device) }
            mountsByDevice[mount.device, default: []].append(mount)
        }
        for device in devices {
            let mounts = mountsByDevice[device] ?? []
            let whole = mounts.filter { $0.root == [UInt8(ascii: "/")] }
            let parts = mounts.filter { $0.root != [UInt8(ascii: "/")] }
            filesystems.append(Filesystem(mounts: whole + parts, isNamed: false))
        }
        filesystems.sort { $0.mounts[0].point.lexicographicallyPrecedes($1.mounts[0].point) }
    }

    private static func isDisk(_ mount: Mount, diskTypes: Set<String>) -> Bool {
        if mount.point == [UInt8(ascii: "/")] { return true }
        // A ZFS snapshot (pool/dataset@name, shown below .zfs) cannot be written to: full by design as well.
        if mount.type == "zfs" { return !mount.source.contains(UInt8(ascii: "@")) }
        // fuseblk may carry a subtype: fuseblk.ntfs
        let type = String(mount.type.prefix { $0 != "." })
        return diskTypes.contains(type) && !imageTypes.contains(type)
    }

    /// The types in /proc/filesystems that need a device: `nodev\tproc` is none, `\text4` is one.
    static func diskTypes(_ filesystems: [UInt8]) -> Set<String> {
        let tab = UInt8(ascii: "\t")
        return Set(
            filesystems.split(separator: UInt8(ascii: "\n")).filter { $0.first == tab }
                .map { String(decoding: $0.dropFirst(), as: UTF8.self) })
    }
}
