// The largest processes, for an alarm's text. A process names itself, so its name may hold anything; it may end at any
// moment, and that is no error.

import Glibc

/// A process and its resident memory.
struct LargestProcess: Sendable, Equatable {
    var pid: Int
    /// As /proc/PID/status has it: at most 15 bytes, line ends escaped by the kernel.
    var command: String
    var residentBytes: UInt64

    var text: String { "\(command) (pid \(pid)) uses \(ByteSize.text(Double(residentBytes)))" }

    /// The three largest by resident memory (VmRSS), largest first; fewer where /proc hides the others.
    static func three(on machine: Machine) -> [LargestProcess] {
        var largest: [LargestProcess] = []
        for pid in pids(in: machine.path("/proc")) {
            guard let bytes = try? OpenFile.contents(of: machine.path("/proc/\(pid)/status")),
                let process = LargestProcess(pid: pid, status: bytes)
            else { continue }
            largest.append(process)
            if largest.count > 3 {
                largest.sort { ($1.residentBytes, $0.pid) < ($0.residentBytes, $1.pid) }
                largest.removeLast()
            }
        }
        return largest.sorted { ($1.residentBytes, $0.pid) < ($0.residentBytes, $1.pid) }
    }

    /// Reads /proc/PID/status (proc_pid_status(5)). nil for kernel threads, which have no VmRSS, and for other text.
    init?(pid: Int, status: [UInt8]) {
        var command: String?
        var resident: UInt64?
        for line in status.split(separator: UInt8(ascii: "\n")) {
            if command == nil, line.starts(with: "Name:\t".utf8) {
                command = String(decoding: line.dropFirst(6), as: UTF8.self)
            } else if resident == nil, line.starts(with: "VmRSS:".utf8) {
                let words = line.dropFirst(6).split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                resident = words.first.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
            }
        }
        guard let command, let resident else { return nil }
        let (bytes, overflow) = resident.multipliedReportingOverflow(by: 1024)
        self.pid = pid
        self.command = command
        residentBytes = overflow ? .max : bytes
    }

    private static func pids(in directory: String) -> [Int] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var pids: [Int] = []
        while let entry = readdir(stream) {
            // An entry is only as long as its name, so the 256 bytes of d_name must not be copied as a whole.
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { break }
            let name = UnsafeRawPointer(entry) + offset
            if let pid = Int(String(cString: name.assumingMemoryBound(to: CChar.self))), pid > 0 { pids.append(pid) }
        }
        return pids
    }
}
