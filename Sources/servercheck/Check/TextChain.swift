// Texts in a row. The library's joined(separator:) looks up what it needs when it is first used, which costs a healthy run
// more than reading /proc/meminfo.

extension [String] {
    /// All texts, `separator` between them.
    func chained(by separator: String) -> String {
        var text = ""
        for (index, part) in enumerated() {
            if index > 0 { text += separator }
            text += part
        }
        return text
    }
}
