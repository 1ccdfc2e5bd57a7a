"""A systemd journal, written by systemd's own systemd-journal-remote, in the places where servercheck looks.

What journald does to its files over time is done here by hand: rotating (a rename; the next file goes on with the
numbers), closing badly (another chain of numbers begins), vacuuming, copying from /run to /var.
"""

import re
import struct
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from support.namespace import MountNamespace

WRITER = "/lib/systemd/systemd-journal-remote"
MACHINE = "0123456789abcdef0123456789abcdef"
BOOT = "b0070000000000000000000000000001"
# Offsets in the head of a journal file (systemd.io/JOURNAL_FILE_FORMAT).
STATE, FILE_ID, SEQNUM_ID, ENTRIES, TAIL, HEAD, HEAD_TIME = 16, 24, 72, 152, 160, 168, 184
ARCHIVED = 2


@dataclass
class Entry:
    """What journald would write of one message. `realtime` in microseconds since 1970."""

    message: bytes
    realtime: int
    monotonic: int
    pid: int = 1000
    tag: str = "sshd"
    uid: str = "0"
    boot: str = BOOT
    more: dict = field(default_factory=dict)

    def export(self):
        """The journal export format (systemd.io/JOURNAL_EXPORT_FORMATS). A value of None leaves a field out."""
        fields = {"__REALTIME_TIMESTAMP": self.realtime, "__MONOTONIC_TIMESTAMP": self.monotonic,
                  "_BOOT_ID": self.boot, "_MACHINE_ID": MACHINE, "_TRANSPORT": "syslog", "_UID": self.uid,
                  "_PID": self.pid, "SYSLOG_PID": self.pid, "SYSLOG_IDENTIFIER": self.tag,
                  "_SOURCE_REALTIME_TIMESTAMP": self.realtime - 300, "MESSAGE": self.message} | self.more
        text = b""
        for name, value in fields.items():
            if value is None:
                continue
            value = value if isinstance(value, bytes) else str(value).encode()
            if all(byte >= 32 for byte in value):
                text += name.encode() + b"=" + value + b"\n"
            else:
                text += name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
        return text + b"\n"


class JournalFiles:
    """One directory of journal files."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.live = self.directory / "system.journal"

    def write(self, entries, path=None):
        """Appends, and begins the file when there is none. `entries`: of Entry, or export text."""
        self.directory.mkdir(parents=True, exist_ok=True)
        text = entries if isinstance(entries, bytes) else b"".join(entry.export() for entry in entries)
        subprocess.run([WRITER, "-o", path or self.live, "-"], input=text, check=True, capture_output=True)

    def head(self, path=None):
        return (path or self.live).read_bytes()[:272]

    @staticmethod
    def patch(path, offset, data):
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def archive(self):
        """Renames the live file as journald does when it rotates. Returns the new path."""
        head = self.head()
        chain = head[SEQNUM_ID:SEQNUM_ID + 16].hex()
        first, = struct.unpack_from("<Q", head, HEAD)
        time, = struct.unpack_from("<Q", head, HEAD_TIME)
        self.patch(self.live, STATE, bytes([ARCHIVED]))
        return self.live.rename(self.directory / f"system@{chain}-{first:016x}-{time:016x}.journal")

    def rotate(self):
        head = self.head()
        old = self.archive()
        self.write(b"")
        self.patch(self.live, SEQNUM_ID, head[SEQNUM_ID:SEQNUM_ID + 16])
        self.patch(self.live, TAIL, head[TAIL:TAIL + 8])
        return old

    def crash(self):
        """The machine loses power: journald sets the file aside, and begins another chain."""
        name = f"system@{uuid.uuid4().hex[:16]}-{uuid.uuid4().hex[:16]}.journal~"
        return self.live.rename(self.directory / name)

    def archived(self):
        return sorted(self.directory.glob("system@*"))

    def export(self, path=None):
        done = subprocess.run(["journalctl", "--file", path or self.live, "-o", "export"], check=True, capture_output=True)
        # Cursors and numbers belong to the file.
        return re.sub(rb"^(__CURSOR|__SEQNUM|__SEQNUM_ID)=.*\n", b"", done.stdout, flags=re.M)


class JournalMachine:
    """A mount namespace in which /var/log, /run and the machine's id are a test's own."""

    def __init__(self, directory):
        self.root = Path(directory) / "machine"
        (self.root / "run").mkdir(parents=True)
        (self.root / "log").mkdir()
        (self.root / "machine-id").write_text(MACHINE + "\n")
        self.namespace = MountNamespace(self.root / "run")
        self.namespace.run("umount", self.root / "run")
        self.namespace.run("mount", "--bind", self.root / "log", "/var/log")
        self.namespace.run("mount", "--bind", self.root / "machine-id", "/etc/machine-id")
        self.namespace.run("mount", "--bind", self.root / "run", "/run")
        self.enter = self.namespace.enter
        self.persistent = JournalFiles(self.root / "log" / "journal" / MACHINE)
        self.volatile = JournalFiles(self.root / "run" / "log" / "journal" / MACHINE)

    def close(self):
        self.namespace.close()

    def flush(self):
        """journalctl --flush: copies what is in /run to /var."""
        for path in [*self.volatile.archived(), self.volatile.live]:
            if path.exists():
                self.persistent.write(self.volatile.export(path))
                path.unlink()
