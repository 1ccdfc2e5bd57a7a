#!/usr/bin/env python3
"""Makes auth logs to measure with, and says what a reader must find in them. The same arguments make the same bytes.

    generate.py mixed --size 256M --output auth.log --totals totals.json

Every connection is whole, and several are open at a time. The totals come from what was written, not from reading it.
"""

import argparse
import json
import random
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import accumulate

import sshd_lines

KINDS = {
    "mixed": "an attack by 5,000 addresses of very different zeal, between the lines of other daemons",
    "quiet": "97 of 100 lines are other daemons'",
    "worst": "every attempt comes from an address, and most from a user, never seen before",
}
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
START = datetime(2026, 3, 1, tzinfo=timezone.utc)
HOST = "server"
PID_LIMIT = 4_194_304  # systemd's kernel.pid_max
CHUNK = 16_384
CLOCK = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)]


class Addresses:
    """Number -> address, each number another one: seven of ten IPv4, the others IPv6."""

    FIRST, LAST = 11 << 24, 223 << 24
    STRIDE = 2_654_435_761  # prime, so it shares no divisor with the length of the range

    def __getitem__(self, number):
        spread = number * self.STRIDE
        if number % 10 < 7:
            value = self.FIRST + spread % (self.LAST - self.FIRST)
            return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
        spread &= 0xFFFFFFFF
        # No group is 0, so this is the shortest form, as sshd writes it.
        return f"2001:db8:{spread >> 20 | 0x1000:x}:{spread >> 8 & 0xFFF | 0x1000:x}::{spread & 0xFF | 0x100:x}"


