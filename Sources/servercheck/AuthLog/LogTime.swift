// Timestamps of log lines -> moments. Strict: a wrong digit or an impossible date is no time.

/// Reads the times of one log, line after line. It remembers the line before, because classic timestamps have no year
/// and, in the hour that daylight saving repeats, no offset either.
struct LogTime: Sendable {
    /// Half a year in seconds.
    private static let halfYear: Int64 = 15_768_000
    /// Lines are out of order by less than this.
    private static let disorder: Int64 = 600

    private let now: Int64
    private let zone: LocalZone
    /// The classic line before, in seconds since 1970; nil before the first one.
    private(set) var previous: Int64? {
        get { followed == .min ? read : Timestamp(microseconds: followed).seconds }
        set { (read, followed) = (newValue, .min) }
    }
    /// As it was read here; and when another one was read since, its time in microseconds.
    private var read: Int64?
    private var followed = Int64.min
    /// Month and day of the last classic line, as `month * 32 + day`, and the day it is in days since 1970.
    private var cachedDate = 0
    private var cachedDay: Int64 = 0
    /// The quarter of an hour (zones change on those) of the last classic line, in local time, and its offsets.
    private var cachedQuarter = Int64.min
    private var cachedOffsets: (earlier: Int64, later: Int64) = (0, 0)

    /// - Parameter previous: the last classic line of the run before. One that lies far in the future is not believed.
    init(now: Timestamp, zone: LocalZone, previous: Timestamp? = nil) {
        self.now = now.seconds
        self.zone = zone
        if let previous, previous.seconds - now.seconds <= LogTime.halfYear, previous.microseconds >= 0 {
            self.previous = previous.seconds
        }
    }

    /// Whether the last classic time that was read may mean two moments.
    var isAmbiguous: Bool { cachedOffsets.earlier != cachedOffsets.later }

    /// Another classic line in the minute of the last one was read, by other means.
    @inline(__always)
    mutating func follow(microseconds: Int64) { followed = microseconds }

    /// The time at the start of `line`; nil when it cannot be read.
    mutating func time(of line: Span<UInt8>, style: LinePrefix.TimeStyle) -> Timestamp? {
        switch style {
        case .classic: classic(line)
        case .rfc3339(let length): LogTime.rfc3339(line, length: length)
        }
    }

