"""`servercheck scan` as a user calls it: files, pipes, compressed logs, terminals, and what cannot be read."""

import bz2
import fcntl
import gzip
import json
import lzma
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

NO_ZLIB = """
for library in /lib/*/libz.so.1* /usr/lib/*/libz.so.1* /lib64/libz.so.1* /usr/lib64/libz.so.1*; do
    if [ -e "$library" ]; then mount --bind /dev/null "$(readlink -f "$library")" 2>/dev/null || true; fi
done
"""


def failure(number, minute, user="root", address="192.0.2.7"):
    return (f"2026-11-20T10:{minute:02}:{number % 60:02}.000000+00:00 host sshd[{1000 + number}]: "
            f"Failed password for {user} from {address} port {2000 + number} ssh2\n")


def attack(count=7, minute=0, **keys):
    return "".join(failure(number, minute, **keys) for number in range(count))


@pytest.fixture
def log(servercheck):
    """Writes a log into the test's directory and returns its path."""
    def write(text, name="auth.log"):
        path = servercheck.directory / name
        data = text.encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path
    return write


def scan(servercheck, *args, **keys):
    result = servercheck("scan", "--format", "json", *args, **keys)
    return result.exit_code, result.json


@pytest.mark.parametrize("packer, pack", [
    ("xz", lzma.compress), ("bzip2", bz2.compress), ("zstd", lambda data: b"\x28\xb5\x2f\xfd\x24\x00" + data),
    ("lz4", lambda data: b"\x04\x22\x4d\x18\x64\x40" + data)])
def test_a_log_compressed_by_another_program_is_an_error_that_says_what_to_do(servercheck, tmp_path, packer, pack):
    """Magic bytes are all that the last two have of their formats: Python packs only the others."""
    path = tmp_path / "auth.log.2"
    path.write_bytes(pack(attack().encode()))
    result = servercheck("scan", path)
    assert result.exit_code == 3
    assert result.stderr == (f"cannot read {path}: it is compressed by {packer}, only gzip is read here "
                             f"(give servercheck scan - what {packer} -dc prints)\n")
    piped = subprocess.run(servercheck.command("scan", "-"), input=path.read_bytes(), capture_output=True,
                           env=servercheck.environment(), cwd=tmp_path)
    assert piped.returncode == 3 and f"compressed by {packer}".encode() in piped.stderr


def test_the_json_has_exactly_the_keys_of_the_design(servercheck, log):
    code, value = scan(servercheck, log(attack()))
    assert code == 0
    assert value == {
        "lines": 7, "bytes": len(attack()), "sshd_lines": 7, "unparsed": 0, "attempts": 7, "connections": 7, "logins": 0,
        "first": "2026-11-20T10:00:00+00:00", "last": "2026-11-20T10:00:06+00:00",
        "by_address": [{"address": "192.0.2.7", "attempts": 7, "first": "2026-11-20T10:00:00+00:00",
                        "last": "2026-11-20T10:00:06+00:00"}],
        "by_user": [{"user": "root", "attempts": 7}],
        "peak": {"attempts": 7, "start": "2026-11-20T10:00:00+00:00", "duration": 30},
    }


def test_what_is_not_known_is_null(servercheck, log):
    code, value = scan(servercheck, log("no log at all\n"))
    assert (code, value["attempts"], value["by_address"], value["by_user"]) == (0, 0, [], [])
    assert (value["first"], value["last"], value["peak"]) == (None, None, None)


