// Attempts over time as columns of text.

/// A bar chart that fits the place it is printed to.
struct ScanChart {
    private static let height = 8
    /// Eighths of a character, from the bottom.
    private static let eighths: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// - Returns: no line without attempts.
    static func lines(_ histogram: AttemptHistogram, style: TextStyle) -> [String] {
        guard var highest = histogram.counts.max(), highest > 0 else { return [] }
        var (bars, labelWidth, room) = (histogram, 0, 0)
        // Slots that are joined hold more attempts, whose number may need more room.
        while String(highest).count > labelWidth {
            labelWidth = String(highest).count
            room = max(10, style.columns - labelWidth - 3)
            bars = histogram.fitted(to: room)
            highest = bars.counts.max() ?? highest
        }
        let barWidth = max(1, min(8, room / bars.counts.count))
        let axis: Character = style.isUTF8 ? "│" : "|"

        var lines: [String] = ["attempts per \(duration(bars.width))"]
        for row in (0..<height).reversed() {
            let label = row == height - 1 ? String(highest) : ""
            var line = pad(label, labelWidth + 1) + " " + String(axis)
            for count in bars.counts {
                let bar = cell(count, of: highest, row: row, style: style)
                // A gap between bars where there is room for one.
                let gap = barWidth > 2 ? 1 : 0
                line += String(repeating: bar, count: barWidth - gap) + String(repeating: " ", count: gap)
            }
            lines.append(trimmed(line))
        }
        let plotWidth = bars.counts.count * barWidth
        let corner = style.isUTF8 ? "└" : "+"
        let dash: Character = style.isUTF8 ? "─" : "-"
        lines.append(pad("0", labelWidth + 1) + " " + corner + String(repeating: dash, count: plotWidth))
        lines.append(
            String(repeating: " ", count: labelWidth + 3)
                + scale(bars, width: plotWidth, barWidth: barWidth, room: room))
        return lines
    }

    /// The character of a bar in one row. A bar that is not 0 is always seen.
    private static func cell(_ count: Int, of highest: Int, row: Int, style: TextStyle) -> Character {
        let share = Double(count) / Double(max(1, highest))
        let eighthsUp = count > 0 ? max(1, Int((share * Double(height * 8)).rounded())) : 0
        let here = min(8, max(0, eighthsUp - row * 8))
        return style.isUTF8 ? eighths[here] : here >= 4 || (row == 0 && here > 0) ? "#" : " "
    }

    /// Times below the axis: the first slot's, and as many more as fit.
    private static func scale(_ bars: AttemptHistogram, width: Int, barWidth: Int, room: Int) -> String {
        let text = { (slot: Int) in
            let time = bars.start(of: slot).localText
            // As exact as the slots are: `2026-11-23`, `11-23 15:42` or `11-23 15:42:13`.
            let exact = bars.width >= 86_400 ? time.prefix(10) : time.dropFirst(5).prefix(bars.width >= 60 ? 11 : 14)
            return exact.map { $0 == "T" ? " " : $0 }
        }
        var line = ""
        var slot = 0
        while slot < bars.counts.count {
            let label = text(slot)
            let column = slot * barWidth
            if column + label.count > max(room, label.count) { break }
            line += String(repeating: " ", count: column - line.count) + String(label)
            // Two blanks between labels, and at least a quarter of the chart.
            slot += max(1, max(label.count + 2 + barWidth - 1, width / 4) / barWidth)
        }
        return line
    }

    /// `30 s`, `15 min`, `3 h`, `2 days`.
    static func duration(_ seconds: Int64) -> String {
        switch seconds {
        case 86_400: "day"
        case 3600: "hour"
        case 60: "minute"
        case 1: "second"
        case let days where days % 86_400 == 0: "\(days / 86_400) days"
        case let hours where hours % 3600 == 0: "\(hours / 3600) hours"
        case let minutes where minutes % 60 == 0: "\(minutes / 60) minutes"
        default: "\(seconds) seconds"
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func trimmed(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
