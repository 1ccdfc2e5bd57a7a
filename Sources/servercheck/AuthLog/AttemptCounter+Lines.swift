// Lines as the counter takes them: of the general path, which reads every line, and of the fast one (FastLine).

extension AttemptCounter {
    /// One complete line, without its line end: the general path, which reads every line.
    mutating func readLine(_ line: Span<UInt8>) {
        summary.lines += 1
        summary.bytes += line.count + 1
        switch LinePrefix(line) {
        case .foreign(let style):
            if let style { parser.head = LineHead(line, style: style, time: nil) }
        case .unreadable:
            summary.sshdLines += 1
            summary.unparsed += 1
        case .sshd(let pid, let style, let message):
            summary.sshdLines += 1
            guard let time = parser.logTime.time(of: line, style: style) else {
                summary.unparsed += 1
                parser.head = LineHead()
                return
            }
            parser.learnHead(line, style: style, time: time)
            take(SSHDLine.event(line, message: message), line, pid: pid, time: time)
        }
    }

    /// The same of a line whose head is the one before, and known.
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

    /// A line that the fast path read.
    @inline(__always)
    mutating func take(_ line: FastLine) {
        // Most lines are another one of their connection, and the last one of its process says which.
        let index = Int(parser.memory[line.entry].connection)
        guard connections.isStill(parser.memory[line.entry].serial, pid: line.pid, at: index) else {
            return takeElsewhere(line)
        }
        let user = line.hasUser ? parser.memory[line.entry].user : -1
        let new = connections.takeFurther(line, at: index, user: user, now: now)
        finishFurther(line, new, at: index, user: user)
    }

    /// What a line with the peer of its connection brings with it.
    ///
    /// - Parameter new: attempts that are to be counted.
    @inline(__always)
    private mutating func finishFurther(_ line: FastLine, _ new: Int, at index: Int, user: Int32) {
        if new > 0 {
            count(
                new, at: index, time: line.time, user: user, method: method(line.meaning), invalidUser: line.invalidUser
            )
        }
        end(line.meaning, at: index)
    }

    /// A line whose connection has to be looked for, or begins.
    @inline(never)
    private mutating func takeElsewhere(_ line: FastLine) {
        let (address, port) = (parser.memory[line.entry].address, parser.memory[line.entry].port)
        let known = parser.addresses.value(Int(address))
        let user = line.hasUser ? parser.memory[line.entry].user : -1
        let index: Int
        if connections.index(ofPID: line.pid) == nil {
            let now = now
            var new = 0
            index = newConnection(pid: line.pid, line.time) {
                $0.begin(port: port, peer: Peer(ip: known.ip), address: address, row: known.row)
                new = $0.takeFurther(line, user: user, now: now)
            }
            finishFurther(line, new, at: index, user: user)
        } else {
            index = take(
                ConnectionLine(
                    time: line.time, pid: line.pid, meaning: line.meaning, invalidUser: line.invalidUser, port: port,
                    user: user, peer: Peer(ip: known.ip), address: address, row: known.row),
                onEvent == nil ? nil : LineTexts(method: method(line.meaning)))
        }
        parser.memory[line.entry].learnConnection(
            Int32(index), serial: connections.serial(index, address: address, port: port))
    }

    /// Of an attempt that the fast path read, where somebody wants to know.
    @inline(__always)
    private func method(_ meaning: SSHDEvent.Meaning) -> String? {
        if onEvent == nil { return nil }
        switch meaning {
        case .failure: return "password"
        case .keyboardFailure: return "keyboard-interactive/pam"
        default: return nil
        }
    }
}
