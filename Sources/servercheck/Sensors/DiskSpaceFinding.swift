// Numbers of one filesystem -> finding. Pure: nothing here touches the machine.

extension DiskSpace {
    /// Judges one filesystem by df's numbers: used is what is not free, and a filesystem is full when nothing is
    /// available to users, though the superuser's reserve is still free.
    ///
    /// - Parameter becameReadOnly: it was writable in an earlier run and is not now.
    func finding(about mountPoint: String, usage: VolumeUsage, becameReadOnly: Bool) -> Finding {
        let limits = self.limits(of: mountPoint)
        let used = Double(usage.totalBytes - min(usage.freeBytes, usage.totalBytes))
        let capacity = used + Double(usage.availableBytes)
        // As bytes, and in one piece of memory: there can be thousands of filesystems.
        var text: [UInt8] = []
        text.reserveCapacity(2 * (name.utf8.count + mountPoint.utf8.count) + 128)
        text.append(name)
        text.append(UInt8(ascii: "_"))
        text.append(mountPoint)
        let space = Metric(
            name: String(decoding: text, as: UTF8.self), value: used, unit: .bytes,
            limits: limits.inBytes(capacity: capacity), minimum: 0, maximum: capacity)
        text.append("_inodes" as StaticString)
        let inodes = inodeMetric(text, usage: usage, limits: limits)
        text.removeAll(keepingCapacity: true)

        text.append(name)
        text.append(UInt8(ascii: ":"))
        text.append(mountPoint)
        let id = String(decoding: text, as: UTF8.self)
        text.removeAll(keepingCapacity: true)

        text.append(mountPoint)
        text.append(UInt8(ascii: " "))
        DiskSpace.append(percentOf: space, to: &text)
        text.append(" % used, " as StaticString)
        text.append(size: Double(usage.availableBytes))
        text.append(" of " as StaticString)
        text.append(size: capacity)
        text.append(" free" as StaticString)
        append(limitOf: space, limits: limits, to: &text)
        if let inodes, inodes.status != .ok || lingering(inodes) != .ok {
            text.append("; " as StaticString)
            DiskSpace.append(percentOf: inodes, to: &text)
            text.append(" % of inodes used" as StaticString)
            append(limitOf: inodes, limits: limits, to: &text)
        }
        if becameReadOnly { text.append("; read-only, was writable before" as StaticString) }
        return Finding(
            sensor: name, id: id,
            status: becameReadOnly ? .critical : max(space.status, inodes?.status ?? .ok),
            lingering: max(lingering(space), inodes.map(lingering) ?? .ok),
            text: String(decoding: text, as: UTF8.self), metrics: inodes.map { [space, $0] } ?? [space])
    }

    private func inodeMetric(_ label: [UInt8], usage: VolumeUsage, limits: DiskSpaceLimits) -> Metric? {
        guard usage.totalInodes > 0, let percent = limits.inodeThreshold else { return nil }
        let total = Double(usage.totalInodes)
        return Metric(
            name: String(decoding: label, as: UTF8.self),
            value: Double(usage.totalInodes - min(usage.freeInodes, usage.totalInodes)),
            limits: Limits(critical: Limits.wholeNumber(percent, percentOf: total)), minimum: 0, maximum: total)
    }

    /// The status with limits lowered by the recovery margin: what an open problem still counts as.
    private func lingering(_ metric: Metric) -> Status {
        metric.limits.lowered(by: policy.recoveryMargin / 100 * (metric.maximum ?? 0)).judge(metric.value)
    }

    /// The limit that a metric is above, or must get well below for its problem to be over; nothing when all is well.
    private func append(limitOf metric: Metric, limits: DiskSpaceLimits, to bytes: inout [UInt8]) {
        let open = lingering(metric)
        let isOver = metric.status != .ok
        if !isOver, open == .ok { return }
        let level = isOver ? metric.status : open
        let limit = metric.unit == .none ? limits.inodeText : limits.text(for: level)
        let margin = NumberText.shortest(policy.recoveryMargin)
        bytes.append(isOver ? " (limit \(limit))" : " (within \(margin) points of the limit \(limit))")
    }

    /// Which of the two numbers the problem was about is not remembered, so the inodes are there as well.
    func recovered(_ finding: Finding, from level: Status) -> Finding {
        guard let space = finding.metrics.first else { return finding }
        // The id may have a number behind it that tells it from another.
        let mountPoint = String(decoding: space.name.utf8.dropFirst(name.utf8.count + 1), as: UTF8.self)
        let limits = limits(of: mountPoint)
        var told = finding
        told.text += " (limit \(limits.text(for: level)))"
        if let inodes = finding.metrics.dropFirst().first {
            var line: [UInt8] = []
            DiskSpace.append(percentOf: inodes, to: &line)
            line.append(" % of inodes used (limit \(limits.inodeText))")
            told.details.append(String(decoding: line, as: UTF8.self))
        }
        return told
    }

    private func limits(of mountPoint: String) -> DiskSpaceLimits {
        partitions.isEmpty ? limits : partitions[mountPoint]?.limits ?? limits
    }

    func notMounted(_ mountPoint: String) -> Finding {
        Finding(
            sensor: name, id: "\(name):\(mountPoint)", status: .critical, text: "\(mountPoint) is not mounted")
    }

    func unknown(_ mountPoint: String, _ text: String) -> Finding {
        Finding(sensor: name, id: "\(name):\(mountPoint)", status: .unknown, text: text)
    }

    /// Percent of the maximum, one digit after the point; 0 of 0 is 0.
    private static func append(percentOf metric: Metric, to bytes: inout [UInt8]) {
        let maximum = metric.maximum ?? 0
        bytes.append(rounded: maximum > 0 ? metric.value / maximum * 100 : 0, places: 1)
    }
}
