// An open file that closes itself. The one place for open, read, write and fstat, with EINTR handled.

import Glibc

/// An open file descriptor, closed when the value dies.
struct OpenFile: ~Copyable, Sendable {
    let descriptor: Int32
    let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens with O_CLOEXEC. O_NONBLOCK and O_NOCTTY keep a FIFO or a terminal in a file's place from blocking.
    init(_ path: String, flags: Int32, mode: mode_t = 0o600) throws(SystemError) {
        while true {
            let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode)
            if descriptor >= 0 {
                self.init(descriptor: descriptor, path: path)
                return
            }
            if errno != EINTR { throw .last("open", path) }
        }
    }

    /// Takes over an open descriptor, for example standard input.
    init(adopting descriptor: Int32, path: String) { self.init(descriptor: descriptor, path: path) }

    deinit { _ = close(descriptor) }

    /// Another descriptor of the same open file (dup(2)): it shares the file position.
    func duplicated() throws(SystemError) -> OpenFile {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .last("duplicate", path) }
        return OpenFile(descriptor: copy, path: path)
    }

    /// The same file, opened once more where /proc allows it (proc(5), /proc/PID/fd): the kernel then reads ahead for each of
    /// two readers, instead of taking both together for one that jumps.
    func reopened() throws(SystemError) -> OpenFile {
        let other = open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        return other >= 0 ? OpenFile(descriptor: other, path: path) : try duplicated()
    }

    /// By fstat(2): never asked of a path.
    func facts() throws(SystemError) -> FileFacts {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last("inspect", path) }
        return FileFacts(status)
    }

    /// Reads at most `buffer.count` bytes at the file position; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw .last("read", path) }
        }
    }

    /// Reads at most `buffer.count` bytes at `offset`; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            if errno != EINTR { throw .last("read", path) }
        }
    }

    /// Fills `buffer` from `offset` on, however short the single reads are (FUSE and network filesystems may).
    ///
    /// - Returns: how many bytes; fewer than `buffer.count` only at the end of the file.
    func readAll(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try read(into: rest, at: offset &+ Int64(done))
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes all bytes, however short the single writes are.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                if count == 0 { errno = ENOSPC }
                throw .last("write", path)
            }
        }
    }
}

extension OpenFile {
    /// The whole of a small file. Not for logs. Refuses what is no regular file (a FIFO would block) and what is larger than
    /// `limit` bytes. For files below /proc see `kernelText`.
    static func contents(of path: String, limit: Int = 4 << 20, flags: Int32 = 0) throws(SystemError) -> [UInt8] {
        try OpenFile(path, flags: O_RDONLY | flags).contents(limit: limit)
    }

    /// The same for a file that is open already, from its start to its end.
    ///
    /// - Parameter known: what `facts` said, where it was asked before.
    func contents(limit: Int, facts known: FileFacts? = nil) throws(SystemError) -> [UInt8] {
        let facts = if let known { known } else { try facts() }
        guard facts.isRegular else {
            throw SystemError(action: "read", object: path, code: facts.isKind(S_IFDIR) ? EISDIR : EINVAL)
        }
        return try rest(limit: limit, expected: facts.size)
    }

    /// A text of the kernel below /proc, which is not asked for its type or size.
    ///
    /// - Parameter isOneRecord: the kernel shows it in one piece (single_open in fs/proc), so that a short read is the end.
    static func kernelText(of path: String, isOneRecord: Bool = false) throws(SystemError) -> [UInt8] {
        try OpenFile(path, flags: O_RDONLY).rest(limit: 16 << 20, expected: 0, endsWithShortRead: isOneRecord)
    }

    /// From the file position to the end.
    ///
    /// - Parameter expected: bytes, where that is known: no read(2) is made to find nothing more.
    private func rest(
        limit: Int, expected: Int64, endsWithShortRead: Bool = false
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        // One byte more than the size, so that one read finds the end; files in /proc have size 0.
        var step = max(4096, Int(min(expected, Int64(limit))) + 1)
        while true {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 1)
            defer { buffer.deallocate() }
            let count = try read(into: buffer)
            bytes.append(contentsOf: buffer[..<count])
            let isAtEnd = count < step && (endsWithShortRead || bytes.count == expected)
            if count == 0 || isAtEnd { return bytes }
            if bytes.count > limit { throw SystemError(action: "read", object: path, code: EFBIG) }
            step = max(4096, bytes.count)
        }
    }
}
