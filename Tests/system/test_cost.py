"""What a run and a scan cost, counted and not timed: system calls, page faults, libraries, instructions.

A number here is what was reached, plus 10 % for a run and 5 % for a scan. After a change that makes one smaller, lower it;
`pytest -s` shows what is measured now. What time it takes is for `make bench` to say.
"""

import json
import os
import platform
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.peak import Peak

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import generate  # noqa: E402

# A healthy run.
SYSTEM_CALLS = 110
PAGE_FAULTS = 230
# Instructions for one more megabyte (1,000,000 bytes) of a log, by machine: what starting and printing cost is not in it.
INSTRUCTIONS = {"x86_64": {"rfc3339": 5_470_000, "classic": 6_130_000}}


@pytest.fixture
def release(binary):
    if "debug" in binary.parts:
        pytest.skip("needs the release binary: run make system")
    return binary


@pytest.fixture
def healthy(release, servercheck, tmp_path):
    """A run as the timer makes it: no arguments, directories from the environment, two channels and nothing to tell.

    One filesystem is watched, so that all machines make the same calls.
    """
    log = tmp_path / "auth.log"
    generate.write(log, kind="mixed", size=100_000)
    unreachable = "http://127.0.0.1:9"
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "config.json").write_text(json.dumps({
        "messaging_channels": [
            {"telegram": {"chat_id": "1", "token": "1:token", "api_url": unreachable}},
            {"smtp": {"server": "127.0.0.1", "port": 9, "from_mail": "box@example.org", "to_mail": "a@example.org"}}],
        "sensors": [
            {"diskspace": {"threshold": 100, "inode_threshold": 100, "excluded_partitions": ["*"], "partitions": {"/": {}}}},
            {"free_memory": {"threshold": 100}},
            {"sshd_access": {"log_file": str(log), "source": "file"}}]}))
    (credentials / "config.json").chmod(0o400)
    environment = servercheck.environment({"CREDENTIALS_DIRECTORY": credentials})

    def run(*wrapper):
        done = subprocess.run([*map(str, wrapper), str(release)], env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    run()
    return run


@pytest.mark.needs("strace")
def test_a_healthy_run_makes_few_system_calls_and_opens_no_library_but_the_c_librarys(healthy, tmp_path):
    trace = tmp_path / "trace"
    counts = []
    # What threads say to each other differs from run to run.
    for _ in range(3):
        healthy("strace", "-f", "-o", trace)
        lines = trace.read_text().splitlines()
        counts.append(sum(re.match(r"\d+ +\w+\(", line) is not None for line in lines))
        opened = set(re.findall(r'open(?:at)?\(.*"[^"]*/([^/"]+\.so[^/"]*)".* = \d+$', "\n".join(lines), re.MULTILINE))
        assert opened == {"ld.so.cache", "libc.so.6", "libm.so.6"}
    print(f"\n{counts} system calls")
    assert min(counts) <= SYSTEM_CALLS


@pytest.mark.needs("cc")
def test_a_healthy_run_touches_few_pages(healthy, tmp_path):
    peak = Peak(tmp_path)
    counts = []
    for _ in range(5):
        healthy(*peak.command([]))
        counts.append(peak.faults)
    print(f"\n{counts} page faults")
    assert min(counts) <= PAGE_FAULTS


@pytest.mark.needs("valgrind", "strip")
@pytest.mark.parametrize("style", ["rfc3339", "classic"])
def test_a_scan_needs_few_instructions_for_each_megabyte(release, tmp_path, style):
    if platform.machine() not in INSTRUCTIONS:
        pytest.skip(f"no number for {platform.machine()} yet")
    # Valgrind cannot read the debug information of Swift.
    program = tmp_path / "servercheck"
    subprocess.run(["strip", "-o", program, release], check=True)
    # The fifth to eighth megabyte, which is the difference of the two.
    short, long = tmp_path / "short.log", tmp_path / "long.log"
    generate.write(long, kind="mixed", size=8_000_000, style=style)
    data = long.read_bytes()
    short.write_bytes(data[:data.index(b"\n", len(data) // 2) + 1])
    counts = [instructions(program, path, tmp_path) for path in (short, long)]
    each = round((counts[1] - counts[0]) * 1e6 / (len(data) - short.stat().st_size))
    print(f"\n{style}: {each:,} instructions for each megabyte, {counts[0]:,} for the first {short.stat().st_size:,} bytes")
    assert each <= INSTRUCTIONS[platform.machine()][style] * 1.05


# What an attacker may fill tables with: names as long as sshd writes them, connections that stay open, addresses and users
# without end, at a rate at which few or many of them fall into the ten minutes that are remembered.
HOSTILE = {
    "long names": (200, lambda number: (f"{number}" + "\\303\\244" * 48, number)),
    "few addresses": (200, lambda number: (f"{number}" + "x" * 90, number % 8000)),
    "many at once": (6, lambda number: (f"{number}" + "y" * 60, number)),
}


@pytest.mark.needs("cc")
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_scan_takes_more_than_16_megabytes(release, tmp_path, kind):
    step, names = HOSTILE[kind]
    log = tmp_path / "auth.log"
    start = datetime(2026, 3, 1)
    with log.open("w") as file:
        number = size = 0
        while size < 100_000_000:
            time = (start + timedelta(milliseconds=step * number)).isoformat(timespec="microseconds")
            user, address = names(number)
            size += file.write(f"{time}+00:00 server sshd[{1000 + number}]: Failed password for invalid user {user} from "
                               f"10.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255} port {number % 60000} ssh2\n")
            number += 1
    peak = Peak(tmp_path)
    results = set()
    for _ in range(5):
        done = subprocess.run(peak.command([str(release), "scan", "--format", "json", str(log)]), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        results.add(done.stdout)
        print(f"\n{kind}: {peak.kibibytes} KiB")
        assert peak.kibibytes * 1024 <= 16_000_000
    assert [json.loads(result)["attempts"] for result in results] == [number]


def instructions(program, log, directory):
    """Counted by callgrind, on one processor: how much each of two threads gets to do differs from time to time."""
    # Without these the seeds of hash tables, and the processor's features that the C library finds, would be in it.
    environment = {"TZ": "UTC", "SWIFT_DETERMINISTIC_HASHING": "1", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-EVEX"}
    one = str(min(os.sched_getaffinity(0)))
    done = subprocess.run(["taskset", "-c", one, "valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/callgrind.out",
                           program, "scan", "--format", "json", log],
                          env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])
