// Finds what someone meant to write.

/// Compares words by their edit distance.
enum Spelling {
    /// The known word nearest to `word`: at most a third of its letters wrong, and at most three.
    static func nearest(to word: String, in known: [String]) -> String? {
        let letters = Array(word.lowercased().unicodeScalars)
        // The length is bounded because the word comes from a file and the work grows with the square.
        guard letters.count <= 64 else { return nil }
        let allowed = min(3, max(1, letters.count / 3))
        let ranked = known.map { (word: $0, distance: distance(letters, Array($0.unicodeScalars))) }
        return ranked.filter { $0.distance <= allowed }.min { $0.distance < $1.distance }?.word
    }

    /// Levenshtein distance, a swap of two neighbours counting one (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(last[column] + (letter == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
