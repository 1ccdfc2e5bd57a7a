import Foundation
import Testing

@testable import servercheck

/// SplitMix64: the same story for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct LogTailRandomTests {
    /// More while developing: `STORIES=5000 swift test --filter LogTailRandomTests`.
    static let seeds = 0..<(ProcessInfo.processInfo.environment["STORIES"].flatMap(Int.init) ?? 40)

    @Test("in a random life of a log every line is read exactly once and in order", arguments: seeds)
    func story(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let story = try LogStory(create: seed % 5 != 0)
        if seed % 3 == 0, seed % 5 != 0 { story.append(4) }
        try story.run()
        if seed % 5 == 0 { story.hangUp() }
        var steps: [String] = []
        var rotations = 0
        var date = 20_260_000
        // An administrator uses one scheme, not all in turn.
        let usesDates = seed % 2 == 0
        for _ in 0..<120 {
            if steps.last == "run" || steps.last == "vanish and return" {
                try #require(story.difference == nil, "seed \(seed): \(steps.suffix(25).joined(separator: ", "))")
            }
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<5:
                let number = Int.random(in: 1...30, using: &random)
                story.append(number)
                steps.append("append \(number)")
            case 5:
                story.appendHalfLine()
                steps.append("half line")
            case 6..<12:
                try story.run()
                rotations = 0
                steps.append("run")
            case 12..<16 where rotations < 3:
                rotations += 1
                date += 1
                let name = usesDates ? "auth.log-\(date)" : nil
                if !usesDates, Bool.random(using: &random) { try story.compress("auth.log.1") }
                story.rotate(to: name)
                steps.append("rotate")
                // Now and then syslog goes on in the old file for a while.
                while Bool.random(using: &random) {
                    if Bool.random(using: &random) { story.append(2) } else { try story.run() }
                    steps.append("append or run before the hangup")
                }
                if story.hasHalfLine { story.append(1) }
                story.hangUp()
                if Int.random(in: 0..<3, using: &random) == 0 {
                    try story.compress(name ?? "auth.log.1")
                    steps.append("compress")
                }
            case 16..<18 where rotations < 3 && !story.hasHalfLine:
                rotations += 1
                date += 1
                try story.copyTruncate(to: usesDates ? "auth.log-\(date)" : nil)
                steps.append("copytruncate")
            case 18 where rotations == 0 && !story.hasHalfLine:
                story.truncate()
                steps.append("truncate")
            case 19:
                story.move("auth.log", to: "elsewhere")
                if Bool.random(using: &random) { try story.run() }
                story.move("elsewhere", to: "auth.log")
                try story.run()
                steps.append("vanish and return")
            default: break
            }
        }
        try story.check("seed \(seed): \(steps.suffix(25).joined(separator: ", "))")
    }
}
