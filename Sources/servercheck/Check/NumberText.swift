// Numbers as texts show them. Without Foundation's formatters: they cost start-up time.

/// Writing of numbers.
enum NumberText {
    /// `93.4`, rounded to at most `places` (0 or 1) digits after the point.
    static func rounded(_ number: Double, places: Int) -> String {
        var text: [UInt8] = []
        text.append(rounded: number, places: places)
        return String(decoding: text, as: UTF8.self)
    }

    /// `90`, `92.5`: as short as it can be.
    static func shortest(_ number: Double) -> String {
        Int64(exactly: number).map { decimal($0) } ?? "\(number)"
    }

    /// A whole number. The library's own way is for any number type, radix and length, and touches more memory.
    static func decimal(_ number: Int64) -> String {
        var text = ShortBytes()
        text.append(decimal: number)
        return text.text
    }
}

extension [UInt8] {
    /// Appends what `NumberText.rounded` is.
    mutating func append(rounded number: Double, places: Int) {
        let scale: Double = places == 0 ? 1 : 10
        guard let units = Int64(exactly: (number * scale).rounded()) else { return append("\(number)") }
        var text = ShortBytes()
        if units < 0 { text.append(UInt8(ascii: "-")) }
        text.append(decimal: places == 0 ? units.magnitude : (units / 10).magnitude)
        if places > 0 {
            text.append(UInt8(ascii: "."))
            text.append(decimal: (units % 10).magnitude)
        }
        text.withBytes { append(contentsOf: $0) }
    }
}
