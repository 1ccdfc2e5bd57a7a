"""Scans of large logs against ripgrep, and of one never read before against fail2ban-regex and logtail."""

import hashlib
import json
import os
import sys
from pathlib import Path

import generate
import sshd_lines
from race import Command
from table import Row, milliseconds

LARGE = 256 << 20
COLD = 50_000_000
PATH = {"PATH": "/usr/bin:/bin"}


def made(bench, kind, size, style="rfc3339", tag="sshd"):
    """A generated log and its totals, kept until the generator changes."""
    sources = b"".join(Path(module.__file__).read_bytes() for module in (generate, sshd_lines))
    name = f"{kind}-{style}-{tag}-{size}-{hashlib.sha256(sources).hexdigest()[:8]}"
    log, totals = bench.logs / f"{name}.log", bench.logs / f"{name}.json"
    if not totals.exists():
        bench.progress(f"making {name}.log", 0, 1)
        found = generate.write(log, kind=kind, size=size, style=style, tag=tag)
        totals.write_text(json.dumps(found))
    return log, json.loads(totals.read_text())


def warm(log):
    """Has all of a file in the page cache."""
    with open(log, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def compare(report, totals):
    """Ends the program when a scan did not find what was written."""
    found = json.loads(report)
    keys = ("lines", "bytes", "sshd_lines", "unparsed", "attempts", "connections", "logins")
    wrong = {key: (found[key], totals[key]) for key in keys if found[key] != totals[key]}
    # What lies beyond the bounds of its tables is counted as a total only.
    if totals["addresses"] <= 16_384:
        addresses = {row["address"]: row["attempts"] for row in found["by_address"]}
        if [*addresses.items()][:20] != [*totals["by_address"].items()] or len(addresses) != totals["addresses"]:
            wrong["by_address"] = "differs"
    if wrong:
        sys.exit(f"The scan is wrong (found, written): {wrong}")


def against_ripgrep(bench):
    """The rows of warm scans, and the memory of all of them."""
    rows, peaks = [], []
    for what, arguments, limit, aim in (
            ("scan of a mixed log, 256 MiB", ("mixed", LARGE), 1.25, 1.0),
            ("scan of a quiet log, 256 MiB", ("quiet", LARGE), 1.7, 1.2),
            ("scan of the worst case, 256 MiB", ("worst", LARGE), 2.0, None),
            ("mixed, classic timestamps, 256 MiB", ("mixed", LARGE, "classic"), 1.25, 1.0),
            ("mixed, tag sshd-session, 256 MiB", ("mixed", LARGE, "rfc3339", "sshd-session"), 1.25, 1.0),
            ("mixed, classic, sshd-session, 256 MiB", ("mixed", LARGE, "classic", "sshd-session"), 1.25, 1.0)):
        log, totals = made(bench, *arguments)
        warm(log)
        results = bench.race(what, 21, [
            Command("servercheck", [bench.binary, "scan", "--format", "json", log], PATH),
            Command("rg", bench.peers.count(log), PATH),
        ])
        compare(bench.race.output("servercheck"), totals)
        own, other = results["servercheck"].time, results["rg"].time
        peaks.append(results["servercheck"].peak_bytes / 1e6)
        rows.append(Row(what, milliseconds(own), f"rg -c: {milliseconds(other)}", own / other, "×", limit, aim))
    rows.append(Row("peak memory of any of these scans", f"{max(peaks):.1f} MB", "", max(peaks), "MB", 16))
    return rows


def cold(bench):
    """The rows of a log that the tool has not read before: no saved position, and its pages not in memory."""
    log, totals = made(bench, "mixed", COLD)
    with open(log, "rb+") as file:
        os.fsync(file.fileno())
    offset = bench.fast / "cold.offset"
    forget = [["rm", "-f", offset], ["dd", f"if={log}", "iflag=nocache", "count=0", "status=none"]]
    own = Command("servercheck", [bench.binary, "scan", "--format", "json", log], PATH, before=forget)
    tail = Command("logtail", bench.peers.logtail(log, offset, "grep -E -c"), {"PATH": bench.peers.path}, before=forget)
    fail2ban = Command("fail2ban-regex", bench.peers.fail2ban(log), bench.peers.fail2ban_environment, before=forget)
    few = bench.race("cold scan and fail2ban-regex", 3, [own, fail2ban])
    compare(bench.race.output("servercheck"), totals)
    # What the disk alone takes.
    plain = Command("dd", ["dd", f"if={log}", "of=/dev/null", "bs=1M", "status=none"], PATH, before=forget)
    many = bench.race("cold scan and logtail", 11, [own, tail, plain])
    for command in (own, tail):
        command.before = forget[:1]
    warm(log)
    cached = bench.race("first scan and logtail", 11, [own, tail])
    ratio = few["servercheck"].time, few["fail2ban-regex"].time
    rows = [Row("cold scan, 50 MB", milliseconds(ratio[0]), f"fail2ban-regex: {milliseconds(ratio[1])}", ratio[0] / ratio[1], "×",
                1 / 400)]
    for what, result in (("cold scan, 50 MB", many), ("the same from the page cache", cached)):
        times = result["servercheck"].time, result["logtail"].time
        disk = f"; dd: {milliseconds(result['dd'].time)}" if "dd" in result else ""
        peer = f"logtail | grep -c: {milliseconds(times[1])}{disk}"
        rows.append(Row(what, milliseconds(times[0]), peer, times[0] / times[1], "×", 0.25))
    return rows
