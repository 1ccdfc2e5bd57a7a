// The head of the line before: time, host, and what they mean. Neighbouring lines of a log share the date up to the
// minute, the offset and the host; of such a line only the seconds are still to be read.

/// What a line begins with up to its tag, with the seconds left open.
struct LineHead: Sendable {
    /// What `time` answers when there is none.
    static let none = Int64.min
    /// Bytes of the longest head that is remembered.
    static let limit = 96
    /// So many bytes are compared in any case; the digits are among them.
    private static let masked = 40
    /// 0: nothing is remembered.
    private(set) var length = 0
    /// Whether the time is known; of a line of another daemon nobody asks it.
    private(set) var isTimed = false
    private(set) var isClassic = false
    private var secondsAt = 0
    /// The two digits of the seconds, and the six behind the point, in the word that `digits` makes of them; those that
    /// are not written are `0`.
    private var open: UInt64 = 0
    /// The beginning of the minute, in microseconds since 1970.
    private var minute: Int64 = 0
    /// The first bytes, eight each, where `masks` has ones: not behind the head, and not in place of the digits.
    private var words = InlineArray<5, UInt64>(repeating: 0)
    private var masks = InlineArray<5, UInt64>(repeating: 0)
    /// What is behind them, the last eight bytes overlapping those before.
    private var rest: [Word] = []

    private struct Word {
        var place: Int
        var bytes: UInt64 = 0
    }

    init() {}

    /// Remembers the head of a line. One of an unusual form is not remembered.
    ///
    /// - Parameter time: of the line; nil: it was not read, as those of other daemons are not.
    init(_ line: Span<UInt8>, style: LinePrefix.TimeStyle, time: Timestamp?) {
        let hostStart: Int
        let second: Range<Int>
        var hasMicroseconds = false
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
        open = hasMicroseconds ? .max : 0xFFFF
        for index in words.indices {
            let place = 8 * index
            if place + 8 <= line.count {
                words[index] = line.bytes.word(at: place)
            } else {
                for byte in place..<max(place, line.count) {
                    words[index] |= UInt64(line[byte]) << UInt64(8 * (byte - place))
                }
            }
            masks[index] = .firstBytes(length - place)
        }
        for place in second { leaveOpen(place) }
        if hasMicroseconds { for place in 20..<26 { leaveOpen(place) } }
        for start in stride(from: LineHead.masked, to: length, by: 8) {
            var word = Word(place: min(start, length - 8))
            for byte in 0..<8 { word.bytes |= UInt64(line[word.place + byte]) << UInt64(8 * byte) }
            rest.append(word)
        }
    }

    /// Nothing is said about the byte at a place.
    private mutating func leaveOpen(_ place: Int) { masks[place / 8] &= ~(0xFF << UInt64(8 * (place % 8))) }

    /// Becomes the head of a line that differs only in the minute of the same hour.
    ///
    /// - Returns: false for any other line; then nothing has changed.
    mutating func move(to line: LineWindow) -> Bool {
        guard isTimed, length > 0 else { return false }
        // In both forms the minute is in the second word.
        let shift = UInt64(8 * (secondsAt - 3 - 8))
        var moved = self
        moved.words[1] = words[1] & ~(0xFFFF &<< shift) | line.word(at: 8) & (0xFFFF &<< shift)
        let minutes = DecimalWord(moved.words[1] &>> shift & 0xFFFF)
        guard moved.begins(line, digits(line)), minutes.count == 2, minutes.value < 60 else { return false }
        let before = DecimalWord(words[1] &>> shift & 0xFFFF).value
        // Zones change on quarters of an hour.
        if isClassic, before / 15 != minutes.value / 15 { return false }
        moved.minute += (Int64(minutes.value) - Int64(before)) * 60_000_000
        self = moved
        return true
    }

    /// Whether a line has this head, with any digits for the seconds.
    ///
    /// - Parameter digits: of the line.
    @inline(__always)
    func begins(_ line: LineWindow, _ digits: UInt64) -> Bool {
        guard length > 0 else { return false }
        var difference: UInt64 = 0
        for index in words.indices { difference |= (line.word(at: 8 &* index) ^ words[index]) & masks[index] }
        if length > LineHead.masked {
            for index in rest.indices { difference |= line.word(at: rest[index].place) ^ rest[index].bytes }
        }
        return difference | digits.bytesAbove9 == 0
    }

    /// The values of the open digits, if that is what they are.
    @inline(__always)
    func digits(_ line: LineWindow) -> UInt64 {
        let seconds = line.word(at: secondsAt) & 0xFFFF
        return ((line.word(at: secondsAt &+ 3) << 16 | seconds) ^ 0x3030_3030_3030_3030) & open
    }

    /// The time of a line with this head, in microseconds; `none` for a leap second, or where it is not known.
    @inline(__always)
    func time(_ digits: UInt64) -> Int64 {
        let time = Int64(truncatingIfNeeded: DecimalWord.value(digits))
        return isTimed && time < 60_000_000 ? minute &+ time : LineHead.none
    }
}
