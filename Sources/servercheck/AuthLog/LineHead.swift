// The head of the line before: time, host, and what they mean. Neighbouring lines of a log share the date up to the
// minute, the offset and the host; of such a line only the seconds are still to be read.

/// What a line begins with up to its tag, with the seconds left open.
struct LineHead: Sendable {
    /// What `time` answers when there is none.
    static let none = Int64.min
    /// Bytes of the longest head that is remembered.
    static let limit = 96
    /// 0: nothing is remembered.
    private(set) var length = 0
    /// Whether the time is known; of a line of another daemon nobody asks it.
    private(set) var isTimed = false
    private(set) var isClassic = false
    private var secondsAt = 0
    private var hasMicroseconds = false
    /// The beginning of the minute, in microseconds since 1970.
    private var minute: Int64 = 0
    /// Eight bytes each, the last ones overlapping those before.
    private var words: [Word] = []
    /// The same of the words without an open digit.
    private var fixed: [Word] = []

    private struct Word {
        var place: Int
        var bytes: UInt64 = 0
        /// Where any digit may stand.
        var digits: UInt64 = 0
    }

    init() {}

    /// Remembers the head of a line. One of an unusual form is not remembered.
    ///
    /// - Parameter time: of the line; nil: it was not read, as those of other daemons are not.
    init(_ line: Span<UInt8>, style: LinePrefix.TimeStyle, time: Timestamp?) {
        let hostStart: Int
        let second: Range<Int>
        switch style {
        case .classic:
            (hostStart, second) = (16, 13..<15)
            isClassic = true
        case .rfc3339(let length):
            (hostStart, second) = (length + 1, 17..<19)
            guard length > 19 else { return }
            hasMicroseconds = length > 26 && line[19] == UInt8(ascii: ".")
            // rsyslog writes six digits; a leap second, and the times around year 0 and 9999, are left to LogTime.
            if hasMicroseconds, line.number(in: 20..<length, digits: 6)?.end != 26 { return }
            if let time, time.microseconds < 0 || time.microseconds > 200_000_000_000_000_000 { return }
        }
        // A host that looks like the tag makes a line unreadable.
        guard let hostEnd = line.firstIndex(of: UInt8(ascii: " "), in: hostStart..<LineHead.limit - 1),
            hostEnd > hostStart, !line.has("sshd", at: hostStart),
            let seconds = line.number(in: second, digits: 2), seconds.value < 60
        else { return }
        secondsAt = second.lowerBound
        var fraction: Int64 = 0
        if hasMicroseconds { fraction = Int64(line.number(in: 20..<26, digits: 6)?.value ?? 0) }
        if let time {
            isTimed = true
            minute = time.microseconds - Int64(seconds.value) * 1_000_000 - fraction
        }
        length = hostEnd + 1
        for start in stride(from: 0, to: length, by: 8) {
            var word = Word(place: min(start, length - 8))
            for byte in 0..<8 {
                let place = word.place + byte
                if second.contains(place) || (hasMicroseconds && (20..<26).contains(place)) {
                    word.digits |= 0xFF << UInt64(8 * byte)
                } else {
                    word.bytes |= UInt64(line[place]) << UInt64(8 * byte)
                }
            }
            if word.digits == 0 { fixed.append(word) } else { words.append(word) }
        }
    }

    /// Whether a line has this head, with any digits for the seconds.
    ///
    /// - Parameter line: at least `limit` bytes.
    @inline(__always)
    func begins(_ line: RawSpan) -> Bool {
        var difference: UInt64 = length > 0 ? 0 : 1
        for index in fixed.indices { difference |= line.word(at: fixed[index].place) ^ fixed[index].bytes }
        for index in words.indices {
            let expected = words[index]
            let word = line.word(at: expected.place)
            difference |= (word & ~expected.digits) ^ expected.bytes
            difference |= ((word ^ 0x3030_3030_3030_3030) & expected.digits).bytesAbove9
        }
        return difference == 0
    }

    /// The time of a line with this head, in microseconds; `none` for a leap second.
    @inline(__always)
    func time(_ line: RawSpan) -> Int64 {
        let second = line.word(at: secondsAt)
        let seconds = (second & 0xF) &* 10 &+ (second >> 8 & 0xF)
        guard seconds < 60 else { return LineHead.none }
        let time = minute &+ Int64(truncatingIfNeeded: seconds) &* 1_000_000
        guard hasMicroseconds else { return time }
        return time &+ Int64(truncatingIfNeeded: DecimalWord(line.word(at: secondsAt &+ 3)).value(of: 6))
    }
}
