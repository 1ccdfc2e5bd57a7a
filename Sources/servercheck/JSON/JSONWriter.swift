// Writes JSON (RFC 8259), indented for people or in one line. FoundationEssentials' encoder is not used because its first
// use costs more than all sensors.

/// A JSON text that grows.
struct JSONWriter {
    private var finished: [UInt8] = []
    /// What comes behind it, until it is full.
    private var recent = ShortBytes()
    private let isIndented: Bool
    /// What is deeper stands in one line: a connection in the state, of which there can be many.
    private static let deepestLine = 6
    /// Whether local times are written in UTC all the same.
    private let isUTC: Bool
    private var depth = 0
    /// Whether nothing stands yet in the innermost object or array.
    private var isEmpty = true

    /// - Parameter capacity: bytes that are probably enough; a text that grows beyond them is copied.
    init(isIndented: Bool = false, isUTC: Bool = false, capacity: Int = 0) {
        self.isIndented = isIndented
        self.isUTC = isUTC
        if capacity > 0 { finished.reserveCapacity(capacity) }
    }

    /// The text so far.
    mutating func bytes() -> [UInt8] {
        flush()
        return finished
    }

    mutating func object(_ members: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        members(&self)
        close(UInt8(ascii: "}"))
    }

    /// Numbers stand in one line.
    mutating func array<Element: JSONStored>(_ elements: [Element]) {
        open(UInt8(ascii: "["))
        for element in elements {
            separate(staysInLine: Element.isNumber)
            element.write(to: &self)
        }
        close(UInt8(ascii: "]"), staysInLine: Element.isNumber)
    }

    /// An array or object as it stands in another text.
    mutating func copy(_ node: JSONNode) { node.text.withUnsafeBufferPointer { put($0) } }

    /// A key; its value is to follow.
    mutating func key(_ name: StaticString) {
        // Once for all that follows here.
        makeRoom(name.utf8CodeUnitCount + 24)
        let isBroken = isBroken
        if !isEmpty { recent.append(UInt8(ascii: ",")) }
        isEmpty = false
        if isBroken { recent.append(contentsOf: indentation) }
        recent.append(UInt8(ascii: "\""))
        recent.append(contentsOf: UnsafeBufferPointer(name))
        recent.append(UInt8(ascii: "\""))
        if isBroken { recent.append(UInt8(ascii: " ")) }
        recent.append(UInt8(ascii: ":"))
        if isBroken { recent.append(UInt8(ascii: " ")) }
    }

    /// The same for a key that is anybody's text.
    mutating func key(_ name: String) {
        separate()
        string(name)
        put(UnsafeBufferPointer(isBroken ? " : " : ":"))
    }

    mutating func string(_ text: String) {
        put(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            if text.isPlainJSON { return put(text) }
            for byte in text {
                if byte.isPlainJSON { put(byte) } else { escape(byte) }
            }
        }
        put(UInt8(ascii: "\""))
    }

    mutating func integer(_ number: some FixedWidthInteger) {
        makeRoom(21)
        if number < 0 { recent.append(UInt8(ascii: "-")) }
        recent.append(decimal: UInt64(number.magnitude))
    }

    /// Whole numbers without a fraction; what is not finite is null.
    mutating func double(_ number: Double) {
        if let whole = Int64(exactly: number) {
            integer(whole)
        } else if number.isFinite {
            for byte in number.description.utf8 { put(byte) }
        } else {
            null()
        }
    }

    mutating func bool(_ flag: Bool) { put(UnsafeBufferPointer(flag ? "true" : "false")) }

    mutating func null() { put(UnsafeBufferPointer("null")) }

    /// RFC 3339 in UTC: a person may read the state.
    mutating func time(_ time: Timestamp) {
        makeRoom(2 + Timestamp.longestUTC)
        recent.append(UInt8(ascii: "\""))
        time.appendUTC(to: &recent)
        recent.append(UInt8(ascii: "\""))
    }

    /// RFC 3339 with the local offset.
    mutating func localTime(_ time: Timestamp) {
        if isUTC { self.time(time) } else { string(time.localText) }
    }

    private mutating func escape(_ byte: UInt8) {
        put(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: put(UInt8(ascii: "b"))
        case 0x09: put(UInt8(ascii: "t"))
        case 0x0A: put(UInt8(ascii: "n"))
        case 0x0C: put(UInt8(ascii: "f"))
        case 0x0D: put(UInt8(ascii: "r"))
        case 0..<0x20:
            put(UnsafeBufferPointer("u00"))
            put((byte >> 4).hexadecimalDigit)
            put(byte.hexadecimalDigit)
        default: put(byte)
        }
    }

    private mutating func open(_ bracket: UInt8) {
        put(bracket)
        depth += 1
        isEmpty = true
    }

    private mutating func close(_ bracket: UInt8, staysInLine: Bool = false) {
        let breaks = !isEmpty && !staysInLine && isBroken
        depth -= 1
        if breaks { line() }
        put(bracket)
        isEmpty = false
    }

    private mutating func separate(staysInLine: Bool = false) {
        if !isEmpty { put(UInt8(ascii: ",")) }
        isEmpty = false
        if !staysInLine { line() }
    }

    /// Whether what is in the innermost object or array stands in lines of its own.
    private var isBroken: Bool { isIndented && depth <= JSONWriter.deepestLine }

    private mutating func line() {
        if isBroken { put(indentation) }
    }

    /// A line end, and two spaces for each depth up to the deepest.
    private var indentation: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: UnsafeBufferPointer("\n            ").prefix(1 + 2 * depth))
    }

    private mutating func put(_ byte: UInt8) {
        makeRoom(1)
        recent.append(byte)
    }

    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        makeRoom(bytes.count)
        if bytes.count <= ShortBytes.limit {
            recent.append(contentsOf: bytes)
        } else {
            finished.append(contentsOf: bytes)
        }
    }

    /// Of `recent`, all of it for more than it can hold.
    private mutating func makeRoom(_ count: Int) {
        if recent.room < count { flush() }
    }

    private mutating func flush() { recent.move(to: &finished) }
}