def test_events_are_one_object_per_line(servercheck, log):
    text = attack(1) + (
        "2026-11-20T10:05:00+00:00 host sshd[7]: Accepted publickey for bob from 2001:db8::1 port 22 ssh2: RSA SHA256:x\n"
        "2026-11-20T10:06:00+00:00 host sshd[8]: message repeated 2 times: "
        "[ Failed password for invalid user a\x1b[2J\"|b from 192.0.2.9 port 5 ssh2]\n")
    result = servercheck("scan", "--events", log(text))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert result.events == [
        {"time": "2026-11-20T10:00:00+00:00", "address": "192.0.2.7", "port": 2000, "user": "root",
         "method": "password", "invalid_user": False, "count": 1, "kind": "failure"},
        {"time": "2026-11-20T10:05:00+00:00", "address": "2001:db8::1", "port": 22, "user": "bob",
         "method": "publickey", "invalid_user": False, "count": 1, "kind": "login"},
        {"time": "2026-11-20T10:06:00+00:00", "address": "192.0.2.9", "port": 5, "user": "a\x1b[2J\"|b",
         "method": "password", "invalid_user": True, "count": 2, "kind": "failure"},
    ]


def test_rotated_logs_are_one_log_in_any_order(servercheck, log):
    """The busiest window spans two files, and one of them is compressed."""
    old, middle, new = attack(3, minute=0), attack(4, minute=1), failure(5, 1) + failure(6, 1)
    paths = [log(new, "auth.log"), log(middle, "auth.log.1"), log(old, "auth.log.2.gz")]
    for order in (paths, paths[::-1], [paths[1], paths[2], paths[0]]):
        code, value = scan(servercheck, *order)
        assert (code, value["attempts"], value["peak"]["attempts"]) == (0, 9, 6)
        assert value["first"] == "2026-11-20T10:00:00+00:00"
    result = servercheck("scan", "--events", *paths)
    times = [event["time"] for event in result.events]
    assert times == sorted(times)


@pytest.mark.parametrize("compressed", [False, True])
def test_standard_input_and_a_pipe_are_read(servercheck, compressed):
    data = attack().encode()
    if compressed:
        data = gzip.compress(data[:200]) + gzip.compress(data[200:])
    code, value = scan(servercheck, "-", stdin=data)
    assert (code, value["attempts"]) == (0, 7)
    reading, writing = os.pipe()
    with subprocess.Popen(servercheck.command("scan", "--format", "json", f"/dev/fd/{reading}"), pass_fds=[reading],
                          env=servercheck.environment(), stdout=subprocess.PIPE) as process:
        os.close(reading)
        # The reader must wait for what comes late.
        time.sleep(0.2)
        os.write(writing, data)
        os.close(writing)
        assert json.load(process.stdout)["attempts"] == 7
        assert process.wait() == 0


def test_a_last_line_without_a_line_end_counts(servercheck, log):
    code, value = scan(servercheck, log(attack().rstrip("\n")))
    assert (code, value["lines"], value["attempts"]) == (0, 7, 7)


def test_compressed_logs_are_known_by_their_bytes(servercheck, log):
    path = log(attack(), "auth.log.gz").rename(servercheck.directory / "old")
    assert scan(servercheck, path)[1]["attempts"] == 7


def test_one_that_cannot_be_read_is_named_and_the_others_are_read(servercheck, log):
    good = log(attack())
    result = servercheck("scan", "--format", "json", "/nonexistent/auth.log", good, servercheck.directory)
    assert result.exit_code == 3
    assert result.json["attempts"] == 7
    assert result.stderr == (
        "cannot read /nonexistent/auth.log: No such file or directory\n"
        f"cannot read {servercheck.directory}: it is a directory, not a log file\n")


def test_nothing_readable_is_unknown_in_json_too(servercheck):
    result = servercheck("scan", "--format", "json", "/nonexistent/auth.log")
    assert (result.exit_code, result.json["status"]) == (3, "UNKNOWN")


@pytest.mark.parametrize("damage", ["cut", "broken"])
def test_of_a_damaged_log_what_comes_before_counts(servercheck, damage):
    data = bytearray(gzip.compress("".join(attack(minute=minute) for minute in range(60)).encode() * 50))
    if damage == "cut":
        del data[-20:]
    else:
        data[-6] ^= 0xFF
    path = servercheck.directory / "auth.log.1.gz"
    path.write_bytes(data)
    result = servercheck("scan", "--format", "json", path)
    assert result.exit_code == 3
    assert result.json["attempts"] > 10_000
    reason = {"cut": "ends early", "broken": "is damaged"}[damage]
    assert result.stderr == f"cannot read {path} to its end: the compressed data {reason}\n"


