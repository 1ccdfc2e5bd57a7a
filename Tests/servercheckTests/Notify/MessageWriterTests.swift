import Glibc
import Testing

@testable import servercheck

@Suite struct MessageWriterTests {
    private let writer = MessageWriter(hostname: "box", now: .noon)

    private func finding(_ id: String, _ status: Status, since: Timestamp? = .noon + -60) -> Finding {
        var finding = Finding(sensor: "diskspace", id: id, status: status, text: "\(id) is full", details: ["detail"])
        finding.since = since
        return finding
    }

    @Test("a message names host, status, sensor, text, details and since")
    func single() {
        let message = writer.message(
            for: [NotifyItem(reason: .first, finding: finding("diskspace:/", .critical))], id: "1")
        #expect(message.title == "[box] CRITICAL: diskspace:/ is full")
        #expect(
            message.body == """
                CRITICAL  diskspace:/
                diskspace:/ is full
                detail
                since \((Timestamp.noon + -60).localText)

                host box, \(Timestamp.noon.localText)
                """)
        #expect(message.status == .critical && message.reason == .first)
    }

    @Test("several items: the most severe first, recoveries last")
    func several() {
        let items = [
            NotifyItem(reason: .recovered, finding: finding("a", .ok)),
            NotifyItem(reason: .reminder, finding: finding("b", .warning)),
            NotifyItem(reason: .worse, finding: finding("c", .critical)),
        ]
        let message = writer.message(for: items, id: "1")
        #expect(message.title == "[box] CRITICAL: c is full (and 2 more)")
        #expect(message.reason == .worse && message.status == .critical)
        let heads = message.body.split(separator: "\n").filter { $0.contains("  ") }
        #expect(heads == ["CRITICAL  c", "WARNING (reminder)  b", "RECOVERED  a"])
    }

    @Test("events come before problems of the same level: no later run tells them")
    func events() {
        var login = finding("sshd_access:login:192.0.2.1", .critical, since: nil)
        login.kind = .event
        var root = finding("sshd_access:login:192.0.2.2", .ok, since: nil)
        root.kind = .event
        let many = (1...100).map { NotifyItem(reason: .first, finding: finding("disk \($0)", .critical)) }
        let message = writer.message(
            for: many + [NotifyItem(reason: .first, finding: root), NotifyItem(reason: .first, finding: login)],
            id: "1")
        #expect(message.title == "[box] CRITICAL: sshd_access:login:192.0.2.1 is full (and 101 more)")
        #expect(
            message.body.split(separator: "\n").prefix(4) == [
                "CRITICAL  sshd_access:login:192.0.2.1", "sshd_access:login:192.0.2.1 is full", "detail",
                "CRITICAL  disk 1",
            ])
        #expect(
            message.events == [
                Message.Event(status: .ok, text: "INFO: sshd_access:login:192.0.2.2 is full"),
                Message.Event(status: .critical, text: "CRITICAL: sshd_access:login:192.0.2.1 is full"),
            ])
        #expect(writer.message(for: many, id: "1").events == nil)
    }

    @Test("good news alone is OK")
    func recovered() {
        let message = writer.message(for: [NotifyItem(reason: .recovered, finding: finding("a", .ok))], id: "1")
        #expect(message.title == "[box] RECOVERED: a is full")
        #expect(message.status == .ok && message.reason == .recovered)
    }

    @Test("a reminder of a problem that only lasts tells the problem, not the OK of this minute")
    func lasting() {
        let finding = Finding(
            sensor: "s", id: "sshd_access", status: .ok, lingering: .critical, text: "9 failed, no more now")
        let message = writer.message(for: [NotifyItem(reason: .reminder, finding: finding)], id: "1")
        #expect(message.title == "[box] CRITICAL: 9 failed, no more now" && message.status == .critical)
    }

    @Test("foreign text is cleaned, and a flood of items is cut and says so")
    func hostile() {
        let items = (1...500).map { number in
            NotifyItem(
                reason: .first,
                finding: Finding(sensor: "s", id: "d:/\(number)\n\u{1B}[2J", status: .critical, text: "x|y\r\nBcc: z"))
        }
        let message = writer.message(for: items, id: "1")
        #expect(message.body.utf8.count < MessageWriter.bodyLimit + 200)
        #expect(message.body.contains("more; run servercheck status on the machine"))
        #expect(!message.title.contains { $0.isNewline } && !message.body.contains("\u{1B}"))
        #expect(message.body.hasPrefix("CRITICAL  d:/1??[2J\nx?y??Bcc: z\n\n"))
    }

    @Test("a late message says when it was")
    func late() {
        let message = writer.message(for: [NotifyItem(reason: .first, finding: finding("a", .critical))], id: "1")
        #expect(message.marked(ifLateAt: .noon + 120) == message)
        #expect(
            message.marked(ifLateAt: .noon + 600).body
                == "Late by 10 min: this was at \(Timestamp.noon.localText).\n\n" + message.body)
    }
}
