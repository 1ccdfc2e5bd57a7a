import Testing

@testable import servercheck

@Suite struct LimitsTests {
    @Test(
        "a problem is over below its limit by the margin, and below half of a limit that is not above the margin",
        arguments: [(90, 2, 88), (90, 89, 1), (2, 2, 1), (1, 2, 0.5), (50, 100, 25), (0, 2, -2), (-5, 2, -7)])
    func lowered(limit: Double, margin: Double, expected: Double) {
        let lowered = Limits(warning: limit, critical: limit).lowered(by: margin)
        #expect(lowered == Limits(warning: expected, critical: expected))
        // Where nothing can be below the limit there is no end.
        if limit > 0 { #expect(lowered.judge(0) == .ok) }
    }
}
