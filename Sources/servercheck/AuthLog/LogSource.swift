// Where a log's bytes come from: a file from an offset on, a stream, and either of them compressed.

/// The bytes as they are in the file or stream.
struct RawLog: ~Copyable {
    let file: OpenFile
    /// The offset of the next read; nil: a stream, which cannot be read twice.
    fileprivate private(set) var offset: Int64?
    /// Where reading ends even if the file goes on.
    fileprivate var limit = Int64.max
    /// What was read from a stream to recognise its type.
    private var head: [UInt8] = []
    /// Bytes read so far, for progress.
    private(set) var bytesRead: Int64 = 0

    init(file: consuming OpenFile, offset: Int64?) {
        self.file = file
        self.offset = offset
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
        if !head.isEmpty {
            let count = min(head.count, buffer.count)
            buffer.copyBytes(from: head[..<count])
            head.removeFirst(count)
            return count
        }
        do {
            let count: Int
            if let offset {
                let left = Int(clamping: max(0, limit &- offset))
                let part = left < buffer.count ? UnsafeMutableRawBufferPointer(rebasing: buffer[..<left]) : buffer
                count = left == 0 ? 0 : try file.read(into: part, at: offset)
                self.offset = offset &+ Int64(count)
            } else {
                count = try file.read(into: buffer)
            }
            bytesRead &+= Int64(count)
            return count
        } catch {
            throw LogError(error, path: file.path)
        }
    }

    /// Offsets are those of the text; a compressed file is read from its start.
    fileprivate mutating func rewind() { offset = 0 }

    fileprivate mutating func skip(to offset: Int64) {
        bytesRead &+= offset &- (self.offset ?? offset)
        self.offset = offset
    }

    /// The first bytes of the file or stream, of which formats are known. Call it before the first read.
    fileprivate mutating func start() throws(LogError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 6, alignment: 1)
        defer { buffer.deallocate() }
        do {
            if offset != nil { return [UInt8](buffer[..<(try file.readAll(into: buffer, at: 0))]) }
            // A pipe may hand out its first byte alone.
            while head.count < buffer.count {
                let rest = buffer.count - head.count
                let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<rest]))
                if count == 0 { break }
                bytesRead &+= Int64(count)
                head.append(contentsOf: buffer[..<count])
            }
            return head
        } catch {
            throw LogError(error, path: file.path)
        }
    }
}

/// The text of a log, decompressed where it is compressed (by its first bytes, whatever its name).
struct LogSource: ~Copyable {
    private var raw: RawLog
    private var gzip: GzipReader?
    /// Its first bytes, of which formats are known.
    private var start: [UInt8] = []

    /// Bytes read from the file or stream so far: of compressed logs the compressed ones.
    var bytesRead: Int64 { raw.bytesRead }
    var isCompressed: Bool { gzip != nil }
    /// The offset of the next read; nil where it cannot be chosen: of a stream, and of what is compressed.
    var offset: Int64? { gzip == nil ? raw.offset : nil }
    /// Where reading ends for now even if the file goes on; of a file that is not compressed.
    var limit: Int64 {
        get { raw.limit }
        set { raw.limit = newValue }
    }
    var file: OpenFile { _read { yield raw.file } }

    /// A regular file from `offset` of its text on. In a compressed file everything before it is decompressed and
    /// dropped.
    init(file: consuming OpenFile, offset: Int64 = 0) throws(LogError) {
        let path = file.path
        // pread(2) refuses offsets so large that the end of what is read would overflow.
        raw = RawLog(file: file, offset: min(max(0, offset), 1 << 62))
        gzip = nil
        start = try raw.start()
        if start.starts(with: GzipReader.magic) {
            raw.rewind()
            gzip = try GzipReader(path: path)
            try skip(offset)
        }
    }

    /// Standard input, a pipe.
    init(stream: consuming OpenFile) throws(LogError) {
        let path = stream.path
        raw = RawLog(file: stream, offset: nil)
        gzip = nil
        start = try raw.start()
        if start.starts(with: GzipReader.magic) { gzip = try GzipReader(path: path) }
    }

    /// The program that compressed it in a way that is not read here, by the first bytes (the formats' specifications; RFC
    /// 8878 for zstd). A scan asks; a run reads logs that a logger writes.
    var packer: String? {
        let known: [(name: String, magic: [UInt8])] = [
            ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]), ("zstd", [0x28, 0xB5, 0x2F, 0xFD]),
            ("lz4", [0x04, 0x22, 0x4D, 0x18]),
        ]
        if start.starts(with: Array("BZh".utf8)), start.count == 6, start[4] == 0x31, start[5] == 0x41 {
            return "bzip2"
        }
        return known.first { start.starts(with: $0.magic) }?.name
    }

    /// Fills at most `buffer` with the next bytes of the text; 0 at the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
        if gzip == nil { return try raw.read(into: buffer) }
        return try gzip?.read(into: buffer, from: &raw) ?? 0
    }

    /// The offset of the first line that begins behind `offset` of a file that is not compressed; nil: none is near.
    func lineStart(behind offset: Int64) -> Int64? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LineReader.longestLine, alignment: 1)
        defer { buffer.deallocate() }
        guard let count = try? file.readAll(into: buffer, at: offset),
            let end = buffer[..<count].firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return offset &+ Int64(end) &+ 1
    }

    /// Goes on at an offset of a file that is not compressed; what is between counts as read.
    mutating func skip(to offset: Int64) { raw.skip(to: offset) }

    private mutating func skip(_ count: Int64) throws(LogError) {
        guard count > 0 else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var left = count
        while left > 0 {
            let step = Int(min(left, Int64(buffer.count)))
            let done = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<step]))
            if done == 0 { return }
            left -= Int64(done)
        }
    }
}
