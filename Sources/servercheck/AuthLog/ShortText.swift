// Short words of the log, addresses and user names, in a form that is compared and hashed without a loop over bytes, and
// a table of what each of them is. The table only saves work: what it forgets is looked up again.

/// At most 39 bytes up to a space.
struct ShortText {
    private(set) var count = 0
    // Eight bytes each, the rest zeros.
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0
    private var fifth: UInt64 = 0

    init() {}

    /// What stands at `start`, up to a space; nil for what is longer or is ended by a control character.
    @inline(__always)
    init?(_ bytes: RawSpan, at start: Int) {
        first = ShortText.next(bytes, start, &count)
        if count == 8 { second = ShortText.next(bytes, start, &count) }
        if count == 16 { third = ShortText.next(bytes, start, &count) }
        if count == 24 { fourth = ShortText.next(bytes, start, &count) }
        if count == 32 { fifth = ShortText.next(bytes, start, &count) }
        guard count < 40, bytes.byte(at: start &+ count) == UInt8(ascii: " ") else { return nil }
    }

    /// The next bytes before the first space or control character, and how many they are.
    @inline(__always)
    private static func next(_ bytes: RawSpan, _ start: Int, _ count: inout Int) -> UInt64 {
        let word = bytes.word(at: start &+ count)
        let ends = word.bytesBelow(0x21)
        if ends == 0 {
            count &+= 8
            return word
        }
        count &+= ends.trailingZeroBitCount >> 3
        // All bits below the mark of the first end, but those of its own byte.
        return word & ((ends ^ (ends &- 1)) >> 8)
    }

    /// `byte` is not 0, which fills what is not used.
    @inline(__always)
    func holds(_ byte: UInt8) -> Bool {
        if count <= 8 { return first.holds(byte) }
        return first.holds(byte) || second.holds(byte) || third.holds(byte) || fourth.holds(byte) || fifth.holds(byte)
    }

    @inline(__always)
    func hash(_ mixer: Mixer) -> UInt64 {
        let short = mixer.mix(first, second ^ UInt64(truncatingIfNeeded: count))
        return count <= 16 ? short : mixer.mix(mixer.mix(short ^ third, fourth), fifth)
    }

    @inline(__always)
    static func == (left: ShortText, right: ShortText) -> Bool {
        let start = (left.first ^ right.first) | (left.second ^ right.second)
        let rest = (left.third ^ right.third) | (left.fourth ^ right.fourth) | (left.fifth ^ right.fifth)
        return start | rest == 0 && left.count == right.count
    }
}

/// What some short texts are. Begins small, so that a run over few lines touches little memory; full, it begins anew.
struct ShortTextTable<Value> {
    private static var limit: Int { 4096 }
    private let mixer: Mixer
    private var slots = HashSlots()
    private var entries: [(text: ShortText, value: Value)] = []

    init(mixer: Mixer) { self.mixer = mixer }

    @inline(__always)
    func value(of text: ShortText) -> Value? {
        slots.number(hash: text.hash(mixer)) { entries[$0].text == text }.map { entries[$0].value }
    }

    /// Remembers a text that is not in the table.
    mutating func insert(_ text: ShortText, _ value: Value) {
        if entries.count >= Self.limit {
            entries.removeAll(keepingCapacity: true)
            slots.removeAll()
        }
        slots.add(hash: text.hash(mixer))
        entries.append((text, value))
    }
}
