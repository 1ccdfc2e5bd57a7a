// sshd_access: failed logins by SSH, read from where the last run stopped, and logins that follow failures.

/// The sensor `sshd_access`.
struct SSHDAccess: Sensor {
    static let kind = "sshd_access"

    /// Where the lines come from.
    enum Source: String, Sendable, CaseIterable {
        /// log_file, then /var/log/secure, then the journal.
        case auto
        case file
        case journal
    }

    let name: String
    let policy: NotifyPolicy
    let logFile: String
    let source: Source
    let rules: AttemptRules

    /// Where Fedora and its kin log.
    private static let otherLogFile = "/var/log/secure"
    /// Logins told one by one in a run.
    private static let loginLimit = 10

    init(config: inout ConfigReader) {
        name = config.name()
        let renotifyMinutes = 5.0
        policy = config.notifyPolicy(renotifyMinutes: renotifyMinutes)
        logFile = config.string("log_file") ?? "/var/log/auth.log"
        if !logFile.hasPrefix("/") { config.problem("log_file", "must be an absolute path, is \"\(logFile)\"") }
        let word = config.string("source") ?? Source.auto.rawValue
        if Source(rawValue: word) == nil {
            config.problem("source", "must be \"auto\", \"file\" or \"journal\", is \"\(word)\"")
        }
        source = Source(rawValue: word) ?? .auto
        var rules = AttemptRules()
        rules.durationSeconds = config.number("duration", in: 1...86_400) ?? rules.durationSeconds
        rules.amount = config.integer("amount", in: 0...1_000_000) ?? rules.amount
        rules.incidentGapSeconds = policy.renotifySeconds ?? renotifyMinutes * 60
        rules.loginAfterFailures = config.integer("login_after_failures", in: 0...1000) ?? rules.loginAfterFailures
        rules.notifyLogins = config.bool("notify_logins") ?? rules.notifyLogins
        for (index, text) in config.strings("ignore_addresses").enumerated() {
            if let network = Network(text) {
                rules.ignoredNetworks.append(network)
            } else {
                config.problem("ignore_addresses[\(index)]", "must be an address or a CIDR block, is \"\(text)\"")
            }
        }
        self.rules = rules
    }

    var summary: String {
        let places = (source == .journal ? [] : paths) + (source == .file ? [] : ["the journal"])
        let place = places.joined(separator: ", else ")
        let login = rules.loginAfterFailures > 0 ? ", and at a login after \(rules.loginAfterFailures) failures" : ""
        return "\(place): CRITICAL above \(rules.amount) failed logins within "
            + "\(NumberText.shortest(rules.durationSeconds)) s\(login)"
    }

    func measure(on machine: Machine, memory: SensorMemory) throws(SensorError) -> Reading {
        var own = memory.sshdAccess ?? SSHDAccessMemory()
        var counter = AttemptCounter(rules: rules, memory: own.attempts, now: machine.now)
        let input = SSHDAccessInput(
            paths: source == .journal ? [] : paths, usesJournal: source != .file, machine: machine)
        let read = try input.read(&own, &counter)
        let counted = counter.finish(complete: false)
        own.attempts = counter.memory

        var findings: [Finding] = []
        let problem = unreadable(&own, read, counted, machine.now)
        let isBlind = problem != nil || read.blindness != nil
        let endedIncident = follow(&own, counted, machine.now, isBlind: isBlind)
        findings.append(problem ?? finding(own, counted, ended: endedIncident, now: machine.now))
        if let text = read.blindness {
            findings.append(Finding(sensor: name, id: "\(name):journal", status: .unknown, text: text))
        }
        findings += logins(counted)
        if counter.hasLostMemory {
            findings.append(
                Finding(
                    sensor: name, id: "\(name):memory", kind: .event, status: .warning,
                    text: "what the state holds of earlier attempts is damaged, though its checksum matches; counting "
                        + "goes on without what could not be read"))
        }
        var reading = Reading(findings: findings, memory: memory, notes: read.notes)
        reading.memory.sshdAccess = own
        return reading
    }

    private var paths: [String] {
        source == .auto && logFile != SSHDAccess.otherLogFile ? [logFile, SSHDAccess.otherLogFile] : [logFile]
    }

    /// Whether there is no longer pause between attempts than `duration`. They may be counted late, but one that is later
    /// than any is long ago: the log's clock was ahead.
    private func goesOn(_ tally: SSHDTally, with first: Timestamp) -> Bool {
        let pause = first.seconds(since: tally.last)
        let lateness = Double(AttemptWindows.lateness) / 1_000_000
        return pause <= rules.durationSeconds && pause >= -(rules.durationSeconds + lateness)
    }

    /// Opens, continues and ends the incident.
    ///
    /// - Parameter isBlind: an attack could not be seen: the incident goes on, so that its end can be told later.
    /// - Returns: the one that is over now.
    private func follow(
        _ own: inout SSHDAccessMemory, _ counted: AttemptSummary, _ now: Timestamp, isBlind: Bool
    ) -> SSHDIncident? {
        if var incident = own.incident {
            let isOver = counted.lastExceeding == nil && !isBlind
            if isOver, incident.seen.hasElapsed(rules.incidentGapSeconds, at: now) {
                own.incident = nil
                own.tally = SSHDTally(counted)
                return incident
            }
            incident.tally.add(counted)
            own.incident = incident
        } else if var tally = own.tally, let first = counted.first, goesOn(tally, with: first) {
            tally.add(counted)
            own.tally = tally
        } else if let tally = SSHDTally(counted) {
            own.tally = tally
        }
        guard let windowEnd = counted.lastExceeding else { return nil }
        if var incident = own.incident {
            // An attempt that is counted late may end a window before the last one.
            if windowEnd > incident.windowEnd || incident.windowEnd > now { incident.windowEnd = windowEnd }
            incident.seen = now
            own.incident = incident
        } else if let tally = own.tally {
            // The window may have begun in an earlier run: the tally holds all of it.
            own.incident = SSHDIncident(tally: tally, windowEnd: windowEnd, seen: now)
            own.tally = nil
        }
        return nil
    }

