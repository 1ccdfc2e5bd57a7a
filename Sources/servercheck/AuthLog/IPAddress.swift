// IPv4 and IPv6 addresses as 128 bits, read from the bytes of a log line. Nothing but a complete literal is an address.

import Glibc

/// An IP address. IPv4 is held as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so that both spellings are equal.
struct IPAddress: Sendable, Hashable {
    /// The first and the last 64 bits in network order.
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(ipv4 bits: UInt32) { self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(bits)) }

    /// A whole literal without zone; nil for anything else.
    init?(_ bytes: Span<UInt8>) {
        if let bits = IPAddress.ipv4(bytes) {
            self.init(ipv4: bits)
        } else if let address = IPAddress.ipv6(bytes) {
            self = address
        } else {
            return nil
        }
    }

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span)
    }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The usual text: dotted for IPv4, RFC 5952 for IPv6.
    var text: String {
        if isIPv4 {
            return String(unsafeUninitializedCapacity: 15) { text in
                var count = 0
                for shift in [24, 16, 8, 0] as [UInt64] {
                    let octet = UInt8(truncatingIfNeeded: low >> shift)
                    if shift < 24 { IPAddress.put(UInt8(ascii: "."), in: text, &count) }
                    if octet >= 100 { IPAddress.put(UInt8(ascii: "0") + octet / 100, in: text, &count) }
                    if octet >= 10 { IPAddress.put(UInt8(ascii: "0") + octet / 10 % 10, in: text, &count) }
                    IPAddress.put(UInt8(ascii: "0") + octet % 10, in: text, &count)
                }
                return count
            }
        }
        var network = (high.bigEndian, low.bigEndian)
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &network, &buffer, socklen_t(buffer.count)) != nil else { return "::" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func put(_ byte: UInt8, in text: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
        guard count < text.count else { return }
        text[count] = byte
        count += 1
    }

    /// Four decimal numbers without leading zeros.
    private static func ipv4(_ bytes: Span<UInt8>) -> UInt32? {
        guard bytes.count >= 7, bytes.count <= 15 else { return nil }
        var bits: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { return nil }
                bits = bits << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
            } else {
                guard byte.isDigit, digits == 0 || octet > 0 else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard octet <= 255 else { return nil }
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return bits << 8 | octet
    }

    /// inet_pton(3) decides.
    private static func ipv6(_ bytes: Span<UInt8>) -> IPAddress? {
        guard bytes.count >= 2, bytes.count < Int(INET6_ADDRSTRLEN), bytes.firstIndex(of: UInt8(ascii: ":")) != nil
        else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { text in
            for index in bytes.indices { text[index] = CChar(bitPattern: bytes[index]) }
            text[bytes.count] = 0
            var network: (UInt64, UInt64) = (0, 0)
            guard let start = text.baseAddress, inet_pton(AF_INET6, start, &network) == 1 else { return nil }
            return IPAddress(high: UInt64(bigEndian: network.0), low: UInt64(bigEndian: network.1))
        }
    }
}
