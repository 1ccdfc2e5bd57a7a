"""A day of 1,440 runs in about a minute: what is told is exactly what happened, and nothing grows.

Each run is a process of the real binary that gets its minute of the day for the system's time.
"""

import random
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from support.authlog import Account, LineWriter
from support.clock import Clock
from support.namespace import MountNamespace
from support.peak import Peak
from support.run import Result
from support.telegram_server import TelegramServer, delivered, refused

MIDNIGHT = datetime(2026, 3, 1, tzinfo=timezone.utc)

pytestmark = pytest.mark.needs("root", "unshare", "nsenter", "losetup", "mkfs.ext4", "cc")


class Day:
    """One day of one machine, minute by minute."""

    def __init__(self, servercheck, directory, space, telegram):
        self.servercheck = servercheck
        self.telegram = telegram
        self.space = space
        self.mount = space.mount(space.image("disk", 64, "mkfs.ext4", "-q", "-F", "-m", "0"), "disk")
        self.log = directory / "auth.log"
        self.log.write_text("")
        self.config = servercheck.write_config({
            "hostname": "box",
            "messaging_channels": [{"telegram": {"chat_id": 1, "token": "1:token", "api_url": telegram.url}}],
            "sensors": [{"diskspace": {"threshold": 90, "warning_threshold": 80, "excluded_partitions": ["*"],
                                       "partitions": {str(self.mount): {}}}},
                        {"sshd_access": {"log_file": str(self.log), "source": "file", "renotify_time": 10}}]})
        self.environment = servercheck.environment()
        self.peak = Peak(directory.parent)
        self.command = ["nsenter", "--target", str(space.holder.pid), "--mount",
                        *self.peak.command(servercheck.command("run", "--format", "json", config=self.config))]
        self.account = Account()
        self.lines = LineWriter(random.Random(11), start=MIDNIGHT, step=0)
        self.clock = Clock(directory.parent)
        self.peaks = []
        self.sizes = []
        self.names = set()

    def run(self, minute):
        now = MIDNIGHT + timedelta(minutes=minute, seconds=30)
        environment = {**self.environment, **self.clock.environment(now)}
        done = subprocess.run(self.command, env=environment, cwd=self.servercheck.directory, stdin=subprocess.DEVNULL,
                              capture_output=True)
        self.peaks.append(self.peak.kibibytes)
        self.sizes.append((self.servercheck.state / "state.json").stat().st_size if minute else 0)
        self.names |= {path.name for path in self.servercheck.state.iterdir()}
        result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
        self.account.look(*self.log.parent.glob("auth.log*"))
        wrong = self.account.add(result)
        assert wrong is None, f"minute {minute}: {wrong}"
        return result

    def attack(self, minute, attempts, address=None):
        """Attempts of one second in the middle of this minute, and the noise of every minute."""
        self.lines.time = MIDNIGHT + timedelta(minutes=minute, seconds=10)
        with self.log.open("a") as log:
            log.write(self.lines.noise())
            for _ in range(attempts):
                self.lines.number += 1
                n = self.lines.number
                source = address or f"203.0.113.{n % 250}"
                log.write(self.lines.line(f"Failed password for u{n} from {source} port {1024 + n % 60000} ssh2"))

    def login(self, minute, address):
        self.lines.time = MIDNIGHT + timedelta(minutes=minute, seconds=20)
        with self.log.open("a") as log:
            log.write(self.lines.line(f"Accepted publickey for root from {address} port 5 ssh2: ED25519 SHA256:x", pid=77))

    def use(self, megabytes):
        self.space.run("fallocate", "-l", f"{megabytes}M", self.mount / "file")

    def rotate(self):
        for number in (2, 1):
            if (path := self.log.with_name(f"auth.log.{number}")).exists():
                path.rename(self.log.with_name(f"auth.log.{number + 1}"))
        self.log.rename(self.log.with_name("auth.log.1"))
        self.log.touch()


# What happens, and what must be told then: (minute, what to do, attempts in that minute).
WAVES = {60: 40, 61: 40, 75: 3, 300: 8, 700: 600, 701: 600, 702: 600, 1000: 6, 1200: 30}


