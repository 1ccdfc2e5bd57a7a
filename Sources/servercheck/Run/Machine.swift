// The outside world as values: the clock, the root directory, the host's name, volume usage. Tests replace them.

import CShim
import Glibc

/// What statfs(2) tells about a mounted filesystem, in bytes and inodes, and what its mount point is.
struct VolumeUsage: Sendable, Equatable {
    var totalBytes: UInt64
    var freeBytes: UInt64
    /// Free to ordinary users; btrfs can say more than `freeBytes`.
    var availableBytes: UInt64
    /// 0 where the filesystem has no inode limit (btrfs, vfat).
    var totalInodes: UInt64
    var freeInodes: UInt64
    /// A file can be a mount point too: containers bind-mount /etc/hosts.
    var isDirectory: Bool = true
}

/// The machine that is checked.
struct Machine: Sendable {
    /// The only clock: the moment this run began, taken again once it holds the lock on the state.
    var now: Timestamp
    /// Prefix of every path that is read: empty on the real machine, a recorded tree in tests.
    var root: String = ""
    var hostname: String
    var environment: [String: String]
    /// Whether the caller sees to it that a call which never returns holds nothing up, so that no guard is needed here.
    var isWatched = false
    /// Asks a mount point's filesystem; may block on a dead server. Bytes, because a path need not be UTF-8.
    var volumeUsage: @Sendable (_ mountPoint: [UInt8]) throws(SystemError) -> VolumeUsage

    /// Where `path` of the checked machine is found.
    func path(_ path: String) -> String { root + path }
}

extension Machine {
    /// This machine, now.
    static func current(environment: [String: String]) -> Machine {
        Machine(
            now: .current, hostname: ownHostname(), environment: environment, volumeUsage: Machine.statfsUsage)
    }

    /// The environment variables of this process.
    static func processEnvironment() -> [String: String] {
        var count = 0
        if let all = cshim_environment() { while all[count] != nil { count += 1 } }
        var variables = [String: String](minimumCapacity: count)
        var next = cshim_environment()
        while let entry = next?.pointee {
            next = next?.successor()
            guard let equals = strchr(entry, Int32(UInt8(ascii: "="))) else { continue }
            let name = UnsafeRawBufferPointer(start: entry, count: equals - entry)
            // Of a name that is there twice the first one counts, as for getenv(3).
            let key = String(decoding: name, as: UTF8.self)
            if variables[key] == nil { variables[key] = String(cString: equals + 1) }
        }
        return variables
    }

    /// uname(2)'s node name.
    static func ownHostname() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "localhost" }
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// EXT4_SUPER_MAGIC of <linux/magic.h>: ext2, ext3 and ext4.
    private static let ext4 = 0xEF53

    /// By statfs(2) alone where that is enough: to walk to a mount point costs more than to ask there.
    ///
    /// stat(2) besides, except of ext4, whose answer (ext4_getattr) cannot be an error: XFS that has shut down tells its numbers
    /// as if nothing were (xfs_fs_statfs), and says EIO to stat only; a FUSE server may fail at the one and not at the other.
    @Sendable private static func statfsUsage(_ mountPoint: [UInt8]) throws(SystemError) -> VolumeUsage {
        // With a slash at its end a path leads to a directory or nowhere (path_resolution(7)).
        var path: [CChar] = []
        path.reserveCapacity(mountPoint.count + 2)
        for byte in mountPoint { path.append(CChar(bitPattern: byte)) }
        path.append(CChar(UInt8(ascii: "/")))
        path.append(0)
        var isDirectory = true
        var status = stat()
        var usage = statfs()
        while statfs(path, &usage) != 0 || (usage.f_type != ext4 && stat(path, &status) != 0) {
            if errno == ENOTDIR, isDirectory {
                isDirectory = false
                path[mountPoint.count] = 0
            } else if errno != EINTR {
                throw .last("ask the filesystem at", String(decoding: mountPoint, as: UTF8.self))
            }
        }
        // f_blocks counts units of f_frsize, which is 0 where a filesystem knows only one size. Saturating: the numbers come
        // from a filesystem, perhaps a hostile one.
        let unit = UInt64(max(0, usage.f_frsize == 0 ? usage.f_bsize : usage.f_frsize))
        func bytes(_ blocks: UInt) -> UInt64 {
            let (product, overflow) = UInt64(blocks).multipliedReportingOverflow(by: unit)
            return overflow ? .max : product
        }
        return VolumeUsage(
            totalBytes: bytes(usage.f_blocks), freeBytes: bytes(usage.f_bfree), availableBytes: bytes(usage.f_bavail),
            totalInodes: UInt64(usage.f_files), freeInodes: UInt64(usage.f_ffree), isDirectory: isDirectory)
    }
}

extension Timestamp {
    /// clock_gettime(CLOCK_REALTIME). A run asks for it when it begins and again once it holds the lock; all it judges takes
    /// `machine.now`.
    static var current: Timestamp {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        return Timestamp(microseconds: Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000)
    }
}
