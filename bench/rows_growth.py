"""What must not grow: the state under a day's attack, and the cost of one more filesystem. Both need root."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

import generate
from race import Command
from rows_run import TELEGRAM, first_run, sensors
from table import Row, milliseconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/system"))

from support.clock import Clock  # noqa: E402
from support.namespace import MountNamespace  # noqa: E402

MIDNIGHT = datetime(2026, 3, 1, tzinfo=timezone.utc)
MINUTES = 1440
LOOP_CTL_REMOVE = 0x4C81  # <linux/loop.h>


def a_day_of_attack(bench):
    """1,440 runs a minute apart by a moved clock, 1,000 lines from new addresses before each, and nobody to be told."""
    log = bench.logs / "day.log"
    log.write_bytes(b"")
    clock = Clock(bench.fast)
    config = {"sensors": [{"sshd_access": {"log_file": str(log), "source": "file"}}]}
    home = bench.home("day", {"messaging_channels": [TELEGRAM], **config})
    home.environment |= clock.environment(MIDNIGHT)
    first_run(bench, home)
    largest = 0
    lines = (line for chunk in generate.Log("worst", 1 << 40, start=MIDNIGHT, step=0.06).chunks()
             for line in chunk.splitlines(keepends=True))
    with log.open("ab", buffering=0) as file:
        for minute, (_, new) in enumerate(groupby(lines, key=lambda line: line[:16])):
            if minute == MINUTES:
                break
            file.write(b"".join(new))
            environment = home.environment | clock.environment(MIDNIGHT + timedelta(minutes=minute + 1))
            done = subprocess.run([bench.binary], env=environment, cwd=bench.fast, capture_output=True)
            if done.returncode != 2:
                sys.exit(f"minute {minute}: exit status {done.returncode}\n{done.stdout.decode()[:500]}")
            largest = max(largest, home.state_file.stat().st_size)
            bench.progress("24 hours of attack", minute + 1, MINUTES)
    # The same log goes on with the state of that day, and with one that knows its end only. Without channels: what is
    # compared is the run, not the attempts to deliver.
    now = clock.environment(MIDNIGHT + timedelta(minutes=MINUTES + 1))
    home.write({"messaging_channels": [], **config})
    fresh = bench.home("fresh", {"messaging_channels": [], **config})
    for one in (home, fresh):
        one.environment |= now
    first_run(bench, fresh)
    day = bench.race("the state of that day", 101, [
        Command("aged", [bench.binary], home.environment, status=None),
        Command("fresh", [bench.binary], fresh.environment, status=None)])
    restore = home.keep(), fresh.keep()
    with log.open("ab") as file:
        file.writelines(next(lines) for _ in range(1000))
    busy = bench.race("the state of that day, 1,000 new lines", 101, [
        Command("aged", [bench.binary], home.environment, status=None, before=restore[0]),
        Command("fresh", [bench.binary], fresh.environment, status=None, before=restore[1])])
    log.unlink()
    size = largest / 1024
    return [Row("state after 24 hours of the worst case", f"at most {size:.1f} KiB", "", size, "KiB", 64)] + [
        Row(what, milliseconds(result["aged"].time), f"fresh state: {milliseconds(result['fresh'].time)}",
            result["aged"].time / result["fresh"].time, "×", 1.3)
        for what, result in (("a run with that state, nothing new", day), ("a run with that state, 1,000 new lines", busy))]


def many_filesystems(bench):
    """500 real filesystems against 5: small ext4 images on loop devices in two private mount namespaces."""
    log = bench.fast / "mounts.log"
    log.write_bytes(b"")
    script = """
        cd "$1"
        truncate -s 1M image
        mkfs.ext4 -q -F -O ^has_journal image
        for n in $(seq "$2"); do cp --sparse=always image "image$n"; mkdir "disk$n"; mount -o loop "image$n" "disk$n"; done
        """
    spaces, commands = [], []
    before = loop_devices()
    try:
        for count in (5, 500):
            bench.progress(f"mounting {count} filesystems", 0, 1)
            directory = bench.fast / f"space-{count}"
            directory.mkdir()
            spaces.append(space := MountNamespace(directory))
            space.shell(script, str(directory), str(count))
            home = bench.home(f"mounts-{count}", {"messaging_channels": [], "sensors": sensors(log)})
            commands.append(Command(f"{count} filesystems", [bench.binary], home.environment,
                                    namespace=f"/proc/{space.holder.pid}/ns/mnt"))
        results = bench.race("filesystems", 101, commands)
        for count in (5, 500):
            seen = bench.race.output(f"{count} filesystems").count(b"OK diskspace:") - count
            if seen not in range(0, 50):
                sys.exit(f"Of {count} filesystems some were not watched: {seen}")
    finally:
        for space in spaces:
            space.close()
        remove(loop_devices() - before)
    few, many = (results[f"{count} filesystems"].time for count in (5, 500))
    each = (many - few) / 495 * 1e6
    return [Row("500 filesystems against 5", f"+{each:.1f} µs each", f"{milliseconds(few)} with 5, {milliseconds(many)} with 500",
                each, "µs", 20)]


def loop_devices():
    return {int(path.name.removeprefix("loop")) for path in Path("/sys/block").glob("loop*")}


def remove(loops):
    """Devices that stay behind would make every later run on this machine dearer: the kernel counts the pages of each for
    every reader of /proc/meminfo (nr_blockdev_pages in block/bdev.c)."""
    with open("/dev/loop-control") as control:
        for _ in range(50):
            for number in sorted(loops):
                try:
                    fcntl.ioctl(control, LOOP_CTL_REMOVE, number)
                    loops = loops - {number}
                except OSError:
                    pass  # the kernel lets go of it a little later
            if not loops:
                return
            time.sleep(0.1)
    print(f"{len(loops)} loop devices stay behind.", file=sys.stderr)


def missing():
    """What these rows lack here, or nothing."""
    if os.geteuid() != 0:
        return "root"
    return next((name for name in ("unshare", "nsenter", "losetup", "mkfs.ext4") if shutil.which(name) is None), None)
