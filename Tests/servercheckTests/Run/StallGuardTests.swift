import Glibc
import Testing

@testable import servercheck

@Suite struct StallGuardTests {
    @Test("an item that never answers is given up and the others go on")
    func stall() {
        let results = withStallGuard(Array(1...6), limitSeconds: 0.2) { (item: Int) -> Int in
            if [2, 3, 5].contains(item) { while true { pause() } }
            return item * 10
        }
        #expect(results == [10, nil, nil, 40, nil, 60])
    }

    @Test("all at once: each item has its own thread")
    func concurrent() {
        let results = withStallGuards([1, 2, 3], limitSeconds: 0.2) { (item: Int) -> Int in
            if item == 1 { while true { pause() } }
            return item * 10
        }
        #expect(results == [nil, 20, 30])
        #expect(withStallGuard([Int](), limitSeconds: 1) { $0 } == [])
    }

    @Test("several items that never answer are each given up and the others among them answer")
    func severalStalls() {
        let results = withStallGuard(Array(1...50), limitSeconds: 0.2) { (item: Int) -> Int in
            if item.isMultiple(of: 2) { pause() }
            return item * 10
        }
        #expect(results == (1...50).map { $0.isMultiple(of: 2) ? nil : $0 * 10 })
    }

    @Test("an item that is slow but answers in time has its answer, and the others do not wait for it")
    func slow() {
        let order = Monitor<[Int]>([])
        let results = withStallGuard([1, 2, 3], limitSeconds: 20) { (item: Int) -> Int in
            if item == 1 {
                // Until both others have answered: on one thread that would never be.
                _ = order.wait(until: .now + .seconds(15)) { $0.count == 2 ? true : nil }
            }
            order.access { $0.append(item) }
            return item * 10
        }
        #expect(results == [10, 20, 30])
        #expect(order.access { $0.last } == 1)
    }
}
