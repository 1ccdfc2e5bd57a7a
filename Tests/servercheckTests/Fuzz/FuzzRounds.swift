// How many rounds a fuzz test runs, and how a round that traps is found again.
//
//   SERVERCHECK_FUZZ_ROUNDS=1000000   instead of the few that every `swift test` runs
//   SERVERCHECK_FUZZ_START=123456     the first round: with ROUNDS=1 it repeats one
//   SERVERCHECK_FUZZ_TRACE=FILE       holds the number of the round that is running, so that it is known after a trap

import Foundation
import Glibc

@testable import servercheck

enum FuzzRounds {
    /// Calls `round` with a generator of its own each time, so that every round can be repeated alone.
    ///
    /// - Returns: how many rounds there were.
    @discardableResult
    static func run(_ usual: Int, _ round: (_ random: inout SeededGenerator, _ number: Int) throws -> Void) rethrows
        -> Int
    {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["SERVERCHECK_FUZZ_ROUNDS"].flatMap(Int.init) ?? usual
        let start = environment["SERVERCHECK_FUZZ_START"].flatMap(Int.init) ?? 0
        let trace = environment["SERVERCHECK_FUZZ_TRACE"].map {
            open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        defer { if let trace { close(trace) } }
        for number in start..<(start + count) {
            if let trace {
                let text = "\(number)\n"
                _ = pwrite(trace, text, text.utf8.count, 0)
            }
            var random = SeededGenerator(state: UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15)
            try round(&random, number)
        }
        return count
    }
}
