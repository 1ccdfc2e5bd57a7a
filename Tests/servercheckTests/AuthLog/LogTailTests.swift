import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite struct LogTailTests {
    /// A way in which logs are rotated between two runs, after lines 1 to 5 were read and 6 to 8 were not.
    struct Rotation: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rotate: @Sendable (LogStory) throws -> Void
        init(_ description: String, _ rotate: @escaping @Sendable (LogStory) throws -> Void) {
            testDescription = description
            self.rotate = rotate
        }
    }

    static let rotations: [Rotation] = [
        Rotation("nothing") { _ in },
        Rotation("rename and create") {
            $0.rotate()
            $0.hangUp()
        },
        Rotation("rename, and the new log does not exist yet") { $0.rotate() },
        Rotation("rename, while syslog still writes to the old file") { story in
            story.rotate()
            story.append(2)
            try story.run()
            story.append(2)
            try story.run()
            story.hangUp()
        },
        Rotation("rename, create, and syslog still writes to the old file") { story in
            story.rotate()
            #expect(FileManager.default.createFile(atPath: story.path, contents: nil))
            story.append(1)
            try story.run()
            story.append(1)
            try story.run()
            story.append(1)
            story.hangUp()
        },
        Rotation("the old file grows and is compressed before the next run") { story in
            story.rotate()
            try story.run()
            story.append(2)
            story.hangUp()
            try story.compress("auth.log.1")
        },
        Rotation("rename, create, compress at once") {
            $0.rotate()
            $0.hangUp()
            try $0.compress("auth.log.1")
        },
        Rotation("two rotations between two runs") {
            for _ in 0..<2 {
                $0.rotate()
                $0.hangUp()
                $0.append(3)
            }
        },
        Rotation("three rotations, delayed compression") {
            for _ in 0..<3 {
                try $0.compress("auth.log.1")
                $0.rotate()
                $0.hangUp()
                $0.append(3)
            }
        },
        Rotation("three rotations, all compressed") {
            for _ in 0..<3 {
                $0.rotate()
                $0.hangUp()
                $0.append(3)
                try $0.compress("auth.log.1")
            }
        },
        Rotation("copytruncate") { try $0.copyTruncate() },
        Rotation("copytruncate, compressed at once") {
            try $0.copyTruncate()
            try $0.compress("auth.log.1")
        },
        Rotation("copytruncate twice") {
            try $0.copyTruncate()
            $0.append(20)
            try $0.copyTruncate()
        },
        Rotation("copytruncate, and the log is longer than before by the next run") {
            try $0.copyTruncate()
            $0.append(30)
        },
        Rotation("dateext") {
            $0.rotate(to: "auth.log-20261122")
            $0.hangUp()
            $0.append(2)
            $0.rotate(to: "auth.log-20261123")
            $0.hangUp()
        },
        Rotation("dateext, compressed") {
            $0.rotate(to: "auth.log-20261122")
            $0.hangUp()
            $0.append(2)
            try $0.compress("auth.log-20261122")
            $0.rotate(to: "auth.log-20261123")
            $0.hangUp()
            try $0.compress("auth.log-20261123")
        },
        Rotation("dateext before the extension") {
            $0.rotate(to: "auth-20261123.log")
            $0.hangUp()
        },
        Rotation("copytruncate with dateext") { try $0.copyTruncate(to: "auth.log-20261123") },
        Rotation("the log vanishes and returns") { story in
            story.move("auth.log", to: "elsewhere")
            try story.run()
            #expect(story.lastReading?.isMissing == true)
            story.move("elsewhere", to: "auth.log")
        },
        Rotation("the log is moved elsewhere, a link leads to it") { story in
            story.move("auth.log", to: "elsewhere")
            #expect(symlink(story.directory.file("elsewhere"), story.path) == 0)
        },
        Rotation("the log is rotated, a link leads to a new one") { story in
            story.rotate()
            #expect(symlink(story.directory.file("elsewhere"), story.path) == 0)
            story.hangUp()
        },
        Rotation("a link leads to another file every day") { story in
            story.move("auth.log", to: "monday")
            #expect(symlink(story.directory.file("monday"), story.path) == 0)
            try story.run()
            story.append(3)
            story.remove("auth.log")
            #expect(symlink(story.directory.file("tuesday"), story.path) == 0)
            story.hangUp()
            story.append(1)
        },
        Rotation("the log behind a link is away for two runs") { story in
            #expect(mkdir(story.directory.file("volume"), 0o700) == 0)
            story.move("auth.log", to: "volume/auth.log")
            #expect(symlink("volume/auth.log", story.path) == 0)
            try story.run()
            story.move("volume/auth.log", to: "away")
            for _ in 0..<2 { try story.run() }
            story.move("away", to: "volume/auth.log")
            try story.run()
        },
        Rotation("the copy of an interrupted compression is beside the rotated file") { story in
            story.rotate()
            story.hangUp()
            try servercheckTests.run("/bin/sh", ["-c", "gzip -c \(story.path).1 > \(story.path).1.gz"])
        },
        Rotation("an old log is unpacked for reading, and another copied") { story in
            try servercheckTests.run("/bin/sh", ["-c", "cp \(story.path) \(story.path).bak"])
            story.rotate()
            story.hangUp()
            try servercheckTests.run("/bin/sh", ["-c", "cp \(story.path).1 \(story.path).7"])
        },
    ]

    @Test("every line is read exactly once and in order", arguments: rotations)
    func rotation(rotation: Rotation) throws {
        let story = try LogStory()
        try story.run()
        story.append(5)
        try story.run()
        story.append(3)
        try rotation.rotate(story)
        story.append(4)
        try story.check("read after the rotation")
        story.append(2)
        try story.check("read later")
        #expect(story.notes == [])
    }

    @Test("every line is read exactly once and in order, when nothing was read before", arguments: rotations)
    func rotationOfNew(rotation: Rotation) throws {
        let story = try LogStory()
        try story.run()
        story.append(3)
        try rotation.rotate(story)
        story.append(4)
        try story.check("read after the rotation")
        story.append(2)
        try story.check("read later")
    }

    @Test("a half line is read when it is complete, also when the log was rotated meanwhile", arguments: [false, true])
    func halfLine(compressed: Bool) throws {
        let story = try LogStory()
        try story.run()
        story.append(2)
        story.appendHalfLine()
        try story.run()
        story.rotate()
        try story.run()
        story.append(1)
        story.hangUp()
        if compressed { try story.compress("auth.log.1") }
        story.append(1)
        try story.check()
    }

    @Test("a first run reads nothing that is there, in the log or beside it")
    func firstRun() throws {
        let story = try LogStory()
        for _ in 0..<3 {
            story.append(3)
            try story.compress("auth.log.1")
            story.rotate()
            story.hangUp()
        }
        story.append(3)
        try story.check()
        #expect(story.received == [])
        story.append(2)
        story.rotate()
        story.hangUp()
        story.append(1)
        try story.check()
    }

    @Test("a first run takes up a half line when it is complete")
    func firstRunHalfLine() throws {
        let story = try LogStory()
        story.append(3)
        story.appendHalfLine()
        try story.run()
        story.append(2)
        try story.check()
        #expect(story.received.count == 2)
    }

    @Test("a first run in the middle of a rotation goes on in the old file")
    func firstRunWhileRotating() throws {
        let story = try LogStory()
        story.append(3)
        story.rotate()
        try story.run()
        story.append(2)
        try story.run()
        story.append(2)
        story.hangUp()
        story.append(2)
        try story.check()
    }

    @Test("a log that appears later is read from its start, with what was rotated away before")
    func appearsLater() throws {
        let story = try LogStory(create: false)
        try story.run()
        #expect(story.lastReading?.isMissing == true)
        try story.run()
        story.hangUp()
        story.append(3)
        story.rotate()
        story.hangUp()
        story.append(2)
        try story.check()
        #expect(story.received.count == 5)
        #expect(story.lastReading?.isMissing == false)
    }

    @Test("a truncated log is read from its start, with a note")
    func truncated() throws {
        let story = try LogStory()
        try story.run()
        story.append(5)
        try story.run()
        story.append(1)
        story.truncate()
        story.append(2)
        try story.check()
        #expect(story.notes == ["\(story.path) was truncated; reading it from its start"])
        story.truncate()
        story.append(9)
        try story.check("longer than before")
    }

    @Test("a log from which read lines were removed goes on at its end")
    func cut() throws {
        let story = try LogStory()
        try story.run()
        story.append(10)
        try story.run()
        #expect(truncate(story.path, 200) == 0)
        try story.run()
        #expect(story.received == story.expected)
        #expect(story.notes == ["\(story.path) lost lines that were read; going on at its end"])
    }

    @Test("a log that was replaced and is nowhere to be found leaves a note")
    func gone() throws {
        let story = try LogStory()
        try story.run()
        story.append(5)
        try story.run()
        // Keeps the inode from being given to the new file.
        #expect(link(story.path, story.directory.file("kept")) == 0)
        story.remove("auth.log")
        story.hangUp()
        story.append(2)
        try story.check()
        #expect(story.notes == ["\(story.path) is a new file, and the one read until now is gone"])
    }

    @Test("an inode that was given to the next log at once does not hide it")
    func reusedInode() throws {
        let story = try LogStory()
        try story.run()
        for _ in 0..<5 {
            story.append(3)
            try story.run()
            story.append(3)
            story.rotate()
            try story.compress("auth.log.1")
            // The compressed file took a free inode; give the old one back as often as the filesystem likes.
            story.hangUp()
            story.append(4)
            try story.check()
        }
    }

    @Test("the rest of an overlong line is never a line, over runs and rotations")
    func overlong() throws {
        let story = try LogStory()
        try story.run()
        story.append(1)
        story.put(String(repeating: "x", count: LineReader.longestLine + 10))
        try story.check()
        story.put("more")
        try story.check()
        story.rotate()
        story.put("end\n")
        story.append(1)
        try story.run()
        #expect(story.lastReading?.overlongLines == 1)
        story.hangUp()
        story.append(1)
        try story.check()
        #expect(story.received.count == 3)
    }

    @Test("a first run inside an overlong line skips the rest of it")
    func overlongAtFirst() throws {
        let story = try LogStory()
        story.append(1)
        story.put(String(repeating: "x", count: 3 * LineReader.longestLine))
        try story.run()
        story.put("end\n")
        story.append(1)
        try story.check()
    }

    @Test("what is no regular file is neither read nor followed")
    func noFiles() throws {
        let story = try LogStory()
        try story.run()
        story.append(1)
        #expect(mkfifo(story.path + ".1", 0o600) == 0)
        #expect(mkdir(story.path + ".2", 0o700) == 0)
        #expect(symlink("/etc/passwd", story.path + ".3") == 0)
        story.move("auth.log", to: "auth.log.4")
        story.hangUp()
        story.append(1)
        try story.check()
        #expect(story.notes == [])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kind: LogError.Kind
        var text: String
        var make: @Sendable (String) throws -> Void
    }

    @Test(
        "what cannot be followed is named with its remedy",
        arguments: [
            Refusal(
                testDescription: "a directory", kind: .notAFile,
                text: "cannot read PATH: it is a directory, not a log file"
            ) { _ = mkdir($0, 0o700) },
            Refusal(
                testDescription: "a FIFO", kind: .notAFile,
                text: "cannot read PATH: it is a FIFO, not a log file"
            ) { _ = mkfifo($0, 0o600) },
            Refusal(
                testDescription: "compressed", kind: .notAFile,
                text: "cannot follow PATH: it is compressed (give the log itself as log_file)"
            ) { try run("/bin/sh", ["-c", "echo a | gzip > \($0)"]) },
            Refusal(
                testDescription: "a link to itself", kind: .failed,
                text: "cannot read PATH: Too many levels of symbolic links"
            ) { _ = symlink($0, $0) },
        ])
    func refusals(refusal: Refusal) throws {
        let story = try LogStory(create: false)
        try refusal.make(story.path)
        let error = #expect(throws: LogError.self) { try story.run() }
        #expect(
            error == LogError(refusal.kind, refusal.text.replacingOccurrences(of: "PATH", with: story.path)))
    }

    @Test("a position from a damaged state file does no harm")
    func hostilePositions() throws {
        let story = try LogStory()
        try story.run()
        story.append(3)
        try story.run()
        let good = try #require(story.position)
        let live = try #require(good.live)
        var hostile: [LogPosition] = []
        for offset in [Int64.min, -1, 1, 1 << 40, .max] {
            for first in [live.first, nil, 7] {
                for last in [live.last, nil, 7] {
                    var mark = live
                    (mark.offset, mark.first, mark.last) = (offset, first, last)
                    mark.overlong = offset == 1
                    hostile.append(LogPosition(path: story.path, live: mark, newest: offset))
                    mark.watched = LogMark.Watched(path: "/dev/zero\0x", size: offset)
                    mark.waits = true
                    hostile.append(
                        LogPosition(
                            path: story.path, target: "/proc/self/mem", live: nil,
                            rotated: Array(repeating: mark, count: 5000), newest: offset))
                }
            }
        }
        for position in hostile {
            story.position = position
            try story.run()
            let new = try #require(story.position)
            #expect(new.live?.offset == live.offset)
            #expect(new.rotated.count <= LogPosition.rotatedLimit)
        }
    }

    @Test("what could not be read for want of zlib is read once when zlib is there", arguments: [false, true])
    func waiting(isKnown: Bool) throws {
        let story = try LogStory()
        try story.run()
        story.append(3)
        try story.run()
        let known = try #require(story.position?.live)
        story.append(3)
        story.rotate()
        try story.compress("auth.log.1")
        story.hangUp()
        let facts = try #require(FileFacts(path: story.path + ".1.gz"))
        let new = try #require(FileFacts(path: story.path))
        // As a run without zlib leaves it: it cannot tell that the compressed file is the one read until now.
        var waiting = LogMark(device: facts.device, inode: facts.inode, offset: 0, waits: true)
        if isKnown { (waiting.offset, waiting.first) = (known.offset, known.first) }
        story.position?.live = LogMark(device: new.device, inode: new.inode, offset: 0)
        story.position?.rotated = isKnown ? [waiting] : [waiting, known]
        story.position?.newest = new.modified
        story.append(1)
        try story.check()
    }

    @Test("a missing permission comes with its remedy")
    func permission() {
        let denied = SystemError(action: "open", object: "/no/auth.log", code: EACCES)
        #expect(
            LogError(denied, path: "/no/auth.log")
                == LogError(.denied, "cannot read /no/auth.log: Permission denied (add the user to group adm)"))
    }

    @Test("another path in the position counts as a first run")
    func otherPath() throws {
        let story = try LogStory()
        story.append(3)
        story.position = LogPosition(path: "/var/log/secure")
        try story.run()
        #expect(story.received == [])
    }
}
