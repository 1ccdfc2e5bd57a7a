// Numbers as texts show them. Without Foundation's formatters: they cost start-up time.

/// Writing of numbers.
enum NumberText {
    /// `93.4`, rounded to at most `places` (0 or 1) digits after the point.
    static func rounded(_ number: Double, places: Int) -> String {
        let scale: Double = places == 0 ? 1 : 10
        guard let units = Int64(exactly: (number * scale).rounded()) else { return "\(number)" }
        if places == 0 { return String(units) }
        return "\(units < 0 ? "-" : "")\((units / 10).magnitude).\((units % 10).magnitude)"
    }

    /// `90`, `92.5`: as short as it can be.
    static func shortest(_ number: Double) -> String {
        Int64(exactly: number).map { String($0) } ?? "\(number)"
    }
}
