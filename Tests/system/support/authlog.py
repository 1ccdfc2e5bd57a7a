"""An auth.log that is written as rsyslog writes it, and an independent account of what was in it."""

import gzip
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b\x08"
# Each line that counts carries its own number in its user's name, so that any copy of the line is recognised.
NUMBERED = re.compile(rb"(?:message repeated (\d+) times: \[ )?Failed password for (?:invalid user )?u(\d+) from ")
CLOSED = re.compile(rb"Connection closed by (?:invalid|authenticating) user u(\d+) \S+ port \d+ \[preauth\]\n")


class LineWriter:
    """Makes lines as OpenSSH 9.2 writes them. The clock of the log moves on with each line."""

    def __init__(self, random, start=None, step=0.5, traditional=False):
        self.random = random
        self.time = start or datetime.now(timezone.utc) - timedelta(minutes=30)
        self.step = timedelta(seconds=step)
        self.traditional = traditional
        self.number = 0

    def line(self, message, tag="sshd", pid=None):
        self.time += self.step
        stamp = self.time.strftime("%b %e %H:%M:%S") if self.traditional else self.time.isoformat(timespec="microseconds")
        return f"{stamp} box {tag}[{pid or 1000 + self.number}]: {message}\n"

    def failure(self, address=None):
        """One line that counts by itself."""
        self.number += 1
        n = self.number
        address = address or f"192.0.2.{n % 200 + 1}"
        kind = self.random.randrange(8)
        invalid = "invalid user " if kind % 2 else ""
        message = f"Failed password for {invalid}u{n} from {address} port {1024 + n % 60000} ssh2"
        if kind == 7:
            return self.line(f"message repeated {self.random.randint(2, 5)} times: [ {message}]")
        return self.line(message, tag="sshd-session" if kind > 3 else "sshd")

    def keys_only(self):
        """A whole connection to a server that takes keys only: one attempt, counted at its last line."""
        self.number += 1
        n = self.number
        where = f"2001:db8::{n % 5000:x} port {1024 + n % 60000}"
        return [self.line(f"Invalid user u{n} from {where}"),
                self.line(f"Connection closed by invalid user u{n} {where} [preauth]")]

    def noise(self):
        return self.line(self.random.choice(
            ["Server listening on 0.0.0.0 port 22.", "Received disconnect from 192.0.2.9 port 22:11: Bye Bye [preauth]",
             "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9",
             "Connection closed by 192.0.2.9 port 4711"]))

    def some(self, connections=True):
        """A line, or the two of a connection, at random."""
        kind = self.random.randrange(6)
        if kind == 0:
            return [self.noise()]
        if kind == 1 and connections:
            return self.keys_only()
        return [self.failure()]


def weights(data):
    """Number of each counted line among the complete lines of a log's bytes, and how many attempts it is."""
    found = {}
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            continue
        if match := NUMBERED.search(line):
            found[int(match[2])] = int(match[1] or 1)
        elif match := CLOSED.search(line):
            found[int(match[1])] = 1
    return found


def content(path):
    """A log's text, decompressed where it is compressed."""
    data = Path(path).read_bytes()
    return gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data


class Account:
    """What servercheck must have counted: every attempt that was in the log, or in a file it was rotated to, at a run."""

    def __init__(self):
        self.seen = {}
        self.counted = 0
        self.known = set()

    def look(self, *paths):
        """Call it at each run, with all files that belong to the log then."""
        for path in paths:
            facts = path.stat()
            facts = facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
            if facts not in self.known:
                self.known.add(facts)
                self.seen.update(weights(content(path)))

    @property
    def expected(self):
        return sum(self.seen.values())

    def add(self, result):
        """Takes a run's result (`--format json`); returns what is wrong with it, or None."""
        finding = next(one for one in result.json["findings"] if one["sensor"] == "sshd_access")
        metrics = {metric["name"]: metric["value"] for metric in finding["metrics"]}
        if not metrics:
            return None if self.expected == self.counted else f"no count: {finding['text']}"
        self.counted += metrics["attempts"]
        total = metrics["attempts_total"]
        if self.counted == total == self.expected:
            return None
        return f"the sum is {self.counted} and attempts_total {total}, but {self.expected} were written"
