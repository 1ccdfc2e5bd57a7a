// A hash that is the same in each process, for what is kept in the state. Nobody is kept from choosing texts that collide.

/// FNV-1a of 64 bits (draft-eastlake-fnv).
enum FNV {
    private static let basis: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01b3

    static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(basis) { ($0 ^ UInt64($1)) &* prime }
    }

    /// The same over words of eight bytes, the first byte lowest and the last word filled up with zeros. What a product
    /// moves up only is folded down each time.
    static func hashByWords(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        let text = bytes.span.bytes
        let rest = text.byteCount & ~7
        var hash = basis
        for place in stride(from: 0, to: rest, by: 8) { hash = folded((hash ^ text.word(at: place)) &* prime) }
        let last = (rest..<text.byteCount).reversed().reduce(0) { $0 << 8 | UInt64(text.byte(at: $1)) }
        return folded((hash ^ last) &* prime)
    }

    @inline(__always)
    private static func folded(_ hash: UInt64) -> UInt64 { hash ^ (hash >> 32) }

    /// 16 digits.
    static func hexadecimal(_ hash: UInt64) -> [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: hash >> UInt64(60 - 4 * $0)).hexadecimalDigit }
    }
}
