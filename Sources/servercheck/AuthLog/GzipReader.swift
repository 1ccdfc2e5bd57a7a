// Decompresses gzip files as a stream, in bounded memory, with the system's zlib (opened by the shim when needed).

import CShim

/// A running decompression of a gzip file, also of one with several members (`cat a.gz b.gz`).
struct GzipReader: ~Copyable {
    /// The first two bytes of every gzip file (RFC 1952, section 2.3.1).
    static let magic: [UInt8] = [0x1f, 0x8b]

    private let stream: OpaquePointer
    private let input: UnsafeMutableRawBufferPointer
    private var unused = 0..<0
    private var inputEnded = false
    private var betweenMembers = false
    private let path: String

    /// - Parameter path: for error texts.
    init(path: String) throws(LogError) {
        guard cshim_z_available() != 0 else {
            throw LogError(.noZlib, "cannot read \(path): libz.so.1 is missing (install the package zlib1g)")
        }
        guard let stream = cshim_z_open() else {
            throw LogError(.failed, "cannot read \(path): zlib cannot be started (out of memory?)")
        }
        self.stream = stream
        self.path = path
        input = .allocate(byteCount: 32 << 10, alignment: 16)
    }

    deinit {
        cshim_z_close(stream)
        input.deallocate()
    }

    /// Fills at most `output` with decompressed bytes; 0 at the end. What follows the last member (padding) is ignored,
    /// as gzip(1) does.
    mutating func read(
        into output: UnsafeMutableRawBufferPointer, from raw: inout RawLog
    ) throws(LogError) -> Int {
        guard let target = output.baseAddress, output.count > 0 else { return 0 }
        while true {
            if unused.isEmpty, !inputEnded {
                let count = try raw.read(into: input)
                unused = 0..<count
                inputEnded = count == 0
            }
            if betweenMembers {
                if unused.isEmpty || input[unused.lowerBound] != GzipReader.magic[0] { return 0 }
                cshim_z_next_member(stream)
                betweenMembers = false
            }
            if unused.isEmpty {
                throw LogError(.damaged, "cannot read \(path) to its end: the compressed data ends early")
            }
            guard let start = input.baseAddress else { return 0 }
            var used = 0
            var produced = 0
            let result = cshim_z_inflate(
                stream, start + unused.lowerBound, unused.count, &used, target, output.count, &produced)
            unused = min(unused.lowerBound + used, unused.upperBound)..<unused.upperBound
            betweenMembers = result == CSHIM_Z_MEMBER_END
            if produced > 0 { return produced }
            if result == CSHIM_Z_DAMAGED {
                throw LogError(.damaged, "cannot read \(path) to its end: the compressed data is damaged")
            }
        }
    }
}
