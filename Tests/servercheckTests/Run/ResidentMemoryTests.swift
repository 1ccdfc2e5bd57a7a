import Foundation
import Testing

@testable import servercheck

@Suite("Resident memory", .serialized)
struct ResidentMemoryTests {
    @Test("what is held now, not what was held once: a peak begins with that of the program that started this one")
    func now() throws {
        let memory = try ResidentMemory()
        let size = 256 << 20
        let before = try #require(memory.bytes)
        let block = try #require(mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        try #require(block != MAP_FAILED)
        memset(block, 1, size)
        let held = try #require(memory.bytes)
        #expect(munmap(block, size) == 0)
        let after = try #require(memory.bytes)
        // Other tests run at the same time.
        #expect(held - before > size / 2 && held - after > size / 2)
    }
}
