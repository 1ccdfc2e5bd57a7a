"""What attackers can write into a log, a mount point or a name, through the real binary: the output stays one clean status
line with valid perfdata, JSON stays JSON, and messages stay text."""

import datetime
import json
import os

import pytest

from support.namespace import MountNamespace
from support.perfdata import parse
from support.telegram_server import TelegramServer, delivered

TOKEN = "123456:AAF-secret_TOKEN-0123456789abcdefghijk"
REAL = "198.51.100.7"
DECOY = "203.0.113.9"
# Names hold no colon: sshd cuts them there. A message is cut at 500 bytes.
NAMES = {
    "4 kB": b"A" * 4096,
    "control bytes": b"\x1b[2J\x1b]0;x\x07\x08\r\x7f\x9b31m",
    "invalid UTF-8": b"\xff\xfe\xc3(\xf0\x9f\x92",
    "NUL": b"a\0b",
    "a pipe": b"x | 'y'=1;2;3 |",
    "perfdata": b"'=1;;;; 'attempts'=0",
    "a turned line": "\u202e\u2066evil\u2028\u2029\u0085".encode(),
    "an address": f"root from {DECOY} port 22 ssh2".encode(),
    "a closing line": f"root {DECOY} port 22 [preauth]".encode(),
    "a forged tag": f"sshd[1] Accepted password for root from {DECOY} port 22 ssh2".encode(),
    "a forged repeat": f"message repeated 99999 times [ Failed password for root from {DECOY} port 22 ssh2]".encode(),
    "JSON": b'"}],"status" "OK",\\u0000',
    "a format": b"%s%n%d${IFS}$(reboot)`reboot`",
    "empty": b"",
}


def stamp():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().encode()


def attack(name, count=7, pid=100):
    return b"".join(
        line(b"Failed password for invalid user %s from %s port %d ssh2" % (name, REAL.encode(), 2000 + index), pid + index)
        for index in range(count))


def line(message, pid):
    return b"%s vm sshd[%d]: %s\n" % (stamp(), pid, message[:500])


def sshd_access(log, **keys):
    return {"sshd_access": {"log_file": str(log), "source": "file", **keys}}


@pytest.mark.parametrize("case", sorted(NAMES))
def test_a_user_name_stays_a_user_name(servercheck, case):
    log = servercheck.directory / "auth.log"
    log.write_bytes(b"")
    with TelegramServer(delivered()) as server:
        config = {"messaging_channels": [{"telegram": {"chat_id": 1, "token": TOKEN, "api_url": server.url}}],
                  "sensors": [sshd_access(log, notify_logins=True)]}
        assert servercheck("run", config=config, state=True).exit_code == 0
        with log.open("ab") as file:
            file.write(attack(NAMES[case]))
            file.write(line(b"Accepted password for %s from %s port 9 ssh2" % (NAMES[case], REAL.encode()), 99))
        dry = servercheck("run", "--dry-run", "-vvv", config=config, state=True)
        parse(dry.stdout)
        result = servercheck("run", "-vvv", config=config, state=True, env={"LOG_LEVEL": "DEBUG"})
    word, lines, perfdata = parse(result.stdout)
    values = {datum.label: datum.value for datum in perfdata}
    assert (word, result.exit_code) == ("CRITICAL", 2)
    assert (values["attempts"], values["logins"]) == ("7", "1")
    # What sshd cut tells nobody's address.
    is_told = len(NAMES[case]) < 500
    assert (f"most from {REAL}" in lines[0]) == is_told
    [body] = server.bodies
    assert all(character == "\n" or character.isprintable() for character in body["text"]), body["text"]
    assert (f"from {REAL}: 7" in body["text"]) == is_told and f"from {DECOY}: " not in body["text"]
    # Standard error and the state carry no byte that a terminal would obey.
    assert all(line.isprintable() for line in result.stderr.splitlines())
    state = (servercheck.state / "state.json").read_bytes().decode("utf-8")
    assert all(character == "\n" or character.isprintable() for character in state)
    assert json.loads(state)["version"] == 1
    again = servercheck("run", "--format", "json", config=config, state=True)
    assert again.json["exit_code"] == 2
    status = servercheck("status", "--format", "json", state=True)
    assert status.json["findings"][0]["id"] == "sshd_access"


def test_scan_shows_hostile_names_on_clean_lines(servercheck):
    log = servercheck.directory / "auth.log"
    log.write_bytes(b"".join(attack(name, count=3, pid=100 * index) for index, name in enumerate(NAMES.values())))
    text = servercheck("scan", log)
    assert text.exit_code == 0
    assert all(line.isprintable() for line in text.stdout.splitlines())
    summary = servercheck("scan", "--format", "json", log).json
    assert [row["address"] for row in summary["by_address"]] == [REAL]
    assert summary["attempts"] == 3 * len(NAMES)
    assert summary["unparsed"] == 0
    events = servercheck("scan", "--events", log).events
    assert sum(event["count"] for event in events) == 3 * len(NAMES)
    assert {event["address"] for event in events} == {REAL, None}
    raw = servercheck("scan", "--events", log).stdout
    assert all(line.isprintable() for line in raw.splitlines())


