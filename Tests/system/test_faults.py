"""Kills and failing system calls, at every call point: nothing lost, nothing doubled.

strace's fault injection (strace(1), -e inject) kills one run, or makes one of its system calls fail, at the Nth call of
a kind; then runs follow undisturbed. Whatever the point, the attempts are counted once, the state is readable, and each
channel has got the message once, or twice at worst.
"""

import json
import re
import shutil
import subprocess
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from support.smtp_server import MailServer
from support.telegram_server import TelegramServer, delivered

pytestmark = pytest.mark.needs("strace")

# What can change the state, the log position, or the world: and what a run needs to get there.
KILL_POINTS = ["openat", "read", "pread64", "write", "pwrite64", "rename", "renameat2", "unlink", "ftruncate", "fallocate",
               "fdatasync", "fchmod", "mkdir", "flock", "connect", "sendto", "recvfrom", "poll", "close", "exit_group"]
FAULTS = {
    "openat": ["ENOSPC", "EIO", "EACCES", "EINTR", "EMFILE"],
    "read": ["EIO", "EINTR"],
    "pread64": ["EIO", "EINTR"],
    "write": ["ENOSPC", "EIO", "EINTR"],
    "rename": ["ENOSPC", "EIO", "EACCES"],
    "renameat2": ["ENOSPC", "EIO", "EINVAL"],
    "unlink": ["EIO", "EACCES"],
    "ftruncate": ["EIO", "EINTR"],
    "fallocate": ["ENOSPC", "EOPNOTSUPP", "EINTR"],
    "fdatasync": ["EIO", "ENOSPC"],
    "fchmod": ["EPERM"],
    "flock": ["EINTR", "ENOLCK"],
    "mkdir": ["EACCES", "ENOSPC"],
    "connect": ["ENETUNREACH", "EMFILE"],
    "socket": ["EMFILE", "EACCES"],
    "sendto": ["EPIPE", "ECONNRESET"],
    "clone3": ["EAGAIN"],
    "mmap": ["ENOMEM"],
}
ATTEMPTS = 9


def lines(count, seconds_ago=5):
    """Failed passwords of the last seconds, each from a connection of its own."""
    start = datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)
    return "".join(
        f"{(start + timedelta(milliseconds=100 * n)).isoformat()} box sshd[{1000 + n}]: "
        f"Failed password for root from 192.0.2.{n % 3 + 1} port {40000 + n} ssh2\n" for n in range(count))


class Scene:
    """A state after a first run, with attempts and a crossing pending; set up anew for each point."""

    def __init__(self, servercheck, directory, telegram, mail, channels=("telegram", "smtp")):
        self.channels = channels
        self.servercheck = servercheck
        self.directory = directory
        self.telegram = telegram
        self.mail = mail
        self.log = directory / "auth.log"
        self.saved = directory / "saved"
        self.log.write_text(lines(1, seconds_ago=4000))
        kinds = {
            "telegram": {"chat_id": 1, "token": "1:token", "api_url": telegram.url},
            "smtp": {"server": "127.0.0.1", "port": mail.port, "from_mail": "a@example.org", "to_mail": "b@example.org"}}
        self.config = servercheck.write_config({
            "messaging_channels": [{kind: kinds[kind]} for kind in channels],
            "sensors": [{"free_memory": {"threshold": 99.99}}, {"sshd_access": {"log_file": str(self.log)}}]})
        assert self.run().exit_code == 0
        self.config.write_text(self.config.read_text().replace("99.99", "0.001"))
        with self.log.open("a") as log:
            log.write(lines(ATTEMPTS))
        shutil.copytree(servercheck.state, self.saved)

    def run(self, **options):
        return self.servercheck("run", "--format", "json", config=self.config, **options)

    def reset(self):
        for directory in (self.servercheck.state, self.directory / "runtime"):
            shutil.rmtree(directory)
        shutil.copytree(self.saved, self.servercheck.state)
        self.telegram.requests.clear()
        self.mail.messages.clear()

    def calls(self):
        """How often each thread of an undisturbed run makes each call: strace counts per thread."""
        self.reset()
        trace = self.directory / "trace"
        self.run(wrapper=["strace", "-f", "-o", trace])
        counts = Counter()
        for line in trace.read_text(errors="replace").splitlines():
            match = re.match(r"(\d+)\s+(\w+)\(", line)
            if match:
                counts[match.groups()] += 1
        most = {}
        for (_, name), count in counts.items():
            most[name] = max(count, most.get(name, 0))
        return most

    def disturb(self, injection):
        self.reset()
        trace = self.directory / "trace"
        # Only the injected call is traced: a run is then nearly as quick as without strace.
        name = injection.split(":")[0]
        self.run(wrapper=["strace", "-f", "-qq", "-o", trace, "-e", f"trace={name}", "-e", f"inject={injection}"])
        return "INJECTED" in trace.read_text(errors="replace") or "killed by SIGKILL" in trace.read_text(errors="replace")

    def check(self, point):
        """The runs after the disturbed one bring everything to its one right end."""
        after = self.run()
        assert after.exit_code == 2, (point, after.stdout, after.stderr)
        findings = {finding["id"]: finding for finding in after.json["findings"]}
        metrics = {metric["name"]: metric["value"] for metric in findings["sshd_access"]["metrics"]}
        assert metrics["attempts_total"] == ATTEMPTS, (point, after.stdout)
        last = self.run()
        assert last.json["notifications"] == [], (point, last.stdout)
        assert not list(self.servercheck.state.glob("*.corrupt-*")), point
        state = json.loads((self.servercheck.state / "state.json").read_text())
        assert state["version"] == 1, point
        received = {"telegram": len(self.telegram.requests), "smtp": len(self.mail.messages)}
        for channel in self.channels:
            assert 1 <= received[channel] <= 2, f"{channel} got the message {received[channel]} times ({point})"


