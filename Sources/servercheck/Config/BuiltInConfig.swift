// The config of a machine that has none: what config.template.json watches, and nobody to tell. A test keeps the two equal.

/// The built-in default, for `--dry-run` without a config file.
enum BuiltInConfig {
    /// The sensors of config.template.json.
    static let json = """
        {
          "messaging_channels": [],
          "sensors": [
            { "diskspace": { "threshold": 90, "inode_threshold": 95, "excluded_partitions": [] } },
            { "free_memory": { "threshold": 90 } },
            {
              "sshd_access": {
                "log_file": "/var/log/auth.log",
                "duration": 30,
                "amount": 5,
                "renotify_time": 5,
                "login_after_failures": 5,
                "notify_logins": false,
                "ignore_addresses": []
              }
            }
          ]
        }
        """

    /// - Parameter tried: the paths where no config file was found.
    static func load(tried: [String], registry: Registry) throws(ConfigError) -> Config {
        try ConfigDecoder.decode(Array(json.utf8), source: .builtIn(tried: tried), registry: registry)
    }
}
