"""Whatever becomes of state.json, the run goes on, says so, and never traps.

The state under test is a real one: log positions, connections, an incident, open problems, messages that wait. Every
case is a run of its own in a directory of its own.
"""

import copy
import json
import os
import random
import re
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.authlog import LineWriter
from support.run import Servercheck

WORKERS = 4
# Every Nth byte; `EVERY=1` while developing. The unit tests damage every byte and every bit, but only load the state.
EVERY = int(os.environ.get("EVERY", "12"))
CHECKSUM = re.compile(rb'^\{\n  "checksum" : "[0-9a-f]{16}",\n')


class Damage:
    """A state that is damaged in thousands of ways, each looked at by one run."""

    def __init__(self, servercheck, directory):
        self.servercheck = servercheck
        self.log = directory / "auth.log"
        self.log.write_text("")
        # Nobody listens there, so a message waits.
        channel = {"smtp": {"server": "127.0.0.1", "port": 9, "from_mail": "a@example.org", "to_mail": "b@example.org"}}
        self.sensors = [{"free_memory": {"threshold": 0.001}},
                        {"sshd_access": {"log_file": str(self.log), "source": "file", "amount": 3}}]
        self.config = servercheck.write_config({"messaging_channels": [channel], "sensors": self.sensors})
        lines = LineWriter(random.Random(3))
        self.run_in(servercheck.state)
        self.log.write_text("".join([lines.failure() for _ in range(3)] + lines.keys_only()[:1]))
        self.run_in(servercheck.state)
        shutil.copy(self.log, f"{self.log}.1")
        self.log.write_text("".join(lines.failure() for _ in range(5)))
        self.run_in(servercheck.state)
        self.path = servercheck.state / "state.json"
        self.state = self.path.read_bytes()
        document = json.loads(self.state)
        assert CHECKSUM.match(self.state) and document["outboxes"]["smtp"]["messages"] and document["problems"]
        self.unsealed = CHECKSUM.sub(b"{\n", self.state)
        # Not a second try of the message in each of thousands of runs.
        self.config = servercheck.write_config({"messaging_channels": [], "sensors": self.sensors})
        self.directories = directory / "cases"
        self.directories.mkdir()

    def run_in(self, state, wrapper=(), **environment):
        command = self.servercheck.command("run", "--format", "json", config=self.config, wrapper=wrapper)
        env = self.servercheck.environment({"STATE_DIRECTORY": state, "RUNTIME_DIRECTORY": f"{state}.run", **environment})
        os.makedirs(f"{state}.run", exist_ok=True)
        return subprocess.run(command, env=env, cwd=self.servercheck.directory, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)

    def look(self, name, content):
        """One run on a state with this content.

        Returns the result, its findings' ids, and the names of the state's directory. Whatever the state holds, a run
        ends with a report and an exit status of its own choice.
        """
        directory = self.directories / str(name)
        directory.mkdir()
        (directory / "state.json").write_bytes(content)
        # A config is written once, so each worker can use it.
        done = self.run_in(directory)
        assert done.returncode in (2, 3), (name, done)
        report = json.loads(done.stdout)
        ids = {finding["id"]: finding for finding in report["findings"]}
        names = sorted(re.sub(r"corrupt-.*", "corrupt", path.name) for path in directory.iterdir())
        shutil.rmtree(directory)
        shutil.rmtree(f"{directory}.run")
        return done.returncode, ids, names

    def look_at_all(self, cases):
        """`cases`: pairs of a name and a content. Yields (name, code, ids, names) for each."""
        with ThreadPoolExecutor(WORKERS) as pool:
            for (name, _), result in zip(cases, pool.map(lambda case: self.look(*case), cases)):
                yield (name, *result)

    def assert_set_aside(self, name, code, ids, names):
        """As a first run, and the administrator is told where the old state is."""
        assert code == 2, (name, ids)
        assert ids["state:corrupt"]["status"] == "WARNING", (name, ids)
        assert "state.json.corrupt-" in ids["state:corrupt"]["text"], (name, ids)
        assert "state.json.corrupt" in names and "state.json" in names, (name, names)
        assert ids["sshd_access"]["text"] == "0 failed SSH logins", (name, ids["sshd_access"])


@pytest.fixture
def damage(binary, tmp_path):
    # The fixture's servercheck writes its config at each call; here many threads run at once.
    servercheck = Servercheck(binary, tmp_path)
    damage = Damage(servercheck, tmp_path)
    path = damage.config
    servercheck.write_config = lambda *_: path
    return damage


def test_a_state_that_is_cut_anywhere_is_set_aside(damage):
    whole = damage.state.rstrip(b"\n")
    counts = sorted({*range(0, len(whole), EVERY), len(whole) - 1})
    cases = [(count, whole[:count]) for count in counts]
    for case in damage.look_at_all(cases):
        damage.assert_set_aside(*case)
    # Without its last line end it is whole.
    _, ids, _ = damage.look("whole", whole)
    assert "state:corrupt" not in ids and "failed SSH logins, up to" in ids["sshd_access"]["text"]
    print(f"\n{len(cases)} cuts")


