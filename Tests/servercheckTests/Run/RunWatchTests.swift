import Glibc
import Testing

@testable import servercheck

@Suite struct RunWatchTests {
    /// What happened, in order.
    private let events = Monitor<[String]>([])

    private func add(_ event: String) { events.access { $0.append(event) } }

    private func wait(for count: Int) -> [String]? {
        events.wait(until: .now + .seconds(15)) { $0.count >= count ? $0 : nil }
    }

    @Test("work that is done in time is answered by its own thread, and nothing else happens")
    func inTime() {
        let watch = RunWatch(limitSeconds: 600) { add("limit") }
        #expect(watch.attempt({ 7 }, substitute: { add("substitute") }) == 7)
        #expect(watch.attempt({ 8 }, substitute: { add("substitute") }) == 8)
        watch.end()
        #expect(events.access { $0 } == [])
    }

    @Test("work that blocks is left to a substitute; when it comes back it goes no further")
    func late() {
        let watch = RunWatch(limitSeconds: 600, lookSeconds: 0.05) { add("limit") }
        DetachedThread.run {
            watch.attempt {
                add("blocked")
                _ = wait(for: 2)
                add("back")
            } substitute: {
                add("substitute")
            }
            add("further")
        }
        #expect(wait(for: 3) == ["blocked", "substitute", "back"])
        watch.end()
        #expect(events.access { $0 } == ["blocked", "substitute", "back"])
    }

    @Test("at the limit the run is ended once, also when a substitute blocks, and nobody else ends it")
    func limit() {
        let watch = RunWatch(limitSeconds: 0.3, lookSeconds: 0.05) { add("limit") }
        DetachedThread.run {
            watch.attempt {
                while true { pause() }
            } substitute: {
                add("substitute")
                _ = wait(for: 2)
                watch.end()
                add("ended twice")
            }
        }
        #expect(wait(for: 2) == ["substitute", "limit"])
    }

    @Test("whoever ends the run before the limit keeps the watch from doing so")
    func ended() {
        let watch = RunWatch(limitSeconds: 0.2, lookSeconds: 0.05) { add("limit") }
        watch.end()
        let later = RunWatch(limitSeconds: 0.4, lookSeconds: 0.05) { add("later") }
        #expect(wait(for: 1) == ["later"])
        _ = later
    }
}
