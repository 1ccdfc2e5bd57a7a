// Pieces of a log: whole lines with their line ends, LF or CRLF. Only the last line of a log may lack one.

import Glibc

extension RawSpan {
    /// Hands out one line after the other, without its line end, until `body` returns false.
    func forEachLine(_ body: (Span<UInt8>) -> Bool) {
        var start = 0
        while start < byteCount {
            let end = lineEnd(from: start)
            let isCRLF = end > start && byte(at: end - 1) == UInt8(ascii: "\r")
            guard withBytes(start..<(isCRLF ? end - 1 : end), body) else { return }
            start = end + 1
        }
    }

    /// The place of the next LF, or the end.
    @inline(__always)
    func lineEnd(from start: Int) -> Int {
        withUnsafeBytes { bytes in
            guard start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, 0x0A, bytes.count - start)
            else { return bytes.count }
            return UnsafeRawPointer(found) - base
        }
    }

    @inline(__always)
    func withBytes<Result>(_ range: Range<Int>, _ body: (Span<UInt8>) -> Result) -> Result {
        extracting(range).withUnsafeBytes { body($0.assumingMemoryBound(to: UInt8.self).span) }
    }
}
