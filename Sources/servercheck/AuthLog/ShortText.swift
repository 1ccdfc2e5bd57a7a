// Short words of the log, addresses and user names, in a form that is compared and hashed without a loop over bytes, and
// a table of what each of them is. The table only saves work: what it forgets is looked up again.

/// At most 39 bytes up to a space.
struct ShortText: Sendable {
    private(set) var count = 0
    // Eight bytes each, the rest zeros.
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0
    private var fifth: UInt64 = 0

    /// Whether what was asked for follows; false for what is longer or is ended by a control character.
    private(set) var isWord: Bool

    /// What stands at a place, up to a space, or to the line end where `end` begins with that.
    @inline(__always)
    init(_ place: LinePlace, before end: StaticString = " ") {
        isWord = false
        first = ShortText.next(place.word(0), &count)
        if count == 8 { second = ShortText.next(place.word(8), &count) }
        if count == 16 { third = ShortText.next(place.word(16), &count) }
        if count == 24 { fourth = ShortText.next(place.word(24), &count) }
        if count == 32 { fifth = ShortText.next(place.word(32), &count) }
        isWord = count < 40 && place.byte(count) == end.utf8Start.pointee
    }

    /// How many bytes stand at a place up to a space; -1 where that is no short text.
    @inline(__always)
    static func wordLength(_ place: LinePlace) -> Int {
        var count = 0
        while count < 40 {
            let ends = place.word(count).bytesBelow(0x21)
            if ends == 0 {
                count &+= 8
                continue
            }
            count &+= ends.lowestByte
            return place.byte(count) == UInt8(ascii: " ") ? count : -1
        }
        return -1
    }

    /// The bytes of a word before the first space or control character, and how many they are.
    @inline(__always)
    private static func next(_ word: UInt64, _ count: inout Int) -> UInt64 {
        let ends = word.bytesBelow(0x21)
        if ends == 0 {
            count &+= 8
            return word
        }
        count &+= ends.lowestByte
        // All bits below the mark of the first end, but those of its own byte.
        return word & ((ends ^ (ends &- 1)) >> 8)
    }

    /// `byte` is not 0, which fills what is not used.
    @inline(__always)
    func holds(_ byte: UInt8) -> Bool {
        if count <= 8 { return first.holds(byte) }
        return first.holds(byte) || second.holds(byte) || third.holds(byte) || fourth.holds(byte) || fifth.holds(byte)
    }

    /// Its bytes.
    func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        var words: InlineArray<5, UInt64> = [first, second, third, fourth, fifth]
        for index in words.indices { words[index] = words[index].littleEndian }
        return withUnsafeBytes(of: &words) {
            body($0.assumingMemoryBound(to: UInt8.self).span.extracting(first: count))
        }
    }

    /// The address that it is; nil: none.
    var address: IPAddress? {
        if count <= 15, let bits = IPAddress.ipv4((first, second), count: count) { return IPAddress(ipv4: bits) }
        return withBytes { IPAddress($0) }
    }

    fileprivate typealias Words = (UInt64, UInt64, UInt64)

    /// The bytes are not 0, so that equal words are equal texts.
    fileprivate var start: (UInt64, UInt64) { (first, second) }
    fileprivate var rest: Words { (third, fourth, fifth) }
}

/// What some short texts are. Begins small, so that a run over few lines touches little memory.
struct ShortTextTable<Value: Sendable>: Sendable {
    /// Most texts have at most 16 bytes: an entry is small, so that many are in the processor's nearest memory.
    private struct Entry: Sendable {
        var first: UInt64
        var second: UInt64
        var value: Value
        /// The place of the other bytes in `rests`; -1: there are none.
        var rest: Int32 = -1
    }

    static var limit: Int { 8192 }
    private let mixer: Mixer
    private var slots = HashSlots()
    private var entries: [Entry] = []
    private var rests: [ShortText.Words] = []

    init(mixer: Mixer) { self.mixer = mixer }

    var count: Int { entries.count }

    @inline(__always)
    func hash(_ text: ShortText) -> UInt64 {
        let short = mixer.mix(text.start.0, text.start.1)
        return text.count <= 16 ? short : mixer.mix(mixer.mix(short ^ text.rest.0, text.rest.1), text.rest.2)
    }

    /// The number of a text; -1: it is not in the table.
    @inline(__always)
    func number(of text: ShortText, hash: UInt64) -> Int {
        slots.number(hash: hash) { number in
            let entry = entries[number]
            guard (entry.first ^ text.start.0) | (entry.second ^ text.start.1) == 0 else { return false }
            if entry.rest < 0 { return text.count <= 16 }
            let rest = rests[Int(entry.rest)]
            return (rest.0 ^ text.rest.0) | (rest.1 ^ text.rest.1) | (rest.2 ^ text.rest.2) == 0
        }
    }

    @inline(__always)
    func value(_ number: Int) -> Value { entries[number].value }

    mutating func setValue(_ value: Value, of number: Int) { entries[number].value = value }

    /// Remembers a text that is not in the table.
    ///
    /// - Returns: its number; -1 when the table is full.
    mutating func insert(_ text: ShortText, hash: UInt64, _ value: Value) -> Int {
        guard entries.count < Self.limit else { return -1 }
        var entry = Entry(first: text.start.0, second: text.start.1, value: value)
        if text.count > 16 {
            entry.rest = Int32(rests.count)
            rests.append(text.rest)
        }
        slots.add(hash: hash)
        entries.append(entry)
        return entries.count - 1
    }

    mutating func removeAll() {
        slots.removeAll()
        entries.removeAll(keepingCapacity: true)
        rests.removeAll(keepingCapacity: true)
    }
}
