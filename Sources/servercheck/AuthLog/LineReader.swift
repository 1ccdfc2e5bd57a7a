// Cuts bytes into lines: one reused buffer, memchr, no allocation per line. Only complete lines are consumed; a line
// longer than the limit is skipped whole, to its end, even when its end comes in a later run.

import Glibc

/// Hands out the complete lines of a log. Keeps what follows the last line end for the next read.
struct LineReader: ~Copyable {
    /// Bytes of the longest line that is handed out; sshd and syslog daemons stay far below.
    static let longestLine = 64 << 10

    // Twice the longest line: after an unfinished line was moved to the front there is always room to read.
    private let buffer: UnsafeMutableRawBufferPointer
    private var kept = 0

    /// Bytes up to the last line end; inside an overlong line, everything read.
    private(set) var consumed: Int64 = 0
    /// Whether the bytes after `consumed` continue an overlong line. Both together are the place to go on from.
    private(set) var isInOverlongLine: Bool
    /// Lines handed out.
    private(set) var lines: Int64 = 0
    /// Lines skipped because of their length.
    private(set) var overlongLines: Int64 = 0

    /// - Parameter isInOverlongLine: what an earlier reader of the same log ended with.
    init(isInOverlongLine: Bool = false) {
        self.isInOverlongLine = isInOverlongLine
        buffer = .allocate(byteCount: 2 * LineReader.longestLine, alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// Reads to the end of `source`.
    ///
    /// - Parameter unterminated: whether a last line without a line end is handed out too.
    /// - Parameter consume: gets every line without its LF, and without a CR before it.
    mutating func readAll(
        _ source: inout LogSource, unterminated: Bool = false, consume: (Span<UInt8>) -> Void
    ) throws(LogError) {
        while try readSome(&source, consume: consume) {}
        if unterminated { finish(consume: consume) }
    }

    /// Reads once and hands out the lines this completes.
    ///
    /// - Returns: false at the end of `source`.
    mutating func readSome(
        _ source: inout LogSource, consume: (Span<UInt8>) -> Void
    ) throws(LogError) -> Bool {
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...]))
        guard count > 0, let base = buffer.baseAddress else { return false }
        let start = UnsafePointer(base.assumingMemoryBound(to: UInt8.self))
        let end = kept + count
        var lineStart = 0
        var searchFrom = kept
        while searchFrom < end, let found = memchr(start + searchFrom, 0x0A, end - searchFrom) {
            let lineEnd = UnsafeRawPointer(found) - UnsafeRawPointer(start)
            handOut(start + lineStart, count: lineEnd - lineStart, consume: consume)
            lineStart = lineEnd + 1
            searchFrom = lineStart
        }
        consumed &+= Int64(lineStart)
        kept = end - lineStart
        if isInOverlongLine || kept > LineReader.longestLine {
            isInOverlongLine = true
            consumed &+= Int64(kept)
            kept = 0
        }
        if lineStart > 0, kept > 0 { memmove(base, base + lineStart, kept) }
        return true
    }

    /// Hands out what follows the last line end, at the end of a log that will not grow.
    mutating func finish(consume: (Span<UInt8>) -> Void) {
        guard kept > 0, let base = buffer.baseAddress else { return }
        handOut(UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: kept, consume: consume)
        consumed &+= Int64(kept)
        kept = 0
    }

    private mutating func handOut(_ start: UnsafePointer<UInt8>, count: Int, consume: (Span<UInt8>) -> Void) {
        if isInOverlongLine || count > LineReader.longestLine {
            isInOverlongLine = false
            overlongLines &+= 1
            return
        }
        lines &+= 1
        let length = count > 0 && start[count - 1] == 0x0D ? count - 1 : count
        consume(UnsafeBufferPointer(start: start, count: length).span)
    }
}
