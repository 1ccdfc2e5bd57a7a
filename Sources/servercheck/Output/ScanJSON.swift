// The JSON of `servercheck scan`, written by hand: an encoder per event would cost more than reading the log. Names are
// given as they are, but no control character reaches a terminal: JSON has escapes for all of them.

/// JSON text as bytes. A value because events remember the text of their second: an attack has many in each.
struct ScanJSON {
    private var second: Int64?
    private var secondText: [UInt8] = []
    private var clock = LocalClock()

    /// `{time, address, port, user, method, invalid_user, count, kind}` with a line end.
    mutating func append(_ event: AttemptEvent, to text: inout [UInt8]) {
        if second != event.time.seconds {
            second = event.time.seconds
            secondText.removeAll(keepingCapacity: true)
            ScanJSON.append(event.time, to: &secondText, &clock)
        }
        text.append(#"{"time":"#)
        text.append(contentsOf: secondText)
        text.append(#","address":"#)
        ScanJSON.append(event.address, to: &text)
        text.append(#","port":"#)
        text.append(contentsOf: (event.port.map { String($0) } ?? "null").utf8)
        text.append(#","user":"#)
        ScanJSON.append(event.user, to: &text)
        text.append(#","method":"#)
        ScanJSON.append(event.method, to: &text)
        text.append(#","invalid_user":"#)
        text.append(event.invalidUser ? "true" : "false")
        text.append(#","count":"#)
        text.append(contentsOf: String(event.count).utf8)
        text.append(#","kind":"#)
        ScanJSON.append(event.kind.rawValue, to: &text)
        text.append("}\n")
    }

    /// The totals, as the design's section 8 names them, with a line end.
    ///
    /// - Parameter output: takes the text piece by piece, so that the whole of a large report is never in memory.
    static func write(_ summary: AttemptSummary, _ output: ((inout [UInt8]) -> Void) -> Void) {
        var clock = LocalClock()
        let numbers = [
            ("lines", summary.lines), ("bytes", summary.bytes), ("sshd_lines", summary.sshdLines),
            ("unparsed", summary.unparsed), ("attempts", summary.attempts), ("connections", summary.connections),
            ("logins", summary.logins),
        ]
        output { text in
            text.append(UInt8(ascii: "{"))
            for (name, number) in numbers { text.append(contentsOf: "\"\(name)\":\(number),".utf8) }
            text.append(#""first":"#)
            append(summary.first, to: &text, &clock)
            text.append(#","last":"#)
            append(summary.last, to: &text, &clock)
            text.append(#","by_address":["#)
        }
        for (index, entry) in summary.byAddress.enumerated() {
            output { text in
                // There may be many: each is put together first, as far as it is what most of them are.
                var line = ShortBytes()
                line.append(index == 0 ? #"{"address":"# : #",{"address":"#)
                if !append(usual: entry.address, to: &line) {
                    line.move(to: &text)
                    append(entry.address, to: &text)
                }
                line.append(#","attempts":"#)
                line.append(decimal: UInt64(entry.attempts.magnitude))
                if line.room < 80 { line.move(to: &text) }
                line.append(#","first":""#)
                if let first = clock.usual(entry.first), let last = clock.usual(entry.last) {
                    first.span.withUnsafeBufferPointer { line.append(contentsOf: $0) }
                    line.append(#"","last":""#)
                    last.span.withUnsafeBufferPointer { line.append(contentsOf: $0) }
                } else {
                    line.move(to: &text)
                    clock.append(entry.first, to: &text)
                    text.append(#"","last":""#)
                    clock.append(entry.last, to: &text)
                }
                line.append(#""}"#)
                line.move(to: &text)
            }
        }
        output { $0.append(#"],"by_user":["#) }
        for (index, entry) in summary.byUser.enumerated() {
            output { text in
                text.append(index == 0 ? #"{"user":"# : #",{"user":"#)
                append(entry.user, to: &text)
                text.append(#","attempts":"#)
                text.append(decimal: UInt64(entry.attempts.magnitude))
                text.append("}")
            }
        }
        output { text in
            text.append(#"],"peak":"#)
            if let peak = summary.peak {
                text.append(contentsOf: #"{"attempts":\#(peak.attempts),"start":"#.utf8)
                append(peak.start, to: &text, &clock)
                let duration = peak.duration.isFinite ? NumberText.shortest(peak.duration) : "null"
                text.append(contentsOf: #","duration":\#(duration)}"#.utf8)
            } else {
                text.append("null")
            }
            text.append("}\n")
        }
    }

    /// A text that is short and plain, as nearly all addresses are.
    ///
    /// - Returns: whether it is.
    private static func append(usual string: String, to line: inout ShortBytes) -> Bool {
        string.utf8Span.span.withUnsafeBufferPointer { bytes in
            guard bytes.count <= 48, bytes.needsNoEscape else { return false }
            line.append(UInt8(ascii: "\""))
            line.append(contentsOf: bytes)
            line.append(UInt8(ascii: "\""))
            return true
        }
    }

    private static func append(_ time: Timestamp?, to text: inout [UInt8], _ clock: inout LocalClock) {
        guard let time else {
            text.append("null")
            return
        }
        text.append(UInt8(ascii: "\""))
        clock.append(time, to: &text)
        text.append(UInt8(ascii: "\""))
    }

    /// RFC 8259, section 7. Characters that a terminal obeys or that turn text around are escaped beyond what it asks.
    static func append(_ string: String?, to text: inout [UInt8]) {
        guard let string else {
            text.append("null")
            return
        }
        text.append(UInt8(ascii: "\""))
        var copy = string
        let isPlain = copy.withUTF8 { bytes in
            guard bytes.needsNoEscape else { return false }
            text.append(contentsOf: bytes)
            return true
        }
        if !isPlain {
            for scalar in string.unicodeScalars {
                switch scalar {
                case "\"", "\\":
                    text.append(UInt8(ascii: "\\"))
                    text.append(UInt8(truncatingIfNeeded: scalar.value))
                case _ where scalar.movesText:
                    for unit in String(scalar).utf16 { appendEscape(unit, to: &text) }
                default: text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(_ unit: UInt16, to text: inout [UInt8]) {
        text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
        for shift in [12, 8, 4, 0] as [UInt16] {
            text.append(UInt8(truncatingIfNeeded: unit >> shift).hexadecimalDigit)
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether they stand as they are in JSON, and a terminal only shows them.
    fileprivate var needsNoEscape: Bool { isPlain(0x20...0x7E, but: "\"", "\\") }
}
