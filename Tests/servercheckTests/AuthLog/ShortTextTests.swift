import Glibc
import Testing

@testable import servercheck

@Suite struct ShortTextTests {
    @Test("addresses are read as inet_pton reads them, and so is what looks like one")
    func addresses() throws {
        var random = SeededGenerator(state: 5)
        let parts = [":", "::", "1", "a", "F0", "ffff", "12345", "0", ".", "1.2.3.4", "255", "256", "g", ":::", "0001"]
        var valid = 0
        for round in 0..<20_000 {
            var text = ""
            if round % 2 == 0 {
                for _ in 0..<Int.random(in: 1...9, using: &random) { text += parts.randomElement(using: &random) ?? "" }
            } else {
                // Mostly right: groups, and a gap perhaps.
                let count = Int.random(in: 1...8, using: &random)
                let groups = (0..<count).map { _ in
                    String(
                        UInt16.random(in: 0 ... .max, using: &random) >> UInt16.random(in: 0...15, using: &random),
                        radix: 16)
                }
                let gap = Int.random(in: 0...count, using: &random)
                text =
                    groups[..<gap].joined(separator: ":") + (count == 8 ? ":" : "::")
                    + groups[gap...].joined(separator: ":")
            }
            var network: (UInt64, UInt64) = (0, 0)
            let isRight = inet_pton(AF_INET6, text, &network) == 1
            let expected =
                isRight ? IPAddress(high: UInt64(bigEndian: network.0), low: UInt64(bigEndian: network.1)) : nil
            if text.contains(":") { #expect(IPAddress(text) == expected, "\(text)") }
            if isRight { valid += 1 }
        }
        #expect(valid > 5000)
        let octetParts = [
            "0", "00", "01", "1", "9", "10", "99", "100", "255", "256", "1000", ".", "", " ", "1 ", "a", ":",
        ]
        for round in 0..<20_000 {
            var octets = (0..<4).map { _ in String(UInt8.random(in: 0 ... .max, using: &random)) }
            if round % 2 == 0 {
                for _ in 0..<Int.random(in: 1...2, using: &random) {
                    octets[Int.random(in: 0..<4, using: &random)] = octetParts.randomElement(using: &random) ?? ""
                }
            }
            if round % 16 == 0 { octets.append("1") }
            let text = octets.joined(separator: ".")
            var network: UInt32 = 0
            let isRight = inet_pton(AF_INET, text, &network) == 1
            #expect(IPAddress(text) == (isRight ? IPAddress(ipv4: UInt32(bigEndian: network)) : nil), "\(text)")
            // As the fast path reads it: followed by something.
            let short = ShortText(Array((text + " port 1").utf8))
            if short.isWord, short.count == text.utf8.count { #expect(short.address == IPAddress(text), "\(text)") }
            valid += isRight ? 1 : 0
        }
        #expect(valid > 15_000)
        for octets in [[0, 0, 0, 0], [1, 20, 255, 9], [255, 255, 255, 255], [10, 100, 99, 0]] {
            let text = octets.map(String.init).joined(separator: ".")
            #expect(IPAddress(text)?.text == text)
        }
    }

    @Test("a short text is what stands before a space, and nothing else equals it")
    func texts() {
        for length in 0...45 {
            let text = String(repeating: "n", count: length)
            let bytes = Array((text + " ").utf8)
            let short = ShortText(bytes)
            #expect(short.isWord == (length < 40))
            if length < 40 { #expect(short.count == length) }
            for (place, byte) in [(length / 2, UInt8(ascii: "\t")), (length, UInt8(ascii: "\n"))] where place <= length
            {
                var other = bytes
                other[place] = byte
                #expect(!ShortText(other).isWord)
            }
        }
        // A table tells all of them apart, and forgets none before it is full.
        var table = ShortTextTable<Int>(mixer: Mixer())
        let names = (0..<3000).map { ["u\($0)", "2001:db8:\($0)::ffff:\($0)", "user-name-of-\($0)"][$0 % 3] }
        for (number, name) in names.enumerated() {
            let bytes = Array((name + " ").utf8)
            let text = ShortText(bytes)
            #expect(table.number(of: text, hash: table.hash(text)) == -1)
            #expect(table.insert(text, hash: table.hash(text), number) == number)
        }
        for (number, name) in names.enumerated() {
            let bytes = Array((name + " ").utf8)
            let text = ShortText(bytes)
            let found = table.number(of: text, hash: table.hash(text))
            #expect(found == number && table.value(found) == number)
        }
    }

    @Test("numbers, and bytes below a limit, are found wherever they stand in a word")
    func words() {
        for text in ["1", "12x45678", "00000007", "99999999", "x", "4194304]", "65536 ab", "0\u{ff}234567"] {
            let bytes = Array(text.utf8) + Array(repeating: 0x20, count: 8)
            let number = DecimalWord(bytes.span.bytes.word(at: 0))
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            #expect(number.count == digits.count)
            if number.count > 0 { #expect(number.value == UInt64(digits)) }
        }
        for place in 0..<8 {
            for byte in [UInt8(0), 0x1F, 0x20, 0x21, 0x7F, 0x80, 0xFF] {
                var bytes = Array(repeating: UInt8(0x41), count: 8)
                bytes[place] = byte
                let word = bytes.span.bytes.word(at: 0)
                #expect((word.bytesBelow(0x21).trailingZeroBitCount / 8 == place) == (byte < 0x21))
                #expect(word.holds(byte))
                #expect(!word.holds(0x42))
            }
        }
    }
}

extension ShortText {
    /// At the start of a line.
    fileprivate init(_ bytes: [UInt8]) {
        let line = bytes + [UInt8](repeating: UInt8(ascii: "~"), count: LineWindow.size)
        self = line.withUnsafeBytes { ShortText(LineWindow($0, at: 0).at(0)) }
    }
}
