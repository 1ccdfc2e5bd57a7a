// Takes lines and fields off the front of bytes. Without the arrays that split() makes: /proc is read each minute.

import Glibc

extension ArraySlice<UInt8> {
    /// Takes off what stands before `separator`, and the separator; the rest where there is none.
    ///
    /// - Returns: nil when nothing is left.
    mutating func cut(at separator: UInt8) -> ArraySlice<UInt8>? {
        if isEmpty { return nil }
        let end = firstPosition(of: separator) ?? endIndex
        let piece = self[startIndex..<end]
        self = self[Swift.min(end + 1, endIndex)...]
        return piece
    }

    /// memchr(3).
    private func firstPosition(of byte: UInt8) -> Int? {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
            return startIndex + (UnsafeRawPointer(found) - start)
        }
    }

    /// Whether the bytes are exactly `text`.
    func equals(_ text: StaticString) -> Bool { elementsEqual(UnsafeBufferPointer(text)) }
}
