// The local time of many moments as text: as Timestamp.localText, without a call of the C library for each.

import Glibc

/// Remembers offsets from UTC. Since 2000 zones change theirs on whole quarters of an hour only.
struct LocalClock {
    private static let first: Int64 = 946_684_800
    private static let last: Int64 = 4_102_444_800
    private static let places: Int64 = 1024
    /// By the last bits of a quarter's number: the quarter and its offset in seconds.
    private var offsets: [(quarter: Int64, offset: Int64)] = []

    /// RFC 3339 with the local offset of that moment, whole seconds.
    mutating func append(_ time: Timestamp, to text: inout [UInt8]) {
        let seconds = time.seconds
        guard seconds >= LocalClock.first, seconds < LocalClock.last, let offset = offset(at: seconds) else {
            text.append(contentsOf: time.localText.utf8)
            return
        }
        time.appendLocal(offset: offset, to: &text)
    }

    private mutating func offset(at seconds: Int64) -> Int64? {
        if offsets.isEmpty { offsets = Array(repeating: (-1, 0), count: Int(LocalClock.places)) }
        let quarter = seconds / 900
        let place = Int(quarter % LocalClock.places)
        if offsets[place].quarter != quarter {
            var clock = time_t(seconds)
            var broken = tm()
            // An offset with seconds is none of these times.
            guard localtime_r(&clock, &broken) != nil, broken.tm_gmtoff % 60 == 0 else { return nil }
            offsets[place] = (quarter, Int64(broken.tm_gmtoff))
        }
        return offsets[place].offset
    }
}
