// Eight bytes at a time. Every load is checked against the end of what is read, by the span
// (`unsafeLoadUnaligned(fromByteOffset:)` is unsafe only for types whose bytes may be no value; an integer's always are)
// or, in `has`, once for the whole text.

extension RawSpan {
    /// Eight bytes, the first one lowest.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Four bytes, the first one lowest.
    @inline(__always)
    func half(at offset: Int) -> UInt64 {
        UInt64(UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

    /// Whether `text` stands at `offset`: compared by words, the last one overlapping the one before.
    @inline(__always)
    func has(_ text: StaticString, at offset: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset >= 0, offset <= byteCount - length else { return false }
        let expected = UnsafeRawPointer(text.utf8Start)
        if length >= 8 {
            var index = 0
            while index <= length &- 8 {
                if load(offset &+ index, UInt64.self) != expected.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                {
                    return false
                }
                index &+= 8
            }
            let last = length &- 8
            return load(offset &+ last, UInt64.self)
                == expected.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        }
        if length >= 4 {
            let last = length &- 4
            return load(offset, UInt32.self) == expected.loadUnaligned(as: UInt32.self)
                && load(offset &+ last, UInt32.self)
                    == expected.loadUnaligned(fromByteOffset: last, as: UInt32.self)
        }
        for index in 0..<length
        where load(offset &+ index, UInt8.self) != expected.load(fromByteOffset: index, as: UInt8.self) { return false }
        return true
    }

    /// Unchecked: for `has` alone.
    @inline(__always)
    private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: Number.Type) -> Number {
        unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Number.self)
    }
}

extension UInt64 {
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Which bytes are below `limit` (at most 0x80): 0x80 in each of them. Exact up to the lowest such byte; what lies
    /// above it may be marked wrongly, by the borrow.
    @inline(__always)
    func bytesBelow(_ limit: UInt8) -> UInt64 {
        (self &- UInt64.ones &* UInt64(limit)) & ~self & (UInt64.ones << 7)
    }

    /// Which bytes are above 9: 0x80 in each of them. Exact up to the lowest such byte, by the carry.
    @inline(__always)
    var bytesAbove9: UInt64 { ((self &+ UInt64.ones &* 0x76) | self) & (UInt64.ones << 7) }

    /// The place of the lowest byte that is not 0; 8: all are.
    @inline(__always)
    var lowestByte: Int { trailingZeroBitCount >> 3 }

    /// All bits of the first bytes; of none where `count` is negative, of all from 8 on.
    @inline(__always)
    static func firstBytes(_ count: Int) -> UInt64 {
        count <= 0 ? 0 : .max &>> UInt64(truncatingIfNeeded: Swift.max(0, 64 &- 8 &* count))
    }

    /// Which bytes are `byte`: 0x80 in each of them. Exact up to the lowest such byte.
    @inline(__always)
    func marks(_ byte: UInt8) -> UInt64 { (self ^ (UInt64.ones &* UInt64(byte))).bytesBelow(1) }

    /// Whether one of the bytes is `byte`.
    @inline(__always)
    func holds(_ byte: UInt8) -> Bool { marks(byte) != 0 }
}

/// The decimal number that a word begins with.
struct DecimalWord {
    private let digits: UInt64
    /// How many digits, 0 to 8. Eight may be more.
    let count: Int

    @inline(__always)
    init(_ word: UInt64) {
        digits = word ^ 0x3030_3030_3030_3030
        count = digits.bytesAbove9.lowestByte
    }

    @inline(__always)
    var startsWithZero: Bool { digits & 0xFF == 0 }

    /// Of the first digits, 1 to 8 of them.
    @inline(__always)
    var value: UInt64 { value(of: count) }

    @inline(__always)
    func value(of count: Int) -> UInt64 {
        DecimalWord.value(digits << (UInt64(64) &- 8 &* UInt64(truncatingIfNeeded: count)))
    }

    /// Of eight digits' values. Neighbours are added up: pairs, then fours, then all eight.
    @inline(__always)
    static func value(_ digits: UInt64) -> UInt64 {
        var sums = (digits &* 10 &+ (digits >> 8)) & 0x00FF_00FF_00FF_00FF
        sums = (sums &* 100 &+ (sums >> 16)) & 0x0000_FFFF_0000_FFFF
        return (sums &* 10_000 &+ (sums >> 32)) & 0xFFFF_FFFF
    }

    /// The other way: eight digits' values of a number below 100,000,000, the first digit lowest. It is divided into fours,
    /// pairs and digits, those of one step at once; a product and a shift divide numbers as small as these.
    @inline(__always)
    static func digits(of number: UInt64) -> UInt64 {
        let fours = number / 10_000 | (number % 10_000) << 32
        let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let pairs = hundreds | (fours &- hundreds &* 100) << 16
        let tens = ((pairs &* 103) >> 10) & 0x000F_000F_000F_000F
        return tens | (pairs &- tens &* 10) << 8
    }
}

/// A keyed hash. Attackers choose names and addresses; without the key, which is another in each process, they cannot
/// choose such that collide.
struct Mixer: Sendable {
    private let first: UInt64
    private let second: UInt64

    /// The keys come from the standard library's hasher, which has its own from the kernel.
    init() {
        var hasher = Hasher()
        hasher.combine(1)
        first = UInt64(bitPattern: Int64(hasher.finalize())) | 1
        hasher = Hasher()
        hasher.combine(2)
        second = UInt64(bitPattern: Int64(hasher.finalize())) | 1
    }

    /// Both halves of a 128-bit product (as in wyhash): each bit of both words reaches the whole result.
    @inline(__always)
    func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = (left ^ first).multipliedFullWidth(by: right ^ second)
        return product.high ^ product.low
    }

    func hash(_ bytes: RawSpan) -> UInt64 {
        let count = bytes.byteCount
        var state = mix(UInt64(count), 0)
        var index = 0
        while index < count - 8 {
            state = mix(state, bytes.word(at: index))
            index += 8
        }
        // The last bytes; they may overlap those before.
        if count >= 8 { return mix(state, bytes.word(at: count - 8)) }
        if count >= 4 { return mix(state, bytes.half(at: 0) << 32 | bytes.half(at: count - 4)) }
        var rest: UInt64 = 0
        for index in 0..<count { rest = rest << 8 | UInt64(bytes.byte(at: index)) }
        return mix(state, rest)
    }
}
