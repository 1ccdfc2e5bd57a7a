// diskspace: how full each mounted filesystem is. One finding per filesystem, with the numbers of df(1).

/// The sensor `diskspace`.
struct DiskSpace: Sensor {
    static let kind = "diskspace"

    /// What the config says about one mount point.
    struct Partition: Sendable, Equatable {
        var limits: DiskSpaceLimits
        /// Whether it is CRITICAL when it is not mounted.
        var required: Bool
    }

    let name: String
    let policy: NotifyPolicy
    let limits: DiskSpaceLimits
    let excludedPartitions: [DiskSpacePattern]
    /// By mount point.
    let partitions: [String: Partition]

    init(config: inout ConfigReader) {
        name = config.name()
        policy = config.notifyPolicy()
        limits = DiskSpaceLimits(config: &config)
        var patterns: [DiskSpacePattern] = []
        for (index, text) in config.strings("excluded_partitions").enumerated() {
            if text.hasPrefix("/") || text.hasPrefix("*") {
                patterns.append(DiskSpacePattern(DiskSpace.withoutSlashAtEnd(text)))
            } else {
                config.problem(
                    "excluded_partitions[\(index)]",
                    "must be a mount point such as \"/mnt/*\", is \(ConfigProblem.quoted(text))")
            }
        }
        excludedPartitions = patterns
        partitions = DiskSpace.partitions(config: &config, inherited: limits)
    }

    private static func partitions(config: inout ConfigReader, inherited: DiskSpaceLimits) -> [String: Partition] {
        guard var all = config.object("partitions") else { return [:] }
        var partitions: [String: Partition] = [:]
        for key in all.keys {
            guard var one = all.object(key) else { continue }
            let partition = Partition(
                limits: DiskSpaceLimits(config: &one, inherited: inherited), required: one.bool("required") ?? true)
            all.problems += one.finish()
            let mountPoint = withoutSlashAtEnd(key)
            if !key.hasPrefix("/") {
                all.problem(key, "must be a mount point such as \"/home\"")
            } else if partitions[mountPoint] != nil {
                all.problem(key, "is there twice")
            } else {
                partitions[mountPoint] = partition
            }
        }
        config.problems += all.finish()
        return partitions
    }

    private static func withoutSlashAtEnd(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    var summary: String {
        let excluded = excludedPartitions.map { Clean.text($0.bytes) }.joined(separator: ", ")
        let others = partitions.sorted { $0.key < $1.key }.map { mountPoint, partition in
            "; \(mountPoint): \(partition.limits.summary)\(partition.required ? "" : ", may be absent")"
        }
        return "every disk\(excluded.isEmpty ? "" : " but \(excluded)"): \(limits.summary)\(others.joined())"
    }

    func measure(on machine: Machine, memory: SensorMemory) throws(SensorError) -> Reading {
        try measure(on: machine, memory: memory, stallSeconds: 5)
    }

    /// - Parameter stallSeconds: how long one filesystem may take to answer.
    func measure(on machine: Machine, memory: SensorMemory, stallSeconds: Double) throws(SensorError) -> Reading {
        let table = MountTable(try DiskSpace.read("/proc/self/mountinfo", on: machine))
        let types = DiskSpaceSelection.diskTypes(
            try DiskSpace.read("/proc/filesystems", on: machine, isOneRecord: true))
        let selection = DiskSpaceSelection(table, diskTypes: types, named: Array(partitions.keys))
        guard !selection.filesystems.isEmpty || !selection.missing.isEmpty else {
            throw SensorError(
                "no mounted filesystem found in /proc/self/mountinfo (name a mount point in \"partitions\" of \(name))")
        }
        let ask = machine.volumeUsage
        let patterns = excludedPartitions
        let answers =
            machine.isWatched
            ? selection.filesystems.map { $0.answer(excluding: patterns, ask: ask) }
            : withStallGuard(selection.filesystems, limitSeconds: stallSeconds) {
                $0.answer(excluding: patterns, ask: ask)
            }

        let old = memory.diskspace ?? DiskSpaceMemory()
        let hasReadOnly = selection.filesystems.contains { $0.mounts.contains(where: \.isReadOnly) }
        let wereWritable = hasReadOnly ? Set(old.writable) : []
        var writable: [String] = []
        var unreachable: [String] = []
        var findings = selection.missing.compactMap { missing in
            partitions[missing]?.required == true ? notMounted(missing) : nil
        }
        findings.reserveCapacity(findings.count + answers.count)
        for (index, answer) in answers.enumerated() {
            let mount = answer?.mount ?? selection.filesystems[index].mounts[0]
            let name = mount.name
            var usage: VolumeUsage?
            var failure = ""
            switch answer?.outcome {
            case .excluded: continue
            case .unreachable:
                unreachable.append(name)
                continue
            case .usage(let numbers): usage = numbers
            case .failed(let error): failure = error.description
            case nil:
                let isNamed = selection.filesystems[index].isNamed
                if !isNamed, patterns.contains(where: { $0.matches(mount.point) }) { continue }
                failure = "\(name) does not answer within \(NumberText.shortest(stallSeconds)) seconds"
            }
            let wasWritable = mount.isReadOnly && wereWritable.contains(name)
            if !mount.isReadOnly || wasWritable { writable.append(name) }
            findings.append(
                usage.map { finding(about: name, usage: $0, becameReadOnly: wasWritable) } ?? unknown(name, failure))
        }
        findings.sort { $0.id < $1.id }

        var reading = Reading(findings: findings, memory: memory)
        if !unreachable.isEmpty {
            reading.notes = Set(unreachable).subtracting(old.unreachable).sorted().map {
                "\($0) is left out: this user may not reach it (exclude it, or let the user enter the directories above)"
            }
        }
        reading.memory.diskspace = DiskSpaceMemory(
            writable: DiskSpaceMemory.next(writable, remembered: old.writable),
            unreachable: DiskSpaceMemory.next(unreachable, remembered: old.unreachable))
        return reading
    }

    private static func read(
        _ path: String, on machine: Machine, isOneRecord: Bool = false
    ) throws(SensorError) -> [UInt8] {
        do {
            return try OpenFile.kernelText(of: machine.path(path), isOneRecord: isOneRecord)
        } catch {
            throw SensorError("\(error) (is /proc mounted, and ProcSubset=pid not set?)")
        }
    }
}
