// A large log on two threads. Each takes the next piece, reads it and understands its lines, which leaves sightings; the
// first thread also counts those, piece by piece in the order of the log. So neither waits for the other for long, and
// bytes stay in the memory of the processor that read them.
//
// What classic times in a piece mean depends on the lines before it. Who does not know them yet assumes what is known
// when it begins; where that turns out wrong the piece, which stays in memory until it is counted, is read again.

import CShim

/// Counts the lines of logs, on two threads where there is much to read.
struct ParallelScan {
    /// Logs of fewer bytes are not worth a thread.
    static let worthwhile: Int64 = 4 << 20
    private static let buffers = 6

    /// A piece, and what it says.
    private struct Understood: Sendable {
        var piece: LogPieces.Piece
        var found: Sightings
        /// Behind its lines.
        var time: LogTime
    }

    private struct Desk: Sendable {
        /// What is known about classic times behind the lines that were counted.
        var time: LogTime
        /// By the second thread, in order.
        var understood: [Understood] = []
        /// Counted; their memory is used again.
        var counted: [Sightings] = []
    }

    /// The second thread's parser, kept from one log to the next.
    private final class Helper: @unchecked Sendable {
        var parser: LogParser
        init(_ parser: LogParser) { self.parser = parser }
    }

    private(set) var counter: AttemptCounter
    private var parser: LogParser
    /// Of pieces that are read again. It has names of its own: what the first one has told may still wait to be counted.
    private var corrector: LogParser
    private let helper: Helper
    private let desk: Monitor<Desk>

    /// - Parameter counter: one that has counted nothing yet.
    init(_ counter: AttemptCounter) {
        self.counter = counter
        parser = counter.newParser(number: 0)
        corrector = counter.newParser(number: 2)
        helper = Helper(counter.newParser(number: 1))
        desk = Monitor(Desk(time: parser.logTime))
    }

    /// Counts every line of a log, also a last one without a line end.
    ///
    /// - Parameters:
    ///   - isLarge: whether a second thread is worth it.
    ///   - progress: told now and then how many bytes are read.
    /// - Returns: how it ended; what could be read is counted in any case.
    mutating func read(_ source: consuming LogSource, isLarge: Bool, progress: (Int64) -> Void) -> LogEnd {
        let isShared = isLarge && cshim_usable_processors() > 1
        let pieces = LogPieces(source, buffers: isShared ? ParallelScan.buffers : 2)
        if isShared { startHelper(pieces) }
        // What this thread understood, while pieces before that are not counted.
        var own: [Understood] = []
        var number = 0
        while true {
            var next: Understood
            if own.first?.piece.number == number {
                next = own.removeFirst()
            } else if let other = desk.access({ ParallelScan.take(number, from: &$0) }) {
                next = other
            } else if let piece = pieces.next() {
                own.append(ParallelScan.understand(piece, &parser, desk))
                continue
            } else {
                // The second thread has it.
                next = desk.waitLong { ParallelScan.take(number, from: &$0) }
            }
            count(&next)
            pieces.release()
            progress(next.piece.bytesRead)
            number += 1
            if next.piece.isLast { return LogEnd(bytesRead: next.piece.bytesRead, failure: next.piece.failure) }
        }
    }

    /// It ends with the log. Where no thread can be had this one does everything.
    private func startHelper(_ pieces: LogPieces) {
        _ = DetachedThread.start { [helper, desk] in
            while let piece = pieces.waitForNext() {
                let understood = ParallelScan.understand(piece, &helper.parser, desk)
                desk.access { $0.understood.append(understood) }
            }
        }
    }

    private static func take(_ number: Int, from desk: inout Desk) -> Understood? {
        desk.understood.first?.piece.number == number ? desk.understood.removeFirst() : nil
    }

    private static func understand(
        _ piece: LogPieces.Piece, _ parser: inout LogParser, _ desk: Monitor<Desk>
    ) -> Understood {
        let (batch, time) = desk.access { ($0.counted.popLast() ?? Sightings(), $0.time) }
        parser.begin(batch)
        parser.jump(time)
        for lines in piece.lines { parser.read(lines.bytes) }
        return Understood(piece: piece, found: parser.end(), time: parser.logTime)
    }

    private mutating func count(_ next: inout Understood) {
        if !desk.access({ $0.time.agrees(with: next.time) }) {
            // The names in it are not told again.
            counter.learn(next.found)
            next = ParallelScan.understand(next.piece, &corrector, desk)
        }
        counter.take(next.found)
        // Moved: of what two refer to the memory could not be used again.
        var found = Sightings()
        swap(&found, &next.found)
        desk.access { desk in
            if next.time.first != nil { desk.time = next.time }
            desk.counted.append(found)
        }
    }
}
