// Sizes as people write and read them: "20GiB" in a config, "13.2 GiB" in a text.

/// Reading and writing of sizes in bytes.
enum ByteSize {
    private static let decimalUnits = ["kb", "mb", "gb", "tb", "pb"]
    private static let binaryUnits = ["kib", "mib", "gib", "tib", "pib"]
    private static let shownUnits = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

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
        guard bytes >= 1024 else { return NumberText.rounded(bytes.rounded(), places: 0) + " B" }
        var value = bytes / 1024
        var unit = 0
        // 1023.6 would be rounded to 1024.
        while value >= 1023.5, unit + 1 < shownUnits.count {
            value /= 1024
            unit += 1
        }
        return [NumberText.rounded(value, places: value < 99.95 ? 1 : 0), " ", shownUnits[unit]].chained()
    }

    private static func raised(_ base: Double, to power: Int) -> Double {
        (0..<power).reduce(1) { product, _ in product * base }
    }
}
