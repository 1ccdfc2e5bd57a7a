// One open file of a log, the live one or a rotated one, and the questions that tell which it is. Everything is asked of
// the open file, so that a rotation in the middle of a run changes no answer.

import Glibc

/// An open file of a log. A class because the plan of a run and its reading share the open file.
final class LogFile {
    let path: String
    let facts: FileFacts
    private let file: OpenFile
    private var knownFirst: UInt64?
    /// The first `firstLimit` bytes, once there are as many.
    private var knownHead: [UInt8]?

    /// Bytes of the first line that identify a file.
    private static let firstLimit = 1024

    /// - Parameter followLinks: for the live log, which may be a symbolic link; never for a rotated one.
    init(_ path: String, followLinks: Bool) throws(LogError) {
        do {
            file = try OpenFile(path, flags: O_RDONLY | (followLinks ? 0 : O_NOFOLLOW))
            facts = try file.facts()
        } catch {
            throw LogError(error, path: path)
        }
        self.path = path
        if !facts.isRegular { throw .notAFile(path: path, mode: facts.mode) }
    }

    func isCompressed() throws(LogError) -> Bool {
        try head().starts(with: GzipReader.magic)
    }

    private func head() throws(LogError) -> [UInt8] {
        if let knownHead { return knownHead }
        let head = try bytes(at: 0, count: LogFile.firstLimit)
        if head.count == LogFile.firstLimit { knownHead = head }
        return head
    }

    /// A hash of the first line, or of its first bytes where it is long; nil while it is not complete.
    func firstLineHash() throws(LogError) -> UInt64? {
        if let knownFirst { return knownFirst }
        let head =
            try isCompressed()
            ? try LogFile.head(of: try source(from: 0), count: LogFile.firstLimit)
            : try head()
        guard let end = head.firstIndex(of: 0x0A) ?? (head.count == LogFile.firstLimit ? head.count : nil) else {
            return nil
        }
        knownFirst = LogFile.hash(head[..<end])
        return knownFirst
    }

    /// Whether this file can be the one that `mark` was made of, whatever its name and inode are now.
    func continues(_ mark: LogMark) throws(LogError) -> Bool {
        guard let first = mark.first else { return true }
        guard try firstLineHash() == first else { return false }
        if try isCompressed() { return true }
        guard facts.size >= mark.offset else { return false }
        return try lastHash(before: mark.offset) == mark.last
    }

    /// A mark of this file, read to `offset`.
    func mark(offset: Int64, overlong: Bool) throws(LogError) -> LogMark {
        LogMark(
            device: facts.device, inode: facts.inode, offset: offset, first: try firstLineHash(),
            last: try isCompressed() ? nil : try lastHash(before: offset), overlong: overlong ? true : nil)
    }

    /// Whether bytes were taken away since the file was opened.
    var hasShrunk: Bool { (try? file.facts().size).map { $0 < facts.size } ?? true }

    /// A mark behind the last complete line: what is there already is not read.
    func markAtEnd() throws(LogError) -> LogMark {
        let limit = LineReader.longestLine + 1
        let start = max(0, facts.size - Int64(limit))
        let tail = try bytes(at: start, count: limit)
        if let end = tail.lastIndex(of: 0x0A) { return try mark(offset: start + Int64(end) + 1, overlong: false) }
        return tail.count < limit
            ? try mark(offset: 0, overlong: false) : try mark(offset: start + Int64(tail.count), overlong: true)
    }

    /// The text from `offset` on.
    func source(from offset: Int64) throws(LogError) -> LogSource {
        let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw LogError(.last("read", path), path: path) }
        return try LogSource(file: OpenFile(adopting: descriptor, path: path), offset: offset)
    }

    private func lastHash(before offset: Int64) throws(LogError) -> UInt64? {
        offset > 0 ? LogFile.hash(try bytes(before: offset)[...]) : nil
    }

    /// The bytes before an offset that must still be there.
    func bytes(before offset: Int64) throws(LogError) -> [UInt8] {
        let start = max(0, offset - Int64(LineReader.tailSize))
        return try bytes(at: start, count: Int(max(0, offset) - start))
    }

    private func bytes(at offset: Int64, count: Int) throws(LogError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        do {
            let done = try file.readAll(into: buffer, at: offset)
            return [UInt8](buffer[..<done])
        } catch {
            throw LogError(error, path: path)
        }
    }

    private static func head(of source: consuming LogSource, count: Int) throws(LogError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < count {
            let done = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if done == 0 { break }
            filled += done
        }
        return [UInt8](buffer[..<filled])
    }

    /// FNV-1a, cut to 53 bits: a number that every JSON reader keeps exactly.
    static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        let hash = FNV.hash(bytes)
        return (hash ^ (hash >> 53)) & 0x1f_ffff_ffff_ffff
    }
}

/// realpath(3): the path without symbolic links; nil when it leads nowhere.
func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
}
