// Lines as the counter takes them: of the general path, which reads every line, and of the fast one (FastLine).

extension AttemptCounter {
    /// One complete line, without its line end: the general path, which reads every line.
    ///
    /// - Parameter learns: whether it need not be read where its head can be learned.
    /// - Returns: false if only its head was learned.
    @discardableResult
    mutating func readLine(_ line: Span<UInt8>, learns: Bool = false) -> Bool {
        switch LinePrefix(line) {
        case .foreign(nil): break
        case .foreign(let style?):
            parser.head = LineHead(line, style: style, time: nil)
            if learns, parser.head.length > 0 { return false }
        case .unreadable:
            summary.sshdLines += 1
            summary.unparsed += 1
        case .sshd(let pid, let style, let message):
            let time = parser.logTime.time(of: line, style: style)
            parser.learnHead(line, style: style, time: time)
            if learns, parser.head.length > 0 { return false }
            summary.sshdLines += 1
            if let time {
                take(SSHDLine.event(line, message: message), line, pid: pid, time: time)
            } else {
                summary.unparsed += 1
            }
        }
        summary.lines += 1
        summary.bytes += line.count + 1
        return true
    }

    /// One complete line on the general path, whose head is the one before, and known.
    ///
    /// - Parameter time: its time, in microseconds.
    mutating func readLine(_ line: Span<UInt8>, time: Int64) {
        summary.lines += 1
        summary.bytes += line.count + 1
        let end = LinePrefix.end(of: line)
        guard let tag = LinePrefix.tag(line, at: parser.head.length, end: end) else { return }
        summary.sshdLines += 1
        let time = parser.follow(time)
        take(SSHDLine.event(line, message: tag.messageStart..<end), line, pid: tag.pid, time: time)
    }

    mutating func take(_ event: SSHDEvent, _ line: Span<UInt8>, pid: UInt32, time: Timestamp) {
        advance(to: time)
        if event.meaning == .nothing { return }
        var texts: LineTexts?
        if onEvent != nil || event.meaning == .login {
            let method = event.rule == .pamFailure ? "keyboard-interactive/pam" : event.method.map { line.text($0) }
            texts = LineTexts(method: method, user: event.meaning == .login ? event.user.map { line.text($0) } : nil)
        }
        _ = take(
            ConnectionLine(
                time: time, pid: pid, meaning: event.meaning, invalidUser: event.invalidUser,
                port: event.port.map { Int32($0) } ?? -1,
                user: event.user.map { parser.userNames.number(of: line, $0) ?? -2 } ?? -1, count: event.count,
                peer: event.address.flatMap { parser.hosts.peer(line, $0, ip: event.ip) }),
            texts)
    }

    /// Whether of a login nothing is wanted but that it was.
    var onlyCountsLogins: Bool { onEvent == nil && rules.loginAfterFailures == 0 && !rules.notifyLogins }

    /// A line that the fast path read.
    @inline(__always)
    mutating func take(_ line: FastLine) {
        advance(to: line.time)
        // Most lines are another one of their connection, and the last one of its process says which.
        let index = Int(parser.memory[line.entry].connection)
        guard connections.isStill(parser.memory[line.entry].serial, pid: line.pid, at: index),
            line.address < 0 || parser.memory[line.entry].address == line.address
        else { return takeElsewhere(line) }
        let user = line.hasUser ? parser.memory[line.entry].user : -1
        finishFurther(line, connections.takeFurther(line, at: index, user: user, now: now), at: index, user: user)
    }

    /// The same, of shapes of which there are few lines: one function for all of them.
    @inline(never)
    mutating func takeRare(_ line: FastLine) { take(line) }

    /// Counts what a line with the peer of its connection brings.
    @inline(__always)
    private mutating func finishFurther(
        _ line: FastLine, _ further: Connections.Further, at index: Int, user: Int32
    ) {
        if further.new > 0 {
            count(
                further.new, at: index, time: line.time, user: user, method: method(line.meaning),
                invalidUser: line.invalidUser)
        }
        if line.meaning == .login { summary.logins = summary.logins.addingSaturated(line.count) }
        if !further.isClosed {
            end(line.meaning, at: index)
        } else if let time = further.marker {
            countMarked(index, time)
        }
    }

    /// A line whose connection has to be looked for, or begins.
    @inline(never)
    private mutating func takeElsewhere(_ line: FastLine) {
        let isPortless = line.address >= 0
        let address = isPortless ? line.address : parser.memory[line.entry].address
        let port = isPortless ? -1 : parser.memory[line.entry].port
        let known = parser.addresses.value(Int(address))
        let user = line.hasUser ? parser.memory[line.entry].user : -1
        guard connections.index(ofPID: line.pid) == nil else {
            let index = take(
                ConnectionLine(
                    time: line.time, pid: line.pid, meaning: line.meaning, invalidUser: line.invalidUser, port: port,
                    user: user, count: line.count, peer: Peer(ip: known.ip), address: address, row: known.row),
                onEvent == nil ? nil : LineTexts(method: method(line.meaning)))
            let serial = isPortless ? 0 : connections.serial(index, address: address, port: port)
            parser.memory[line.entry].learnConnection(Int32(index), serial: serial)
            return
        }
        let now = now
        var new = 0
        let index = newConnection(pid: line.pid, line.time) {
            $0.begin(port: port, peer: Peer(ip: known.ip), address: address, row: known.row)
            new = $0.takeFurther(line, user: user, now: now)
        }
        // Of a connection without port the next line says which one it is.
        parser.memory[line.entry].learnConnection(
            Int32(truncatingIfNeeded: index), serial: isPortless ? 0 : connections.lastSerial)
        finishFurther(line, Connections.Further(new: new), at: index, user: user)
    }

    /// Of an attempt that the fast path read, where somebody wants to know.
    @inline(__always)
    private func method(_ meaning: SSHDEvent.Meaning) -> String? {
        if onEvent == nil { return nil }
        switch meaning {
        case .failure: return "password"
        case .keyboardFailure, .pamFailure: return "keyboard-interactive/pam"
        default: return nil
        }
    }
}