# read and write that never move more than a few bytes, as a signal or a full buffer makes them: write(2), read(2).
SHORT = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static size_t some(size_t count) {
    size_t limit = (size_t) atol(getenv("SHORT"));
    return count > limit ? limit : count;
}
ssize_t write(int file, const void *bytes, size_t count) { return syscall(SYS_write, file, bytes, some(count)); }
ssize_t read(int file, void *bytes, size_t count) { return syscall(SYS_read, file, bytes, some(count)); }
ssize_t pread(int file, void *bytes, size_t count, off_t place) {
    return syscall(SYS_pread64, file, bytes, some(count), place);
}
"""


@pytest.fixture
def scene(servercheck, tmp_path, request):
    with TelegramServer(delivered()) as telegram, MailServer() as mail:
        yield Scene(servercheck, tmp_path, telegram, mail, *getattr(request, "param", []))


# strace counts each thread's calls for itself, and each channel has a thread: alone, each is killed at every call of its own.
@pytest.mark.parametrize("scene", [[["telegram", "smtp"]], [["telegram"]], [["smtp"]]], indirect=True,
                         ids=["both", "telegram", "smtp"])
def test_a_kill_at_any_call_loses_and_doubles_nothing(scene):
    most = scene.calls()
    points = [(name, number) for name in KILL_POINTS for number in range(1, most.get(name, 0) + 1)]
    hit = Counter()
    for name, number in points:
        injection = f"{name}:signal=KILL:when={number}"
        hit[name] += scene.disturb(injection)
        scene.check(injection)
    print(f"\nkilled at {sum(hit.values())} of {len(points)} points: {dict(hit)}")
    for name in ("openat", "write", "renameat2", "fdatasync", "connect", "sendto"):
        assert hit[name] > 0, f"no run was killed at {name}"


def test_a_failing_call_loses_and_doubles_nothing(scene):
    most = scene.calls()
    points = [(name, number, error) for name, errors in FAULTS.items() for number in range(1, most.get(name, 0) + 1)
              for error in errors]
    hit = Counter()
    for name, number, error in points:
        injection = f"{name}:error={error}:when={number}"
        hit[name] += scene.disturb(injection)
        scene.check(injection)
    print(f"\n{sum(hit.values())} of {len(points)} calls failed: {dict(hit)}")
    for name in ("openat", "write", "renameat2", "fdatasync", "connect"):
        assert hit[name] > 0, f"no call of {name} failed"


@pytest.mark.needs("cc")
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_short_reads_and_writes_change_nothing(scene, tmp_path, limit):
    source, library, trace = tmp_path / "short.c", tmp_path / "short.so", tmp_path / "trace"
    source.write_text(SHORT)
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    scene.reset()
    # -E: for the program, not for strace.
    result = scene.run(wrapper=["strace", "-f", "-qq", "-o", trace, "-e", "trace=write", "-E", f"LD_PRELOAD={library}",
                                "-E", f"SHORT={limit}"])
    assert result.exit_code == 2, result.stderr
    sizes = [int(size) for size in re.findall(r"write\(\d+, .*\)\s+= (\d+)$", trace.read_text(errors="replace"), re.MULTILINE)]
    # The state alone has a thousand bytes; libcurl writes to its own wake-up descriptors.
    assert len(sizes) >= 1000 / limit and sorted(sizes)[len(sizes) // 2] <= limit
    scene.check(f"writes of {limit} bytes")
