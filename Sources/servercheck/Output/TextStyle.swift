// What the place that text goes to can show: how wide it is, whether it knows UTF-8, whether it shows colours.

import CShim
import Glibc

/// How to print for people.
struct TextStyle: Sendable, Equatable {
    var columns = 80
    var isUTF8 = true
    var hasColours = false

    /// Of standard output. Colours only on a terminal and never with NO_COLOR (no-color.org).
    static func ofOutput(environment: [String: String]) -> TextStyle {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let told = environment["COLUMNS"].flatMap(Int.init) ?? Int(cshim_terminal_columns(STDOUT_FILENO))
        return TextStyle(
            columns: told > 0 ? min(max(told, 40), 200) : 80,
            isUTF8: isUTF8(environment),
            hasColours: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb")
    }

    /// By the first of LC_ALL, LC_CTYPE and LANG that is set: locale(7).
    private static func isUTF8(_ environment: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.lowercased()
        return encoding.contains("utf-8") || encoding.contains("utf8")
    }

    /// `text`, which the place can show.
    func plain(_ text: String) -> String {
        if isUTF8 || text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
    }

    func bold(_ text: String) -> String { hasColours ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func red(_ text: String) -> String { hasColours ? "\u{1B}[31m\(text)\u{1B}[0m" : text }
}
