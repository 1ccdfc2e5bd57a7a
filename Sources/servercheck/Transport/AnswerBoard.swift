// Where the threads of the transfers leave their answers for the one that waits. An answer that comes after its round
// was abandoned is dropped.

/// The answers of the transfers that run side by side.
final class AnswerBoard: Sendable {
    private struct Round: Sendable {
        var answers: [(tag: Int, answer: Answer)] = []
        /// Transfers of this round that have not answered.
        var running = 0
        var number = 0
    }

    private let round = Monitor(Round())

    /// Announces a transfer.
    ///
    /// - Returns: the round it belongs to.
    func begin() -> Int {
        round.access { round in
            round.running += 1
            return round.number
        }
    }

    func post(_ tag: Int, _ answer: Answer, round number: Int) {
        round.access { round in
            guard round.number == number else { return }
            round.running -= 1
            round.answers.append((tag, answer))
        }
    }

    /// Asked with every step of a transfer: who waits for answers must not be woken by it.
    func isAbandoned(_ number: Int) -> Bool { round.look { $0.number != number } }

    /// Ends the round: what is running is not waited for any more.
    func abandon() { round.access { $0 = Round(number: $0.number + 1) } }

    /// The oldest answer nobody has taken; waits for one. nil when none is to come, or when `deadline` passed, which
    /// abandons the round.
    func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)? {
        enum Outcome {
            case answer(tag: Int, Answer)
            case noneToCome
        }
        let outcome = round.wait(until: deadline) { round -> Outcome? in
            if !round.answers.isEmpty {
                let first = round.answers.removeFirst()
                return .answer(tag: first.tag, first.answer)
            }
            return round.running > 0 ? nil : .noneToCome
        }
        if case .answer(let tag, let answer)? = outcome { return (tag, answer) }
        abandon()
        return nil
    }
}
