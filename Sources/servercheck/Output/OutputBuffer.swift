// Standard output for much text: one write for many lines.

/// Collects bytes and writes them in large pieces. A class because the events of a scan come to a closure.
final class OutputBuffer {
    private static let limit = 64 << 10
    private var bytes: [UInt8] = []
    /// Why not all was written; nothing more is written after it.
    private var failure: SystemError?

    func append(_ write: (inout [UInt8]) -> Void) {
        write(&bytes)
        if bytes.count < OutputBuffer.limit { return }
        if failure == nil { failure = StandardStream.output.write(bytes) }
        bytes.removeAll(keepingCapacity: true)
    }

    /// Writes what is left, once.
    ///
    /// - Returns: whether all was written; if not, standard error says why.
    func finish() -> Bool { StandardStream.print(bytes, after: failure) }
}
