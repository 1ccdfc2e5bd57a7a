// Hostile logs and hostile memories: bounded, and never a trap or an alarm out of nothing.

import Foundation
import Testing

@testable import servercheck

@Suite struct AttemptBoundsTests {
    private func size(_ value: some JSONStored) throws -> Int { JSONText.encode(value).count }

    @Test("after an attack from everywhere, with long and odd names, the memory stays small")
    func attack() throws {
        var counter = AttemptCounter(rules: AttemptRules(), now: .noon + 7200, zone: .utc)
        let odd = String(repeating: "\"\\\u{1}ü/🎈", count: 300)
        let short = String(odd.prefix(100))
        func consume(_ text: String) { counter.consume(Array(text.utf8).span) }
        for number in 0..<10_000 {
            let time = LogText.prefix(.noon + Double(number) * 0.05, .rfc3339)
            let address =
                "2001:db8:\(String(number, radix: 16)):ffff:ffff:ffff:ffff:fff1%\(String(repeating: "z", count: 20))"
            let head = "\(time) host sshd[\(4_294_000_000 + number)]: "
            switch number % 4 {
            case 0: consume("\(head)Invalid user \(number)\(odd) from \(address) port 65535")
            case 1:
                consume(
                    "\(head)message repeated 999999999 times: [ Failed password for \(number)\(short) from \(address) port 65535 ssh2]"
                )
            case 2: consume("\(head)User \(odd) from \(String(repeating: "h", count: 240)) not allowed because x")
            default:
                consume(
                    "\(head)error: PAM: Authentication failure for \(short) from h\(number).\(String(repeating: "e", count: 200))"
                )
            }
        }
        let summary = counter.finish(complete: false)
        let memory = counter.memory
        #expect(summary.attempts > 2_000_000_000_000)
        #expect(try size(memory) < 36 << 10)
        #expect(try stored(memory) == memory)
        for connection in memory.connections { #expect(try size(connection) <= connection.jsonSize) }
        for failures in memory.failures { #expect(try size(failures) <= failures.jsonSize) }
        var own = SSHDAccessMemory()
        own.attempts = memory
        let tally = try #require(SSHDTally(summary))
        own.incident = SSHDIncident(tally: tally, windowEnd: .noon, seen: .noon)
        let path = "/var/log/" + String(repeating: "x", count: 40)
        let mark = LogMark(device: .max, inode: .max, offset: .max, first: .max, last: .max)
        own.positions[path] = LogPosition(path: path, live: mark, rotated: [mark, mark, mark, mark], newest: .max)
        #expect(tally.addresses.count == 20 && tally.users.count == 20)
        #expect(try size(own) < 40 << 10)
    }

    /// sshd's MaxStartups lets so many wait for a login.
    @Test("a hundred connections that are open when a run ends count once, whatever their users and addresses are")
    func manyOpen() throws {
        var runs = CountingRuns()
        let numbers = 0..<AttemptMemory.openLimit
        let texts = numbers.map { number in
            "invalid user \(number)\(String(repeating: "\u{e9}", count: 40)) from "
                + "2001:db8:aaaa:bbbb:cccc:dddd:eeee:\(String(4096 + number, radix: 16)) port \(40_000 + number)"
        }
        var log = LogText()
        // These are over: what is known of them is the first that may go.
        for pid in 0..<AttemptMemory.doneLimit {
            log.fail("198.51.100.7", pid: 1 + pid, port: 50_000 + pid, after: 0)
            log.add("Connection closed by 198.51.100.7 port \(50_000 + pid) [preauth]", pid: 1 + pid)
        }
        for number in numbers { log.add("I" + texts[number].dropFirst(), pid: 1000 + number) }
        try runs.run(log)
        #expect(runs.memory.connections.filter { $0.marker != nil }.map(\.pid) == numbers.map { UInt32(1000 + $0) })
        #expect(try size(runs.memory) < 36 << 10)
        log = LogText(time: log.time + 5)
        for number in numbers { log.add("Connection closed by \(texts[number]) [preauth]", pid: 1000 + number) }
        try runs.run(log)
        #expect(runs.last.attemptsTotal == AttemptMemory.doneLimit + numbers.count)
        #expect(runs.last.attempts == numbers.count && runs.last.byAddress.allSatisfy { $0.attempts == 1 })
    }

    @Test("of a hundred connections from hosts with long names each counts once, and the names are left out")
    func manyHosts() throws {
        var runs = CountingRuns()
        var log = LogText()
        for number in 0..<AttemptMemory.openLimit {
            let host = "h\(number).\(String(repeating: "x", count: 72))"
            log.add("User u\(number) from \(host) not allowed because not listed in AllowUsers", pid: 1000 + number)
        }
        try runs.run(log)
        #expect(runs.memory.connections.count == AttemptMemory.openLimit && runs.last.attemptsTotal == 0)
        log = LogText(time: log.time + 5)
        for number in 0..<AttemptMemory.openLimit {
            let place = "192.0.2.\(number) port \(2000 + number)"
            log.add("Connection closed by invalid user u\(number) \(place) [preauth]", pid: 1000 + number)
        }
        try runs.run(log)
        #expect(runs.last.attemptsTotal == AttemptMemory.openLimit)
    }

    @Test("nonsense in the state neither traps nor alarms, nor counts what was counted")
    func hostileMemory() throws {
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        let times = ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", Timestamp.noon.utcText]
        var random = SeededGenerator(state: 7)
        for _ in 0..<60 {
            var memory = AttemptMemory()
            let number = { (random: inout SeededGenerator) in extremes.randomElement(using: &random) ?? 0 }
            let count = { (random: inout SeededGenerator) in Int(number(&random)) }
            let time = { (random: inout SeededGenerator) in
                Timestamp(rfc3339: times.randomElement(using: &random) ?? "") ?? .noon
            }
            memory.attemptsTotal = count(&random)
            memory.clock = Bool.random(using: &random) ? time(&random) : nil
            memory.previous = Bool.random(using: &random) ? time(&random) : nil
            memory.window = (0..<Int.random(in: 0...2000, using: &random)).map { _ in number(&random) }
            memory.moments = (0..<Int.random(in: 0...1200, using: &random)).map { _ in number(&random) }
            memory.steps = (0..<Int.random(in: 0...2400, using: &random)).map { _ in number(&random) }
            memory.stepsDuration = Bool.random(using: &random) ? number(&random) : nil
            memory.failures = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                SavedFailures(
                    peer: ["1.2.3.4", "", "::1%", "\u{0}"].randomElement(using: &random) ?? "",
                    times: (0..<9).map { _ in number(&random) })
            }
            memory.connections = (0..<Int.random(in: 0...400, using: &random)).map { pid in
                SavedConnection(
                    pid: UInt32(pid), port: 1, peer: ["1.2.3.4", "x y", ""].randomElement(using: &random),
                    user: "u", invalid: true, marker: nil, seen: time(&random), read: time(&random),
                    closed: Bool.random(using: &random), login: nil, failures: count(&random), pam: count(&random),
                    keyboard: count(&random), counted: count(&random))
            }
            // A state file can hold only what can be encoded.
            memory = try stored(memory)
            var runs = CountingRuns(memory: memory)
            var log = LogText()
            log.add("Server listening on :: port 22.")
            for pid in 0..<30 { log.add("Postponed password for x from 1.2.3.4 port 1 ssh2", pid: pid) }
            try runs.run(log)
            #expect(runs.last.attempts == 0 && runs.last.lastExceeding == nil && runs.last.peak == nil)
            #expect(runs.last.attemptsTotal >= 0 && runs.last.attemptsTotal == max(0, memory.attemptsTotal))
            try runs.run([], now: .noon + 1_000_000)
            #expect(runs.last.lastExceeding == nil)
            log.fail(pid: 5, port: 1)
            try runs.run([log.lines.last ?? ""], now: .noon + 1_000_001)
            #expect(runs.last.attempts == 1)
        }
    }

    @Test("a memory that is no memory does not decode")
    func noMemory() {
        for text in [
            "[]", "{}", #"{"attempts_total": "x"}"#, #"{"attempts_total": 1e99}"#,
            #"{"attempts_total":1,"connections":[{"pid":-1}],"window":[],"failures":[]}"#,
            #"{"attempts_total":1,"clock":"yesterday","connections":[],"window":[],"failures":[]}"#,
        ] {
            #expect(JSONText.decode(AttemptMemory.self, from: Array(text.utf8)) == nil)
        }
    }

    /// More while developing: `MUTATIONS=2000000 swift test --filter AttemptBoundsTests`.
    private static let mutations = ProcessInfo.processInfo.environment["MUTATIONS"].flatMap(Int.init) ?? 30_000

    @Test("mutated lines trap nowhere, and no address is told that the line does not hold")
    func mutations() throws {
        var seeds = try ["sshd-lines.txt", "sshd-9.2-classic-repeated.log", "sshd-9.2-rfc3339.log"].flatMap {
            try fixture("authlog/" + $0).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { Array($0.utf8) }
        }
        seeds += [Array("9999-12-31T23:59:59Z h sshd[1]: Invalid user x from 1.2.3.4 port 22".utf8)]
        let words = [
            " from 6.6.6.6 port 1 ssh2", " port ", "::", "[preauth]", " ", "]", "0000", "9999", "Feb 29", "\u{0}", "%",
        ].map { Array($0.utf8) }
        var random = SeededGenerator(state: 11)
        var counter = AttemptCounter(rules: AttemptRules(), now: .noon, zone: .utc)
        var wrong = 0
        for _ in 0..<Self.mutations {
            var line = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0...line.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: if place < line.count { line[place] = UInt8.random(in: 0...255, using: &random) }
                case 1: line.removeSubrange(place..<min(line.count, place + Int.random(in: 0...9, using: &random)))
                case 2: line.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place)
                case 3: line = Array(line[..<place])
                default: line.insert(contentsOf: line[place...].prefix(40), at: place)
                }
            }
            counter.consume(line.span)
            guard case .sshd(_, _, let message) = LinePrefix(line.span) else { continue }
            let event = SSHDLine.event(line.span, message: message)
            // The address is a whole word of the message, and an address that reads as one is known as one.
            if let address = event.address {
                let isWhole =
                    address.lowerBound > message.lowerBound && line[address.lowerBound - 1] == UInt8(ascii: " ")
                let literal = IPAddress(line.span.extracting(address))
                if !isWhole || (literal != nil && literal != event.ip) { wrong += 1 }
            }
        }
        #expect(wrong == 0)
        let summary = counter.finish(complete: true)
        #expect(summary.lines == Self.mutations && summary.attempts > 0)
        #expect(summary.byAddress.allSatisfy { !$0.address.isEmpty && !$0.address.contains(" ") })
    }
}
