// One line of /proc/self/mountinfo. Paths stay bytes: a mount point need not be UTF-8, and the system call needs it as
// it is.

/// One mount, as proc_pid_mountinfo(5) describes it.
struct Mount: Sendable, Equatable {
    /// The filesystem: the same for all its bind mounts and btrfs subvolumes (st_dev differs between subvolumes).
    struct Device: Sendable, Hashable {
        var major: UInt32
        var minor: UInt32
    }

    var id: Int
    var parent: Int
    var device: Device
    /// The directory of the filesystem that is mounted; `/` unless it is a bind mount or a subvolume.
    var root: [UInt8]
    var point: [UInt8]
    /// `ext4`, `fuse.sshfs`.
    var type: String
    var source: [UInt8]
    /// The superblock's word, not the mount's: everything is mounted `ro` in a sandbox.
    var isReadOnly: Bool

    /// The mount point for people; what is no UTF-8 shows as U+FFFD.
    var name: String { String(decoding: point, as: UTF8.self) }
}

extension Mount {
    /// Reads one line without its line end; nil when it is not what the kernel writes.
    ///
    /// `36 35 98:0 /root /point options optional… - type source superoptions`
    init?(line: ArraySlice<UInt8>) {
        // Empty fields count: a mount without a source has two spaces in a row.
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count >= 10,
            let separator = fields[6...].firstIndex(where: { $0.elementsEqual([UInt8(ascii: "-")]) }),
            separator + 3 < fields.count, let id = Mount.number(fields[0]), let parent = Mount.number(fields[1])
        else { return nil }
        let device = fields[2].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard device.count == 2, let major = Mount.number(device[0]).flatMap(UInt32.init(exactly:)),
            let minor = Mount.number(device[1]).flatMap(UInt32.init(exactly:)), fields[4].first == UInt8(ascii: "/")
        else { return nil }
        self.id = id
        self.parent = parent
        self.device = Device(major: major, minor: minor)
        root = Mount.unescaped(fields[3])
        point = Mount.unescaped(fields[4])
        type = String(decoding: Mount.unescaped(fields[separator + 1]), as: UTF8.self)
        source = Mount.unescaped(fields[separator + 2])
        // The kernel writes `ro` or `rw` first (show_sb_opts); later ones come from the filesystem and could hold any
        // path. ext4 adds emergency_ro when an error stopped all writing.
        let options = fields[separator + 3].split(separator: UInt8(ascii: ","))
        isReadOnly =
            options.first?.elementsEqual("ro".utf8) == true
            || options.contains { $0.elementsEqual("emergency_ro".utf8) }
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard !text.isEmpty, text.count < 16 else { return nil }
        var number = 0
        for digit in text {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// Undoes the kernel's octal escapes (space, tab, line end, backslash, and `#` in some versions).
    static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(UInt8(ascii: "\\")) else { return Array(text) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let octal = rest.prefix(3)
            let digits = octal.map { $0 &- UInt8(ascii: "0") }
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits[0] < 4, digits[1] < 8, digits[2] < 8 {
                bytes.append(digits[0] << 6 | digits[1] << 3 | digits[2])
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
