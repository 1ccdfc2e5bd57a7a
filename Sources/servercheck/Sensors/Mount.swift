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
        guard let id = rest.cutNumber(at: space), let parent = rest.cutNumber(at: space),
            let major = rest.cutNumber(at: UInt8(ascii: ":")).flatMap(UInt32.init(exactly:)),
            let minor = rest.cutNumber(at: space).flatMap(UInt32.init(exactly:)),
            let root = rest.cut(at: space), let point = rest.cut(at: space),
            point.first == UInt8(ascii: "/"), rest.cut(at: space) != nil
        else { return nil }
        // Optional fields, up to a lone hyphen.
        var isInOptionalFields = true
        while isInOptionalFields {
            guard let field = rest.cut(at: space) else { return nil }
            isInOptionalFields = !field.equals("-")
        }
        guard let type = rest.cut(at: space), let source = rest.cut(at: space), var options = rest.cut(at: space)
        else { return nil }
        self.id = id
        self.parent = parent
        self.device = Device(major: major, minor: minor)
        // Of nearly all the same, for which no memory is needed.
        self.root = root.equals("/") ? [UInt8(ascii: "/")] : Mount.unescaped(root)
        self.point = Mount.unescaped(point)
        self.type = Mount.text(type)
        self.source = Mount.unescaped(source)
        // The kernel writes `ro` or `rw` first (show_sb_opts); later ones come from the filesystem and could hold any
        // path. ext4 adds emergency_ro when an error stopped all writing.
        isReadOnly = options.cut(at: UInt8(ascii: ","))?.equals("ro") == true
        while let option = options.cut(at: UInt8(ascii: ",")) {
            if option.equals("emergency_ro") { isReadOnly = true }
        }
    }

    private static func text(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text.contains(UInt8(ascii: "\\")) ? unescaped(text)[...] : text, as: UTF8.self)
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

extension ArraySlice<UInt8> {
    /// Takes off a number of at most 15 digits and the separator behind it; nil for anything else.
    fileprivate mutating func cutNumber(at separator: UInt8) -> Int? {
        var number = 0
        var end = startIndex
        while end < endIndex, self[end] != separator {
            let digit = self[end] &- UInt8(ascii: "0")
            guard digit < 10, end - startIndex < 15 else { return nil }
            number = number * 10 + Int(digit)
            end += 1
        }
        if end == startIndex { return nil }
        self = self[Swift.min(end + 1, endIndex)...]
        return number
    }
}
