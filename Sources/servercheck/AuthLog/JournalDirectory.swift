// The journal files of this machine, opened. Only the system's own: what root's processes write is never in a user's
// file, and other machines' and containers' journals have directories of their own. sd_journal_open(3) would open all of
// them, pass over what may not be read without a word, and can miss a file that is renamed meanwhile.

import Glibc

/// One journal file. A class because the plan of a run and its reading share the open file.
final class JournalFile {
    let path: String
    /// Below /run: gone after a reboot, or copied to /var before.
    let isVolatile: Bool
    /// Renamed by journald: it will not grow any more.
    let isArchived: Bool
    let file: OpenFile
    let size: Int64
    let modified: Timestamp
    /// nil: damaged, or not begun yet.
    let header: JournalHeader?
    fileprivate let inode: UInt64

    fileprivate init(_ path: String, isVolatile: Bool, isArchived: Bool) throws(SystemError) {
        file = try OpenFile(path, flags: O_RDONLY | O_NOFOLLOW)
        let facts = try file.facts()
        guard facts.isRegular else { throw SystemError(action: "read", object: path, code: EINVAL) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: JournalHeader.size, alignment: 8)
        defer { buffer.deallocate() }
        let count = try file.readAll(into: buffer, at: 0)
        header = JournalHeader(Array(buffer[..<count]))
        size = facts.size
        modified = Timestamp(microseconds: facts.modified / 1000)
        inode = facts.inode
        self.path = path
        self.isVolatile = isVolatile
        self.isArchived = isArchived
    }

    var name: String { path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path }
}

/// Where the journal of one machine is.
struct JournalDirectory {
    /// As journald has them, below the machine's root: volatile, persistent.
    static let parents = ["/run/log/journal", "/var/log/journal"]
    /// How often a rotation may come between while the files are opened.
    private static let patience = 20

    private let directories: [(path: String, isVolatile: Bool)]

    init(_ machine: Machine) throws(LogError) {
        if JournalDirectory.parents.allSatisfy({ FileFacts(followingLinksAt: machine.path($0)) == nil }) {
            directories = []
            return
        }
        let path = machine.path("/etc/machine-id")
        let text: [UInt8]
        do {
            text = try OpenFile.contents(of: path, limit: 4096)
        } catch {
            throw LogError(
                .failed, "cannot tell which journal is this machine's: \(error) (run systemd-machine-id-setup)")
        }
        guard let id = JournalID(Array(text.prefix { $0 != 0x0A }).span), !id.isNull else {
            throw LogError(
                .failed,
                "cannot tell which journal is this machine's: \(path) holds no id (run systemd-machine-id-setup)")
        }
        directories = JournalDirectory.parents.enumerated().map {
            (machine.path($0.element) + "/" + id.text, isVolatile: $0.offset == 0)
        }
    }

    /// Opens every file that may hold more than `position` knows. Empty: there is no journal.
    func open(_ position: JournalPosition?) throws(LogError) -> [JournalFile] {
        var files: [JournalFile] = []
        for _ in 0..<JournalDirectory.patience {
            let before = try names()
            files = []
            var isStable = true
            for (index, names) in before.enumerated() {
                let done = JournalFileName.done(names, position)
                for name in names where !done.contains(name) {
                    do throws(SystemError) {
                        files.append(
                            try JournalFile(
                                directories[index].path + "/" + name, isVolatile: directories[index].isVolatile,
                                isArchived: JournalFileName.isArchived(name)))
                    } catch {
                        guard error.code == ENOENT else { throw JournalDirectory.problem(error) }
                        isStable = false
                    }
                }
            }
            let after = try names()
            if isStable, before == after, files.allSatisfy(isInPlace) { break }
        }
        return files
    }

    private func isInPlace(_ file: JournalFile) -> Bool { FileFacts(path: file.path)?.inode == file.inode }

    private func names() throws(LogError) -> [[String]] {
        var all: [[String]] = []
        for directory in directories {
            do throws(SystemError) {
                all.append(try JournalDirectory.list(directory.path).filter(JournalFileName.isSystem).sorted())
            } catch {
                guard error.code == ENOENT || error.code == ENOTDIR else { throw JournalDirectory.problem(error) }
                all.append([])
            }
        }
        return all
    }

    private static func list(_ directory: String) throws(SystemError) -> [String] {
        guard let stream = opendir(directory) else { throw .last("list", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name { names.append(name) }
        }
        return names
    }

    /// An ordinary user sees an own journal, and that everything else is there, but not what it says.
    private static func problem(_ error: SystemError) -> LogError {
        let text = "cannot read the journal, \(error.object): \(SystemError.text(error.code))"
        switch error.code {
        case EACCES, EPERM: return LogError(.denied, text + " (add the user to group systemd-journal)")
        default: return LogError(.failed, text)
        }
    }
}

/// The names that journald gives its files.
enum JournalFileName {
    /// system.journal; system@….journal when rotated; system@….journal~ when it was not closed properly.
    static func isSystem(_ name: String) -> Bool {
        name == "system.journal" || isArchived(name)
    }

    static func isArchived(_ name: String) -> Bool {
        name.hasPrefix("system@") && (name.hasSuffix(".journal") || name.hasSuffix(".journal~"))
    }

    /// `system@SOURCE-SEQNUM-TIME.journal`: the chain and the first sequence number.
    static func rotation(_ name: String) -> (chain: JournalID, head: UInt64)? {
        let bytes = Array(name.utf8)
        // system@, 32 digits, a hyphen, 16 digits, a hyphen, 16 digits, .journal
        guard bytes.count == 81, bytes[39] == UInt8(ascii: "-"), bytes[56] == UInt8(ascii: "-"),
            name.hasPrefix("system@"), name.hasSuffix(".journal"),
            let chain = JournalID(bytes.span.extracting(7..<39)),
            let head = UInt64(hexadecimal: bytes.span.extracting(40..<56))
        else { return nil }
        return (chain, head)
    }

    /// Rotated files that were read to their end: the one after them begins no later than where reading goes on. They
    /// need not even be opened; there may be a hundred.
    static func done(_ names: [String], _ position: JournalPosition?) -> Set<String> {
        guard let marks = position?.marks, !marks.isEmpty else { return [] }
        let rotated = names.compactMap { name in rotation(name).map { (name: name, chain: $0.chain, head: $0.head) } }
            .sorted { left, right in
                (left.chain.high, left.chain.low, left.head) < (right.chain.high, right.chain.low, right.head)
            }
        var done: Set<String> = []
        for (one, next) in zip(rotated, rotated.dropFirst()) where one.chain == next.chain && one.head < next.head {
            if let mark = marks[one.chain], next.head &- 1 <= mark { done.insert(one.name) }
        }
        return done
    }
}

extension JournalDirectory {
    /// Whose journal a file is: the directory is named after the machine.
    static func machineID(ofFile path: String) -> JournalID? {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? JournalID(parts[parts.count - 2]) : nil
    }
}
