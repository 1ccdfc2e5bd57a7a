// What a scan reads: log files, or the journal.

/// Opened, and ready to be read once.
struct ScanSource {
    private enum Kind {
        case logs(ScanInput)
        case journal(JournalScan)
    }

    /// Nothing can be read at all: one line for each reason.
    struct Failure: Error {
        var texts: [String]
    }

    private var kind: Kind
    /// What cannot be read, or not to its end.
    private(set) var errors: [String] = []

    /// - Parameters:
    ///   - files: as the command line names them; none: what the sensor would read.
    ///   - journal: the journal is asked for.
    init(files: [String], journal: Bool, settings: ScanSettings, machine: Machine) throws(Failure) {
        if journal, !files.isEmpty {
            throw Failure(texts: ["cannot scan log files and --journal together (name the one or the other)"])
        }
        let paths = files.isEmpty && !journal && settings.readsLogs ? settings.defaultLogs(on: machine) : files
        if !paths.isEmpty {
            let input = ScanInput(paths: paths, now: machine.now)
            let texts = input.errors.map(\.description)
            if input.isEmpty { throw Failure(texts: texts) }
            kind = .logs(input)
            errors = texts
            return
        }
        do throws(LogError) {
            kind = .journal(try JournalScan(machine))
        } catch {
            if journal || error.kind != .missing { throw Failure(texts: [error.description]) }
            let tried = settings.candidates.joined(separator: ", ")
            throw Failure(
                texts: ["no auth log found, tried \(tried) and the journal (name a file, or - for standard input)"])
        }
    }

    /// Units of progress; nil with a pipe among the logs.
    var total: Int64? {
        switch kind {
        case .logs(let input): input.totalBytes
        case .journal(let scan): scan.total
        }
    }

    /// - Parameter progress: told now and then how much of `total` is done.
    mutating func read(_ counter: inout AttemptCounter, progress: (Int64) -> Void) {
        switch kind {
        case .logs(var input):
            var scan = ParallelScan(counter)
            input.readEach { source, size, done in
                scan.read(source, size: size) { progress(done &+ $0) }
            }
            counter = scan.counter
            errors = input.errors.map(\.description)
        case .journal(let scan):
            errors += scan.read(progress: progress) { counter.consume(message: $0, pid: $1, time: $2) }
        }
    }
}
