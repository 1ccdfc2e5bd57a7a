// How much RAM there is and how much of it is available, from /proc. Numbers are the kernel's, but overflow is not trusted
// away: a container's /proc can be anyone's program.

/// RAM of the machine, in bytes.
struct MemoryAmounts: Sendable, Equatable {
    /// Never 0.
    var totalBytes: UInt64
    /// At most `totalBytes`.
    var availableBytes: UInt64

    /// Reads /proc/meminfo (proc_meminfo(5)) and the ARC statistics of OpenZFS.
    init(of machine: Machine) throws(SensorError) {
        let path = "/proc/meminfo"
        let bytes: [UInt8]
        do {
            bytes = try OpenFile.kernelText(of: machine.path(path), isOneRecord: true)
        } catch {
            throw SensorError("\(error) (under systemd, ProcSubset=pid hides it)")
        }
        let values = MemInfo(bytes)
        guard let total = values.total, total > 0 else {
            throw SensorError("cannot understand \(path): it has no MemTotal (is another program mounted over it?)")
        }
        var available = values.available
        if available == nil, let free = values.free {
            // Before Linux 3.14, and in some containers.
            available = MemoryAmounts.sum([free, values.buffers ?? 0, values.cached ?? 0])
        }
        guard let available else {
            throw SensorError(
                "cannot understand \(path): it has neither MemAvailable nor MemFree (is another program mounted over it?)"
            )
        }
        totalBytes = total
        availableBytes = min(MemoryAmounts.sum([available, MemoryAmounts.reclaimableARC(of: machine)]), total)
    }

    /// What the ZFS cache gives back under pressure: all above its minimum. MemAvailable does not count it.
    private static func reclaimableARC(of machine: Machine) -> UInt64 {
        guard let bytes = try? OpenFile.kernelText(of: machine.path("/proc/spl/kstat/zfs/arcstats")),
            !showsContainerMemory(machine)
        else { return 0 }
        var size: UInt64?
        var minimum: UInt64?
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            // name, type, data
            let words = line.split(separator: UInt8(ascii: " "))
            guard words.count == 3, let value = UInt64(String(decoding: words[2], as: UTF8.self)) else { continue }
            if words[0].equals("size") { size = value }
            if words[0].equals("c_min") { minimum = value }
        }
        guard let size, let minimum, size > minimum else { return 0 }
        return size - minimum
    }

    /// In an LXC container, lxcfs mounts the container's own meminfo over /proc/meminfo; arcstats is the host's then, and
    /// its memory is not the container's to have.
    private static func showsContainerMemory(_ machine: Machine) -> Bool {
        guard let bytes = try? OpenFile.kernelText(of: machine.path("/proc/self/mountinfo")) else {
            return false
        }
        return MountTable(bytes).mounts.contains { $0.point.elementsEqual("/proc/meminfo".utf8) }
    }

    private static func sum(_ values: [UInt64]) -> UInt64 {
        values.reduce(0) { sum, value in
            let (result, overflow) = sum.addingReportingOverflow(value)
            return overflow ? .max : result
        }
    }
}

/// What is needed of /proc/meminfo, in bytes.
private struct MemInfo {
    var total: UInt64?
    var available: UInt64?
    var free: UInt64?
    var buffers: UInt64?
    var cached: UInt64?

    /// Lines `Name:   123 kB`; lines that are something else are left out.
    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while var line = rest.cut(at: UInt8(ascii: "\n")) {
            guard let name = line.cut(at: UInt8(ascii: ":")) else { continue }
            if name.equals("MemTotal") {
                total = MemInfo.value(line)
            } else if name.equals("MemAvailable") {
                available = MemInfo.value(line)
            } else if name.equals("MemFree") {
                free = MemInfo.value(line)
            } else if name.equals("Buffers") {
                buffers = MemInfo.value(line)
            } else if name.equals("Cached") {
                cached = MemInfo.value(line)
            }
        }
    }

    private static func value(_ text: ArraySlice<UInt8>) -> UInt64? {
        let space = UInt8(ascii: " ")
        var rest = text.drop { $0 == space }
        guard let number = rest.cut(at: space), rest.equals("kB"),
            let kibibytes = UInt64(String(decoding: number, as: UTF8.self))
        else { return nil }
        let (value, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
        return overflow ? .max : value
    }
}
