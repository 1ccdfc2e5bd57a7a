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
}
