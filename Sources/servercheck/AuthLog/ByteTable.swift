// Numbers for byte strings (user names, host names), so that a name is copied once however often it comes.

/// A set of byte strings with a limit: each gets a small number.
struct ByteTable: Sendable {
    /// Longer strings are known by their first bytes: sshd writes at most 100 bytes of a name, each at most as `\ooo`.
    static let keyLimit = 512

    private let limit: Int
    private let mixer: Mixer
    private var bytes: [UInt8] = []
    /// Where string n ends in `bytes`.
    private var ends: [Int] = []
    private var slots = HashSlots()

    var count: Int { ends.count }

    /// - Parameter limit: at most `HashSlots.limit`.
    init(limit: Int, mixer: Mixer) {
        self.limit = limit
        self.mixer = mixer
    }

    /// The number of the string in `range` of `line`; nil when it is new and the table is full.
    mutating func number(of line: Span<UInt8>, _ range: Range<Int>) -> Int32? {
        let key = line.extracting(range.lowerBound..<min(range.upperBound, range.lowerBound + ByteTable.keyLimit))
        let hash = mixer.hash(key.bytes)
        let number = slots.number(hash: hash) { holds(Int32($0), key) }
        if number >= 0 { return Int32(number) }
        guard ends.count < limit else { return nil }
        slots.add(hash: hash)
        for index in key.indices { bytes.append(key[index]) }
        ends.append(bytes.count)
        return Int32(ends.count - 1)
    }

    mutating func number(of text: String) -> Int32? {
        let bytes = Array(text.utf8)
        return number(of: bytes.span, 0..<bytes.count)
    }

    mutating func number(of name: ArraySlice<UInt8>) -> Int32? { number(of: name.span, 0..<name.count) }

    /// The number of a name; -2: it has none.
    func known(_ name: ArraySlice<UInt8>) -> Int32 {
        let key = name.span
        let number = slots.number(hash: mixer.hash(key.bytes)) { holds(Int32($0), key) }
        return number < 0 ? -2 : Int32(number)
    }

    /// The bytes of a name; none for a number that was never given.
    subscript(number: Int32) -> ArraySlice<UInt8> { bytes[range(number) ?? 0..<0] }

    /// Bytes that are no UTF-8 become U+FFFD. Empty for a number that was never given.
    func text(_ number: Int32) -> String {
        String(decoding: self[number], as: UTF8.self)
    }

    private func range(_ number: Int32) -> Range<Int>? {
        guard number >= 0, Int(number) < ends.count else { return nil }
        return (number == 0 ? 0 : ends[Int(number) - 1])..<ends[Int(number)]
    }

    private func holds(_ number: Int32, _ key: Span<UInt8>) -> Bool {
        guard let range = range(number), range.count == key.count else { return false }
        for index in key.indices where bytes[range.lowerBound + index] != key[index] { return false }
        return true
    }
}