    /// Blindness is never OK: no log, or none of sshd's lines can be read.
    private func unreadable(
        _ own: inout SSHDAccessMemory, _ read: SSHDAccessInput.Reading, _ counted: AttemptSummary, _ now: Timestamp
    ) -> Finding? {
        if counted.sshdLines > 0 {
            own.isBlind = counted.unparsed >= counted.sshdLines ? true : nil
        }
        guard let place = read.place else { return read.isInRotation ? nil : unknown(missingText) }
        guard own.isBlind == true else { return nil }
        if read.isJournal {
            return unknown("the entries of sshd in the journal name no pid, so attacks cannot be seen")
        }
        return unknown(
            "the lines of sshd in \(place) have a format that is not known, so attacks cannot be seen: use rsyslog's "
                + "RSYSLOG_FileFormat or RSYSLOG_TraditionalFileFormat")
    }

    private var missingText: String {
        let journal = "journal of this machine in \(JournalDirectory.parents.reversed().joined(separator: " or "))"
        if source == .journal { return "no \(journal): let systemd-journald run, and store what it gets" }
        return "no log of sshd at \(paths.joined(separator: " or "))\(source == .auto ? ", and no \(journal)" : ""): "
            + "install rsyslog, or name the log in \"log_file\""
    }

    private func unknown(_ text: String) -> Finding {
        Finding(sensor: name, id: name, status: .unknown, text: text)
    }

    private func finding(
        _ own: SSHDAccessMemory, _ counted: AttemptSummary, ended: SSHDIncident?, now: Timestamp
    ) -> Finding {
        let window = "\(NumberText.shortest(rules.durationSeconds)) s"
        var status = Status.ok
        var text = "\(counted.attempts) failed SSH logins"
        if let incident = own.incident {
            // Also between two runs: the last exceeding window is younger than its own length.
            if counted.lastExceeding != nil || !incident.windowEnd.hasElapsed(rules.durationSeconds, at: now) {
                status = .critical
            }
            text =
                "\(incident.tally.attempts) failed SSH logins, up to \(incident.tally.peak) within \(window) (limit \(rules.amount))"
            if let most = incident.tally.addresses.first { text += ", most from \(most.name)" }
            if status == .ok { text += "; no more such attack now" }
        } else if let ended {
            text =
                "\(ended.tally.attempts) failed SSH logins, and none above the limit for "
                + "\(NumberText.shortest(rules.incidentGapSeconds / 60)) min"
        }
        return Finding(
            sensor: name, id: name, status: status, lingering: own.incident == nil ? status : .critical, text: text,
            details: (own.incident ?? ended)?.tally.details ?? [], metrics: metrics(counted))
    }

    func recovered(_ finding: Finding, from level: Status) -> Finding {
        var told = finding
        if told.id == name {
            told.text += " (limit \(rules.amount) within \(NumberText.shortest(rules.durationSeconds)) s)"
        }
        return told
    }

    private func metrics(_ counted: AttemptSummary) -> [Metric] {
        // Two sensors of this kind would otherwise share their labels.
        let prefix = name == SSHDAccess.kind ? "" : name + "_"
        return [
            Metric(name: prefix + "attempts", value: Double(counted.attempts), minimum: 0),
            Metric(name: prefix + "attempts_total", value: Double(counted.attemptsTotal), unit: .counter, minimum: 0),
            Metric(
                name: prefix + "peak", value: Double(counted.peak?.attempts ?? 0),
                limits: Limits(critical: Double(rules.amount)), minimum: 0),
            Metric(name: prefix + "logins", value: Double(counted.logins), minimum: 0),
        ]
    }

    /// Events: a login after failures, and any login when asked for.
    private func logins(_ counted: AttemptSummary) -> [Finding] {
        // Of many logins those after failures are told by name.
        let all = counted.notableLogins.filter(\.suspicious) + counted.notableLogins.filter { !$0.suspicious }
        var findings = all.prefix(SSHDAccess.loginLimit).map { login in
            let who = "\(Clean.text(login.user ?? "somebody", limit: 80)) from \(login.address ?? "an unknown address")"
            let how = login.method.map { " by \(Clean.text($0, limit: 40))" } ?? ""
            let after =
                login.suspicious ? " after at least \(login.failures) failed attempts from there within an hour" : ""
            return Finding(
                sensor: name, id: "\(name):login:\(login.address ?? "unknown")", kind: .event,
                status: login.suspicious ? .critical : .ok,
                text: "SSH login of \(who)\(how)\(after), \(login.time.localText)")
        }
        let rest = all.dropFirst(SSHDAccess.loginLimit)
        let more = rest.count.addingSaturated(counted.furtherNotableLogins)
        if more > 0 {
            // Those that are only counted are ordinary ones, unless nothing but suspicious ones was kept.
            let isSuspicious =
                rest.contains(where: \.suspicious)
                || counted.furtherNotableLogins > 0 && all.allSatisfy(\.suspicious)
            findings.append(
                Finding(
                    sensor: name, id: "\(name):login:more", kind: .event,
                    status: isSuspicious ? .critical : .ok, text: "and \(more) more SSH logins"))
        }
        return findings
    }
}
