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
        var bytes = ShortBytes()
        let offset = Int64(broken.tm_gmtoff)
        Timestamp.append(clock: seconds + offset, to: &bytes)
        bytes.append(UInt8(ascii: offset <= -60 ? "-" : "+"))
        let minutes = offset.magnitude / 60
        bytes.append(decimal: minutes / 60, width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: minutes % 60, width: 2)
        return bytes.text
    }

    /// RFC 3339 in UTC with microseconds where there are any: `2026-11-23T15:42:13.755266Z`.
    var utcText: String {
        var bytes = ShortBytes()
        appendUTC(to: &bytes)
        return bytes.text
    }

    /// Bytes that a time takes at most, with a sign and six digits of the year.
    static let longestUTC = 30

    /// The same as bytes: a state holds hundreds of times. Without gmtime_r(3), which reads the time zone.
    func appendUTC(to bytes: inout ShortBytes) {
        Timestamp.append(clock: seconds, to: &bytes)
        let remainder = microseconds % 1_000_000
        let fraction = remainder < 0 ? remainder + 1_000_000 : remainder
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            bytes.append(decimal: UInt64(fraction), width: 6)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// `2026-11-23T15:42:13`: what a clock shows so many seconds after it showed 1970.
    private static func append(clock seconds: Int64, to bytes: inout ShortBytes) {
        let (quotient, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let second = rest < 0 ? rest + 86_400 : rest
        let date = LogTime.date(ofDay: rest < 0 ? quotient - 1 : quotient)
        if date.year < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(decimal: date.year.magnitude, width: 4)
        let numbers: [5 of Int64] = [date.month, date.day, second / 3600, second / 60 % 60, second % 60]
        for index in 0..<5 {
            bytes.append(UInt8(ascii: index < 2 ? "-" : index == 2 ? "T" : ":"))
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: numbers[index] / 10))
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: numbers[index] % 10))
        }
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
