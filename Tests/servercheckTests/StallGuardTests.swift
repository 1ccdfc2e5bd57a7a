import Glibc
import Testing

@testable import servercheck

@Suite struct StallGuardTests {
    @Test("an item that never answers is given up and the others go on")
    func stall() {
        let results = withStallGuard([1, 2, 3], limitSeconds: 0.2) { (item: Int) -> Int in
            if item == 2 { pause() }
            return item * 10
        }
        #expect(results == [10, nil, 30])
    }

    @Test("several items that never answer are each given up and the others among them answer")
    func severalStalls() {
        let results = withStallGuard(Array(1...50), limitSeconds: 0.2) { (item: Int) -> Int in
            if item.isMultiple(of: 2) { pause() }
            return item * 10
        }
        #expect(results == (1...50).map { $0.isMultiple(of: 2) ? nil : $0 * 10 })
    }
}