def test_a_day_of_runs_tells_exactly_what_happened_and_grows_nothing(servercheck, tmp_path):
    directory = tmp_path / "space"
    directory.mkdir()
    own = tmp_path / "log"
    own.mkdir()
    space = MountNamespace(directory)
    try:
        with TelegramServer(delivered()) as telegram:
            day = Day(servercheck, own, space, telegram)
            told = play(day)
        titles = [(minute, text.splitlines()[0].replace(str(day.mount), "DISK")) for minute, text in told]
        assert titles == EXPECTED
        # Each is whole, and those that waited for the server say so.
        for minute, text in told:
            assert ("\nLate by " in text) == (minute == 940), text
            assert "\nsince " in text or "\nbegan " in text or "SSH login of" in text, text
        assert day.account.counted == sum(WAVES.values())
    finally:
        space.close()
    # Flat: after the largest attack no run needs more than before, and the state is as small as in the morning. What a
    # run that sends needs is libcurl's.
    assert max(day.peaks) < 32 * 1024, max(day.peaks)
    quiet = sorted(day.peaks[100:300])[100], sorted(day.peaks[-200:])[100]
    assert quiet[1] < quiet[0] * 1.1, quiet
    assert max(day.sizes) < 65_536 and day.sizes[-1] < 8192, (max(day.sizes), day.sizes[-1])
    assert day.names == {"state.json", "state.json.spare"}
    print(f"\n{len(day.peaks)} runs: {quiet[1]} KiB in a quiet minute, at most {max(day.peaks)}, state at most {max(day.sizes)}, in the end "
          f"{day.sizes[-1]} bytes")


def play(day):
    """Plays the day; returns (minute of arrival, first words of the message)."""
    told = []
    for minute in range(1440):
        if minute == 0:
            day.run(0)
        # The disk fills slowly, is cleared, fills at once.
        if 400 <= minute <= 520 and minute % 2 == 0:
            day.use(2 + (minute - 400) * 50 // 120)
        elif minute == 600:
            day.space.run("rm", day.mount / "file")
        elif minute == 900:
            day.use(50)
        elif minute == 910:
            day.space.run("rm", day.mount / "file")
        if minute == 720:
            day.rotate()
        if minute == 880:
            day.telegram.answers = [refused(500, "Internal Server Error")]
        elif minute == 940:
            day.telegram.answers = [delivered()]
        day.attack(minute, WAVES.get(minute, 0), "198.51.100.7" if minute == 1200 else None)
        if minute == 1010:
            day.login(minute, "198.51.100.9")
        if minute == 1205:
            day.login(minute, "198.51.100.7")
        day.run(minute)
        if day.telegram.answers[0][0] == 200:
            told += [(minute, body["text"]) for body in day.telegram.bodies]
        day.telegram.requests.clear()
    return told


SSH = "failed SSH logins"
EXPECTED = [(minute, f"[box] {title}") for minute, title in [
    (60, f"CRITICAL: 40 {SSH}, up to 40 within 30 s (limit 5), most from 203.0.113.1"),
    (70, f"CRITICAL: 80 {SSH}, up to 40 within 30 s (limit 5), most from 203.0.113.1; no more such attack now"),
    (71, f"RECOVERED: 80 {SSH}, and none above the limit for 10 min (limit 5 within 30 s)"),
    (300, f"CRITICAL: 8 {SSH}, up to 8 within 30 s (limit 5), most from 203.0.113.84"),
    (310, f"RECOVERED: 8 {SSH}, and none above the limit for 10 min (limit 5 within 30 s)"),
    (500, "WARNING: DISK 80.5 % used, 10.4 MiB of 53.4 MiB free (limit 80 %)"),
    (514, "CRITICAL: DISK 91.7 % used, 4.4 MiB of 53.4 MiB free (limit 90 %)"),
    (600, "RECOVERED: DISK 0.0 % used, 53.4 MiB of 53.4 MiB free (limit 90 %)"),
    (700, f"CRITICAL: 600 {SSH}, up to 600 within 30 s (limit 5), most from 203.0.113.100"),
    (710, f"CRITICAL: 1800 {SSH}, up to 600 within 30 s (limit 5), most from 203.0.113.100; no more such attack now"),
    (712, f"RECOVERED: 1800 {SSH}, and none above the limit for 10 min (limit 5 within 30 s)"),
    # An hour without network: what happened in it comes when it is over.
    (940, "CRITICAL: DISK 93.6 % used, 3.4 MiB of 53.4 MiB free (limit 90 %)"),
    (940, "RECOVERED: DISK 0.0 % used, 53.4 MiB of 53.4 MiB free (limit 90 %)"),
    (1000, f"CRITICAL: 6 {SSH}, up to 6 within 30 s (limit 5), most from 203.0.113.142"),
    (1010, f"RECOVERED: 6 {SSH}, and none above the limit for 10 min (limit 5 within 30 s)"),
    (1200, f"CRITICAL: 30 {SSH}, up to 30 within 30 s (limit 5), most from 198.51.100.7"),
    (1205, "CRITICAL: SSH login of root from 198.51.100.7 by publickey after at least 30 failed attempts from there within "
           "an hour, 2026-03-01T20:05:20+00:00"),
    (1210, f"RECOVERED: 30 {SSH}, and none above the limit for 10 min (limit 5 within 30 s)"),
]]
