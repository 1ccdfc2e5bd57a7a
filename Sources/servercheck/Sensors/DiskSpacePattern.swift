// Mount points with `*`, for excluded_partitions.

/// A mount point in which each `*` stands for any bytes, slashes included.
struct DiskSpacePattern: Sendable, Equatable {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Walks both from left to right and goes back to the last `*` only: the time is bounded by the product of the two
    /// lengths, whatever they hold.
    func matches(_ path: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        var place = 0
        var index = 0
        var afterStar: (place: Int, index: Int)?
        while index < path.count {
            if place < bytes.count, bytes[place] == star {
                place += 1
                afterStar = (place, index)
            } else if place < bytes.count, bytes[place] == path[index] {
                place += 1
                index += 1
            } else if let back = afterStar {
                afterStar = (back.place, back.index + 1)
                place = back.place
                index = back.index + 1
            } else {
                return false
            }
        }
        return bytes[place...].allSatisfy { $0 == star }
    }
}
