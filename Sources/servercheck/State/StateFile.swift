// Lock, load, commit of state.json. What must stay true:
//
// 1. state.json is always the old or the new state, whole: a commit writes the spare file beside it, syncs it and
//    exchanges the two names in one rename.
// 2. A commit on a full disk needs no new block and no new inode: the spare is the state before, and both keep their
//    blocks (64 KiB reserved beyond the end of the file).
// 3. The lock is on the directory itself: it needs no file, no inode and no right to write.
// 4. A state of which a digit changed is not used: a checksum tells.
// 5. No symbolic link is followed, nothing is readable by others.

import CShim
import Glibc

/// Why the state cannot be used at all: one line with the remedy. The run ends with exit status 3.
struct StateError: Error, Sendable, Equatable, CustomStringConvertible {
    var description: String
}

/// A directory that holds state.json.
struct StateFile: Sendable {
    let directory: String

    var path: String { directory + "/state.json" }
    private var sparePath: String { directory + "/state.json.spare" }

    /// Blocks kept for the spare, so that a later commit fits on a full disk. The state stays below this.
    static let reservedBytes = 64 * 1024
    /// What is larger is not ours.
    static let sizeLimit = 1 << 20

    /// What was found.
    enum Loaded: Sendable, Equatable {
        case nothing
        case state(State)
        /// Not readable as a state; the text says why.
        case foreign(String)
        /// Written by a newer version.
        case newer(version: Int)
    }

    func load() throws(SystemError) -> Loaded {
        let bytes: [UInt8]
        do {
            bytes = try OpenFile.contents(of: path, limit: StateFile.sizeLimit, flags: O_NOFOLLOW)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR: return .nothing
            // ENXIO: a socket.
            case EISDIR, EINVAL, EFBIG, ELOOP, ENXIO: return .foreign(error.description)
            default: throw error
            }
        }
        let isOurs = StateChecksum.matches(bytes)
        if isOurs == false { return .foreign("it is damaged: its checksum does not match") }
        if let state = JSONText.decode(State.self, from: bytes, isOurs: isOurs == true),
            state.version == State.currentVersion
        {
            return .state(state)
        }
        // Perhaps only newer: the version alone decides.
        guard let version = JSONText.decode(StateVersion.self, from: bytes)?.version else {
            return .foreign("it is no servercheck state")
        }
        return version > State.currentVersion
            ? .newer(version: version) : .foreign("it is damaged, or of unknown version \(version)")
    }

    /// Writes the state so that it survives a kill, a crash and a full disk.
    func commit(_ state: State) throws(SystemError) {
        // As much as it may become: memory that is not touched costs nothing, a text that grows is copied time and again.
        var bytes = JSONText.encode(state, isIndented: true, capacity: StateFile.reservedBytes)
        // Many channels, each with a backlog: indentation is a third of it.
        if bytes.count > StateFile.reservedBytes - StateChecksum.size { bytes = JSONText.encode(state) }
        StateChecksum.add(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        try writeSpare(bytes)
        if cshim_rename_exchange(sparePath, path) == 0 { return }
        // No state.json yet, or a filesystem that cannot exchange (NFS): the plain rename is as atomic.
        guard rename(sparePath, path) == 0 else {
            if errno == EISDIR { errno = EEXIST }
            throw .last("replace", path)
        }
        // The reserve for the next commit. If it fails, the next commit creates the file itself.
        _ = try? openSpare().reserve()
    }

    /// Moves what is no state of ours out of the way, keeping it for the administrator.
    ///
    /// - Returns: the new path.
    func setAside(now: Timestamp) throws(SystemError) -> String {
        var name = path + ".corrupt-" + now.utcText.filter { $0.isNumber || $0 == "T" }
        if access(name, F_OK) == 0 { name += "-\(getpid())" }
        guard rename(path, name) == 0 else { throw .last("set aside", path) }
        return name
    }

    func remove() { unlink(path) }

    /// Whether state.json belongs to another user.
    var isForeign: Bool { FileFacts(path: path).map { $0.owner != geteuid() } ?? false }

    private func writeSpare(_ bytes: [UInt8]) throws(SystemError) {
        let spare = try openSpare()
        let oldSize = try spare.facts().size
        var content = bytes
        if oldSize > content.count, spare.isDiskTight {
            // Cutting the file would give blocks away that nobody gives back on a full disk. White space at the end
            // of a JSON document means nothing.
            let padding = min(Int(oldSize), StateFile.sizeLimit) - content.count
            content.append(contentsOf: repeatElement(UInt8(ascii: "\n"), count: max(0, padding)))
        }
        try spare.write(content)
        if oldSize > content.count, ftruncate(spare.descriptor, off_t(content.count)) != 0 {
            throw .last("cut", sparePath)
        }
        spare.reserve()
        guard fdatasync(spare.descriptor) == 0 else { throw .last("sync", sparePath) }
    }

    /// The spare file, regular, owned by the directory's owner and closed to others; anything else in its place is replaced,
    /// since whoever could open it may still hold it open. A run by hand
    /// as root hands its files to that owner, so that the service can read them afterwards.
    private func openSpare() throws(SystemError) -> OpenFile {
        let flags = O_WRONLY | O_NOFOLLOW
        let home = try OpenFile(directory, flags: O_RDONLY | O_DIRECTORY).facts()
        let owner = geteuid() == 0 ? home.owner : geteuid()
        if let file = try? OpenFile(sparePath, flags: flags), let facts = try? file.facts(),
            facts.isRegular, facts.links == 1, facts.owner == owner, facts.mode & 0o7777 & ~0o640 == 0
        {
            return file
        }
        if unlink(sparePath) != 0, errno == EISDIR { _ = rmdir(sparePath) }
        let file = try OpenFile(sparePath, flags: flags | O_CREAT | O_EXCL, mode: 0o640)
        // Whatever the umask: the unit's is 0077, and the administrator's group may read it.
        _ = fchmod(file.descriptor, 0o640)
        if owner != geteuid() { _ = fchown(file.descriptor, owner, home.group) }
        return file
    }
}

/// What every version of the state has.
private struct StateVersion: JSONRecord {
    var version = 0

    mutating func members(_ json: inout JSONMembers) { json.member("version", &version) }
}

extension OpenFile {
    /// Keeps blocks allocated beyond the end of the file. Best effort: not every filesystem can (fallocate(2)).
    fileprivate borrowing func reserve() {
        _ = cshim_allocate_blocks(descriptor, StateFile.reservedBytes)
    }

    /// Whether so little space is left that blocks once given away may not come back.
    fileprivate var isDiskTight: Bool {
        var usage = statvfs()
        guard fstatvfs(descriptor, &usage) == 0 else { return true }
        return UInt64(usage.f_bavail) < UInt64(4 * StateFile.reservedBytes) / max(1, UInt64(usage.f_frsize))
    }
}
