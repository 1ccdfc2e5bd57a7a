// The 128-bit ids of systemd (sd-id128(3)): machines, boots, and the sources of sequence numbers.

/// A 128-bit id, written as 32 hexadecimal digits.
struct JournalID: Sendable, Hashable {
    var high: UInt64
    var low: UInt64

    var isNull: Bool { high == 0 && low == 0 }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits, nothing else.
    init?(_ digits: Span<UInt8>) {
        guard digits.count == 32, let high = UInt64(hexadecimal: digits.extracting(0..<16)),
            let low = UInt64(hexadecimal: digits.extracting(16..<32))
        else { return nil }
        self.init(high: high, low: low)
    }

    init?(_ text: some StringProtocol) { self.init(Array(text.utf8).span) }

    var text: String { JournalID.padded(high) + JournalID.padded(low) }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension UInt64 {
    /// 1 to 16 hexadecimal digits, nothing else.
    init?(hexadecimal digits: Span<UInt8>) {
        guard 1...16 ~= digits.count else { return nil }
        var value: UInt64 = 0
        for index in digits.indices {
            guard let digit = digits[index].hexadecimalValue else { return nil }
            value = value << 4 | UInt64(digit)
        }
        self = value
    }
}
