"""Whatever becomes of a log between two runs, each attempt in it is counted once: the real binary, with real tools.

Stories are random, but the same for the same seed. More of them while developing: `STORIES=200 pytest test_rotation.py`.
The account of what must be counted is taken from the files themselves, by other code than servercheck's.
"""

import os
import random
import shutil
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from support.authlog import Account, LineWriter
from support.clock import Clock

STORIES = int(os.environ.get("STORIES", "6"))
STEPS = int(os.environ.get("STEPS", "150"))


class LogLife:
    """One auth.log, what becomes of it, and the runs in between."""

    def __init__(self, servercheck, directory, seed):
        self.servercheck = servercheck
        self.random = random.Random(seed)
        self.lines = LineWriter(self.random)
        self.account = Account()
        self.steps = []
        self.date = 20260000
        self.elsewhere = directory / "elsewhere"
        self.elsewhere.mkdir()
        self.log = directory / "log" / "auth.log"
        self.log.parent.mkdir()
        # What rsyslog writes to, and logrotate rotates; another file than log_file when that is a link.
        self.real = self.log
        self.writer = None
        self.half = ""
        self.since_run = 0
        # Lines of one connection must not be torn apart by what destroys lines.
        self.may_destroy = seed % 2 == 0
        self.dated = seed % 3 == 0
        self.compress = self.random.choice(["never", "at once", "delayed"])
        self.keeps_writer = self.random.random() < 0.5
        if seed % 4 == 1:
            self.real = directory / "volume" / "auth.log"
            self.real.parent.mkdir()
            self.log.symlink_to(self.real)
        self.config = servercheck.write_config(
            {"messaging_channels": [], "sensors": [{"sshd_access": {"log_file": str(self.log), "source": "file"}}]})

    # What syslog does

    def write(self, text):
        if self.writer is None:
            self.writer = self.real.open("a")
        self.writer.write(text)
        self.writer.flush()

    def hang_up(self):
        """After a rotation syslog opens the log by its name again."""
        if self.writer:
            self.finish_line()
            self.writer.close()
        self.writer = None

    def finish_line(self):
        if self.half:
            self.write(self.half)
            self.half = ""

    def append(self, count):
        self.finish_line()
        for _ in range(count):
            self.write("".join(self.lines.some(connections=not self.may_destroy)))

    def append_half(self):
        self.finish_line()
        text = self.lines.failure()
        cut = self.random.randrange(1, len(text))
        self.write(text[:cut])
        self.half = text[cut:]

    # What logrotate and administrators do

    def rotated(self):
        """What the log was rotated to, newest first."""
        names = [path for path in self.real.parent.iterdir() if path != self.real and path.name.startswith("auth.log")]
        if self.dated:
            return sorted(names, reverse=True)
        return sorted(names, key=lambda path: int(path.name.split(".")[2]))

    def next_name(self):
        """Makes room for, and returns, the name the log is rotated to."""
        if self.dated:
            self.date += 1
            return self.real.with_name(f"auth.log-{self.date}")
        for path in reversed(self.rotated()):
            _, _, number, *rest = path.name.split(".")
            path.rename(path.with_name(".".join(["auth.log", str(int(number) + 1), *rest])))
        return self.real.with_name("auth.log.1")

    def gzip(self, path):
        if path.suffix != ".gz":
            subprocess.run(["gzip", "-q", path], check=True)

    def rotate(self, create=True):
        if not self.real.exists():
            return
        if self.compress == "delayed":
            for path in self.rotated()[:1]:
                self.gzip(path)
        target = self.next_name()
        self.real.rename(target)
        if create:
            self.real.touch()
        if self.keeps_writer and self.writer:
            # Syslog goes on in the old file for a while.
            for _ in range(self.random.randrange(3)):
                self.random.choice([lambda: self.append(1), self.run])()
        self.hang_up()
        if self.compress == "at once":
            self.gzip(target)
        for path in self.rotated()[5:]:
            path.unlink()

    def copytruncate(self):
        if not self.real.exists():
            return
        self.finish_line()
        if self.compress == "delayed":
            for path in self.rotated()[:1]:
                self.gzip(path)
        target = self.next_name()
        shutil.copy2(self.real, target)
        os.truncate(self.real, 0)
        if self.compress == "at once":
            self.gzip(target)

    def truncate(self):
        """Somebody empties the log; the unread half line, too, is gone."""
        self.finish_line()
        if self.real.exists():
            os.truncate(self.real, 0)

    def rewrite(self):
        """Truncated and written anew before the next run."""
        self.truncate()
        self.append(self.random.randrange(1, 6))

    def replace(self):
        """A new file in its place, and the old one is gone: its inode is free for the next."""
        self.hang_up()
        if self.real.exists():
            self.real.unlink()
        self.append(self.random.randrange(4))

    def vanish_and_return(self):
        self.hang_up()
        if not self.real.exists():
            return
        self.real.rename(self.elsewhere / "auth.log")
        for _ in range(self.random.randrange(3)):
            self.run()
        (self.elsewhere / "auth.log").rename(self.real)

    def move_behind_link(self):
        """The log moves to another volume, and a link to it takes its place."""
        if self.real != self.log or not self.real.exists():
            return
        self.hang_up()
        volume = self.log.parent.parent / "volume"
        volume.mkdir()
        self.real = volume / "auth.log"
        self.log.rename(self.real)
        self.log.symlink_to(self.real)
        if not self.dated:
            # The numbers begin anew there; two files of one number would hide each other's order only.
            for path in self.log.parent.glob("auth.log.*"):
                path.rename(volume / path.name)

    # Runs

    def files(self):
        return [path for directory in {self.log.parent, self.real.parent} for path in directory.iterdir()
                if path.is_file() and not path.is_symlink()]

    def run(self):
        self.account.look(*self.files())
        result = self.servercheck("run", "--format", "json", config=self.config)
        self.since_run = 0
        assert result.exit_code in (0, 2, 3), (result, self.steps[-20:])
        wrong = self.account.add(result)
        assert wrong is None, f"{wrong}\n{' '.join(self.steps[-30:])}\n{result.stderr}"

    def step(self):
        steps = {"append": 6, "append_half": 1, "run": 8, "rotate": 3, "rotate_nocreate": 1, "vanish_and_return": 1,
                 "move_behind_link": 0.03, "copytruncate": 1}
        if self.may_destroy:
            steps |= {"truncate": 0.7, "rewrite": 0.7, "replace": 0.7}
        name = self.random.choices(list(steps), list(steps.values()))[0]
        if name in ("rotate", "rotate_nocreate", "copytruncate"):
            # Three rotations between two runs are more than any timer that works lets happen.
            if self.since_run == 2:
                name = "run"
            else:
                self.since_run += 1
        self.steps.append(name)
        if name == "append":
            self.append(self.random.randint(1, 12))
        elif name == "rotate_nocreate":
            self.rotate(create=False)
        else:
            getattr(self, name)()


