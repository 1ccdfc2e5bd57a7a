// One run's hold on the state: the lock, the place it was loaded from, and the place it can be written to. When the
// state directory cannot be written, the runtime directory stands in for it.

import Glibc

/// The state of one run, locked from `open` until the value dies.
struct StateStore: ~Copyable {
    private let places: StatePlaces
    /// Held for its flock(2) only.
    private let lock: OpenFile?
    private(set) var state: State
    /// What is in the file now.
    private var committed: State
    /// What the administrator must know about the state itself.
    private(set) var findings: [Finding] = []
    private var isStandingIn = false
    /// Whether the state directory holds a state.
    private var isKept = false

    /// Locks, waiting for another run until `deadline`, and loads.
    ///
    /// - Throws: StateError when another run holds the lock, or a newer version wrote the state.
    static func open(
        _ places: StatePlaces, now: Timestamp, deadline: ContinuousClock.Instant
    ) throws(StateError) -> Self {
        let lock = try takeLock(places, deadline: deadline)
        var store = StateStore(places: places, lock: lock)
        try store.load(now: now)
        return store
    }

    /// For `--dry-run`: no lock, nothing is written, and a state that cannot be read counts as none.
    static func readOnly(_ places: StatePlaces) -> Self {
        var store = StateStore(places: places, lock: nil)
        for directory in [places.state, places.runtime] {
            if case .state(let found)? = try? StateFile(directory: directory).load(),
                directory == places.state || found.standsInFor == places.state,
                found.sequence >= store.state.sequence
            {
                store.state = found
            }
        }
        return store
    }

    private init(places: StatePlaces, lock: consuming OpenFile?) {
        self.places = places
        self.lock = lock
        state = State()
        committed = state
    }

    /// Writes `next` if it differs from what is written already. The first state is written whatever it is: with it space
    /// is reserved, which a disk that is full later does not give.
    ///
    /// - Returns: whether it is on disk, in one place or the other.
    @discardableResult
    mutating func commit(_ next: State) -> Bool {
        state = next
        var following = next
        following.sequence = committed.sequence
        following.standsInFor = committed.standsInFor
        guard following != committed || isStandingIn || !isKept else { return true }
        following.sequence = committed.sequence &+ 1
        following.standsInFor = nil
        let failure: SystemError
        do {
            try StateFile(directory: places.state).commit(following)
            committed = following
            isKept = true
            if isStandingIn {
                isStandingIn = false
                StateFile(directory: places.runtime).remove()
            }
            findings.removeAll { $0.id == StateStore.unwritableID }
            return true
        } catch { failure = error }
        return standIn(following, because: failure)
    }

    private mutating func standIn(_ next: State, because failure: SystemError) -> Bool {
        findings.removeAll { $0.id == StateStore.unwritableID }
        var following = next
        following.standsInFor = places.state
        StateDirectory.create(places.runtime, mode: StateDirectory.runtimeMode)
        let isKept =
            places.runtime != places.state
            && (try? StateFile(directory: places.runtime).commit(following)) != nil
        if isKept {
            committed = following
            isStandingIn = true
        }
        let consequence =
            isKept
            ? "kept in \(places.runtime), which a reboot empties"
            : "what was told is forgotten, so alerts are repeated in each run"
        findings.append(
            Finding(
                sensor: "state", id: StateStore.unwritableID, kind: .silent, status: .unknown,
                text: "\(failure) (\(StateStore.remedy(failure, places.state))); \(consequence)"))
        return isKept
    }

    static let unwritableID = "state"

    private static func remedy(_ failure: SystemError, _ directory: String) -> String {
        switch failure.code {
        case EACCES, EPERM: "make \(directory) writable for the user that runs servercheck, or name another --state-dir"
        case ENOSPC, EDQUOT: "free some space or inodes"
        case EROFS: "the filesystem is read-only: check the disk, or name another --state-dir"
        case ENOENT, ENOTDIR: "create \(directory), or name another --state-dir"
        default: "check \(directory), or name another --state-dir"
        }
    }

    private mutating func load(now: Timestamp) throws(StateError) {
        let own = try load(places.state, now: now)
        if let own { state = own }
        isKept = own != nil
        if places.runtime != places.state, let other = try load(places.runtime, now: now),
            other.standsInFor == places.state, own == nil || other.sequence > state.sequence
        {
            state = other
            isStandingIn = true
        }
        committed = state
    }

    private mutating func load(_ directory: String, now: Timestamp) throws(StateError) -> State? {
        let file = StateFile(directory: directory)
        let reason: String
        do {
            switch try file.load() {
            case .nothing: return nil
            case .state(let state): return state
            case .newer(let version):
                throw StateError(
                    description: "\(file.path) was written by a newer servercheck (state version \(version), this one "
                        + "knows \(State.currentVersion)): update servercheck, or move the file away")
            case .foreign(let why): reason = why
            }
        } catch let error as StateError {
            throw error
        } catch let error as SystemError where file.isForeign && [EACCES, EPERM].contains(error.code) {
            // Another user's, with mode 0600: it stays unreadable, and rename works where the directory is ours.
            reason = "\(error)"
        } catch {
            // A failing disk, no descriptors left: the state is there, and must not be taken for lost.
            throw StateError(description: "\(error); this run did nothing, the next one tries again")
        }
        let outcome: String
        do {
            outcome = "it was set aside as \(try file.setAside(now: now))"
        } catch {
            outcome = "\(error)"
        }
        findings.append(
            Finding(
                sensor: "state", id: "state:corrupt", kind: .event, status: .warning,
                text: "\(file.path) could not be used (\(reason)); \(outcome); this run starts afresh and log lines "
                    + "since the last run are not judged"))
        return nil
    }

    private static func takeLock(
        _ places: StatePlaces, deadline: ContinuousClock.Instant
    ) throws(StateError) -> OpenFile? {
        var found = try lockable(places.state, mode: StateDirectory.stateMode)
        if found == nil { found = try lockable(places.runtime, mode: StateDirectory.runtimeMode) }
        guard let directory = found else { return nil }
        var pause: UInt32 = 1000
        while flock(directory.descriptor, LOCK_EX | LOCK_NB) != 0 {
            // EBADF: NFS locks only files opened for writing; two runs at once are then the administrator's care.
            guard errno == EWOULDBLOCK || errno == EINTR else { return directory }
            if ContinuousClock.now >= deadline {
                throw StateError(
                    description: "another servercheck run holds the lock on \(directory.path); "
                        + "wait for it, or find it with: fuser -v \(directory.path)")
            }
            usleep(pause)
            pause = min(pause * 2, 50_000)
        }
        return directory
    }

    /// nil: the directory cannot be had, and the run will say so when it writes.
    private static func lockable(_ directory: String, mode: mode_t) throws(StateError) -> OpenFile? {
        do {
            return try StateDirectory.open(directory, mode: mode)
        } catch {
            // Without the lock only where there is nothing to lock: a lack of descriptors must not let two runs in.
            if [ENOENT, ENOTDIR, EACCES, EPERM, ELOOP].contains(error.code) { return nil }
            throw StateError(description: "\(error); this run did nothing, the next one tries again")
        }
    }
}
