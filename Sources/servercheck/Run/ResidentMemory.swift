// How much memory this process holds now.

import Glibc

/// What proc(5) tells in statm. The peak of getrusage(2) would not do: it begins with that of the program which started this
/// one, for execve(2) keeps it.
final class ResidentMemory: Sendable {
    private let file: OpenFile

    init() throws(SystemError) { file = try OpenFile("/proc/self/statm", flags: O_RDONLY) }

    /// The resident set, in bytes; nil where the kernel does not tell.
    var bytes: Int? {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            guard let count = try? file.read(into: buffer, at: 0) else { return nil }
            // The size of all, and what is resident, in pages.
            return buffer.bytes.withBytes(0..<count) { text in
                guard let space = text.firstIndex(of: UInt8(ascii: " "), in: 0..<count),
                    let pages = text.number(in: space + 1..<count, digits: 12)
                else { return nil }
                return Int(pages.value) * sysconf(Int32(_SC_PAGESIZE))
            }
        }
    }
}
