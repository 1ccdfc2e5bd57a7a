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
        var bytes: [UInt8] = []
        Timestamp.append(broken, to: &bytes)
        let minutes = broken.tm_gmtoff / 60
        bytes.append(minutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        Timestamp.append(abs(minutes) / 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Timestamp.append(abs(minutes) % 60, width: 2, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// RFC 3339 in UTC with microseconds where there are any: `2026-11-23T15:42:13.755266Z`.
    var utcText: String {
        var bytes: [UInt8] = []
        appendUTC(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same as bytes: a state holds hundreds of times. Without gmtime_r(3), which reads the time zone.
    func appendUTC(to bytes: inout [UInt8]) {
        let (quotient, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let second = rest < 0 ? rest + 86_400 : rest
        let date = LogTime.date(ofDay: rest < 0 ? quotient - 1 : quotient)
        var broken = tm()
        (broken.tm_year, broken.tm_mon, broken.tm_mday) = (
            Int32(date.year - 1900), Int32(date.month - 1), Int32(date.day)
        )
        (broken.tm_hour, broken.tm_min, broken.tm_sec) = (
            Int32(second / 3600), Int32(second / 60 % 60), Int32(second % 60)
        )
        Timestamp.append(broken, to: &bytes)
        let remainder = Int(microseconds % 1_000_000)
        let fraction = remainder < 0 ? remainder + 1_000_000 : remainder
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            Timestamp.append(fraction, width: 6, to: &bytes)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// `2026-11-23T15:42:13`
    private static func append(_ broken: tm, to bytes: inout [UInt8]) {
        append(Int(broken.tm_year) + 1900, width: 4, to: &bytes)
        let parts: [(UInt8, Int32)] = [
            (UInt8(ascii: "-"), broken.tm_mon + 1), (UInt8(ascii: "-"), broken.tm_mday),
            (UInt8(ascii: "T"), broken.tm_hour), (UInt8(ascii: ":"), broken.tm_min), (UInt8(ascii: ":"), broken.tm_sec),
        ]
        for (separator, number) in parts {
            bytes.append(separator)
            append(Int(number), width: 2, to: &bytes)
        }
    }

    /// Decimal, with zeros in front up to `width`.
    private static func append(_ number: Int, width: Int, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number.magnitude
        while rest > 0 || bytes.count - start < width {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
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
