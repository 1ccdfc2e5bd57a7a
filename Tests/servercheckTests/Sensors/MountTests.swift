import Testing

@testable import servercheck

@Suite("Mount") struct MountTests {
    private func mount(_ line: String) -> Mount? { Mount(line: Array(line.utf8)[...]) }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("a whole line is read")
    func whole() {
        let line = #"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue"#
        let expected = Mount(
            id: 36, parent: 35, device: Mount.Device(major: 98, minor: 0), root: bytes("/mnt1"), point: bytes("/mnt2"),
            type: "ext3", source: bytes("/dev/root"), isReadOnly: false)
        #expect(mount(line) == expected)
    }

    @Test(
        "octal escapes are undone, other backslashes stay",
        arguments: [
            (#"/my\040disk"#, "/my disk"), (#"/a\011b\012c\134d"#, "/a\tb\nc\\d"), (#"/\134040"#, #"/\040"#),
            (#"/hash\043"#, "/hash#"), (#"/short\04"#, #"/short\04"#), (#"/no\090"#, #"/no\090"#),
            (#"/end\"#, #"/end\"#),
            (#"/big\777"#, #"/big\777"#), (#"/\304\266"#, "/Ķ"),
        ])
    func escapes(written: String, meant: String) {
        #expect(String(decoding: Mount.unescaped(bytes(written)[...]), as: UTF8.self) == meant)
        #expect(mount("1 0 8:1 / \(written) rw - ext4 /dev/sda1 rw")?.point == bytes(meant))
    }

    @Test("a mount point that is no UTF-8 keeps its bytes and shows U+FFFD")
    func invalidText() {
        let line = bytes("1 0 8:1 / /bad") + [0xff, 0xfe] + bytes(" rw - ext4 /dev/sda1 rw")
        let mount = Mount(line: line[...])
        #expect(mount?.point == bytes("/bad") + [0xff, 0xfe])
        #expect(mount?.name == "/bad\u{FFFD}\u{FFFD}")
    }

    @Test("a mount without a source has an empty field")
    func noSource() {
        #expect(mount("1 0 0:5 / /x rw - tmpfs  ro,size=1")?.isReadOnly == true)
        #expect(mount("1 0 0:5 / /x rw - tmpfs  rw,size=1")?.isReadOnly == false)
    }

    @Test(
        "read-only is the superblock's word only",
        arguments: [
            ("ro,relatime", "rw", false), ("rw,relatime", "ro", true), ("ro", "ro,errors=continue", true),
            ("rw", "rw,emergency_ro,errors=remount-ro", true), ("rw", "rw,errors=remount-ro", false),
            ("rw", "rw,lowerdir=/a,ro,upperdir=/b", false), ("rw", "rota", false),
        ])
    func readOnly(mountOptions: String, superOptions: String, expected: Bool) {
        #expect(mount("1 0 8:1 / /x \(mountOptions) shared:1 - ext4 /dev/sda1 \(superOptions)")?.isReadOnly == expected)
    }

    @Test(
        "what the kernel does not write is no mount",
        arguments: [
            "", " ", "-", "- - - - - - - - - -", "1 0 8:1 / /x rw", "1 0 8:1 / /x rw - ext4 /dev/sda1",
            "1 0 8:1 / /x rw shared:1 ext4 /dev/sda1 rw rw", "x 0 8:1 / /x rw - ext4 /dev/sda1 rw",
            "1 -1 8:1 / /x rw - ext4 /dev/sda1 rw", "1 0 8 / /x rw - ext4 /dev/sda1 rw",
            "1 0 8:1:2 / /x rw - ext4 /dev/sda1 rw", "1 0 8: / /x rw - ext4 /dev/sda1 rw",
            "1 0 99999999999:1 / /x rw - ext4 /dev/sda1 rw", "1 0 8:1 / x rw - ext4 /dev/sda1 rw",
            "99999999999999999999999999 0 8:1 / /x rw - ext4 /dev/sda1 rw", "1 0 8:1 /  rw - ext4 /dev/sda1 rw",
        ])
    func malformed(line: String) {
        #expect(mount(line) == nil)
    }
}
