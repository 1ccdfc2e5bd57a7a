"""Interleaved runs of several commands, timed by race.c."""

import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Command:
    """One competitor. `label` names it in the results; `status` is what it must exit with, None: whatever.

    before: argument lists that are run, untimed, before each of its runs. namespace: the mount namespace's file.
    """

    label: str
    arguments: list
    environment: dict = field(default_factory=dict)
    status: int | None = 0
    before: list = field(default_factory=list)
    namespace: str | None = None


@dataclass
class Samples:
    """What the runs of one command took. `typical` makes one number of them."""

    typical = staticmethod(statistics.median)
    seconds: list = field(default_factory=list)
    peaks: list = field(default_factory=list)

    @property
    def time(self):
        return self.typical(self.seconds)

    @property
    def peak_bytes(self):
        return max(self.peaks) * 1024


class Race:
    """`race(name, rounds, commands)` returns {label: Samples}; `output(label)` is then what the last run printed."""

    def __init__(self, directory, progress):
        self.directory = Path(directory)
        self.progress = progress
        self.program = self.directory / "race"
        subprocess.run(["cc", "-O2", "-static", "-o", self.program, HERE / "race.c"], check=True)

    def output(self, label):
        return (self.directory / f"output of {label}").read_bytes()

    def __call__(self, name, rounds, commands):
        words, timed = [], {}
        for command in commands:
            for line in command.before:
                words += ["=", "PATH=/usr/bin:/bin", *line, ""]
            timed[sum(word == "" for word in words)] = command
            words += [f">{self.directory / f'output of {command.label}'}"]
            words += [f"@{command.namespace}"] if command.namespace else []
            words += [f"{key}={value}" for key, value in command.environment.items()]
            words += [*command.arguments, ""]
        path = self.directory / "race.list"
        path.write_bytes(b"".join(str(word).encode() + b"\0" for word in words))
        samples = {command.label: Samples() for command in commands}
        done = 0
        with subprocess.Popen([self.program, str(rounds), path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as race:
            for line in race.stdout:
                number, nanoseconds, peak, _, status = map(int, line.split())
                command = timed[number]
                if command.status is not None and status != command.status:
                    race.kill()
                    text = self.output(command.label).decode("utf-8", "replace")[-2000:]
                    sys.exit(f"{name}: exit status {status} of {command.label}, {command.status} was expected:\n{text}")
                samples[command.label].seconds.append(nanoseconds / 1e9)
                samples[command.label].peaks.append(peak)
                done += 1
                self.progress(name, done, rounds * len(commands))
            errors = race.stderr.read()
        if race.returncode != 0:
            sys.exit(f"{name}: {errors}")
        return samples
