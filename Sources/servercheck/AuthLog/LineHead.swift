// The head of the line before: time, host, and what they mean. Neighbouring lines of a log share the date up to the
// minute, the offset and the host; of such a line only the seconds are still to be read.

/// What a line begins with up to its tag, with the seconds left open.
struct LineHead {
    /// Bytes of the longest head that is remembered.
    static let limit = 96
    /// 0: nothing is remembered.
    private(set) var length = 0
    private(set) var isClassic = false
    private var secondsAt = 0
    private var hasMicroseconds = false
    /// The beginning of the minute, in microseconds since 1970.
    private var minute: Int64 = 0
    /// Eight bytes each, the last ones overlapping those before; zeros where the mask is zero.
    private var words: [(mask: UInt64, bytes: UInt64)] = []

    init() {}

    /// Remembers the head of a line of sshd whose time was read. One of an unusual form is not remembered.
    ///
    /// - Parameter time: of the line.
    init(_ line: Span<UInt8>, style: LinePrefix.TimeStyle, time: Timestamp) {
        let hostStart: Int
        let second: Range<Int>
        switch style {
        case .classic:
            (hostStart, second) = (16, 13..<15)
            isClassic = true
        case .rfc3339(let length):
            (hostStart, second) = (length + 1, 17..<19)
            hasMicroseconds = length > 26 && line[19] == UInt8(ascii: ".")
            // rsyslog writes six digits; a leap second, and the times around year 0 and 9999, are left to LogTime.
            if hasMicroseconds, line.number(in: 20..<length, digits: 6)?.end != 26 { return }
            guard time.microseconds > 0, time.microseconds < 200_000_000_000_000_000 else { return }
        }
        // A host that looks like the tag makes a line unreadable.
        guard let hostEnd = line.firstIndex(of: UInt8(ascii: " "), in: hostStart..<LineHead.limit - 1),
            hostEnd > hostStart, !line.has("sshd", at: hostStart),
            let seconds = line.number(in: second, digits: 2), seconds.value < 60
        else { return }
        secondsAt = second.lowerBound
        var fraction: Int64 = 0
        if hasMicroseconds { fraction = Int64(line.number(in: 20..<26, digits: 6)?.value ?? 0) }
        minute = time.microseconds - Int64(seconds.value) * 1_000_000 - fraction
        length = hostEnd + 1
        for start in stride(from: 0, to: length, by: 8) {
            var word: (mask: UInt64, bytes: UInt64) = (0, 0)
            for byte in 0..<8 {
                let place = min(start, length - 8) + byte
                if second.contains(place) || (hasMicroseconds && (20..<26).contains(place)) { continue }
                word.mask |= 0xFF << UInt64(8 * byte)
                word.bytes |= UInt64(line[place]) << UInt64(8 * byte)
            }
            words.append(word)
        }
    }

    /// The time, in microseconds, of the line at `start` if its head is this one; nil if it is another.
    ///
    /// - Parameter bytes: hold at least `limit` bytes from `start` on.
    @inline(__always)
    func time(_ bytes: RawSpan, at start: Int) -> Int64? {
        guard length > 0 else { return nil }
        var difference: UInt64 = 0
        for index in words.indices {
            let word = bytes.word(at: start &+ min(8 &* index, length &- 8))
            difference |= (word & words[index].mask) ^ words[index].bytes
        }
        let word = bytes.word(at: start &+ secondsAt)
        let (tens, ones) = ((word & 0xFF) &- 0x30, (word >> 8 & 0xFF) &- 0x30)
        guard difference == 0, tens < 6, ones < 10 else { return nil }
        var time = Int64(tens &* 10 &+ ones) &* 1_000_000
        if hasMicroseconds {
            let fraction = DecimalWord(bytes.word(at: start &+ secondsAt &+ 3))
            guard fraction.count == 6 else { return nil }
            time += Int64(fraction.value)
        }
        return minute + time
    }
}
