// A log in pieces of whole lines, for several threads: who is free takes the next one, and reads it for that.

/// Hands out one piece after the other. What a piece holds stays where it is until it is released.
final class LogPieces: @unchecked Sendable {
    /// Some whole lines.
    struct Piece: @unchecked Sendable {
        /// From 0 on.
        var number: Int
        var lines: [UnsafeRawBufferPointer] = []
        /// So much of the log is read by now, its compressed bytes where it is compressed.
        var bytesRead: Int64 = 0
        /// Nothing follows.
        var isLast = false
        /// Why nothing follows, if that is not the end of the log.
        var failure: LogError?
    }

    private struct State: Sendable {
        var taken = 0
        var released = 0
        var isOver = false
    }

    private static let bufferSize = 256 << 10

    private let state = Monitor(State())
    private let buffers: Int
    // Touched by who has access to the state.
    /// nil when all is released.
    private var reader: LineReader?
    private var source: LogSource

    /// - Parameter buffers: one more than pieces that can be out at a time.
    init(_ source: consuming LogSource, buffers: Int) {
        self.source = source
        self.buffers = buffers
        reader = LineReader(
            buffers: buffers, bufferSize: LogPieces.bufferSize, readSize: LogPieces.bufferSize)
    }

    /// The next piece; nil when nothing follows, or too many are out.
    func next() -> Piece? {
        state.access { canTake($0) ? take(&$0) : nil }
    }

    /// The same, but waits while too many are out.
    func waitForNext() -> Piece? {
        state.waitLong { state in
            if state.isOver { return .some(nil) }
            return canTake(state) ? .some(take(&state)) : nil
        }
    }

    /// The oldest piece that is out is not needed any more.
    func release() {
        state.access { state in
            state.released += 1
            if state.isOver, state.released == state.taken { reader = nil }
        }
    }

    /// The line that a piece ends in goes on in the next buffer, which must be free too.
    private func canTake(_ state: State) -> Bool { !state.isOver && state.taken - state.released < buffers - 1 }

    private func take(_ state: inout State) -> Piece {
        var piece = Piece(number: state.taken)
        do throws(LogError) {
            while piece.lines.isEmpty, !piece.isLast {
                piece.isLast = try reader?.readSome(&source, handOut: { piece.lines.append($0) }) != true
            }
            if piece.isLast { reader?.finish { piece.lines.append($0) } }
        } catch {
            piece.failure = error
            piece.isLast = true
        }
        piece.bytesRead = source.bytesRead
        state.taken += 1
        state.isOver = piece.isLast
        return piece
    }
}
