// free_memory: how much of the RAM is used. What the kernel can take back at once counts as available.

/// The sensor `free_memory`.
struct FreeMemory: Sensor {
    static let kind = "free_memory"

    let name: String
    let policy: NotifyPolicy
    /// Percent of RAM used above which it is CRITICAL.
    let threshold: Double
    /// Percent of RAM used above which it is WARNING.
    let warningThreshold: Double?

    init(config: inout ConfigReader) {
        name = config.name()
        policy = config.notifyPolicy()
        threshold = config.number("threshold", in: 0...100) ?? 20
        warningThreshold = config.number("warning_threshold", in: 0...100)
        if let warning = warningThreshold, warning > threshold {
            config.problem(
                "warning_threshold",
                "must not be above threshold (\(NumberText.shortest(threshold))), is \(NumberText.shortest(warning))")
        }
    }

    var summary: String {
        let warning = warningThreshold.map { ", WARNING above \(NumberText.shortest($0)) %" } ?? ""
        return "memory used: CRITICAL above \(NumberText.shortest(threshold)) %\(warning)"
    }

    func measure(on machine: Machine, memory: SensorMemory) throws(SensorError) -> Reading {
        let amounts = try MemoryAmounts(of: machine)
        let total = Double(amounts.totalBytes)
        let metric = Metric(
            name: name, value: Double(amounts.totalBytes - amounts.availableBytes), unit: .bytes,
            limits: Limits(
                warning: warningThreshold.map { Limits.wholeNumber($0, percentOf: total) },
                critical: Limits.wholeNumber(threshold, percentOf: total)),
            minimum: 0, maximum: total)
        let lingering = metric.limits.lowered(by: policy.recoveryMargin / 100 * total).judge(metric.value)

        var text = "\(NumberText.rounded(metric.value / total * 100, places: 1)) % of memory used, "
        text += "\(ByteSize.text(Double(amounts.availableBytes))) of \(ByteSize.text(total)) available"
        let isOver = metric.status != .ok
        let worst = isOver ? metric.status : lingering
        if worst != .ok {
            let limit = limit(for: worst)
            let margin = NumberText.shortest(policy.recoveryMargin)
            text += isOver ? " (limit \(limit))" : " (within \(margin) points of the limit \(limit))"
        }
        // Looking at every process costs more than all the rest, so only when someone will read it.
        let details = worst == .ok ? [] : LargestProcess.three(on: machine).map(\.text)
        return Reading(
            findings: [
                Finding(
                    sensor: name, id: name, status: metric.status, lingering: lingering, text: text, details: details,
                    metrics: [metric])
            ], memory: memory)
    }

    private func limit(for level: Status) -> String {
        "\(NumberText.shortest(level == .critical ? threshold : warningThreshold ?? threshold)) %"
    }

    func recovered(_ finding: Finding, from level: Status) -> Finding {
        var told = finding
        told.text += " (limit \(limit(for: level)))"
        return told
    }
}
