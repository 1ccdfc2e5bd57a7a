"""The chapter about the real journald: whatever it does with its files, each attempt is counted once.

A state and a config of its own: what the unit has read does not matter here.
"""

import json
from types import SimpleNamespace as Seen

from support.sshd import Login

CONFIG = "/run/journal-test/config.json"
STATE = "/run/journal-test/state"

JOURNALD = "/run/systemd/journald.conf.d/test.conf"
# systemd refuses a service that is started too often.
RESTART = "systemctl reset-failed systemd-journald && systemctl restart systemd-journald"


class Reader:
    """Runs the sensor on the journal, and makes attempts for it to count."""

    def __init__(self, server):
        self.server = server
        self.tried = 0
        self.steps = []
        server.shell(f"mkdir -p {STATE} {JOURNALD.rpartition('/')[0]}")
        (server.root / CONFIG.lstrip("/")).write_text(json.dumps(
            {"messaging_channels": [], "sensors": [{"sshd_access": {"source": "journal", "amount": 1000}}]}))
        server.shell(f"chmod 600 {CONFIG}")

    def fail(self, times):
        """So many failed attempts, in one connection each."""
        self.server.attack(*[Login("198.51.100.40", "alice")] * times)
        self.tried += times

    def run(self, what):
        """What this run counted, beside what was tried since the last one."""
        done = self.server.servercheck("run", "--config", CONFIG, "--state-dir", STATE, "--format", "json")
        report = json.loads(done.stdout)
        finding, = [finding for finding in report["findings"] if finding["id"] == "sshd_access"]
        metrics = {metric["name"]: metric["value"] for metric in finding["metrics"]}
        self.steps.append(Seen(what=what, tried=self.tried, counted=metrics.get("attempts"),
                               text=finding["text"], status=finding["status"], notes=done.stderr))
        self.tried = 0

    def scan(self):
        return json.loads(self.server.servercheck("scan", "--journal", "--format", "json", check=True).stdout)

    def journald(self, storage):
        self.server.shell(f"printf '[Journal]\\nStorage={storage}\\n' >{JOURNALD}; {RESTART}")


def journal_kept(server):
    reader = Reader(server)
    shell = server.shell
    reader.run("first run: nothing older is judged")
    reader.fail(2)
    reader.run("new entries")
    reader.run("nothing new")
    reader.fail(2)
    shell("journalctl --rotate")
    reader.fail(1)
    reader.run("rotation between two attempts")
    for _ in range(3):
        reader.fail(1)
        shell("journalctl --rotate")
    reader.run("three rotations since the last run")
    before = reader.scan()
    reader.fail(2)
    after = reader.scan()
    reader.run("after two scans")
    shell("journalctl --rotate; journalctl --vacuum-files=1")
    reader.run("the file with the last entry read is gone")
    reader.fail(2)
    reader.run("new entries after that")
    reader.fail(1)
    shell(RESTART)
    reader.fail(1)
    reader.run("journald restarted between two attempts")
    # Let journald write a file of more than it may keep.
    shell("logger -t filler --size 900 \"$(head -c 800 /dev/zero | tr '\\0' x)\"; journalctl --sync --rotate")
    shell("journalctl --vacuum-size=1")
    reader.fail(2)
    reader.run("vacuumed by size")

    reader.journald("volatile")
    reader.fail(2)
    reader.run("a volatile journal")
    reader.fail(1)
    # Whether journald copies now what is in /run is its own affair; the attempts count in any case.
    reader.journald("persistent")
    reader.fail(1)
    reader.run("persistent again by a restart, without a flush")
    reader.fail(1)
    shell("journalctl --flush")
    reader.fail(1)
    reader.run("flushed after both directories were read")
    reader.journald("volatile")
    reader.fail(1)
    reader.run("volatile again")
    reader.fail(1)
    # As at a boot: journald begins in /run, and copies that to /var when it is told to.
    shell("rm -f /run/systemd/journal/flushed")
    reader.journald("persistent")
    reader.fail(1)
    shell("journalctl --flush")
    reader.fail(1)
    reader.run("flushed to a persistent one between two attempts")
    reader.run("after the flush nothing comes twice")

    # Anybody may write as sshd; the journal knows who it was.
    forged = "Failed password for root from 203.0.113.9 port 22 ssh2"
    server.run("runuser", "-u", "alice", "--", "logger", "-i", "-p", "auth.info", "-t", "sshd", forged)
    server.run("runuser", "-u", "alice", "--", "sh", "-c", f"printf '{forged}' | systemd-cat -t sshd-session")
    shell("journalctl --sync")
    reader.run("an ordinary user writes as sshd")
    entries = [entry for entry in server.journal() if entry["MESSAGE"] == forged]

    shell(f"rm -rf /var/log/journal/*; {RESTART}")
    reader.fail(2)
    reader.run("all files were deleted")
    shell(f"rm {JOURNALD}; {RESTART}")
    return Seen(steps=reader.steps, before=before, after=after,
                forged=sorted({entry["SYSLOG_IDENTIFIER"] for entry in entries}))
