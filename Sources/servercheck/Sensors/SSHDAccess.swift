/// What sshd_access remembers.
struct SSHDAccessMemory: Sendable, Equatable, Codable {}
