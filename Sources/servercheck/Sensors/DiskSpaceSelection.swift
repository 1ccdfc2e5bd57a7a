// Which filesystems are watched, each once, and under which name. Decided from the mount table alone, so that the
// shipped unit's sandbox, which repeats and remounts everything, gives the same list as a shell.

import Glibc

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
    private static let imageTypes = ["squashfs", "iso9660", "udf", "erofs", "cramfs"]

    /// - Parameters:
    ///   - diskTypes: the types that /proc/filesystems does not mark nodev. Network and FUSE filesystems, overlay, autofs
    ///     and tmpfs are all nodev; fuseblk (NTFS) is not.
    ///   - named: mount points that are watched whatever their type.
    init(_ table: MountTable, diskTypes: [String], named: [String]) {
        let mounts = table.mounts
        var namedDevices: [Mount.Device] = []
        for name in named.sorted() {
            let point = Array(name.utf8)
            guard let mount = mounts.first(where: { $0.point == point && !table.isHidden($0) }) else {
                missing.append(name)
                continue
            }
            namedDevices.append(mount.device)
            filesystems.append(Filesystem(mounts: [mount], isNamed: true))
        }

        let types = diskTypes.filter { !DiskSpaceSelection.imageTypes.contains($0) }
        // Positions are sorted, not mounts: each of these owns several pieces of memory.
        var disks = mounts.indices.filter { position in
            DiskSpaceSelection.isDisk(mounts[position], diskTypes: types)
                && !namedDevices.contains(mounts[position].device)
                && !table.isHidden(mounts[position]) && !table.isAutomounted(mounts[position])
        }
        // Those of one filesystem side by side, whole ones first, otherwise as they are: sorted(by:) is stable.
        disks.sort { left, right in
            let (one, other) = (mounts[left].device, mounts[right].device)
            if one != other { return (one.major, one.minor) < (other.major, other.minor) }
            return mounts[left].isWhole && !mounts[right].isWhole
        }
        let isOfTheSame = { (index: Int, other: Int) in mounts[disks[index]].device == mounts[disks[other]].device }
        var starts = disks.indices.filter { $0 == 0 || !isOfTheSame($0, $0 - 1) }
        starts.sort { mounts[disks[$0]].precedes(mounts[disks[$1]]) }
        filesystems.reserveCapacity(filesystems.count + starts.count)
        for start in starts {
            var filesystem = Filesystem(mounts: [mounts[disks[start]]], isNamed: false)
            var next = start + 1
            while next < disks.count, isOfTheSame(next, start) {
                filesystem.mounts.append(mounts[disks[next]])
                next += 1
            }
            filesystems.append(filesystem)
        }
        if !namedDevices.isEmpty { filesystems.sort { $0.mounts[0].precedes($1.mounts[0]) } }
    }

    /// - Parameter diskTypes: without the types of images.
    private static func isDisk(_ mount: Mount, diskTypes: [String]) -> Bool {
        if mount.point.count == 1 { return true }
        // A ZFS snapshot (pool/dataset@name, shown below .zfs) cannot be written to: full by design as well.
        if mount.type == "zfs" { return !mount.source.contains(UInt8(ascii: "@")) }
        if diskTypes.contains(mount.type) { return true }
        // fuseblk may carry a subtype: fuseblk.ntfs
        guard mount.type.utf8.contains(UInt8(ascii: ".")) else { return false }
        return diskTypes.contains(String(mount.type.prefix { $0 != "." }))
    }

    /// The types in /proc/filesystems that need a device: `nodev\tproc` is none, `\text4` is one.
    static func diskTypes(_ filesystems: [UInt8]) -> [String] {
        var rest = filesystems[...]
        var types: [String] = []
        while let line = rest.cut(at: UInt8(ascii: "\n")) {
            if line.first == UInt8(ascii: "\t") { types.append(String(decoding: line.dropFirst(), as: UTF8.self)) }
        }
        return types
    }
}

extension Mount {
    /// Not a bind mount or a subvolume.
    fileprivate var isWhole: Bool { root.count == 1 && root[0] == UInt8(ascii: "/") }

    /// In the order of the mount points' bytes.
    fileprivate func precedes(_ other: Mount) -> Bool {
        let common = min(point.count, other.point.count)
        let order = point.withUnsafeBytes { one in
            other.point.withUnsafeBytes { other in
                guard let one = one.baseAddress, let other = other.baseAddress else { return Int32(0) }
                return memcmp(one, other, common)
            }
        }
        return order == 0 ? point.count < other.point.count : order < 0
    }
}