@pytest.mark.needs("gzip")
@pytest.mark.parametrize("seed", range(STORIES))
def test_in_a_random_life_of_a_log_every_attempt_is_counted_once(servercheck, tmp_path, seed):
    life = LogLife(servercheck, tmp_path, seed)
    if seed % 5:
        # Nothing before the first run is judged; a log that appears later is read from its start.
        life.real.touch()
    life.run()
    for _ in range(STEPS):
        life.step()
    life.finish_line()
    life.run()
    life.run()
    assert life.account.counted > 50, "the story was too quiet to prove anything"


@pytest.mark.needs("root", "logrotate", "cc")
@pytest.mark.parametrize("link, options", [
    *((False, options) for options in [
        "create", "nocreate", "copytruncate", "copy", "create compress", "create compress delaycompress", "create dateext",
        "create dateext compress", "create dateext compress delaycompress", "copytruncate dateext compress",
        "copytruncate compress delaycompress", "nocreate compress", "create extension .log", "create start 0",
        "create dateext extension .log compress"]),
    *((True, options) for options in ["create", "create dateext compress", "copytruncate compress delaycompress"])])
def test_every_way_in_which_logrotate_rotates_counts_each_attempt_once(servercheck, tmp_path, options, link):
    """Nine days of the real logrotate; syslog writes to the renamed file for a moment where there is no copytruncate."""
    chosen = random.Random(options)
    home = tmp_path / "log"
    home.mkdir(mode=0o755)
    log = home / "auth.log"
    log.touch()
    path = log
    if link:
        path = tmp_path / "auth.log"
        path.symlink_to(log)
    script = tmp_path / "logrotate.conf"
    script.write_text(f"{log} {{\n  rotate 4\n  daily\n  missingok\n  " + "\n  ".join(
        part for part in options.replace("extension ", "extension=").replace("start ", "start=").split()).replace("=", " ")
        + "\n}\n")
    script.chmod(0o644)
    clock = Clock(tmp_path)
    config = servercheck.write_config(
        {"messaging_channels": [], "sensors": [{"sshd_access": {"log_file": str(path), "source": "file"}}]})
    lines, account = LineWriter(chosen), Account()

    def run():
        account.look(*home.iterdir())
        wrong = account.add(servercheck("run", "--format", "json", config=config))
        assert wrong is None, f"day {day}: {wrong}; {sorted(file.name for file in home.iterdir())}"

    def write(file):
        file.write("".join("".join(lines.some()) for _ in range(chosen.randint(1, 4))))
        file.flush()

    day = 0
    run()
    for day in range(1, 10):
        with log.open("a") as file:
            write(file)
            if chosen.random() < 0.6:
                run()
                write(file)
            subprocess.run(["logrotate", "--force", "--state", tmp_path / "logrotate.state", script], check=True,
                           env=clock.environment(datetime.now(timezone.utc) + timedelta(days=day)) | os.environ)
            if chosen.random() < 0.5:
                run()
            if "copy" not in options and ("delaycompress" in options or "compress" not in options):
                write(file)
        if chosen.random() < 0.3:
            run()
    run()
    run()
    assert account.counted > 15