class Log:
    """One log, in chunks of bytes; `totals` is complete when the last one was taken."""

    def __init__(self, kind, size, style="rfc3339", tag="sshd", seed=1, start=START, step=0.25):
        self.kind, self.size, self.style, self.tag = kind, size, style, tag
        self.rng = random.Random(f"{kind} {style} {tag} {seed}")
        self.now = int(start.timestamp() * 1_000_000)
        self.midnight = self.day = None
        # The share of sshd's lines, and how many connections are open at a time.
        self.share, self.open = {"mixed": (0.92, 16), "quiet": (0.03, 2), "worst": (1, 64)}[kind]
        # Microseconds between two lines; twice, so that any place is followed by a chunk of them.
        self.steps = 2 * [int(self.rng.expovariate(1 / step) * 1_000_000) for _ in range(CHUNK)]
        self.lines = self.sshd_lines = self.bytes = 0
        self.attempts = self.connections = self.logins = 0
        self.by_address, self.by_user = Counter(), Counter()

    def chunks(self):
        """The log: at least `size` bytes, ending with the last connection's last line."""
        new = self.new_connections()
        others = sshd_lines.others(self.rng, HOST)
        slots = [[] for _ in range(self.open)]
        everyone = range(self.open)
        mixture = self.rng.choices((True, False), (self.share, 1 - self.share), k=CHUNK * 8 + 7)
        offset = 0
        while self.bytes < self.size:
            # An estimate is enough to end near the size.
            count = min(CHUNK, (self.size - self.bytes) // 110 + 1)
            texts = []
            neighbours = iter(self.rng.choices(others, k=count))
            for place, other in zip(self.rng.choices(everyone, k=count), neighbours):
                offset = (offset + 1) % len(mixture)
                if mixture[offset]:
                    lines = slots[place] or next(new)
                    slots[place] = lines
                    texts.append(lines.pop())
                    self.sshd_lines += 1
                else:
                    texts.append(other)
            yield self.timed(texts)
        rest = [line for lines in slots for line in reversed(lines)]
        self.sshd_lines += len(rest)
        yield self.timed(rest)

    def timed(self, texts):
        """Lines with their times in front."""
        start = self.rng.randrange(CHUNK)
        stamp = self.classic if self.style == "classic" else self.rfc3339
        data = "".join([stamp(step) + text for step, text in zip(self.steps[start:], texts)]).encode()
        self.lines += len(texts)
        self.bytes += len(data)
        return data

    def date(self):
        """The day and the midnight it began with."""
        self.midnight = self.now // 86_400_000_000 * 86_400_000_000
        day = datetime.fromtimestamp(self.midnight / 1_000_000, timezone.utc)
        self.day = day.strftime("%b %e " if self.style == "classic" else "%Y-%m-%dT")

    def rfc3339(self, step):
        self.now += step
        if self.midnight is None or self.now - self.midnight >= 86_400_000_000:
            self.date()
        second, micro = divmod(self.now - self.midnight, 1_000_000)
        return f"{self.day}{CLOCK[second]}.{micro:06}+00:00 "

    def classic(self, step):
        self.now += step
        if self.midnight is None or self.now - self.midnight >= 86_400_000_000:
            self.date()
        return f"{self.day}{CLOCK[(self.now - self.midnight) // 1_000_000]} "

    def new_connections(self):
        """Endless: the lines of one connection after the other, each with the last line first."""
        rng, worst = self.rng, self.kind == "worst"
        addresses = Addresses()
        known = [addresses[number] for number in range(5000)]
        zipf = list(accumulate(1 / rank for rank in range(1, len(known) + 1)))
        users = sshd_lines.USERS + [f"{name}{number}" for number in range(30) for name in sshd_lines.USERS[:20]]
        user_zipf = list(accumulate([1 / rank for rank in range(1, len(users) + 1)] + [0.01] * len(sshd_lines.ODD_USERS)))
        users += sshd_lines.ODD_USERS
        kinds = sshd_lines.SINGLE if worst else sshd_lines.ATTACK
        pid, number = 900, 0
        while True:
            functions = rng.choices(list(kinds), list(kinds.values()), k=CHUNK)
            sources = rng.choices(known, cum_weights=zipf, k=CHUNK)
            names = rng.choices(users, cum_weights=user_zipf, k=CHUNK)
            randoms = rng.choices(range(1 << 20), k=CHUNK)
            for function, source, name, some in zip(functions, sources, names, randoms):
                number += 1
                pid += 2 + (some & 7)
                if pid > PID_LIMIT:
                    pid = 400
                if worst:
                    source, name = addresses[number], f"u{number:x}"
                elif function in sshd_lines.LOGINS:
                    name, source = sshd_lines.PEOPLE[some % 5], f"192.0.2.{some % 5 + 1}"
                lines, attempts, logins = function(f"{HOST} {self.tag}[{pid}]: ", source, 1024 + some % 64_000, name)
                self.logins += logins
                if attempts:
                    self.connections += 1
                    self.attempts += attempts
                    self.by_address[source] += attempts
                    self.by_user[name] += attempts
                yield lines

    @property
    def totals(self):
        """Under the names that `servercheck scan --format json` uses."""
        return {"lines": self.lines, "bytes": self.bytes, "sshd_lines": self.sshd_lines, "unparsed": 0,
                "attempts": self.attempts, "connections": self.connections, "logins": self.logins,
                "addresses": len(self.by_address), "users": len(self.by_user),
                "by_address": top(self.by_address), "by_user": top(self.by_user)}


def top(counter, limit=20):
    """The most frequent ones; of equal ones the first by name, as servercheck sorts them."""
    border = min((count for _, count in counter.most_common(limit)), default=0)
    rows = [row for row in counter.items() if row[1] >= border]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0]))[:limit])


def write(path, **arguments):
    """Writes a log; returns its totals."""
    log = Log(**arguments)
    with open(path, "wb") as file:
        for chunk in log.chunks():
            file.write(chunk)
    return log.totals


def size(text):
    unit = UNITS.get(text[-1:].upper())
    return int(text[:-1]) * unit if unit else int(text)


def main():
    parser = argparse.ArgumentParser(description="Makes an auth log; the same arguments make the same bytes.")
    parser.add_argument("kind", choices=KINDS, help="; ".join(f"{kind}: {text}" for kind, text in KINDS.items()))
    parser.add_argument("--size", type=size, default=1 << 20, help="bytes, or 256K, 256M, 1G (default 1M)")
    parser.add_argument("--style", choices=["rfc3339", "classic"], default="rfc3339", help="of the timestamps")
    parser.add_argument("--tag", choices=["sshd", "sshd-session"], default="sshd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=datetime.fromisoformat, default=START, help="time of the first line, with offset")
    parser.add_argument("--step", type=float, default=0.25, help="mean seconds between two lines")
    parser.add_argument("--output", default="/dev/stdout")
    parser.add_argument("--totals", help="file for what a reader must find, as JSON")
    arguments = vars(parser.parse_args())
    path, totals_path = arguments.pop("output"), arguments.pop("totals")
    totals = write(path, **arguments)
    if totals_path:
        with open(totals_path, "w", encoding="utf-8") as file:
            json.dump(totals, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    sys.exit(main())
