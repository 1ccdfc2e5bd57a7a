import Testing

@testable import servercheck

@Suite("Mount table") struct MountTableTests {
    /// Lines `ID PARENT POINT [TYPE]`.
    private func table(_ lines: String...) -> MountTable {
        let text = lines.map { line in
            let words = line.split(separator: " ")
            return
                "\(words[0]) \(words[1]) 8:\(words[0]) / \(words[2]) rw - \(words.count > 3 ? words[3] : "ext4") x rw\n"
        }
        return MountTable(Array(text.joined().utf8))
    }

    private func hidden(_ table: MountTable) -> [Int] { table.mounts.filter(table.isHidden).map(\.id).sorted() }

    @Test("mounts side by side and below each other are all seen")
    func plain() {
        #expect(hidden(table("1 0 /", "2 1 /a", "3 2 /a/b", "4 1 /ab", "5 1 /b")) == [])
    }

    @Test("the initial rootfs is its own parent and lies below the real root")
    func rootfs() {
        #expect(hidden(table("1 1 / rootfs", "2 1 /", "3 2 /home")) == [1])
    }

    @Test("a mount on the same mount point hides the one below it, and all that was mounted there")
    func sameMountPoint() {
        #expect(hidden(table("1 0 /", "2 1 /data", "3 2 /data/sub", "4 2 /data", "5 4 /data/new")) == [2, 3])
        #expect(hidden(table("1 0 /", "2 1 /a", "3 2 /a", "4 3 /a")) == [2, 3])
    }

    @Test("a mount on a directory above hides what was mounted below it before, with all that hangs there")
    func above() {
        #expect(
            hidden(table("1 0 /", "2 1 /srv/a", "3 2 /srv/a/deep", "4 1 /srv", "5 4 /srv/b", "6 1 /srvx")) == [2, 3])
    }

    @Test("a mount over / hides everything below it")
    func overRoot() {
        #expect(hidden(table("1 0 /", "2 1 /home", "3 1 /")) == [1, 2])
    }

    @Test("a table as a chroot shows it has no root mount")
    func chroot() {
        #expect(hidden(table("7 3 /proc", "8 3 /data", "9 8 /data/x", "10 8 /data")) == [8, 9])
    }

    @Test("what an automount point holds is automounted, at any depth")
    func automounted() {
        let table = table("1 0 /", "2 1 /net autofs", "3 2 /net/a nfs", "4 3 /net/a/b ext4", "5 1 /c autofs", "6 5 /c")
        #expect(table.mounts.filter(table.isAutomounted).map(\.id).sorted() == [2, 3, 4, 5, 6])
        #expect(hidden(table) == [5])
    }

    @Test("mounts come in tree order, siblings in the order of the file")
    func treeOrder() {
        let table = table("1 0 /", "2 1 /z", "3 1 /b", "4 2 /z/deep", "5 1 /a", "6 3 /b/deep", "7 4 /z/deep/er")
        #expect(table.mounts.map(\.id) == [1, 2, 4, 7, 3, 6, 5])
    }

    @Test("forged ids end: cycles, doubles, a parent after its child; no line is lost")
    func forged() {
        let tables = [
            table("1 2 /a", "2 1 /b", "3 3 /c"), table("1 0 /", "1 0 /", "1 1 /x"),
            table("5 4 /a/b", "4 1 /a", "1 0 /"),
            table("1 2 /a", "2 3 /a", "3 1 /a"),
        ]
        for table in tables {
            #expect(table.mounts.count == 3)
            #expect(hidden(table).count <= 3)
        }
    }

    @Test("a table with ten thousand mounts below each other or side by side is read")
    func large() {
        let deep = MountTable(
            Array((1...10_000).map { "\($0) \($0 - 1) 8:1 / /d rw - ext4 x rw\n" }.joined().utf8))
        #expect(deep.mounts.map(\.id) == Array(1...10_000))
        #expect(deep.isHidden(deep.mounts[0]))
        #expect(!deep.isHidden(deep.mounts[9_999]))
        let wide = MountTable(
            Array(
                ("1 0 8:1 / / rw - ext4 x rw\n"
                    + (2...10_000).map { "\($0) 1 0:\($0) / /d\($0) rw - ext4 x rw\n" }.joined()).utf8))
        #expect(wide.mounts.count == 10_000)
        #expect(!wide.mounts.contains(where: wide.isHidden))
    }

    @Test("lines that are none are left out")
    func garbage() {
        let bytes = Array("garbage\n\n1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 / /cut rw - ex".utf8) + [0, 0xff]
        #expect(MountTable(bytes).mounts.map(\.id) == [1])
    }
}
