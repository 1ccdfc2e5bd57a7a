// Makes near misses of real inputs: what a parser half understands finds more than noise does.

@testable import servercheck

/// Changes bytes, numbers and words of a text, and mixes texts.
struct Mutator {
    /// Words that mean something to the parser under test.
    let words: [[UInt8]]
    /// Whole inputs to take pieces of.
    let samples: [[UInt8]]

    init(words: [String], samples: [[UInt8]]) {
        self.words = (words + Mutator.anywhere).map { Array($0.utf8) }
        self.samples = samples
    }

    private static let anywhere = [
        "", " ", "\n", "\r", "\0", "\t", "|", ":", "[", "]", "\\", "'", "\"", "\u{1B}[2J", "\u{202E}", "é", "%",
    ]
    private static let numbers = [
        "0", "1", "-1", "00", "59", "60", "127", "128", "255", "256", "999", "32767", "65535", "65536", "2147483647",
        "2147483648", "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999999", "1e308", "1e309", "-1e400", "0.1", "5e-324",
    ]

    private static let wholeNumbers = [
        "0", "1", "-1", "2", "255", "65535", "4294967295", "4294967296", "9223372036854775807", "-9223372036854775808",
        "4611686018427387904", "-4611686018427387904", "9007199254740993", "300000000000000000", "-299999999999999999",
        "1795435200000000", "1795435200", "9000000000000001",
    ]

    /// One of the samples, changed in one to eight places.
    func next(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = samples.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...8, using: &random) { change(&bytes, &random) }
        return bytes
    }

    /// One of the samples, most often with nothing but some numbers exchanged for others: JSON stays JSON then.
    func nextJSON(_ random: inout SeededGenerator) -> [UInt8] {
        if Int.random(in: 0..<4, using: &random) == 0 { return next(&random) }
        var bytes = (samples.randomElement(using: &random) ?? [])[...]
        let share = [2, 10, 40, 150].randomElement(using: &random) ?? 10
        var result: [UInt8] = []
        var isText = false
        while let byte = bytes.first {
            if byte == UInt8(ascii: "\"") { isText.toggle() }
            let digits = bytes.prefix { $0.isDigit || $0 == UInt8(ascii: "-") }
            if digits.isEmpty || Int.random(in: 0..<share, using: &random) > 0 {
                result += bytes.prefix(max(1, digits.count))
            } else if isText {
                // A digit of a time for another one.
                result += digits.dropLast() + [UInt8.random(in: 0x30...0x39, using: &random)]
            } else {
                result += (Mutator.wholeNumbers.randomElement(using: &random) ?? "0").utf8
            }
            bytes.removeFirst(max(1, digits.count))
        }
        return result
    }

    func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 1: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 5, 6: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place)
        case 7: bytes.insert(contentsOf: piece(of: bytes, &random), at: place)
        case 8: bytes.insert(contentsOf: piece(of: samples.randomElement(using: &random) ?? [], &random), at: place)
        case 9, 10: replaceNumber(&bytes, &random)
        default:
            let piece = piece(of: bytes, &random)
            for _ in 0..<Int.random(in: 1...30, using: &random) where bytes.count < 200_000 {
                bytes.insert(contentsOf: piece, at: place)
            }
        }
    }

    private func piece(of bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        let start = Int.random(in: 0...bytes.count, using: &random)
        return Array(bytes[start..<min(bytes.count, start + Int.random(in: 1...120, using: &random))])
    }

    private func replaceNumber(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard let any = bytes.indices.randomElement(using: &random),
            let start = bytes[any...].firstIndex(where: \.isDigit)
        else { return }
        let end = bytes[start...].firstIndex { !$0.isDigit } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: (Mutator.numbers.randomElement(using: &random) ?? "").utf8)
    }
}
