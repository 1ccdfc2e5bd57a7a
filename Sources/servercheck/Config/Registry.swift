// The list of sensors and channels: the one place to add a kind.

/// The kinds that a config can name. A value, so that tests can bring kinds of their own.
struct Registry: Sendable {
    var sensors: [any Sensor.Type]
    var channels: [any Channel.Type]

    static let standard = Registry(
        sensors: [DiskSpace.self, FreeMemory.self, SSHDAccess.self],
        channels: [Telegram.self, SMTP.self])
}
