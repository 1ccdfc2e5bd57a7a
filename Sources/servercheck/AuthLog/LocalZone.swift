// The offset of local time, as a value, so that tests choose the zone.

import Glibc

/// Tells how far local time is ahead of UTC.
struct LocalZone: Sendable {
    /// Seconds east of UTC at a moment in seconds since 1970.
    var offset: @Sendable (_ seconds: Int64) -> Int64

    /// The system's zone: localtime_r(3), which reads TZ or /etc/localtime.
    static let system = LocalZone { seconds in
        var clock = time_t(seconds)
        var broken = tm()
        return localtime_r(&clock, &broken) == nil ? 0 : Int64(broken.tm_gmtoff)
    }

    static let utc = LocalZone { _ in 0 }
}
