// Every counting test counts twice: line by line on the general path, and all lines at once, the fast path first. Both
// must come to the same.

import Testing

@testable import servercheck

/// What counting came to.
struct Counted: Equatable {
    var summary: AttemptSummary
    var memory: AttemptMemory
    var events: [AttemptEvent]

    /// Counts lines without line ends.
    ///
    /// - Parameters:
    ///   - pieces: how many lines are handed over at a time; 0: single ones, on the general path.
    ///   - listens: whether somebody wants to know the events; none are found otherwise.
    init(
        _ lines: [[UInt8]], rules: AttemptRules, memory: AttemptMemory, now: Timestamp, zone: LocalZone,
        complete: Bool, pieces: Int, listens: Bool
    ) {
        var counter = AttemptCounter(rules: rules, memory: memory, now: now, zone: zone)
        var events: [AttemptEvent] = []
        if listens { counter.onEvent = { events.append($0) } }
        if pieces == 0 {
            // The reader takes the line ends away, CRLF too.
            for line in lines {
                let text = line.last == 0x0D ? Array(line.dropLast()) : line
                counter.consume(text.span)
            }
        } else {
            for start in stride(from: 0, to: lines.count, by: pieces) {
                let text: [UInt8] = lines[start..<min(lines.count, start + pieces)].flatMap { $0 + [0x0A] }
                counter.consume(text.span.bytes)
            }
        }
        summary = counter.finish(complete: complete)
        self.memory = counter.memory
        self.events = events
    }
}

/// Counts lines on both paths.
func countedBothWays(
    _ lines: [[UInt8]], rules: AttemptRules = AttemptRules(), memory: AttemptMemory = AttemptMemory(),
    now: Timestamp = .noon, zone: LocalZone = .utc, complete: Bool = true
) -> Counted {
    let counted = { (pieces: Int, listens: Bool) in
        Counted(
            lines, rules: rules, memory: memory, now: now, zone: zone, complete: complete, pieces: pieces,
            listens: listens)
    }
    let general = counted(0, true)
    for (pieces, listens) in [(max(1, lines.count), true), (3, true), (max(1, lines.count), false)] {
        var fast = counted(pieces, listens)
        if !listens { fast.events = general.events }
        // Which text differs is worth more than two long values.
        if fast != general {
            let texts = lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
            Issue.record("the fast path differs, \(pieces) lines at a time:\n\(texts)")
        }
    }
    return general
}

extension RawSpan {
    /// The lines of a piece, as text.
    var lines: [String] {
        var lines: [String] = []
        forEachLine { line in
            lines.append(String(line))
            return true
        }
        return lines
    }
}
