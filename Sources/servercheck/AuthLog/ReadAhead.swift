// Reading a large log on a thread of its own: what the kernel copies, and zlib decompresses, while lines are understood.
// The pieces stay in the reader's buffers; one is filled again only when all of its lines were handed out.

/// Handed from one thread to another, never used by two at a time.
struct Handed<Value>: @unchecked Sendable {
    var value: Value
}

/// Reads some buffers ahead of who takes the lines.
struct ReadAhead {
    /// Logs of fewer bytes are not worth a thread.
    static let worthwhile: Int64 = 4 << 20
    private static let buffers = 3
    private static let bufferSize = 256 << 10

    /// What one buffer held.
    private struct Lines {
        var pieces: [UnsafeRawBufferPointer] = []
        /// So much of the log is read by now.
        var bytesRead: Int64 = 0
        /// Nothing follows.
        var isLast = false
        var failure: LogError?
    }

    private struct Desk: Sendable {
        var read: [Handed<Lines>] = []
        /// Buffers whose lines were not all taken yet.
        var inUse = 0
    }

    private let desk = Monitor(Desk())

    /// Begins to read.
    ///
    /// - Parameter open: the log; called once, on the other thread.
    /// - Returns: nil when no thread can be had.
    init?(_ open: Handed<() -> LogSource?>) {
        let desk = desk
        let isStarted = DetachedThread.start {
            var reader = LineReader(buffers: ReadAhead.buffers, bufferSize: ReadAhead.bufferSize)
            var lines = Lines()
            if var source = open.value() {
                do throws(LogError) {
                    while try reader.readSome(&source, handOut: { lines.pieces.append($0) }) {
                        lines.bytesRead = source.bytesRead
                        ReadAhead.put(&lines, on: desk)
                        // One is filled next, and the one before it may be the last one that was put.
                        desk.waitLong { $0.inUse <= ReadAhead.buffers - 2 ? () : nil }
                    }
                    reader.finish { lines.pieces.append($0) }
                } catch {
                    lines.failure = error
                }
                lines.bytesRead = source.bytesRead
            }
            lines.isLast = true
            ReadAhead.put(&lines, on: desk)
            // The buffers are the reader's.
            desk.waitLong { $0.inUse == 0 ? () : nil }
        }
        if !isStarted { return nil }
    }

    private static func put(_ lines: inout Lines, on desk: Monitor<Desk>) {
        let full = Handed(value: lines)
        desk.access {
            $0.read.append(full)
            $0.inUse += 1
        }
        lines.pieces = []
    }

    /// Hands out all lines, as `LineReader` does.
    ///
    /// - Parameter progress: told how many bytes are read.
    func readAll(progress: (Int64) -> Void, consume: (RawSpan) -> Void) throws(LogError) {
        while true {
            let lines = desk.waitLong { $0.read.isEmpty ? nil : $0.read.removeFirst() }.value
            for piece in lines.pieces { consume(piece.bytes) }
            desk.access { $0.inUse -= 1 }
            progress(lines.bytesRead)
            if let failure = lines.failure { throw failure }
            if lines.isLast { return }
        }
    }
}

extension Monitor {
    /// Waits as long as it takes.
    func waitLong<Answer>(_ body: (inout Value) -> Answer?) -> Answer {
        while true {
            if let answer = wait(until: .now + .seconds(3600), body) { return answer }
        }
    }
}
