// The pid of a line: neighbouring lines have pids of as many digits. So where the message begins, and with that what is to be
// done, is known before digits are counted: a wrong guess costs nothing but a look at the next digits, and is rare.

/// How many digits the pids of the log have: as many as that of the line before.
struct PIDWidth: Sendable {
    private(set) var count = 1
    /// 0x80 in the place of each.
    private var places: UInt64 = 0x80

    /// Whether so many digits, and `]: `, stand at a place.
    @inline(__always)
    func fits(_ bytes: LineWindow, at place: Int) -> Bool {
        bytes.at(place &+ count).has("]: ") && DecimalWord(bytes.word(at: place)).isDigits(in: places)
    }

    /// The pid, where it fits.
    @inline(__always)
    func value(_ bytes: LineWindow, at place: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: DecimalWord(bytes.word(at: place)).value(of: count))
    }

    /// - Returns: false where no pid of at most seven digits stands.
    @inline(never)
    mutating func learn(_ bytes: LineWindow, at place: Int) -> Bool {
        let digits = DecimalWord(bytes.word(at: place)).count
        guard digits > 0, digits < 8 else { return false }
        count = digits
        places = .firstBytes(digits) & 0x8080_8080_8080_8080
        return fits(bytes, at: place)
    }
}
