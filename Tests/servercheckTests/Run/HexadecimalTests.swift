import Testing

@testable import servercheck

@Suite struct HexadecimalTests {
    @Test("each value has its digit, in small letters, and is read back also from capital ones")
    func digits() {
        let digits = (0...15).map { UInt8($0).hexadecimalDigit }
        #expect(String(decoding: digits, as: UTF8.self) == "0123456789abcdef")
        #expect(digits.map(\.hexadecimalValue) == (0...15).map { UInt8($0) })
        #expect("ABCDEF".utf8.map(\.hexadecimalValue) == (10...15).map { UInt8($0) })
        #expect(UInt8(0xFA).hexadecimalDigit == UInt8(ascii: "a"))
    }

    @Test("no other byte is a digit")
    func others() {
        let known = Set("0123456789abcdefABCDEF".utf8)
        let others = (0...255).map { UInt8($0) }.filter { !known.contains($0) }
        #expect(others.count == 234 && others.allSatisfy { $0.hexadecimalValue == nil })
    }
}
