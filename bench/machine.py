"""What a result depends on: the machine, the system, the versions. No names, no paths."""

import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def text(*command, directory=None):
    """What a command prints, or nothing."""
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def first(pattern, file):
    try:
        match = re.search(pattern, Path(file).read_text(), re.MULTILINE)
        return match[1].strip() if match else "unknown"
    except OSError:
        return "unknown"


def facts(repository, versions):
    """(name, value) pairs for the report."""
    memory = int(first(r"^MemTotal:\s+(\d+) kB", "/proc/meminfo")) / (1 << 20)
    cores = len(re.findall(r"^processor\s*:", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    processor = first(r"^model name\s*:(.*)$", "/proc/cpuinfo")
    debian = Path("/etc/debian_version")
    system = first(r'^PRETTY_NAME="?([^"\n]*)', "/etc/os-release")
    if debian.exists():
        system += f" ({debian.read_text().strip()})"
    load = Path("/proc/loadavg").read_text().split()[0]
    swift = re.search(r"Swift version (\S+)", text("swift", "--version"))
    return [
        ("date", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", text("git", "describe", "--always", "--dirty", directory=repository) or "unknown"),
        ("processor", f"{processor}, {cores} cores, {platform.machine()}"),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", platform.release()),
        ("system", system),
        ("load when it began", load),
        ("Swift", swift[1] if swift else "unknown"),
        ("compared with", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
