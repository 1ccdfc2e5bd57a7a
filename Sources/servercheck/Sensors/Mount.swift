// One line of /proc/self/mountinfo. Paths stay bytes: a mount point need not be UTF-8, and the system call needs it as
// it is.

/// One mount, as proc_pid_mountinfo(5) describes it.
struct Mount: Sendable, Equatable {
    /// The filesystem: the same for all its bind mounts and btrfs subvolumes (st_dev differs between subvolumes).
    struct Device: Sendable, Equatable {
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
        var rest = line
        let space = UInt8(ascii: " ")
        guard let id = rest.cut(at: space).flatMap(Mount.number),
            let parent = rest.cut(at: space).flatMap(Mount.number),
            var device = rest.cut(at: space), let root = rest.cut(at: space), let point = rest.cut(at: space),
            point.first == UInt8(ascii: "/"), rest.cut(at: space) != nil
        else { return nil }
        // Optional fields, up to a lone hyphen.
        var isInOptionalFields = true
        while isInOptionalFields {
            guard let field = rest.cut(at: space) else { return nil }
            isInOptionalFields = !field.equals("-")
        }
        guard let type = rest.cut(at: space), let source = rest.cut(at: space), var options = rest.cut(at: space),
            let major = device.cut(at: UInt8(ascii: ":")).flatMap(Mount.number).flatMap(UInt32.init(exactly:)),
            let minor = Mount.number(device).flatMap(UInt32.init(exactly:))
        else { return nil }
        self.id = id
        self.parent = parent
        self.device = Device(major: major, minor: minor)
        self.root = Mount.unescaped(root)
        self.point = Mount.unescaped(point)
        self.type = String(decoding: Mount.unescaped(type), as: UTF8.self)
        self.source = Mount.unescaped(source)
        // The kernel writes `ro` or `rw` first (show_sb_opts); later ones come from the filesystem and could hold any
        // path. ext4 adds emergency_ro when an error stopped all writing.
        isReadOnly = options.cut(at: UInt8(ascii: ","))?.equals("ro") == true
        while let option = options.cut(at: UInt8(ascii: ",")) {
            if option.equals("emergency_ro") { isReadOnly = true }
        }
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