@pytest.mark.needs("root", "unshare")
def test_a_missing_zlib_is_named_with_its_package(servercheck, log):
    plain, packed = log(attack()), log(attack(), "auth.log.1.gz")
    result = servercheck("scan", "--format", "json", plain, packed,
                         wrapper=["unshare", "--mount", "--", "/bin/sh", "-euc", NO_ZLIB + 'exec "$@"', "sh"])
    assert (result.exit_code, result.json["attempts"]) == (3, 7)
    assert result.stderr == f"cannot read {packed}: libz.so.1 is missing (install the package zlib1g)\n"


@pytest.mark.needs("root", "setpriv")
def test_a_missing_permission_comes_with_its_remedy(servercheck, log):
    path = log(attack())
    path.chmod(0o640)
    for directory in [path.parent, *path.parent.parents]:
        if directory.stat().st_uid == os.getuid() and directory.is_relative_to("/tmp/pytest-of-root"):
            directory.chmod(0o755)
    result = servercheck("scan", path, wrapper=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"cannot read {path}: Permission denied (add the user to group adm)\n"


def test_the_text_shows_totals_tables_and_a_chart(servercheck, log):
    result = servercheck("scan", log(attack() + attack(minute=30, user="bob", address="2001:db8::7")))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == """\
attempts   14 in 14 connections
time       2026-11-20 10:00:00 to 2026-11-20 10:30:06 (30 min 6 s)
addresses  2
users      2
logins     0
busiest    7 within 30 s, from 2026-11-20 10:00:00
result     2 alarms with amount 5 and duration 30 s
lines      14, of sshd 14, 1.5 kB

address           attempts  first, last
192.0.2.7                7  2026-11-20 10:00:00, 2026-11-20 10:00:06
2001:db8::7              7  2026-11-20 10:30:00, 2026-11-20 10:30:06

user              attempts
bob                      7
root                     7

attempts per minute
 7 │██                                                          ██
   │██                                                          ██
   │██                                                          ██
   │██                                                          ██
   │██                                                          ██
   │██                                                          ██
   │██                                                          ██
   │██                                                          ██
 0 └──────────────────────────────────────────────────────────────
    11-20 10:00   11-20 10:07   11-20 10:14   11-20 10:21   11-20 10:28
"""


def test_what_attackers_write_reaches_no_terminal(servercheck, log):
    text = "".join(attack(1, user=f"invalid user {user}") for user in [
        "\x1b]0;owned\x07", "a|b", "\x9b31m", "\u202egnp.exe", "x\x00y", "\udcff\udcfe", "ü"])
    for args in [[], ["--events"], ["--format", "json"]]:
        result = servercheck("scan", *args, log(text))
        assert result.exit_code == 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.stdout)
    ascii_only = servercheck("scan", log(text), env={"LANG": "C"})
    assert ascii_only.stdout.isascii()


class Terminal:
    """Runs a command with standard output and error on a terminal of a known width."""

    def __init__(self, command, environment, columns, stdout=True):
        control, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=terminal,
                              stdout=terminal if stdout else subprocess.DEVNULL) as process:
            os.close(terminal)
            output = b""
            while True:
                try:
                    part = os.read(control, 65536)
                except OSError:
                    break
                if not part:
                    break
                output += part
        os.close(control)
        self.exit_code = process.returncode
        self.text = output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [50, 120])
def test_the_chart_fits_the_terminal_and_colours_end(servercheck, log, columns):
    path = log("".join(attack(1, minute=minute) for minute in range(60)))
    command = servercheck.command("scan", path)
    shown = Terminal(command, servercheck.environment({"TERM": "xterm"}), columns)
    assert shown.exit_code == 0
    assert "\x1b[1m" in shown.text
    plain = re.sub("\x1b\\[[0-9]*m", "", shown.text)
    chart = plain[plain.index("attempts per"):].splitlines()
    assert max(map(len, chart)) <= columns
    assert max(map(len, chart)) > columns / 3
    uncoloured = Terminal(command, servercheck.environment({"TERM": "xterm", "NO_COLOR": "1"}), columns)
    assert uncoloured.text == plain


