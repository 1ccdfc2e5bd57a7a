// Asking one filesystem. Runs on a thread that may be left behind, so it touches nothing but what it is given.

import Glibc

/// What came of asking one filesystem, and at which of its mounts.
struct DiskSpaceAnswer: Sendable, Equatable {
    enum Outcome: Sendable, Equatable {
        case usage(VolumeUsage)
        case failed(SystemError)
        /// Permission denied at every mount point, for example below a 0700 directory.
        case unreachable
        /// By the config, or because each of its mount points is a file.
        case excluded
    }

    var mount: Mount
    var outcome: Outcome
}

extension DiskSpaceSelection.Filesystem {
    /// Asks at the preferred mount point that is a directory the user may reach.
    ///
    /// A filesystem goes by that one name: when the name is excluded, its other mounts do not bring it back. An excluded
    /// mount of a whole filesystem is not touched at all; a part of one is, since it may be a file, which names nothing.
    func answer(
        excluding patterns: [DiskSpacePattern], ask: @Sendable ([UInt8]) throws(SystemError) -> VolumeUsage
    ) -> DiskSpaceAnswer {
        var last = DiskSpaceAnswer(mount: mounts[0], outcome: .excluded)
        for mount in mounts {
            let isExcluded = !isNamed && patterns.contains { $0.matches(mount.point) }
            if isExcluded, mounts.count == 1 || mount.root == [UInt8(ascii: "/")] {
                return DiskSpaceAnswer(mount: mount, outcome: .excluded)
            }
            do throws(SystemError) {
                let usage = try ask(mount.point)
                if !usage.isDirectory, !isNamed { continue }
                return DiskSpaceAnswer(mount: mount, outcome: isExcluded ? .excluded : .usage(usage))
            } catch {
                if isExcluded { return DiskSpaceAnswer(mount: mount, outcome: .excluded) }
                if error.code != EACCES { return DiskSpaceAnswer(mount: mount, outcome: .failed(error)) }
                if last.outcome != .unreachable { last = DiskSpaceAnswer(mount: mount, outcome: .unreachable) }
            }
        }
        return last
    }
}