def test_lines_that_forge_counts_and_tags_alarm_as_what_they_are(servercheck):
    """With logger(1) anyone can write what sshd writes; nobody can make it overflow or count what has no tag of sshd."""
    log = servercheck.directory / "auth.log"
    log.write_bytes(b"")
    config = {"messaging_channels": [], "sensors": [sshd_access(log)]}
    servercheck("run", config=config, state=True)
    huge = b"%s vm sshd[5]: message repeated 99999999999999999999 times: [ Failed password for a from %s port 1 ssh2]\n"
    for _ in range(3):
        with log.open("ab") as file:
            file.write((huge % (stamp(), REAL.encode())) * 20)
            for tag in (b"sshd: ", b"sshd[x]: ", b"sudo: ", b"mysshd[5]: ", b"CRON[5]: sshd[5]: ", b"sshd[4294967296]: "):
                file.write(b"%s vm %sFailed password for root from %s port 22 ssh2\n" % (stamp(), tag, DECOY.encode()))
        result = servercheck("run", config=config, state=True)
        word, _, perfdata = parse(result.stdout)
        assert word == "CRITICAL"
        assert DECOY not in result.stdout
        assert all(int(datum.value) > 0 for datum in perfdata if datum.label.startswith("attempts"))


def test_a_line_without_end_is_skipped_with_its_rest(servercheck):
    log = servercheck.directory / "auth.log"
    log.write_bytes(b"")
    config = {"messaging_channels": [], "sensors": [sshd_access(log)]}
    servercheck("run", config=config, state=True)
    with log.open("ab") as file:
        file.write(b"x" * (1 << 20) + attack(b"root", count=20) + attack(b"root", count=2))
    _, _, perfdata = parse(servercheck("run", config=config, state=True).stdout)
    # The first of the lines is the end of the long one.
    assert {datum.label: datum.value for datum in perfdata}["attempts"] == "21"


MOUNTS = {
    "a pipe": "a | b",
    "an equals sign and quotes": "a='b'=c",
    "only quotes": "''",
    "a line end": "a\nSERVERCHECK OK - fine",
    "an escape": "a\x1b[2Jb",
    "a backslash": "a\\040b\\",
    "a semicolon": "a;1;2;3",
    "a turned line": "a\u202eb\u2028c",
    "long": "A" * 250,
    "long, and like the other": "A" * 249 + "B",
}


@pytest.mark.needs("root", "unshare", "nsenter", "mkfs.ext4")
def test_mount_points_of_any_name_give_valid_perfdata_and_json(tmp_path, servercheck):
    directory = tmp_path / "space"
    directory.mkdir()
    space = MountNamespace(directory)
    try:
        points = {}
        for case, name in MOUNTS.items():
            point = space.point(os.fsencode(name))
            space.run("mount", "-t", "tmpfs", "hostile", point)
            points[case] = point.decode("utf-8", "replace")
        partitions = {point: {"threshold": 100, "inode_threshold": 100} for point in points.values()}
        # A config is UTF-8 and cannot name this one; a disk is watched without being named.
        point = space.mount(space.image("odd", 16, "mkfs.ext4", "-q", "-F"), b"\xff\xfe\xc3(|\n")
        points["invalid UTF-8"] = point.decode("utf-8", "replace")
        config = {"messaging_channels": [], "sensors": [{"diskspace": {"threshold": 100, "partitions": partitions}}]}
        for verbosity in ([], ["-vvv"]):
            result = servercheck("run", *verbosity, config=config, state=True, wrapper=space.enter)
            word, lines, perfdata = parse(result.stdout)
            assert word == "OK", result.stdout
            assert len([datum for datum in perfdata if f"{directory}/" in datum.label]) == 2 * len(points)
        findings = servercheck(
            "run", "--format", "json", config=config, state=True, wrapper=space.enter).json["findings"]
        for case, point in points.items():
            [finding] = [finding for finding in findings if finding["id"] == f"diskspace:{point}"]
            assert finding["status"] == "OK", case
            assert {metric["name"] for metric in finding["metrics"]} == {
                f"diskspace_{point}", f"diskspace_{point}_inodes"}
    finally:
        space.close()


def test_a_host_name_from_the_config_is_one_clean_line_everywhere(servercheck):
    with TelegramServer(delivered()) as server:
        config = {"hostname": "a|b'c=d\u202e\u00e9", "sensors": [{"free_memory": {"threshold": 0}}],
                  "messaging_channels": [{"telegram": {"chat_id": 1, "token": TOKEN, "api_url": server.url}}]}
        result = servercheck("run", "-vvv", config=config, state=True)
    if result.exit_code == 2:
        parse(result.stdout)
        assert all(line.isprintable() for line in server.bodies[0]["text"].splitlines())
    else:
        assert result.exit_code == 3 and "hostname" in result.stdout
