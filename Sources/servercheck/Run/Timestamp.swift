// Points in time as microseconds, and their RFC 3339 text. No calendar library: start-up time.

import Glibc

/// A wall-clock time in whole microseconds since 1970-01-01T00:00:00Z.
struct Timestamp: Sendable, Hashable, Comparable {
    var microseconds: Int64

    init(microseconds: Int64) { self.microseconds = microseconds }
    init(seconds: Int64) { microseconds = seconds.multipliedReportingOverflow(by: 1_000_000).partialValue }

    /// Whole seconds, rounded down.
    var seconds: Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// Saturates instead of overflowing: times from a log or a state file can hold anything.
    static func + (time: Timestamp, seconds: Double) -> Timestamp {
        let sum = Double(time.microseconds) + (seconds * 1_000_000)
        if abs(sum) < 9.0e15 {
            return Timestamp(microseconds: time.microseconds &+ Int64((seconds * 1_000_000).rounded()))
        }
        return Timestamp(microseconds: sum < 0 ? -9_000_000_000_000_000 : 9_000_000_000_000_000)
    }

    /// Seconds from `earlier` to `self`.
    func seconds(since earlier: Timestamp) -> Double {
        (Double(microseconds) - Double(earlier.microseconds)) / 1_000_000
    }

    /// Whether `interval` seconds have passed since this time. A time in the future (the clock was set back) counts as
    /// long ago, so that nothing is held back for ever.
    func hasElapsed(_ interval: Double, at now: Timestamp) -> Bool {
        self > now || now.seconds(since: self) >= interval
    }
}

extension Timestamp {
    /// RFC 3339 with the local offset of that moment, whole seconds: `2026-11-23T15:42:13+01:00`.
    var localText: String {
        var clock = time_t(seconds)
        var broken = tm()
        guard localtime_r(&clock, &broken) != nil else { return utcText }
        let offset = broken.tm_gmtoff / 60
        return Timestamp.text(of: broken) + (offset < 0 ? "-" : "+") + Timestamp.padded(abs(offset) / 60, 2) + ":"
            + Timestamp.padded(abs(offset) % 60, 2)
    }

    /// RFC 3339 in UTC with microseconds where there are any: `2026-11-23T15:42:13.755266Z`.
    var utcText: String {
        var clock = time_t(seconds)
        var broken = tm()
        guard gmtime_r(&clock, &broken) != nil else { return "1970-01-01T00:00:00Z" }
        let remainder = Int(microseconds % 1_000_000)
        let fraction = remainder < 0 ? remainder + 1_000_000 : remainder
        return Timestamp.text(of: broken) + (fraction == 0 ? "" : "." + Timestamp.padded(fraction, 6)) + "Z"
    }

    private static func text(of broken: tm) -> String {
        padded(Int(broken.tm_year) + 1900, 4) + "-" + padded(Int(broken.tm_mon) + 1, 2) + "-"
            + padded(Int(broken.tm_mday), 2) + "T" + padded(Int(broken.tm_hour), 2) + ":"
            + padded(Int(broken.tm_min), 2) + ":" + padded(Int(broken.tm_sec), 2)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Timestamp {
    /// `2026-11-23T15:42:13.755266Z`, `2026-11-23T15:42:13+01:00`; nil for anything else.
    init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard let time = LogTime.rfc3339(bytes.span, length: bytes.count) else { return nil }
        self = time
    }
}

extension Timestamp: Codable {
    // RFC 3339 in UTC: a person may read the state.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Timestamp(rfc3339: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no RFC 3339 time")
        }
        self = time
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(utcText)
    }
}
