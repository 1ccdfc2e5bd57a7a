"""free_memory against /proc/meminfo of this machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


def meminfo():
    """Total and used, in bytes, as the kernel counts them now."""
    values = dict(re.findall(r"^(\w+):\s+(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE))
    total, available = int(values["MemTotal"]) * 1024, int(values["MemAvailable"]) * 1024
    arc = Path("/proc/spl/kstat/zfs/arcstats")
    if arc.exists():
        sizes = dict(re.findall(r"^(\w+) +4 +(\d+)$", arc.read_text(), re.MULTILINE))
        available = min(total, available + max(0, int(sizes["size"]) - int(sizes["c_min"])))
    return total, total - available


def look(servercheck, **keys):
    config = {"messaging_channels": [], "sensors": [{"free_memory": keys}]}
    result = servercheck("run", "--format", "json", config=config, state=True)
    [finding] = [finding for finding in result.json["findings"] if finding["sensor"] == "free_memory"]
    return finding, result


def test_the_value_lies_between_two_readings_of_meminfo(servercheck):
    tried = []
    # Others use memory meanwhile: the three moments may not be in order, so a few tries.
    for _ in range(20):
        total, before = meminfo()
        finding, result = look(servercheck, threshold=99, warning_threshold=98)
        _, after = meminfo()
        [metric] = finding["metrics"]
        assert metric["max"] == total
        assert metric["critical"] == total * 99 // 100
        assert metric["warning"] == total * 98 // 100
        assert metric["name"] == finding["id"] == "free_memory"
        assert metric["unit"] == "B" and metric["min"] == 0
        assert result.exit_code == 0, result.stdout
        tried.append((before, metric["value"], after))
        slack = 4 << 20  # the run itself takes memory that both readings do not see
        if min(before, after) - slack <= metric["value"] <= max(before, after) + slack:
            return
    pytest.fail(f"never between: {tried}")


def test_an_alarm_is_critical(servercheck):
    finding, result = look(servercheck, threshold=0)
    assert finding["status"] == "CRITICAL"
    assert result.exit_code == 2
    assert re.fullmatch(r"\d+\.\d % of memory used, [\d.]+ [KMGT]iB of [\d.]+ [KMGT]iB available \(limit 0 %\)", finding["text"])


def test_an_alarm_names_the_largest_processes(servercheck):
    """In what would be sent, with the pid, whatever the process calls itself."""
    size = 700 << 20
    code = f"""if True:
        import mmap, sys
        open("/proc/self/comm", "w").write("a|b=c\\n'x")
        memory = mmap.mmap(-1, {size})
        for offset in range(0, {size}, 4096): memory[offset] = 1
        print("ready", flush=True)
        sys.stdin.read()
        """
    large = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert large.stdout.readline() == b"ready\n"
        config = {"messaging_channels": [{"telegram": {"chat_id": 1, "token": "1:x", "api_url": "http://127.0.0.1:9"}}],
                  "sensors": [{"free_memory": {"threshold": 0}}]}
        result = servercheck("run", "--dry-run", config=config, state=True)
        assert result.exit_code == 2
        assert re.search(rf"\(pid {large.pid}\) uses \d+ MiB", result.stdout + result.stderr), result.stdout
    finally:
        large.kill()
        large.communicate()
