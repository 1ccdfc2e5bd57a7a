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
        // inet_ntop(3) writes what begins with 96 zeros in a form of its own.
        if high != 0 { return ipv6Text }
        var network = (high.bigEndian, low.bigEndian)
        return String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { text in
            text.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress,
                    inet_ntop(AF_INET6, &network, start, socklen_t(text.count)) != nil
                else { return 0 }
                return strlen(start)
            }
        }
    }

    /// RFC 5952, section 4: the longest run of two or more groups of zeros is left out, of several the first.
    private var ipv6Text: String {
        func group(_ index: Int) -> UInt64 { (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16) & 0xFFFF }
        var gap = 0..<0
        var start = 0
        for index in 0..<8 {
            if group(index) != 0 { start = index + 1 }
            if index + 1 - start > max(1, gap.count) { gap = start..<index + 1 }
        }
        return String(unsafeUninitializedCapacity: 39) { text in
            var count = 0
            var index = 0
            while index < 8 {
                if gap.lowerBound == index, !gap.isEmpty {
                    IPAddress.put(UInt8(ascii: ":"), in: text, &count)
                    if index == 0 { IPAddress.put(UInt8(ascii: ":"), in: text, &count) }
                    index = gap.upperBound
                    continue
                }
                let number = group(index)
                var shift: UInt64 = number >= 0x1000 ? 12 : number >= 0x100 ? 8 : number >= 0x10 ? 4 : 0
                while true {
                    IPAddress.put(UInt8(truncatingIfNeeded: number >> shift).hexadecimalDigit, in: text, &count)
                    if shift == 0 { break }
                    shift -= 4
                }
                index += 1
                if index < 8 { IPAddress.put(UInt8(ascii: ":"), in: text, &count) }
            }
            return count
        }
    }

    private static func put(_ byte: UInt8, in text: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
        guard count < text.count else { return }
        text[count] = byte
        count += 1
    }

    private static func ipv4(_ bytes: Span<UInt8>) -> UInt32? {
        let count = bytes.count
        guard count >= 7, count <= 15 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        if count >= 8 {
            words.0 = bytes.bytes.word(at: 0)
            // Without the bytes that are in the first word already; none is left of 8.
            words.1 = bytes.bytes.word(at: count - 8) >> UInt64(8 * (16 - count))
        } else {
            for index in bytes.indices { words.0 |= UInt64(bytes[index]) << UInt64(8 * index) }
        }
        return ipv4(words, count: count)
    }

    /// Four decimal numbers without leading zeros.
    ///
    /// - Parameters:
    ///   - words: the text, its first byte lowest, and zeros behind it.
    ///   - count: of its bytes, at most 15.
    static func ipv4(_ words: (UInt64, UInt64), count: Int) -> UInt32? {
        var (low, high) = words
        var bits: UInt32 = 0
        var length = 0
        for number in 0..<4 {
            let octet = DecimalWord(low)
            guard octet.count > 0, octet.count <= 3, octet.count == 1 || !octet.startsWithZero, octet.value <= 255
            else { return nil }
            bits = bits << 8 | UInt32(truncatingIfNeeded: octet.value)
            length &+= octet.count &+ 1
            let digits = UInt64(truncatingIfNeeded: 8 &* octet.count)
            guard number == 3 || low &>> digits & 0xFF == UInt64(UInt8(ascii: ".")) else { return nil }
            low = low &>> (digits &+ 8) | high &<< (56 &- digits)
            high &>>= digits &+ 8
        }
        // A point is behind each but the last one.
        return length == count &+ 1 ? bits : nil
    }

    /// Two groups or more, and two on each side of a gap or none at its end: what is left out here is left to inet_pton.
    private static func plainIPv6(_ bytes: Span<UInt8>) -> IPAddress? {
        // The bits before and behind the gap, and how many groups they are.
        var (high, low): (UInt64, UInt64) = (0, 0)
        var (tailHigh, tailLow): (UInt64, UInt64) = (0, 0)
        var (groups, tail) = (0, 0)
        var hasGap = false
        var index = 0
        while index < bytes.count {
            var group: UInt64 = 0
            let start = index
            while index < bytes.count, let digit = bytes[index].hexadecimalValue {
                group = group << 4 | UInt64(digit)
                index += 1
                if index - start > 4 { return nil }
            }
            guard index > start else { return nil }
            if hasGap {
                tailHigh = tailHigh << 16 | tailLow >> 48
                tailLow = tailLow << 16 | group
                tail += 1
            } else {
                high = high << 16 | low >> 48
                low = low << 16 | group
                groups += 1
            }
            guard groups + tail <= 8 else { return nil }
            if index == bytes.count { break }
            guard bytes[index] == UInt8(ascii: ":") else { return nil }
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
                if hasGap { return nil }
                hasGap = true
                index += 1
            }
            // A colon at the end.
            if index == bytes.count { return nil }
        }
        if !hasGap { return groups == 8 ? IPAddress(high: high, low: low) : nil }
        guard groups + tail < 8, groups > 0, tail > 0 else { return nil }
        // The groups before the gap belong to the top.
        let shift = UInt64(16 * (8 - groups))
        let top: (UInt64, UInt64) =
            shift >= 64 ? (low << (shift - 64), 0) : (high << shift | low >> (64 - shift), low << shift)
        return IPAddress(high: top.0 | tailHigh, low: top.1 | tailLow)
    }

    /// inet_pton(3) decides, but of the usual form: groups of one to four digits, one gap of them at most.
    private static func ipv6(_ bytes: Span<UInt8>) -> IPAddress? {
        if let address = plainIPv6(bytes) { return address }
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