def flipped(content, positions, choose):
    for position in positions:
        for bit in choose(position):
            changed = bytearray(content)
            changed[position] ^= 1 << bit
            yield f"{position}-{bit}", bytes(changed)


def test_a_flipped_bit_anywhere_changes_no_count_and_makes_no_alarm(damage):
    """The checksum sees it, or it is in what means nothing (the word checksum itself)."""
    chosen = random.Random(7)
    cases = list(flipped(damage.state, [*range(30), *range(30, len(damage.state), EVERY)], lambda _: [chosen.randrange(8)]))
    harmless = 0
    _, whole, _ = damage.look("whole", damage.state)
    for name, code, ids, names in damage.look_at_all(cases):
        if "state:corrupt" in ids:
            damage.assert_set_aside(name, code, ids, names)
            continue
        harmless += 1
        for finding in ids.values(), whole.values():
            for one in finding:
                one.pop("since", None)
        assert ids["sshd_access"] == whole["sshd_access"], (name, ids["sshd_access"])
    assert harmless < 20
    print(f"\n{len(cases)} flips, {harmless} of them in what means nothing")


def test_nonsense_that_still_is_a_state_never_traps(damage):
    """Without the checksum the decoder and everything behind it get the damage to see."""
    chosen = random.Random(8)
    flips = list(flipped(damage.unsealed, range(0, len(damage.unsealed), EVERY // 2 or 1), lambda _: [chosen.randrange(7)]))
    wrong = [None, True, -1, 0.5, 2**63 - 1, -2**63, 2**63, 1e308, "", "x", "9999-99-99T99:99:99Z", [], [[]], {}, {"a": 1}]
    cases = []

    def visit(value, replace, path):
        for number, bad in enumerate(wrong):
            cases.append((f"{path}={number}", json.dumps(replace(bad)).encode()))
        if isinstance(value, dict):
            cases.append((f"{path}=absent", json.dumps(replace({})).encode()))
            for key in value:
                visit(value[key], lambda bad, key=key: replace({**value, key: bad}), f"{path}.{len(cases)}")
        elif isinstance(value, list):
            cases.append((f"{path}=many", json.dumps(replace(value * 3000)).encode()))
            for index in {0, len(value) - 1} if value else ():
                visit(value[index], lambda bad, index=index: replace([*value[:index], bad, *value[index + 1:]]),
                      f"{path}.{len(cases)}")

    document = json.loads(damage.unsealed)
    visit(copy.deepcopy(document), lambda bad: bad, "state")
    if EVERY > 1:
        cases = chosen.sample(cases, min(len(cases), 250))
    accepted = 0
    for name, code, ids, names in damage.look_at_all(flips + cases):
        if "state:corrupt" in ids:
            damage.assert_set_aside(name, code, ids, names)
        else:
            accepted += 1
            # A newer version is refused and left alone; else it went on with what it could make of it.
            assert code == 2 or names == ["state.json"], (name, code, ids, names)
    assert accepted > 50, "nothing came as far as the code behind the decoder"
    print(f"\n{len(flips)} flips and {len(cases)} wrong values, {accepted} of them decoded")


@pytest.mark.parametrize("content", [
    b"", b"\n", b"\0" * 4096, b"{", b"null", b"[]", b"{}", b"\xff\xfe{\x00", b'{"version": 1}', b'{"version": "1"}',
    b'{"version": -1}', b'{"version": 0}', b'{"version": 1e400}', b"[" * 100_000, b'{"a":' * 100_000, b'{"hosts": ["a"]}',
    b"x" * (2 << 20), b'{"version": 1, "sensors": {}, "x": "' + b"y" * (2 << 20) + b'"}'],
    ids=lambda content: f"{content[:20]!r}-{len(content)}")
def test_foreign_content_is_set_aside(damage, content):
    damage.assert_set_aside("foreign", *damage.look("foreign", content))


def test_a_newer_version_is_refused_and_left_alone(damage):
    newer = damage.unsealed.replace(b'"version" : 1', b'"version" : 2')
    assert newer != damage.unsealed
    for content in newer, b'{"version": 99}', b'{"version": 7, "sensors": 5}':
        code, ids, names = damage.look("newer", content)
        assert (code, names) == (3, ["state.json"])
        assert "newer servercheck" in next(iter(ids.values()))["text"]


@pytest.mark.parametrize("kind", ["directory", "full directory", "fifo", "link", "dangling link", "socket"])
def test_what_is_no_file_in_its_place_is_set_aside(damage, tmp_path, kind):
    state = tmp_path / "other"
    state.mkdir()
    path = state / "state.json"
    target = tmp_path / "precious"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        target.write_bytes(damage.state)
        path.symlink_to(target)
    elif kind == "dangling link":
        path.symlink_to(target)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    else:
        path.mkdir()
        if kind == "full directory":
            (path / "file").write_text("content")
    done = damage.run_in(state)
    assert done.returncode == 2, done
    assert "state:corrupt" in done.stdout.decode()
    assert path.is_file() and not path.is_symlink()
    assert len(list(state.glob("state.json.corrupt-*"))) == 1 and len(list(state.iterdir())) == 3
    if kind == "link":
        assert target.read_bytes() == damage.state
    assert not (kind == "dangling link" and target.exists())
    assert b"state:corrupt" not in damage.run_in(state).stdout


@pytest.mark.parametrize("kind", ["directory", "fifo", "link"])
def test_what_is_no_file_in_the_place_of_the_spare_is_replaced(damage, tmp_path, kind):
    path = damage.servercheck.state / "state.json.spare"
    path.unlink()
    target = tmp_path / "precious"
    target.write_text("precious")
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    with damage.log.open("a") as log:
        log.write(LineWriter(random.Random(4)).failure())
    assert damage.run_in(damage.servercheck.state).returncode == 2
    assert path.is_file() and not path.is_symlink()
    assert target.read_text() == "precious"


@pytest.mark.needs("root", "setpriv")
class TestAnotherUser:
    """As the service's user, with a state or a directory that root left behind."""

    USER = 65534
    WRAPPER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

    @pytest.fixture
    def home(self, damage, tmp_path):
        for path in tmp_path.parents:
            if str(path).startswith("/tmp/"):
                path.chmod(0o711 | path.stat().st_mode)
        for path in tmp_path, damage.config, damage.log:
            os.chown(path, self.USER, self.USER)
        home = tmp_path / "service"
        home.mkdir()
        os.chown(home, self.USER, self.USER)
        runtime = tmp_path / "service.run"
        runtime.mkdir()
        os.chown(runtime, self.USER, self.USER)
        return home

    def run(self, damage, home):
        done = damage.run_in(home, wrapper=self.WRAPPER)
        return done.returncode, {one["id"]: one for one in json.loads(done.stdout)["findings"]}

    def test_a_state_of_root_that_can_be_read_is_used_and_replaced(self, damage, home):
        path = home / "state.json"
        path.write_bytes(damage.state)
        path.chmod(0o644)
        with damage.log.open("a") as log:
            log.write(LineWriter(random.Random(4)).failure())
        code, ids = self.run(damage, home)
        assert code == 2 and ids["sshd_access"]["status"] == "CRITICAL" and "state:corrupt" not in ids
        assert path.stat().st_uid == self.USER

    def test_a_state_of_root_that_cannot_be_read_is_set_aside(self, damage, home):
        path = home / "state.json"
        path.write_bytes(damage.state)
        path.chmod(0o600)
        code, ids = self.run(damage, home)
        assert code == 2 and "Permission denied" in ids["state:corrupt"]["text"]
        assert len(list(home.glob("state.json.corrupt-*"))) == 1
        code, ids = self.run(damage, home)
        assert code == 2 and "state:corrupt" not in ids

    def test_an_own_state_without_the_right_to_read_it(self, damage, home):
        path = home / "state.json"
        path.write_bytes(damage.state)
        os.chown(path, self.USER, self.USER)
        path.chmod(0)
        code, ids = self.run(damage, home)
        assert code == 3 and "Permission denied" in next(iter(ids.values()))["text"], ids
        assert path.read_bytes() == damage.state

    @pytest.mark.parametrize("mode", [0o555, 0o755])
    def test_a_directory_that_cannot_be_written(self, damage, home, mode):
        os.chown(home, 0, 0)
        home.chmod(mode)
        first, ids = self.run(damage, home)
        assert first == 3 and "make" in ids["state"]["text"] and str(home) in ids["state"]["text"]
        assert "state.json" in os.listdir(f"{home}.run")
        # It stays so until somebody mends it; then the state moves there.
        assert self.run(damage, home)[0] == 3
        os.chown(home, self.USER, self.USER)
        home.chmod(0o700)
        code, ids = self.run(damage, home)
        assert code == 2 and "state" not in ids
        assert sorted(os.listdir(home)) == ["state.json", "state.json.spare"]

    def test_a_damaged_state_in_a_directory_that_cannot_be_written(self, damage, home):
        (home / "state.json").write_text("not a state")
        (home / "state.json").chmod(0o644)
        os.chown(home, 0, 0)
        home.chmod(0o755)
        for _ in range(3):
            code, ids = self.run(damage, home)
            assert code == 3 and "state" in ids, ids
        assert (home / "state.json").read_text() == "not a state"
