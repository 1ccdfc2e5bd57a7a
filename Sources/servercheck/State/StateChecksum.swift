// A checksum as the first member of the state's JSON document. A flipped digit in a log position or a counter is still
// JSON, and would lose or double what it counts; the checksum makes it damage that is seen.
//
// 1. Every version writes this member alike, so that damage is told from a newer version's state.
// 2. A document without it is not checked: who edits the state by hand takes the member out.
// 3. Eight bytes at a time: by single bytes, each waiting for the one before, it took a twentieth of a run with something
//    new. States from before that are read as well.

/// A hash over all that follows the checksum. It guards against broken disks, not against forgers.
enum StateChecksum {
    private static let head = Array("{\n  \"checksum\" : \"".utf8)
    private static let tail = Array("\",".utf8)
    private static let digits = 16
    /// Bytes by which a document grows, its line end included.
    static var size: Int { head.count + digits + tail.count }

    /// Gives the document its checksum.
    ///
    /// - Parameter text: a JSON object that is not empty.
    static func add(to text: inout [UInt8]) {
        let digits = FNV.hexadecimal(FNV.hashByWords(withoutLastLineEnds(text.dropFirst())))
        text.replaceSubrange(..<1, with: head + digits + tail)
    }

    /// nil: there is no checksum in it.
    static func matches(_ text: [UInt8]) -> Bool? {
        let start = head.count + digits + tail.count
        guard text.starts(with: head), text.count > start else { return nil }
        let (found, rest) = (text[head.count..<head.count + digits], withoutLastLineEnds(text[start...]))
        return found.elementsEqual(FNV.hexadecimal(FNV.hashByWords(rest)))
            || found.elementsEqual(FNV.hexadecimal(FNV.hash(rest)))
    }

    /// Line ends at the end come and go with the space on the disk.
    private static func withoutLastLineEnds(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        text[..<((text.lastIndex { $0 != 0x0A }).map { $0 + 1 } ?? text.startIndex)]
    }
}