    /// `2026-11-23T15:42:13.755266+00:00` (RFC 3339, section 5.6), to microseconds.
    static func rfc3339(_ line: Span<UInt8>, length: Int) -> Timestamp? {
        guard length >= 20, length <= line.count, let year4 = line.digits(4, at: 0), line.has("-", at: 4),
            let month = line.digits(2, at: 5), line.has("-", at: 7), let day = line.digits(2, at: 8),
            line.has("T", at: 10), let second = secondOfDay(line, at: 11),
            isDate(year: year4, month: month, day: day)
        else { return nil }
        var index = 19
        var microseconds: Int64 = 0
        if line[index] == UInt8(ascii: ".") {
            var weight: Int64 = 100_000
            index += 1
            let start = index
            while index < length, line[index].isDigit {
                microseconds += Int64(line[index] - UInt8(ascii: "0")) * weight
                weight /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        var offset: Int64 = 0
        if line.has("Z", at: index) {
            index += 1
        } else {
            guard index < length, let hours = line.digits(2, at: index + 1), line.has(":", at: index + 3),
                let minutes = line.digits(2, at: index + 4), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * 60
            switch line[index] {
            case UInt8(ascii: "+"): break
            case UInt8(ascii: "-"): offset = -offset
            default: return nil
            }
            index += 6
        }
        guard index == length else { return nil }
        let seconds = days(year: year4, month: month, day: day) * 86_400 + second - offset
        // In UTC too it has four digits: the state could not hold another one.
        guard seconds >= days(year: 0, month: 1, day: 1) * 86_400,
            seconds < days(year: 10_000, month: 1, day: 1) * 86_400
        else { return nil }
        return Timestamp(microseconds: seconds * 1_000_000 + microseconds)
    }

    /// `Nov  5 04:03:02` (RFC 3164, section 4.1.2), local time.
    private mutating func classic(_ line: Span<UInt8>) -> Timestamp? {
        guard let month = LogTime.month(line), let day = LogTime.day(line), line.has(" ", at: 6),
            let second = LogTime.secondOfDay(line, at: 7), LogTime.isDate(year: 2000, month: month, day: day)
        else { return nil }
        let date = Int(month * 32 + day)
        if date != cachedDate {
            guard let dayNumber = day1970(month: month, day: day) else { return nil }
            cachedDate = date
            cachedDay = dayNumber
        }
        let moment = moment(local: cachedDay * 86_400 + second)
        previous = moment
        return Timestamp(seconds: moment)
    }

    /// Whether both will read any further time as the same moment.
    func knowsTheSame(as other: LogTime) -> Bool {
        previous == other.previous && cachedDate == other.cachedDate && cachedDay == other.cachedDay
    }

    /// The day in the nearest year to now that has this date, lies in the past or at most a day or so ahead, and is not
    /// earlier than the line before by more than half a year. Without the second a log of last winter would be of the
    /// next one; only a line before can speak for a later year.
    private mutating func day1970(month: Int64, day: Int64) -> Int64? {
        let today = now / 86_400
        let year = LogTime.year(ofDay: today)
        // 8 years hold a 29 February even around 1900 and 2100.
        var best: Int64?
        for candidate in (year - 8)...(year + 60) where LogTime.isDate(year: candidate, month: month, day: day) {
            let number = LogTime.days(year: candidate, month: month, day: day)
            if let previous, number * 86_400 < previous - LogTime.halfYear { continue }
            // A day more than the zone's date can be ahead of UTC's.
            if best != nil, number > today + 2 { break }
            if let earlier = best, abs(number - today) >= abs(earlier - today) { break }
            best = number
        }
        if best == nil, previous != nil {
            // A line before that no year can follow was no honest one.
            previous = nil
            return day1970(month: month, day: day)
        }
        return best
    }

    /// Local seconds -> seconds since 1970. In the hour that comes twice it is the first one, unless that would lie
    /// well before the line before; in the hour that is left out, the offset before it holds, as with mktime(3).
    private mutating func moment(local: Int64) -> Int64 {
        let quarter = local / 900
        if quarter != cachedQuarter {
            cachedQuarter = quarter
            cachedOffsets = LogTime.offsets(atLocal: quarter * 900, zone: zone)
        }
        let first = local - cachedOffsets.earlier
        if cachedOffsets.earlier == cachedOffsets.later { return first }
        if let previous, first < previous - LogTime.disorder { return local - cachedOffsets.later }
        return first
    }

    /// The offsets that a local time may have: twice the same one, except in an hour that comes twice.
    private static func offsets(atLocal local: Int64, zone: LocalZone) -> (earlier: Int64, later: Int64) {
        let before = zone.offset(local - 86_400)
        let after = zone.offset(local + 86_400)
        let beforeHolds = zone.offset(local - before) == before
        let afterHolds = zone.offset(local - after) == after
        switch (beforeHolds, afterHolds) {
        case (true, true): return (max(before, after), min(before, after))
        case (false, true): return (after, after)
        default: return (before, before)
        }
    }
}

extension LogTime {
    private static func month(_ line: Span<UInt8>) -> Int64? {
        switch (line[0], line[1], line[2]) {
        case (0x4A, 0x61, 0x6E): 1  // Jan
        case (0x46, 0x65, 0x62): 2  // Feb
        case (0x4D, 0x61, 0x72): 3  // Mar
        case (0x41, 0x70, 0x72): 4  // Apr
        case (0x4D, 0x61, 0x79): 5  // May
        case (0x4A, 0x75, 0x6E): 6  // Jun
        case (0x4A, 0x75, 0x6C): 7  // Jul
        case (0x41, 0x75, 0x67): 8  // Aug
        case (0x53, 0x65, 0x70): 9  // Sep
        case (0x4F, 0x63, 0x74): 10  // Oct
        case (0x4E, 0x6F, 0x76): 11  // Nov
        case (0x44, 0x65, 0x63): 12  // Dec
        default: nil
        }
    }

    /// The day of the month, padded with a space or a zero.
    private static func day(_ line: Span<UInt8>) -> Int64? {
        if line[4] == UInt8(ascii: " ") { return line.digits(1, at: 5) }
        return line.digits(2, at: 4)
    }

    /// `04:03:02`; a leap second is the 60th.
    private static func secondOfDay(_ line: Span<UInt8>, at start: Int) -> Int64? {
        guard let hour = line.digits(2, at: start), line.has(":", at: start + 2),
            let minute = line.digits(2, at: start + 3), line.has(":", at: start + 5),
            let second = line.digits(2, at: start + 6), hour < 24, minute < 60, second <= 60
        else { return nil }
        return (hour * 60 + minute) * 60 + second
    }

    static func isDate(year: Int64, month: Int64, day: Int64) -> Bool {
        guard month >= 1, month <= 12, day >= 1 else { return false }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return day <= (leap ? 29 : 28)
        case 4, 6, 9, 11: return day <= 30
        default: return day <= 31
        }
    }

    /// Days since 1970-01-01 in the Gregorian calendar (years from March on, so that the leap day comes last).
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let century = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - century * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return century * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day since 1970: the inverse of `days`.
    static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    /// The year that holds a day since 1970.
    static func year(ofDay day: Int64) -> Int64 {
        var year = 1970 + day / 366
        while days(year: year + 1, month: 1, day: 1) <= day { year += 1 }
        return year
    }
}

extension Span<UInt8> {
    /// Exactly `length` digits at `offset`.
    @inline(__always)
    fileprivate func digits(_ length: Int, at offset: Int) -> Int64? {
        guard offset >= 0, offset <= count - length else { return nil }
        var value: Int64 = 0
        for index in offset..<(offset + length) {
            guard self[index].isDigit else { return nil }
            value = value * 10 + Int64(self[index] &- UInt8(ascii: "0"))
        }
        return value
    }
}
