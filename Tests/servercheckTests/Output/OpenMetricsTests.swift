import Testing

@testable import servercheck

private func report(_ findings: [Finding], _ notifications: [NotificationReport] = []) -> Report {
    Report(version: "1", host: "box", time: .noon, findings: findings, notifications: notifications)
}

private func disk(_ mountPoint: String, sensor: String = "diskspace", used: Double = 25) -> Finding {
    Finding(
        sensor: sensor, id: "\(sensor):\(mountPoint)", status: .ok, text: "",
        metrics: [Metric(name: "\(sensor)_\(mountPoint)", value: used, unit: .bytes, minimum: 0, maximum: 100)])
}

/// The sample lines of one family.
private func lines(_ family: String, _ report: Report) -> [String] {
    OpenMetrics.text(report).split(separator: "\n").map(String.init).filter {
        $0.hasPrefix(family + "{") || $0.hasPrefix(family + " ")
    }
}

@Suite struct OpenMetricsTests {
    @Test("a whole report: families by name, lines by labels, base units and ratios")
    func whole() {
        let home = Finding(
            sensor: "diskspace", id: "diskspace:/home", status: .critical, text: "/home 93.4 % used",
            metrics: [
                Metric(
                    name: "diskspace_/home", value: 200_600_000_000, unit: .bytes,
                    limits: Limits(warning: 170_000_000_000, critical: 193_273_528_320), minimum: 0,
                    maximum: 214_748_364_800),
                Metric(name: "diskspace_/home_inodes", value: 5, limits: Limits(critical: 95), maximum: 100),
            ])
        let memory = Finding(
            sensor: "free_memory", id: "free_memory", status: .ok, text: "",
            metrics: [
                Metric(name: "free_memory", value: 1000, unit: .bytes, limits: Limits(critical: 2700), maximum: 3000)
            ])
        let ssh = Finding(
            sensor: "sshd_access", id: "sshd_access", status: .ok, text: "",
            metrics: [
                Metric(name: "attempts", value: 7, minimum: 0),
                Metric(name: "attempts_total", value: 1234, unit: .counter, minimum: 0),
                Metric(name: "peak", value: 3, limits: Limits(critical: 5), minimum: 0),
                Metric(name: "logins", value: 1, minimum: 0),
            ])
        let login = Finding(
            sensor: "sshd_access", id: "sshd_access:login:2001:db8::1", kind: .event, status: .critical, text: "")
        let messages = [("mail", false), ("mail", false), ("phone", true)].map {
            NotificationReport(channel: $0.0, reason: .first, title: "", delivered: $0.1)
        }
        #expect(
            OpenMetrics.text(report([home, memory, ssh, login], messages)) == """
                # HELP servercheck_build_info Always 1; the version is a label.
                # TYPE servercheck_build_info gauge
                servercheck_build_info{version="1"} 1
                # HELP servercheck_disk_available_bytes Bytes free to ordinary users.
                # TYPE servercheck_disk_available_bytes gauge
                servercheck_disk_available_bytes{mountpoint="/home",sensor="diskspace"} 14148364800
                # HELP servercheck_disk_critical_threshold_bytes Used bytes above which a filesystem is CRITICAL.
                # TYPE servercheck_disk_critical_threshold_bytes gauge
                servercheck_disk_critical_threshold_bytes{mountpoint="/home",sensor="diskspace"} 193273528320
                # HELP servercheck_disk_inodes_critical_threshold Used inodes above which a filesystem is CRITICAL.
                # TYPE servercheck_disk_inodes_critical_threshold gauge
                servercheck_disk_inodes_critical_threshold{mountpoint="/home",sensor="diskspace"} 95
                # HELP servercheck_disk_inodes_used Used inodes.
                # TYPE servercheck_disk_inodes_used gauge
                servercheck_disk_inodes_used{mountpoint="/home",sensor="diskspace"} 5
                # HELP servercheck_disk_inodes_used_ratio Used inodes as a share of all, 0 to 1.
                # TYPE servercheck_disk_inodes_used_ratio gauge
                servercheck_disk_inodes_used_ratio{mountpoint="/home",sensor="diskspace"} 0.05
                # HELP servercheck_disk_used_bytes Used bytes.
                # TYPE servercheck_disk_used_bytes gauge
                servercheck_disk_used_bytes{mountpoint="/home",sensor="diskspace"} 200600000000
                # HELP servercheck_disk_used_ratio Used bytes as a share of used and available ones, 0 to 1, as df shows it.
                # TYPE servercheck_disk_used_ratio gauge
                servercheck_disk_used_ratio{mountpoint="/home",sensor="diskspace"} 0.934117
                # HELP servercheck_disk_warning_threshold_bytes Used bytes above which a filesystem is WARNING.
                # TYPE servercheck_disk_warning_threshold_bytes gauge
                servercheck_disk_warning_threshold_bytes{mountpoint="/home",sensor="diskspace"} 170000000000
                # HELP servercheck_finding_status Status of one finding: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
                # TYPE servercheck_finding_status gauge
                servercheck_finding_status{id="diskspace:/home",sensor="diskspace"} 2
                servercheck_finding_status{id="free_memory",sensor="free_memory"} 0
                servercheck_finding_status{id="sshd_access",sensor="sshd_access"} 0
                servercheck_finding_status{id="sshd_access:login:2001:db8::1",sensor="sshd_access"} 2
                # HELP servercheck_last_run_timestamp_seconds When the last run began, in seconds since 1970.
                # TYPE servercheck_last_run_timestamp_seconds gauge
                servercheck_last_run_timestamp_seconds 1795435200
                # HELP servercheck_memory_available_bytes Bytes of RAM that programs can still have.
                # TYPE servercheck_memory_available_bytes gauge
                servercheck_memory_available_bytes{sensor="free_memory"} 2000
                # HELP servercheck_memory_critical_threshold_bytes Used bytes of RAM above which it is CRITICAL.
                # TYPE servercheck_memory_critical_threshold_bytes gauge
                servercheck_memory_critical_threshold_bytes{sensor="free_memory"} 2700
                # HELP servercheck_memory_used_bytes Bytes of RAM that are not available.
                # TYPE servercheck_memory_used_bytes gauge
                servercheck_memory_used_bytes{sensor="free_memory"} 1000
                # HELP servercheck_memory_used_ratio Used bytes as a share of the RAM, 0 to 1.
                # TYPE servercheck_memory_used_ratio gauge
                servercheck_memory_used_ratio{sensor="free_memory"} 0.333333
                # HELP servercheck_notifications_pending Messages that wait for their channel; one that had nothing to tell has no line.
                # TYPE servercheck_notifications_pending gauge
                servercheck_notifications_pending{channel="mail"} 2
                servercheck_notifications_pending{channel="phone"} 0
                # HELP servercheck_ssh_attempts_total Failed SSH logins, counted over all runs.
                # TYPE servercheck_ssh_attempts_total counter
                servercheck_ssh_attempts_total{sensor="sshd_access"} 1234
                # HELP servercheck_ssh_last_run_attempts Failed SSH logins that the last run read.
                # TYPE servercheck_ssh_last_run_attempts gauge
                servercheck_ssh_last_run_attempts{sensor="sshd_access"} 7
                # HELP servercheck_ssh_last_run_logins SSH logins that the last run read.
                # TYPE servercheck_ssh_last_run_logins gauge
                servercheck_ssh_last_run_logins{sensor="sshd_access"} 1
                # HELP servercheck_ssh_last_run_peak_attempts Most failed SSH logins in one window that the last run read.
                # TYPE servercheck_ssh_last_run_peak_attempts gauge
                servercheck_ssh_last_run_peak_attempts{sensor="sshd_access"} 3
                # HELP servercheck_ssh_peak_attempts_critical_threshold Failed SSH logins in one window above which it is CRITICAL.
                # TYPE servercheck_ssh_peak_attempts_critical_threshold gauge
                servercheck_ssh_peak_attempts_critical_threshold{sensor="sshd_access"} 5
                # HELP servercheck_status Worst status of the last run: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
                # TYPE servercheck_status gauge
                servercheck_status 2

                """)
    }

    @Test("what could not run says so, and names no run")
    func failure() {
        #expect(
            OpenMetrics.text(.failure(["one", "two"], host: "box", time: .noon)) == """
                # HELP servercheck_build_info Always 1; the version is a label.
                # TYPE servercheck_build_info gauge
                servercheck_build_info{version="\(Servercheck.version)"} 1
                # HELP servercheck_finding_status Status of one finding: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
                # TYPE servercheck_finding_status gauge
                servercheck_finding_status{id="servercheck",sensor="servercheck"} 3
                # HELP servercheck_status Worst status of the last run: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
                # TYPE servercheck_status gauge
                servercheck_status 3

                """)
    }

    @Test(
        "a mount point is a label value that nothing can leave",
        arguments: [
            ("/a \"b\" \\c", #"/a \"b\" \\c"#), ("/a\nb} 1", #"/a\nb} 1"#), ("/|{}=,#", "/|{}=,#"),
            ("/\u{1B}[2J\t\u{202E}x\u{0}\r", "/?[2J??x??"), ("/Größe \u{FFFD}", "/Größe \u{FFFD}"),
            ("/a_inodes", "/a_inodes"), ("/\u{301}é", "/\u{301}é"),
        ])
    func hostile(mountPoint: String, shown: String) {
        #expect(
            lines("servercheck_disk_used_ratio", report([disk(mountPoint)])) == [
                "servercheck_disk_used_ratio{mountpoint=\"\(shown)\",sensor=\"diskspace\"} 0.25"
            ])
    }

    @Test("no line comes twice, and the worst finding's stays")
    func doubled() {
        var worse = disk("/\u{1}", used: 75)
        worse.status = .critical
        let login = Finding(sensor: "sshd_access", id: "sshd_access:login:::1", kind: .event, status: .ok, text: "")
        var after = login
        after.status = .critical
        let all = report([disk("/\u{2}"), worse, disk("/e\u{301}"), disk("/é"), login, after])
        #expect(
            lines("servercheck_disk_used_bytes", all) == [
                "servercheck_disk_used_bytes{mountpoint=\"/?\",sensor=\"diskspace\"} 75",
                "servercheck_disk_used_bytes{mountpoint=\"/e\u{301}\",sensor=\"diskspace\"} 25",
                "servercheck_disk_used_bytes{mountpoint=\"/é\",sensor=\"diskspace\"} 25",
            ])
        #expect(
            lines("servercheck_finding_status", all).suffix(1) == [
                "servercheck_finding_status{id=\"sshd_access:login:::1\",sensor=\"sshd_access\"} 2"
            ])
    }

    @Test("sensors of one kind differ by their names")
    func sensors() {
        let ssh = ["sshd_access", "bastion"].map { name in
            let prefix = name == "sshd_access" ? "" : name + "_"
            return Finding(
                sensor: name, id: name, status: .ok, text: "",
                metrics: [Metric(name: prefix + "attempts_total", value: 1, unit: .counter)])
        }
        let all = report([disk("/"), disk("/", sensor: "second disk")] + ssh)
        #expect(
            lines("servercheck_disk_used_bytes", all) == [
                "servercheck_disk_used_bytes{mountpoint=\"/\",sensor=\"diskspace\"} 25",
                "servercheck_disk_used_bytes{mountpoint=\"/\",sensor=\"second disk\"} 25",
            ])
        #expect(
            lines("servercheck_ssh_attempts_total", all) == [
                "servercheck_ssh_attempts_total{sensor=\"bastion\"} 1",
                "servercheck_ssh_attempts_total{sensor=\"sshd_access\"} 1",
            ])
    }

    @Test("what is not known has no line, and a size of 0 is 0 used")
    func unknown() {
        var finding = disk("/", used: .nan)
        #expect(lines("servercheck_disk_used_bytes", report([finding])) == [])
        finding.metrics[0].value = 0
        finding.metrics[0].maximum = 0
        #expect(
            lines("servercheck_disk_used_ratio", report([finding])) == [
                "servercheck_disk_used_ratio{mountpoint=\"/\",sensor=\"diskspace\"} 0"
            ])
        finding.metrics[0].maximum = nil
        #expect(lines("servercheck_disk_available_bytes", report([finding])) == [])
    }

    @Test("the sensors' own metrics all have a place")
    func everyMetric() throws {
        let ssh = Metric(name: "x", value: 1)
        #expect(lines("servercheck_disk_used_bytes", report([disk("/")])).count == 1)
        // A name that no family knows is left out, not guessed.
        let finding = Finding(sensor: "other", id: "other", status: .ok, text: "", metrics: [ssh])
        #expect(!OpenMetrics.text(report([finding])).contains("other\"} 1"))
    }
}
