import Testing

@testable import servercheck

@Suite struct AnswerBoardTests {
    let later = ContinuousClock.now + .seconds(60)

    @Test("answers come in the order in which they were posted, and none is waited for that was not begun")
    func order() {
        let board = AnswerBoard()
        let round = board.begin()
        _ = board.begin()
        board.post(2, Answer(code: 2), round: round)
        board.post(1, Answer(code: 1), round: round)
        #expect(board.next(before: later)?.tag == 2)
        #expect(board.next(before: later)?.tag == 1)
        #expect(board.next(before: later) == nil)
    }

    @Test("a deadline that passed abandons what is running, and a late answer is dropped")
    func abandoned() {
        let board = AnswerBoard()
        let round = board.begin()
        #expect(!board.isAbandoned(round))
        #expect(board.next(before: .now - .seconds(5)) == nil)
        #expect(board.isAbandoned(round))
        board.post(1, Answer(), round: round)
        #expect(board.next(before: later) == nil)
        let second = board.begin()
        board.post(9, Answer(), round: second)
        #expect(board.next(before: later)?.tag == 9)
    }

    @Test("an answer that is there is taken even after the deadline")
    func lateButThere() {
        let board = AnswerBoard()
        board.post(7, Answer(), round: board.begin())
        #expect(board.next(before: .now - .seconds(5))?.tag == 7)
    }
}
