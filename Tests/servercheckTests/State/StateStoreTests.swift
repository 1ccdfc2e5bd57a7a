import Foundation
import Testing

@testable import servercheck

private func soon() -> ContinuousClock.Instant { ContinuousClock.now + .seconds(10) }

/// State and runtime directory in temporary places.
private func places(_ state: TemporaryDirectory, _ runtime: TemporaryDirectory) -> StatePlaces {
    StatePlaces(
        explicit: nil, environment: ["STATE_DIRECTORY": state.path, "RUNTIME_DIRECTORY": runtime.path])
}

@Suite struct StateStoreTests {
    @Test("the first state is written even when it is empty, an unchanged one is not")
    func unchanged() throws {
        let (own, runtime) = (try TemporaryDirectory(), try TemporaryDirectory())
        for _ in 1...3 {
            var store = try StateStore.open(places(own, runtime), now: .noon, deadline: soon())
            let areKept = [store.commit(store.state), store.commit(store.state)]
            #expect(areKept == [true, true])
            #expect(store.state == State() || store.state.sequence == 1)
            #expect(try own.contents() == ["state.json", "state.json.spare"])
            #expect(try own.text("state.json").contains("\"sequence\" : 1,"))
        }
        #expect(try runtime.contents() == [])
    }

    @Test("a second run waits for the lock, and says who holds it when it cannot")
    func locked() throws {
        let (own, runtime) = (try TemporaryDirectory(), try TemporaryDirectory())
        let first = try StateStore.open(places(own, runtime), now: .noon, deadline: soon())
        #expect(
            throws: StateError(
                description: "another servercheck run holds the lock on \(own.path); "
                    + "wait for it, or find it with: fuser -v \(own.path)")
        ) {
            _ = try StateStore.open(places(own, runtime), now: .noon, deadline: ContinuousClock.now)
        }
        #expect(first.findings == [])
    }

    @Test("foreign state is set aside and reported, and the run starts afresh")
    func corrupt() throws {
        let (own, runtime) = (try TemporaryDirectory(), try TemporaryDirectory())
        try own.write("not ours", to: "state.json")
        var store = try StateStore.open(places(own, runtime), now: .noon, deadline: soon())
        #expect(store.state == State())
        #expect(store.findings.map(\.id) == ["state:corrupt"])
        #expect(store.findings.first?.kind == .event && store.findings.first?.status == .warning)
        #expect(try own.contents() == ["state.json.corrupt-20261123T120000"])
        #expect(try own.text("state.json.corrupt-20261123T120000") == "not ours")
        var next = store.state
        next.outboxes["a"] = Outbox(error: "x")
        let isKept = store.commit(next)
        #expect(isKept)
    }

    @Test("a newer version's state is refused and left alone")
    func newer() throws {
        let (own, runtime) = (try TemporaryDirectory(), try TemporaryDirectory())
        try own.write("{\"version\": 9}", to: "state.json")
        #expect(throws: StateError.self) {
            _ = try StateStore.open(places(own, runtime), now: .noon, deadline: soon())
        }
        #expect(try own.text("state.json") == "{\"version\": 9}")
    }

    @Test("a state directory that cannot be written: the runtime directory stands in, and gives back when it can")
    func standIn() throws {
        let (base, runtime) = (try TemporaryDirectory(), try TemporaryDirectory())
        // A file in the directory's place: not writable even for root.
        try base.write("", to: "own")
        let places = StatePlaces(
            explicit: nil, environment: ["STATE_DIRECTORY": base.path + "/own", "RUNTIME_DIRECTORY": runtime.path])
        var next = State()
        do {
            var store = try StateStore.open(places, now: .noon, deadline: soon())
            next.outboxes["a"] = Outbox(error: "x")
            let isKept = store.commit(next)
            #expect(isKept)
            #expect(store.findings.map(\.status) == [.unknown])
            #expect(
                store.findings.first?.text
                    == "cannot open \(base.path)/own: Not a directory (create \(base.path)/own, or name another "
                    + "--state-dir); kept in \(runtime.path), which a reboot empties")
        }
        try FileManager.default.removeItem(atPath: base.path + "/own")
        do {
            var store = try StateStore.open(places, now: .noon, deadline: soon())
            #expect(store.state.outboxes == next.outboxes)
            let isKept = store.commit(store.state)
            #expect(isKept)
            #expect(store.findings == [])
        }
        #expect(try runtime.contents().contains("state.json") == false)
        let store = try StateStore.open(places, now: .noon, deadline: soon())
        #expect(store.state.outboxes == next.outboxes)
    }

    @Test("a dry run takes from the runtime directory only what stands in for its own state directory")
    func standInOfAnother() throws {
        let (base, runtime) = (try TemporaryDirectory(), try TemporaryDirectory())
        try base.write("", to: "a")
        let environment = ["RUNTIME_DIRECTORY": runtime.path]
        let (a, b) = (
            StatePlaces(explicit: base.path + "/a", environment: environment),
            StatePlaces(explicit: base.path + "/b", environment: environment)
        )
        var next = State()
        next.outboxes["a"] = Outbox(error: "x")
        do {
            var store = try StateStore.open(a, now: .noon, deadline: soon())
            store.commit(next)
        }
        #expect(StateStore.readOnly(a).state.outboxes == next.outboxes)
        #expect(StateStore.readOnly(b).state == State())
    }

    @Test("where nothing can be written, that is said")
    func nowhere() throws {
        let base = try TemporaryDirectory()
        try base.write("", to: "file")
        let places = StatePlaces(
            explicit: base.path + "/file", environment: ["RUNTIME_DIRECTORY": base.path + "/file/run"])
        var store = try StateStore.open(places, now: .noon, deadline: soon())
        var next = State()
        next.outboxes["a"] = Outbox(error: "x")
        let isKept = store.commit(next)
        #expect(!isKept)
        #expect(store.findings.first?.text.hasSuffix("so alerts are repeated in each run") == true)
    }
}

@Suite struct StatePlacesTests {
    @Test("directories by option, systemd, root and user")
    func places() {
        func places(_ explicit: String?, _ environment: [String: String], _ user: UInt32) -> [String] {
            let places = StatePlaces(explicit: explicit, environment: environment, userID: user)
            return [places.state, places.runtime, places.last]
        }
        #expect(places(nil, [:], 0) == ["/var/lib/servercheck", "/run/servercheck", "/run/servercheck"])
        #expect(places("/x", [:], 0) == ["/x", "/run/servercheck", "/x"])
        #expect(
            places(nil, ["STATE_DIRECTORY": "/s:/t", "RUNTIME_DIRECTORY": "/r"], 990) == ["/s", "/r", "/r"])
        #expect(
            places(nil, ["HOME": "/h"], 1000)
                == ["/h/.local/state/servercheck", "/h/.local/state/servercheck", "/h/.local/state/servercheck"])
        #expect(
            places(nil, ["HOME": "/h", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/run/user/1000"], 1000)
                == ["/s/servercheck", "/run/user/1000/servercheck", "/run/user/1000/servercheck"])
    }

    @Test("status also looks where the service writes")
    func candidates() {
        #expect(
            StatePlaces(explicit: nil, environment: ["HOME": "/h"], userID: 1000).lastCandidates
                == ["/h/.local/state/servercheck", "/run/servercheck"])
        #expect(StatePlaces(explicit: "/x", environment: [:], userID: 1000).lastCandidates == ["/x"])
    }
}
