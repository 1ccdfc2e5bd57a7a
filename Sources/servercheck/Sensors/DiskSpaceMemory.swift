// What diskspace remembers between runs. Names only, no values: the state is written when this changes, and a quiet
// minute must not change it.

/// What diskspace remembers.
struct DiskSpaceMemory: Sendable, Equatable {
    /// Mount points of filesystems that were writable when last seen so, sorted.
    var writable: [String] = []
    /// Mount points that the user may not reach, named in the log already, sorted.
    var unreachable: [String] = []

    /// The names to remember. In most runs they are what they were, and nothing is to be worked out.
    static func next(_ names: [String], remembered: [String]) -> [String] {
        let sorted = names.sorted()
        if sorted == remembered { return remembered }
        // No room for new ones, and all are still there.
        if remembered.count == countLimit, isSubset(remembered, of: sorted) { return remembered }
        return bounded(Set(sorted), remembered: remembered)
    }

    private static let countLimit = 256

    /// For lists that are sorted; false where the first one is not.
    private static func isSubset(_ few: [String], of many: [String]) -> Bool {
        var rest = many[...]
        return few.allSatisfy { name in
            while let next = rest.popFirst() {
                if next == name { return true }
            }
            return false
        }
    }

    /// The names to remember, bounded: those already remembered come before new ones.
    ///
    /// Bounded in number (256) and length (16 KiB in all), because the state must stay small whatever is mounted.
    static func bounded(_ names: Set<String>, remembered: [String]) -> [String] {
        let old = Set(remembered)
        var room = 16 << 10
        let kept = (names.intersection(old).sorted() + names.subtracting(old).sorted()).prefix(countLimit).prefix {
            name in
            room -= name.utf8.count
            return room >= 0
        }
        return kept.sorted()
    }
}

extension DiskSpaceMemory: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("unreachable", &unreachable)
        json.member("writable", &writable)
    }
}
