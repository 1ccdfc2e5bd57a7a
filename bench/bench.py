#!/usr/bin/env python3
"""`make bench`: measures the release binary and the programs it is compared with, in one session, in turn.

ROWS="run scan" measures a part; MINIMUM=1 takes the shortest times instead of medians, for a machine that others use as
well. Only the whole, by medians, writes a report. Exit status 0: every row is met.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machine
import report
import rows_growth
import rows_run
import rows_scan
from peers import Peers
from race import Race, Samples
from table import Row, plain

REPOSITORY = Path(__file__).resolve().parents[1]


class Home:
    """What systemd gives one unit: a config as credential, a state and a runtime directory."""

    def __init__(self, directory, config):
        self.config = directory / "credentials/config.json"
        self.state_file = directory / "state/state.json"
        self.last = directory / "runtime/last.json"
        for name in ("credentials", "state", "runtime"):
            (directory / name).mkdir(parents=True)
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8",
                            "CREDENTIALS_DIRECTORY": str(self.config.parent), "STATE_DIRECTORY": str(self.state_file.parent),
                            "RUNTIME_DIRECTORY": str(directory / "runtime")}
        self.write(config)

    def write(self, config):
        self.config.unlink(missing_ok=True)
        self.config.write_text(json.dumps(config, indent=2))
        self.config.chmod(0o400)

    def keep(self):
        """Keeps the state as it is now; returns the commands that restore it, with the blocks that a run keeps beyond its end."""
        kept = self.state_file.with_suffix(".kept")
        shutil.copy(self.state_file, kept)
        return [["cp", kept, self.state_file], ["fallocate", "--keep-size", "--length", "64KiB", self.state_file]]


class Bench:
    """What the rows share.

    fast: a directory in memory, so that no disk's time is part of a run's. logs: one on disk.
    """

    def __init__(self, fast):
        build = REPOSITORY / ".build/bench"
        self.logs = build / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.fast = Path(fast)
        built = Path(os.environ.get("SERVERCHECK") or REPOSITORY / ".build/release/servercheck").resolve()
        if not built.exists():
            sys.exit(f"There is no {built.name} yet: run make bench.")
        self.binary = installed(built, build)
        self.peers = Peers(build / "peers")
        self.race = Race(self.fast, self.progress)
        self.shown = 0

    def home(self, name, config):
        return Home(self.fast / name, config)

    def progress(self, name, done, total):
        """One line that changes, on a terminal."""
        if sys.stderr.isatty() and (done in (0, total) or time.monotonic() - self.shown > 0.1):
            self.shown = time.monotonic()
            count = f": {done} of {total}" if total > 1 else ""
            sys.stderr.write(f"\r\033[K{name}{count}")
            sys.stderr.flush()


def installed(program, directory):
    """The program as install.sh installs it, and as the peers are: stripped, and copied as a whole.

    A linker writes its output page by page through a mapping, and so it stays in the page cache until it is read anew.
    """
    stripped, target = directory / "servercheck.stripped", directory / "servercheck"
    subprocess.run(["strip", "-o", stripped, program], check=True)
    subprocess.run(["install", "-m", "755", stripped, target], check=True)
    stripped.unlink()
    return target


def needing_root(what, unit, limit, function):
    """`function`, or a row that says why there is no result."""
    def rows(bench):
        thing = rows_growth.missing()
        return [Row(f"{what} (needs {thing})", "", "", None, unit, limit)] if thing else function(bench)
    return rows


PARTS = {
    "run": rows_run.quiet_and_busy,
    "scan": rows_scan.against_ripgrep,
    "cold": rows_scan.cold,
    "state": needing_root("state after 24 hours of the worst case", "KiB", 64, rows_growth.a_day_of_attack),
    "mounts": needing_root("500 filesystems against 5", "µs", 20, rows_growth.many_filesystems),
    "channels": rows_run.with_channels,
}


def main():
    chosen = os.environ.get("ROWS", "").split() or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        sys.exit(f"ROWS={' '.join(sorted(unknown))}: there are only {' '.join(PARTS)}")
    if is_busy := os.environ.get("MINIMUM") == "1":
        Samples.typical = staticmethod(min)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="servercheck-bench-", dir=memory) as fast:
        bench = Bench(fast)
        facts = machine.facts(REPOSITORY, bench.peers.versions)
        rows = []
        for part in chosen:
            start = time.monotonic()
            rows += PARTS[part](bench)
            if sys.stderr.isatty():
                sys.stderr.write("\r\033[K")
            print(f"{part}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(plain(rows))
    if not os.environ.get("ROWS") and not is_busy:
        report.write(Path(__file__).with_name("RESULTS.md"), facts, rows)
    unmet = [row for row in rows if not row.is_met]
    print(f"\n{len(rows) - len(unmet)} of {len(rows)} rows are met.")
    return 1 if unmet else 0


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    sys.exit(main())
