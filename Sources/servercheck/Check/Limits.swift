// Number -> status: the one function that compares a value with its limits.

/// Upper limits of a value, in the value's own unit. As in the guidelines' ranges, a value *above* a limit alarms.
struct Limits: Sendable, Equatable {
    var warning: Double?
    var critical: Double?

    static let none = Limits()

    init(warning: Double? = nil, critical: Double? = nil) {
        self.warning = warning
        self.critical = critical
    }

    func judge(_ value: Double) -> Status {
        if let critical, value > critical { return .critical }
        if let warning, value > warning { return .warning }
        return .ok
    }

    /// The same limits, lower by `margin`: what a value must fall to before an open problem counts as over. Half of a limit
    /// that is not above the margin: no value falls below 0.
    func lowered(by margin: Double) -> Limits {
        let lowered = { (limit: Double) in limit > 0 && limit <= margin ? limit / 2 : limit - margin }
        return Limits(warning: warning.map(lowered), critical: critical.map(lowered))
    }
}

extension Limits {
    /// `percent` of `maximum`, where values are whole numbers (bytes, inodes): rounded down, since a whole number is above
    /// the one exactly when it is above the other.
    static func wholeNumber(_ percent: Double, percentOf maximum: Double) -> Double {
        (percent * maximum / 100).rounded(.down)
    }
}
