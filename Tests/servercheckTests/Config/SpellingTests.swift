import Testing

@testable import servercheck

@Suite struct SpellingTests {
    @Test(
        "the nearest known word is found, and none when nothing is near",
        arguments: [
            ("treshold", "threshold"), ("Threshold", "threshold"), ("threshhold", "threshold"),
            ("warning-threshold", "warning_threshold"), ("nmae", "name"), ("naem", "name"), ("amonut", "amount"),
            ("limit", nil), ("x", nil), ("", nil), ("threshold_in_percent", nil),
            (String(repeating: "threshold", count: 100_000), nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        #expect(Spelling.nearest(to: word, in: ["name", "threshold", "warning_threshold", "amount"]) == expected)
    }
}