def test_columns_decides_about_the_width(servercheck, log):
    path = log("".join(attack(1, minute=minute) for minute in range(60)))
    wide = servercheck("scan", path, env={"COLUMNS": "200"}).stdout.splitlines()
    narrow = servercheck("scan", path, env={"COLUMNS": "40"}).stdout.splitlines()
    assert max(map(len, wide)) > 100
    chart = narrow[[line.startswith("attempts per") for line in narrow].index(True):]
    assert max(map(len, chart)) <= 40


def test_progress_is_shown_on_a_terminal_only_and_cleared(servercheck, log):
    path = servercheck.directory / "slow"
    os.mkfifo(path)
    command = ["/bin/sh", "-c", f'(cat "$1"; sleep 1.2; cat "$1") > {path} & shift; exec "$@"', "sh",
               str(log(attack() * 500)), *servercheck.command("scan", path)]
    shown = Terminal(command, servercheck.environment(), 80, stdout=False)
    assert shown.exit_code == 0
    assert re.fullmatch("(\r[0-9.]+ [kMG]?B read\x1b\\[K)+\r\x1b\\[K", shown.text)
    assert servercheck("scan", log(attack() * 1000)).stderr == ""


def test_a_fifo_is_waited_for_until_somebody_writes(servercheck, log):
    path = servercheck.directory / "late"
    os.mkfifo(path)
    with subprocess.Popen(servercheck.command("scan", "--format", "json", path), env=servercheck.environment(),
                          stdout=subprocess.PIPE) as scanning:
        time.sleep(0.5)
        subprocess.run(["/bin/sh", "-c", 'cat "$1" >"$2"', "sh", log(attack() * 3), path], timeout=30, check=True)
        value = json.loads(scanning.communicate(timeout=30)[0])
    assert (scanning.returncode, value["lines"]) == (0, len((attack() * 3).splitlines()))


def test_a_reader_that_stops_early_is_no_trouble(servercheck, log):
    path = log(attack() * 5000)
    done = subprocess.run(["/bin/sh", "-c", '"$@" | head -n 1', "sh", *servercheck.command("scan", "--events", path)],
                          env=servercheck.environment(), capture_output=True, timeout=30)
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def test_a_config_gives_amount_duration_and_log_file(servercheck, log):
    path = log(attack(minute=3))
    config = {"messaging_channels": [], "sensors": [{"sshd_access": {
        "log_file": str(path), "amount": 10, "duration": 60}}]}
    result = servercheck("scan", config=config)
    assert result.exit_code == 0
    assert "0 alarms with amount 10 and duration 60 s" in result.stdout
    code, value = scan(servercheck, config=servercheck.config_path)
    assert (code, value["attempts"], value["peak"]["duration"]) == (0, 7, 60)


def test_a_bad_config_that_was_named_is_refused(servercheck, log):
    result = servercheck("scan", log(attack()), config={"messaging_channels": [], "sensors": [{"sshd_access": {
        "amuont": 5}}]})
    assert result.exit_code == 3
    assert "sensors[0].sshd_access.amuont" in result.stderr


@pytest.mark.parametrize("options", [["--events"], ["--format", "json"], ["--format", "text"]], ids=" ".join)
def test_output_that_cannot_be_written_is_told(servercheck, log, options):
    with open("/dev/full", "w") as full:
        done = subprocess.run(servercheck.command("scan", *options, log(attack(500))), env=servercheck.environment(),
                              stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (3, "cannot write standard output: No space left on device\n")


def test_a_pipe_that_does_not_block_gets_all_of_the_output(servercheck, log):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen(servercheck.command("scan", "--events", log(attack(3000))), env=servercheck.environment(),
                               stdout=writer)
    os.close(writer)
    # The pipe is full long before.
    time.sleep(0.3)
    with open(reader) as pipe:
        assert len(pipe.readlines()) == 3000
    assert process.wait() == 0
