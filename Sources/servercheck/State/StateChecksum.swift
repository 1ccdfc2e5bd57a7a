// A checksum as the first member of the state's JSON document. A flipped digit in a log position or a counter is still
// JSON, and would lose or double what it counts; the checksum makes it damage that is seen.
//
// 1. Every version writes this member alike, so that damage is told from a newer version's state.
// 2. A document without it is not checked: who edits the state by hand takes the member out.

/// FNV-1a over all that follows the checksum. It guards against broken disks, not against forgers.
enum StateChecksum {
    private static let head = Array("{\n  \"checksum\" : \"".utf8)
    private static let tail = Array("\",".utf8)
    private static let digits = 16

    /// Gives the document its checksum.
    ///
    /// - Parameter text: a JSON object that is not empty.
    static func add(to text: inout [UInt8]) {
        let digits = hexadecimal(of: text.dropFirst())
        text.replaceSubrange(..<1, with: head + digits + tail)
    }

    /// nil: there is no checksum in it.
    static func matches(_ text: [UInt8]) -> Bool? {
        let start = head.count + digits + tail.count
        guard text.starts(with: head), text.count > start else { return nil }
        return text[head.count..<head.count + digits].elementsEqual(hexadecimal(of: text[start...]))
    }

    /// 16 digits.
    static func hexadecimal(of text: ArraySlice<UInt8>) -> [UInt8] {
        // Line ends at the end come and go with the space on the disk.
        let end = (text.lastIndex { $0 != 0x0A }).map { $0 + 1 } ?? text.startIndex
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text[..<end] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (1...digits).map { place in
            let digit = UInt8(truncatingIfNeeded: hash >> UInt64(64 - 4 * place)) & 0xF
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
        }
    }
}
