import Foundation
import Testing

@testable import servercheck

@Suite struct StandardStreamTests {
    @Test("a pipe that does not block gets all of it, however slowly it is read")
    func nonBlocking() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        #expect(fcntl(writer, F_SETFL, O_NONBLOCK) == 0)
        let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0) }
        let read = Monitor<[UInt8]?>(nil)
        let thread = Thread {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 50_000)
            while true {
                let count = Glibc.read(reader, &buffer, buffer.count)
                if count == 0 { break }
                if count > 0 { all += buffer[..<count] }
                usleep(1000)
            }
            let found = all
            read.access { $0 = found }
        }
        thread.start()
        #expect(StandardStream.write(bytes, to: writer, named: "pipe") == nil)
        close(writer)
        // Not as arrays: to show where half a million numbers differ takes minutes.
        let isWhole = read.waitLong { $0 } == bytes
        #expect(isWhole)
        close(reader)
    }

    @Test("a full disk is told, a reader that has gone is not")
    func failures() throws {
        let full = open("/dev/full", O_WRONLY)
        #expect(
            StandardStream.write([0x0A], to: full, named: "standard output")?.description
                == "cannot write standard output: No space left on device")
        close(full)
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        #expect(StandardStream.write([0x0A], to: ends[1], named: "pipe") == nil)
        close(ends[1])
    }
}
