// The local time of many moments as text: as Timestamp.localText, without a call of the C library for each.

/// Remembers how quarters of an hour are written. Since 2000 zones change their offset from UTC between two of them only.
struct LocalClock {
    private static let first: Int64 = 946_684_800
    private static let last: Int64 = 4_102_444_800
    private static let places: Int64 = 1024

    /// 15 minutes of the local clock: all of its times are written alike, but for minute and second.
    private struct Quarter {
        /// Since 1970.
        var number: Int64 = -1
        /// Of the hour, at its beginning.
        var minute = 0
        /// How its beginning is written.
        var text = [25 of UInt8](repeating: 0)
    }

    /// By the last bits of their numbers.
    private var quarters: [Quarter] = []

    /// RFC 3339 with the local offset of that moment, whole seconds.
    mutating func append(_ time: Timestamp, to text: inout [UInt8]) {
        if let written = usual(time) {
            written.span.withUnsafeBufferPointer { text.append(contentsOf: $0) }
        } else {
            text.append(contentsOf: time.localText.utf8)
        }
    }

    /// The same; nil for a time that is written in some other way.
    mutating func usual(_ time: Timestamp) -> [25 of UInt8]? {
        let seconds = time.seconds
        guard seconds >= LocalClock.first, seconds < LocalClock.last else { return nil }
        let number = seconds / 900
        let place = Int(number % LocalClock.places)
        if quarters.isEmpty { quarters = Array(repeating: Quarter(), count: Int(LocalClock.places)) }
        if quarters[place].number != number {
            guard let quarter = LocalClock.quarter(number) else { return nil }
            quarters[place] = quarter
        }
        let second = Int(seconds % 900)
        var written = quarters[place].text
        LocalClock.write(quarters[place].minute + second / 60, at: 14, in: &written)
        LocalClock.write(second % 60, at: 17, in: &written)
        return written
    }

    /// nil where local time differs from UTC by something else than quarters.
    private static func quarter(_ number: Int64) -> Quarter? {
        let text = Array(Timestamp(seconds: number * 900).localText.utf8)
        var quarter = Quarter(number: number)
        guard text.count == quarter.text.count, let minute = text.span.number(in: 14..<16, digits: 2)?.value,
            minute % 15 == 0, text[17] == UInt8(ascii: "0"), text[18] == UInt8(ascii: "0")
        else { return nil }
        quarter.minute = Int(minute)
        for index in text.indices { quarter.text[index] = text[index] }
        return quarter
    }

    private static func write(_ number: Int, at place: Int, in text: inout [25 of UInt8]) {
        text[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10)
        text[place + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)
    }
}
