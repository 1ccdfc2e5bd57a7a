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
            bytes = try OpenFile.contents(of: machine.path(path))
        } catch {
            throw SensorError("\(error) (under systemd, ProcSubset=pid hides it)")
        }
        let values = MemoryAmounts.meminfo(bytes)
        guard let total = values["MemTotal"], total > 0 else {
            throw SensorError("cannot understand \(path): it has no MemTotal (is another program mounted over it?)")
        }
        var available = values["MemAvailable"]
        if available == nil, let free = values["MemFree"] {
            // Before Linux 3.14, and in some containers.
            available = MemoryAmounts.sum([free, values["Buffers"] ?? 0, values["Cached"] ?? 0])
        }
        guard let available else {
            throw SensorError(
                "cannot understand \(path): it has neither MemAvailable nor MemFree (is another program mounted over it?)"
            )
        }
        totalBytes = total
        availableBytes = min(MemoryAmounts.sum([available, MemoryAmounts.reclaimableARC(of: machine)]), total)
    }

    /// Lines `Name:   123 kB` in bytes; lines that are something else are left out.
    private static func meminfo(_ bytes: [UInt8]) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let words = line[(colon + 1)...].split(separator: UInt8(ascii: " "))
            guard words.count == 2, words[1].elementsEqual("kB".utf8),
                let kibibytes = UInt64(String(decoding: words[0], as: UTF8.self))
            else { continue }
            let (value, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
            values[String(decoding: line[..<colon], as: UTF8.self)] = overflow ? .max : value
        }
        return values
    }

    /// What the ZFS cache gives back under pressure: all above its minimum. MemAvailable does not count it.
    private static func reclaimableARC(of machine: Machine) -> UInt64 {
        guard let bytes = try? OpenFile.contents(of: machine.path("/proc/spl/kstat/zfs/arcstats")),
            !showsContainerMemory(machine)
        else { return 0 }
        var values: [String: UInt64] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            // name, type, data
            let words = line.split(separator: UInt8(ascii: " "))
            guard words.count == 3, let value = UInt64(String(decoding: words[2], as: UTF8.self)) else { continue }
            values[String(decoding: words[0], as: UTF8.self)] = value
        }
        guard let size = values["size"], let minimum = values["c_min"], size > minimum else { return 0 }
        return size - minimum
    }

    /// In an LXC container, lxcfs mounts the container's own meminfo over /proc/meminfo; arcstats is the host's then, and
    /// its memory is not the container's to have.
    private static func showsContainerMemory(_ machine: Machine) -> Bool {
        guard let bytes = try? OpenFile.contents(of: machine.path("/proc/self/mountinfo"), limit: 16 << 20) else {
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
