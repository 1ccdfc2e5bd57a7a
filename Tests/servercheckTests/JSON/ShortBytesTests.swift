import Testing

@testable import servercheck

@Suite("Short bytes")
struct ShortBytesTests {
    @Test("numbers stand in decimal as Swift writes them, filled up with zeros")
    func decimals() {
        var numbers: [UInt64] = [0, .max]
        var power: UInt64 = 1
        for _ in 0..<19 {
            power *= 10
            numbers += [power - 1, power, power + 1]
        }
        var state: UInt64 = 1
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            numbers.append(state >> (state & 63))
        }
        for number in numbers {
            for width in [1, 2, 4, 6, 9, 20] {
                var bytes = ShortBytes()
                bytes.append(decimal: number, width: width)
                let text = "\(number)"
                #expect(bytes.text == String(repeating: "0", count: max(0, width - text.utf8.count)) + text)
            }
        }
        var negative = ShortBytes()
        negative.append(decimal: Int64.min)
        #expect(negative.text == "\(Int64.min)")
    }

    @Test("eight digits are what DecimalWord reads")
    func words() {
        for number: UInt64 in [0, 7, 10, 99, 100, 9999, 10_000, 12_345_678, 99_999_999, 90_000_009, 1_000_001] {
            #expect(DecimalWord.value(DecimalWord.digits(of: number)) == number)
        }
    }
}
