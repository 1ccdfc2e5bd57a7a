// Cuts bytes into pieces of whole lines: one reused buffer, no allocation per line. Only complete lines are consumed; a
// line longer than the limit is skipped whole, to its end, even when its end comes in a later run.

import Glibc

/// Hands out the complete lines of a log. Keeps what follows the last line end for the next read.
struct LineReader: ~Copyable {
    /// Bytes of the longest line that is handed out; sshd and syslog daemons stay far below.
    static let longestLine = 64 << 10

    // At least twice the longest line: behind an unfinished line at the front there is always room to read.
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes of one read at most.
    private let readSize: Int
    private var kept = 0

    /// Bytes up to the last line end; inside an overlong line, everything read.
    private(set) var consumed: Int64 = 0
    /// Whether the bytes after `consumed` continue an overlong line. Both together are the place to go on from.
    private(set) var isInOverlongLine: Bool
    /// Whether everything that was read is handed out, and the next byte begins a line.
    var isAtLineStart: Bool { kept == 0 && !isInOverlongLine }
    /// Lines skipped because of their length.
    private(set) var overlongLines: Int64 = 0
    /// The last bytes up to `consumed`, at most `tailSize`.
    private(set) var tail: [UInt8] = []
    static let tailSize = 128

    /// - Parameters:
    ///   - isInOverlongLine: what an earlier reader of the same log ended with.
    ///   - readSize: bytes of one read at most; where little is to be read, less memory is touched by several small ones.
    init(isInOverlongLine: Bool = false, readSize: Int = 32 << 10) {
        self.isInOverlongLine = isInOverlongLine
        self.readSize = readSize
        buffer = .allocate(byteCount: LineReader.longestLine + max(readSize, LineReader.longestLine), alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// Reads to the end of `source`.
    ///
    /// - Parameter unterminated: whether a last line without a line end is handed out too.
    /// - Parameter consume: gets whole lines with their line ends, many at a time.
    mutating func readAll(
        _ source: inout LogSource, unterminated: Bool = false, consume: (RawSpan) -> Void
    ) throws(LogError) {
        while try readSome(&source, consume: consume) {}
        if unterminated { finish(consume: consume) }
    }

    /// Reads once and hands out the lines this completes.
    ///
    /// - Returns: false at the end of `source`.
    mutating func readSome(_ source: inout LogSource, consume: (RawSpan) -> Void) throws(LogError) -> Bool {
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...].prefix(readSize)))
        guard count > 0 else { return false }
        let end = kept + count
        var whole = 0
        if let lineEnd = lastLineEnd(in: kept..<end) {
            whole = lineEnd + 1
            handOut(whole, consume)
        }
        kept = end - whole
        if isInOverlongLine || kept > LineReader.longestLine {
            isInOverlongLine = true
            kept = 0
        }
        noteConsumed(end - kept)
        if whole > 0, kept > 0, let base = buffer.baseAddress { memmove(base, base + whole, kept) }
        return true
    }

    /// Hands out what follows the last line end, at the end of a log that will not grow.
    mutating func finish(consume: (RawSpan) -> Void) {
        guard kept > 0 else { return }
        handOut(kept, consume)
        noteConsumed(kept)
        kept = 0
    }

    private mutating func noteConsumed(_ count: Int) {
        consumed &+= Int64(count)
        let last = UnsafeRawBufferPointer(rebasing: buffer[max(0, count - LineReader.tailSize)..<count])
        tail = last.count == LineReader.tailSize ? [UInt8](last) : (tail + last).suffix(LineReader.tailSize)
    }

    /// Hands out the lines in the first `count` bytes, but overlong ones.
    private mutating func handOut(_ count: Int, _ consume: (RawSpan) -> Void) {
        var start = 0
        if isInOverlongLine {
            start = min(count, (firstLineEnd(in: 0..<count) ?? count) + 1)
            isInOverlongLine = false
            overlongLines &+= 1
        }
        // An overlong line that begins behind `checked` covers the byte so far behind it, or begins behind that.
        var checked = start
        while count - checked > LineReader.longestLine {
            let inside = checked + LineReader.longestLine
            let lineStart = lastLineEnd(in: checked..<inside).map { $0 + 1 } ?? checked
            let lineEnd = firstLineEnd(in: inside..<count) ?? count
            checked = min(count, lineEnd + 1)
            if lineEnd - lineStart > LineReader.longestLine {
                handOut(start..<lineStart, consume)
                overlongLines &+= 1
                start = checked
            }
        }
        handOut(start..<count, consume)
    }

    private func handOut(_ range: Range<Int>, _ consume: (RawSpan) -> Void) {
        if !range.isEmpty { consume(UnsafeRawBufferPointer(rebasing: buffer[range]).bytes) }
    }

    private func firstLineEnd(in range: Range<Int>) -> Int? {
        guard let base = buffer.baseAddress, let found = memchr(base + range.lowerBound, 0x0A, range.count) else {
            return nil
        }
        return UnsafeMutableRawPointer(found) - base
    }

    private func lastLineEnd(in range: Range<Int>) -> Int? { buffer[range].lastIndex(of: 0x0A) }
}
