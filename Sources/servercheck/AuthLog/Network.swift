// CIDR blocks of `ignore_addresses`, IPv4 and IPv6.

/// A block of addresses: `192.168.0.0/16`, `fd00::/8`, or one address alone.
struct Network: Sendable, Hashable {
    let address: IPAddress
    /// Of the 128-bit form: an IPv4 block's length + 96.
    let prefixLength: Int

    /// nil for anything that is no CIDR block. Bits behind the prefix are ignored, as in most firewalls.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        // `::ffff:10.0.0.0/104` is written in 128 bits although the address is an IPv4 one.
        let shift = address.isIPv4 && !first.contains(":") ? 96 : 0
        var length = 128
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard !digits.isEmpty, digits.count <= 3, digits.allSatisfy(\.isDigit), let number = Int(parts[1]),
                number + shift <= 128
            else { return nil }
            length = number + shift
        }
        self.address = address
        prefixLength = length
    }

    /// Whether `candidate` lies in the block. An IPv6 block such as `::/0` holds no IPv4 address.
    func contains(_ candidate: IPAddress) -> Bool {
        guard candidate.isIPv4 == (address.isIPv4 && prefixLength >= 96) else { return false }
        let highMask: UInt64 = prefixLength == 0 ? 0 : ~0 << UInt64(max(0, 64 - prefixLength))
        let lowMask: UInt64 = prefixLength <= 64 ? 0 : ~0 << UInt64(128 - prefixLength)
        return (candidate.high ^ address.high) & highMask == 0 && (candidate.low ^ address.low) & lowMask == 0
    }
}
