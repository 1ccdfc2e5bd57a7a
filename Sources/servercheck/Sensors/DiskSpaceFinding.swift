// Numbers of one filesystem -> finding. Pure: nothing here touches the machine.

extension DiskSpace {
    /// Judges one filesystem by df's numbers: used is what is not free, and a filesystem is full when nothing is
    /// available to users, though the superuser's reserve is still free.
    ///
    /// - Parameter becameReadOnly: it was writable in an earlier run and is not now.
    func finding(about mountPoint: String, usage: VolumeUsage, becameReadOnly: Bool) -> Finding {
        let limits = partitions[mountPoint]?.limits ?? self.limits
        let used = Double(usage.totalBytes - min(usage.freeBytes, usage.totalBytes))
        let capacity = used + Double(usage.availableBytes)
        let space = Metric(
            name: "\(name)_\(mountPoint)", value: used, unit: .bytes, limits: limits.inBytes(capacity: capacity),
            minimum: 0, maximum: capacity)
        let inodes = inodeMetric(mountPoint, usage: usage, limits: limits)
        let metrics = [space] + (inodes.map { [$0] } ?? [])

        var text = "\(mountPoint) \(DiskSpace.percent(space)) % used, "
        text += "\(ByteSize.text(Double(usage.availableBytes))) of \(ByteSize.text(capacity)) free"
        text += limitText(space, limits: limits)
        if let inodes, inodes.status != .ok || lingering(inodes) != .ok {
            text += "; \(DiskSpace.percent(inodes)) % of inodes used\(limitText(inodes, limits: limits))"
        }
        if becameReadOnly { text += "; read-only, was writable before" }
        return Finding(
            sensor: name, id: "\(name):\(mountPoint)",
            status: becameReadOnly ? .critical : max(space.status, inodes?.status ?? .ok),
            lingering: max(lingering(space), inodes.map(lingering) ?? .ok), text: text, metrics: metrics)
    }

    private func inodeMetric(_ mountPoint: String, usage: VolumeUsage, limits: DiskSpaceLimits) -> Metric? {
        guard usage.totalInodes > 0, let percent = limits.inodeThreshold else { return nil }
        let total = Double(usage.totalInodes)
        return Metric(
            name: "\(name)_\(mountPoint)_inodes",
            value: Double(usage.totalInodes - min(usage.freeInodes, usage.totalInodes)),
            limits: Limits(critical: Limits.wholeNumber(percent, percentOf: total)), minimum: 0, maximum: total)
    }

    /// The status with limits lowered by the recovery margin: what an open problem still counts as.
    private func lingering(_ metric: Metric) -> Status {
        metric.limits.lowered(by: policy.recoveryMargin / 100 * (metric.maximum ?? 0)).judge(metric.value)
    }

    /// The limit that a metric is above, or must get well below for its problem to be over; empty when all is well.
    private func limitText(_ metric: Metric, limits: DiskSpaceLimits) -> String {
        let isInodes = metric.unit == .none
        let critical = isInodes ? limits.inodeThreshold ?? 100 : limits.threshold
        let text = { (percent: Double) in isInodes ? "\(NumberText.shortest(percent)) %" : limits.text(percent) }
        let open = lingering(metric)
        let isOver = metric.status != .ok
        if !isOver, open == .ok { return "" }
        let limit = text((isOver ? metric.status : open) == .critical ? critical : limits.warningThreshold ?? critical)
        let margin = NumberText.shortest(policy.recoveryMargin)
        return isOver ? " (limit \(limit))" : " (within \(margin) points of the limit \(limit))"
    }

    func notMounted(_ mountPoint: String) -> Finding {
        Finding(
            sensor: name, id: "\(name):\(mountPoint)", status: .critical, text: "\(mountPoint) is not mounted")
    }

    func unknown(_ mountPoint: String, _ text: String) -> Finding {
        Finding(sensor: name, id: "\(name):\(mountPoint)", status: .unknown, text: text)
    }

    /// Percent of the maximum, one digit after the point; 0 of 0 is 0.
    private static func percent(_ metric: Metric) -> String {
        let maximum = metric.maximum ?? 0
        return NumberText.rounded(maximum > 0 ? metric.value / maximum * 100 : 0, places: 1)
    }
}
