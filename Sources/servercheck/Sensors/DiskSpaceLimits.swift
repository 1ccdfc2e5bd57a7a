// From which use on a filesystem alarms: the config keys that the sensor and each of its `partitions` have in common.

/// Limits of one filesystem.
struct DiskSpaceLimits: Sendable, Equatable {
    /// Percent used above which it is CRITICAL.
    var threshold: Double = 20
    /// Percent used above which it is WARNING.
    var warningThreshold: Double?
    /// Bytes: above the threshold it alarms only when less than this is free.
    var freeBelow: Double?
    /// Percent of inodes used above which it is CRITICAL; nil: off.
    var inodeThreshold: Double? = 95

    /// The limits in bytes of a filesystem that can hold `capacity` bytes. One limit for both conditions: the use at
    /// which the later of the two is met.
    func inBytes(capacity: Double) -> Limits {
        func limit(_ percent: Double) -> Double {
            max(Limits.wholeNumber(percent, percentOf: capacity), freeBelow.map { (capacity - $0).rounded(.down) } ?? 0)
        }
        return Limits(warning: warningThreshold.map(limit), critical: limit(threshold))
    }

    /// `90 %`, `90 % and less than 20.0 GiB free`.
    private func text(_ percent: Double) -> String {
        "\(NumberText.shortest(percent)) %" + (freeBelow.map { " and less than \(ByteSize.text($0)) free" } ?? "")
    }

    /// The limit that makes it this bad: CRITICAL, or WARNING and what is below.
    func text(for level: Status) -> String { text(level == .critical ? threshold : warningThreshold ?? threshold) }

    var inodeText: String { "\(NumberText.shortest(inodeThreshold ?? 100)) %" }

    /// All limits in words: `CRITICAL above 90 %, WARNING above 80 %, CRITICAL above 95 % of the inodes`.
    var summary: String {
        let parts = [
            "CRITICAL above \(text(threshold))", warningThreshold.map { "WARNING above \(text($0))" },
            inodeThreshold.map { "CRITICAL above \(NumberText.shortest($0)) % of the inodes" },
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}

extension DiskSpaceLimits {
    /// Reads the keys that are there; the others are as in `inherited`.
    init(config: inout ConfigReader, inherited: DiskSpaceLimits = DiskSpaceLimits()) {
        self = inherited
        if let percent = config.number("threshold", in: 0...100) { threshold = percent }
        if let percent = config.number("warning_threshold", in: 0...100) {
            warningThreshold = percent
            if percent > threshold {
                config.problem(
                    "warning_threshold",
                    "must not be above threshold (\(NumberText.shortest(threshold))), is \(NumberText.shortest(percent))"
                )
            }
        } else if let warning = warningThreshold, warning > threshold {
            // A partition that lowers only its threshold leaves no room for the warning it inherits.
            warningThreshold = nil
        }
        if let bytes = config.size("free_below") { freeBelow = bytes }
        if config.value("inode_threshold") == .null {
            inodeThreshold = nil
        } else if let percent = config.number("inode_threshold", in: 0...100) {
            inodeThreshold = percent
        }
    }
}

extension ConfigReader {
    /// A size above 0: a number of bytes, or a text such as "20GiB".
    fileprivate mutating func size(_ key: String) -> Double? {
        let bytes: Double?
        let shown: String
        switch value(key) {
        case nil: return nil
        case .number(let number): (bytes, shown) = (number, NumberText.shortest(number))
        case .string(let text): (bytes, shown) = (ByteSize.parse(text), ConfigProblem.quoted(text))
        case .some(let other): (bytes, shown) = (nil, other.typeName)
        }
        if let bytes, bytes > 0, bytes.isFinite { return bytes }
        problem(key, "must be a size above 0 such as \"20GiB\", is \(shown)")
        return nil
    }
}
