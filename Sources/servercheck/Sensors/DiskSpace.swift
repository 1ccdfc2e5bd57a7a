/// What diskspace remembers.
struct DiskSpaceMemory: Sendable, Equatable, Codable {}
