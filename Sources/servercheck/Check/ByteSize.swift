// Sizes as people write and read them: "20GiB" in a config, "13.2 GiB" in a text.

/// Reading and writing of sizes in bytes.
enum ByteSize {
    private static let decimalUnits = ["kb", "mb", "gb", "tb", "pb"]
    private static let binaryUnits = ["kib", "mib", "gib", "tib", "pib"]

    /// `20GiB`, `1.5 TB`, `4096`: a number and an optional unit (powers of 1000 or, with an i, of 1024), in any case.
    ///
    /// - Returns: bytes; nil when it is none of these.
    static func parse(_ text: String) -> Double? {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Double(digits), number.isFinite else { return nil }
        if unit.isEmpty || unit == "b" { return number }
        if let power = decimalUnits.firstIndex(of: unit) { return number * raised(1000, to: power + 1) }
        if let power = binaryUnits.firstIndex(of: unit) { return number * raised(1024, to: power + 1) }
        return nil
    }

    /// `512 B`, `13.2 GiB`, `200 GiB`: about three digits, powers of 1024.
    static func text(_ bytes: Double) -> String {
        var text: [UInt8] = []
        text.append(size: bytes)
        return String(decoding: text, as: UTF8.self)
    }

    private static func raised(_ base: Double, to power: Int) -> Double {
        (0..<power).reduce(1) { product, _ in product * base }
    }
}

extension [UInt8] {
    /// Appends what `ByteSize.text` is.
    mutating func append(size bytes: Double) {
        let prefixes: StaticString = "KMGTPE"
        var value = bytes
        var power = 0
        // 1023.6 would be rounded to 1024; of bytes there are no parts.
        while value >= (power == 0 ? 1024 : 1023.5), power < prefixes.utf8CodeUnitCount {
            value /= 1024
            power += 1
        }
        append(rounded: value, places: power > 0 && value < 99.95 ? 1 : 0)
        append(UInt8(ascii: " "))
        if power > 0 {
            append(UnsafeBufferPointer(prefixes)[power - 1])
            append(UInt8(ascii: "i"))
        }
        append(UInt8(ascii: "B"))
    }
}
