"""A run as the timer makes it, with nothing new in the log, with 1,000 new lines, and with messages to send."""

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import generate
from race import Command
from table import Row, milliseconds

LOG_BYTES = 10_000_000
NEW_LINES = 1000
ROUNDS = 101


def sensors(log, disk=100):
    """Limits that no machine exceeds, unless `disk` is another: what is measured is a healthy run."""
    return [{"diskspace": {"threshold": disk, "inode_threshold": 100}}, {"free_memory": {"threshold": 100}},
            {"sshd_access": {"log_file": str(log), "amount": 1000}}]


# Nothing is to be told, and nothing listens on port 9 if it were.
TELEGRAM = {"telegram": {"chat_id": "123456789", "token": "123456789:not-a-real-token", "api_url": "http://127.0.0.1:9"}}
SMTP = {"smtp": {"server": "127.0.0.1", "port": 9, "send_starttls": True, "username": "box", "password": "not-a-real-one",
                 "from_mail": "box@example.org", "to_mail": "admin@example.org"}}


def recent_log(path, extra=0):
    """A 10 MB log of an attack that goes on now; returns further lines of it."""
    log = generate.Log("mixed", LOG_BYTES + 200 * extra + (1 << 20), start=datetime.now(timezone.utc) - timedelta(hours=7))
    lines = b"".join(log.chunks()).splitlines(keepends=True)
    count = size = 0
    while size < LOG_BYTES:
        size += len(lines[count])
        count += 1
    path.write_bytes(b"".join(lines[:count]))
    return b"".join(lines[count:count + extra])


def quiet_and_busy(bench):
    """The rows of a healthy run."""
    idle, busy = bench.fast / "idle.log", bench.fast / "busy.log"
    recent_log(idle)
    more = recent_log(busy, NEW_LINES)
    home = bench.home("idle", {"messaging_channels": [TELEGRAM, SMTP], "sensors": sensors(idle)})
    other = bench.home("busy", {"messaging_channels": [TELEGRAM, SMTP], "sensors": sensors(busy)})
    first_run(bench, home)
    first_run(bench, other)
    with busy.open("ab") as file:
        file.write(more)
    restore = other.keep()
    peers = bench.peers
    offset, old = bench.fast / "offset", bench.fast / "old.log"
    path = {"PATH": peers.path}
    commands = [
        Command("servercheck", [bench.binary], home.environment),
        Command("check_disk", peers.check_disk, path, status=None),
        Command("check_swap", peers.check_swap, path, status=None),
        Command("logtail | grep", peers.logtail(idle, offset), path, status=1),
        Command("check_log", peers.check_log(idle, old), path),
        Command("1,000 new lines", [bench.binary], other.environment, before=restore),
    ]
    results = bench.race("healthy run", ROUNDS, commands)
    if b"'attempts'=0;" in bench.race.output("1,000 new lines"):
        sys.exit("The new lines were not read.")
    time = {label: samples.time for label, samples in results.items()}
    own, disk = time["servercheck"], time["check_disk"]
    tail = disk + time["check_swap"] + time["logtail | grep"]
    check_log = disk + time["check_swap"] + time["check_log"]
    more = time["1,000 new lines"] - own
    peak = max(results[label].peak_bytes for label in ("servercheck", "1,000 new lines")) / 1e6
    what = "healthy run, nothing new in a 10 MB log"
    return [
        Row(what, milliseconds(own), f"check_disk -l: {milliseconds(disk)}", own / disk, "×", 2.0),
        Row(what, milliseconds(own), f"check_disk + check_swap + logtail | grep: {milliseconds(tail)}",
            own / tail, "×", 0.4),
        Row(what, milliseconds(own), f"check_disk + check_swap + check_log: {milliseconds(check_log)}", own / check_log, "×", 0.12),
        Row("the same with 1,000 new lines", f"+{milliseconds(more)}", f"check_disk -l: {milliseconds(disk)}", more / disk, "×", 0.6),
        Row("peak memory of a run", f"{peak:.1f} MB", "", peak, "MB", 12),
    ]


def first_run(bench, home):
    """The run that finds the end of the log."""
    done = subprocess.run([bench.binary], env=home.environment, cwd=bench.fast, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"The first run: exit status {done.returncode}\n{done.stdout}{done.stderr}")


def with_channels(bench):
    """A run that has something to tell through both channels, to servers on the loopback."""
    servers = {name: subprocess.Popen([sys.executable, "-B", Path(__file__).with_name("servers.py"), name], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE) for name in ("telegram", "mail")}
    places = {name: server.stdout.readline().strip() for name, server in servers.items()}
    log = bench.fast / "idle.log"
    if not log.exists():
        recent_log(log)
    channels = [{"telegram": {"chat_id": "1", "token": "1:x", "api_url": places["telegram"]}},
                {"smtp": {"server": "127.0.0.1", "port": int(places["mail"]), "from_mail": "box@example.org",
                          "to_mail": "admin@example.org"}}]
    healthy = bench.home("silent", {"messaging_channels": channels, "sensors": sensors(log)})
    sending = bench.home("sending", {"messaging_channels": channels, "sensors": sensors(log)})
    first_run(bench, healthy)
    first_run(bench, sending)
    restore = sending.keep()
    sending.write({"messaging_channels": channels, "sensors": sensors(log, disk=0)})
    rounds = 51
    results = bench.race("both channels", rounds, [
        Command("healthy", [bench.binary], healthy.environment),
        Command("sending", [bench.binary], sending.environment, status=2, before=restore),
    ])
    report = json.loads(sending.last.read_text())
    received = [int(server.communicate()[0]) for server in servers.values()]
    if received != [rounds + 1, rounds + 1] or not all(entry["delivered"] for entry in report["notifications"]):
        sys.exit(f"Not every message arrived: {received} of {rounds + 1}, {report['notifications']}")
    more = results["sending"].time - results["healthy"].time
    return [Row("both channels answering on loopback", f"+{milliseconds(more)}",
                f"healthy run: {milliseconds(results['healthy'].time)}", more * 1000, "ms", 12)]
