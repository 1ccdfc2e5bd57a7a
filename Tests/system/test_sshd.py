"""Real sshd of Debian 12 and 13, real rsyslog, a known number of failed logins of every kind: all of them are counted,
once, for the address and the user they came from, in every form in which they reach the log.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from support import sshd
from support.run import Servercheck
from support.sshd import EMPTY_PORT, KEYBOARD_PORT, KEYS_PORT, PASSWORD, PASSWORD_PORT, Login, SSHServer
from support.trees import TreeUnavailable, debian_tree

pytestmark = pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")

SUITES = ["bookworm", "trixie"]
HOSTILE = "a b from 1.2.3.4 port 22 ssh2"
LONG = "x" * 600 + " from 1.2.3.4 port 4"
# Of a user name so much is shown.
SHOWN = 100


@dataclass(frozen=True)
class Case:
    """What the client does, and what that is: attempts, logins, and the user that sshd names."""

    what: str
    user: str
    attempts: int
    port: int = PASSWORD_PORT
    answers: tuple = ("wrong",)
    keys: int = 0
    logins: int = 0
    named: str = None

    @property
    def user_in_log(self):
        return self.user if self.named is None else self.named


def wrong(times):
    return tuple(f"wrong{number}" for number in range(times))


CASES = [
    Case("wrong password, valid user", "alice", 1),
    Case("three wrong passwords in one connection", "alice", 3, answers=("wrong",) * 3),
    Case("more wrong passwords than MaxAuthTries, which is 6", "alice", 6, answers=wrong(8)),
    Case("invalid user, password", "nosuch", 2, answers=wrong(2)),
    Case("keys-only server, invalid user", "nokey", 1, KEYS_PORT, keys=1),
    Case("keys-only server, valid user", "alice", 1, KEYS_PORT, keys=1),
    Case("eight bad keys, valid user", "alice", 1, KEYS_PORT, keys=8),
    Case("eight bad keys, invalid user", "nokey", 1, KEYS_PORT, keys=8),
    Case("keyboard-interactive, valid user", "alice", 3, KEYBOARD_PORT, answers=wrong(3)),
    Case("keyboard-interactive, invalid user", "nosuch", 3, KEYBOARD_PORT, answers=wrong(3)),
    Case("not in AllowUsers, password", "bob", 2, answers=wrong(2)),
    Case("not in AllowUsers, keyboard-interactive", "bob", 1, KEYBOARD_PORT),
    Case("not in AllowUsers, keys", "bob", 1, KEYS_PORT, keys=1),
    Case("locked account", "locked", 1),
    Case("root, wrong password", "root", 2, answers=wrong(2)),
    Case("root, right password, but PermitRootLogin no", "root", 1, answers=(PASSWORD,)),
    Case("empty password, invalid user", "nosuch", 1, answers=("",)),
    Case("empty password, invalid user, where empty passwords are permitted", "nosuch", 1, EMPTY_PORT, answers=("",)),
    Case("empty password, valid user, where empty passwords are permitted", "alice", 1, EMPTY_PORT, answers=("",)),
    # On Debian 13 the only one whose lines follow each other closely enough for rsyslog to reduce them.
    Case("three empty passwords, valid user, where they are permitted", "alice", 3, EMPTY_PORT, answers=("",) * 3),
    Case("a login", "alice", 0, answers=(PASSWORD,), logins=1),
    Case("a login by keyboard-interactive", "alice", 0, KEYBOARD_PORT, answers=(PASSWORD,), logins=1),
    Case("a login after two wrong passwords", "alice", 2, answers=("wrong", "wrong", PASSWORD), logins=1),
    Case("a user name that names another address", HOSTILE, 1),
    Case("the same, keys only", HOSTILE, 1, KEYS_PORT, keys=1),
    Case("the same, keyboard-interactive", HOSTILE, 2, KEYBOARD_PORT, answers=wrong(2)),
    Case("a user name that goes on as sshd's line does", f"{HOSTILE}: RSA SHA256:x", 1, named=HOSTILE),
    Case("a user name that is a line of sshd", "Failed password for root from 1.2.3.4 port 1 ssh2", 1, KEYS_PORT, keys=1),
    Case("a user name that looks like the end of a line", "alice [preauth]", 1, KEYS_PORT, keys=1),
    # sshd writes at most 100 bytes of a name (%.100s in auth.c).
    Case("a user name so long that sshd cuts the closing line", LONG, 1, KEYS_PORT, keys=1, named=LONG[:100]),
    Case("no user name", "", 1),
]

# Every case comes from an address of its own, over IPv4 and then over IPv6.
ATTEMPTS = [
    (case, Login(source, case.user, case.port, case.answers, case.keys))
    for family in (sshd.SOURCES_V4, sshd.SOURCES_V6)
    for case, source in zip(CASES, family)
]
TOTAL = sum(case.attempts for case, _ in ATTEMPTS)
LOGINS = sum(case.logins for case, _ in ATTEMPTS)
BY_ADDRESS = {login.source: case.attempts for case, login in ATTEMPTS if case.attempts}


def attempts_by_user():
    users = {}
    for case, _ in ATTEMPTS:
        if case.attempts:
            name = case.user_in_log[:SHOWN]
            users[name] = users.get(name, 0) + case.attempts
    return users


class Watch:
    """`servercheck run` on one log, again and again, with one state."""

    def __init__(self, binary, directory, log):
        directory.mkdir()
        self.servercheck = Servercheck(binary, directory)
        self.config = {"messaging_channels": [], "sensors": [{"sshd_access": {"log_file": str(log)}}]}
        self.results = []

    def run(self):
        self.results.append(self.servercheck("run", "--format", "json", config=self.config, state=True))

    def metrics(self):
        """For each run the values by name."""
        for result in self.results:
            assert result.stderr == "" or "ERROR" not in result.stderr, result.stderr
            finding, = [finding for finding in result.json["findings"] if finding["id"] == "sshd_access"]
            yield {metric["name"]: metric["value"] for metric in finding["metrics"]}


@dataclass
class Lab:
    """What one sshd was driven through, and what servercheck made of it meanwhile."""

    rfc3339: object = None
    classic: object = None
    watches: dict = field(default_factory=dict)


def drive(tree, directory, reduction, binary):
    with SSHServer(tree, directory, reduction) as server:
        lab = Lab(server.log, server.classic_log)
        lab.watches = {
            "before and after": Watch(binary, directory / "twice", server.log),
            "before and after, classic": Watch(binary, directory / "twice-classic", server.classic_log),
            "all the while": Watch(binary, directory / "often", server.log),
        }
        for watch in lab.watches.values():
            watch.run()
        done = threading.Event()

        def run_all_the_while():
            while not done.wait(0.2):
                lab.watches["all the while"].run()

        watcher = threading.Thread(target=run_all_the_while)
        watcher.start()
        try:
            server.attempt(*[login for _, login in ATTEMPTS], sshd.port_scan())
        finally:
            done.set()
            watcher.join()
        for watch in lab.watches.values():
            watch.run()
            watch.run()
        return lab


@pytest.fixture(scope="module")
def labs(binary, tree_cache, tmp_path_factory):
    """{(suite, reduction): Lab}, all driven side by side; {suite: reason} for a tree that cannot be had."""
    directory = tmp_path_factory.mktemp("sshd")
    with ThreadPoolExecutor() as pool:
        trees = {suite: pool.submit(debian_tree, tree_cache, suite) for suite in SUITES}
        found = {}
        for suite, future in trees.items():
            try:
                tree = future.result()
            except TreeUnavailable as error:
                found[suite] = str(error)
                continue
            for reduction in (False, True):
                place = directory / f"{suite}-{'reduced' if reduction else 'plain'}"
                place.mkdir()
                found[suite, reduction] = pool.submit(drive, tree, place, reduction, binary)
    return found


@pytest.fixture(params=[(suite, reduction) for suite in SUITES for reduction in (False, True)],
                ids=lambda pair: f"{pair[0]}-{'reduced' if pair[1] else 'plain'}")
def lab(request, labs):
    suite, _ = request.param
    if suite in labs:
        pytest.skip(f"needs a Debian tree: {labs[suite]}")
    lab = labs[request.param].result()
    lab.suite, lab.reduction = request.param
    return lab


def test_the_log_is_what_this_file_is_about(lab):
    text = lab.rfc3339.read_text()
    tag = {"bookworm": " sshd[", "trixie": " sshd-session["}[lab.suite]
    assert f"{tag}" in text
    assert ("message repeated 2 times: [" in text) == lab.reduction
    assert text.split("T")[0].count("-") == 2
    assert lab.classic.read_text()[:3].isalpha()


@pytest.mark.parametrize("form", ["rfc3339", "classic"])
def test_scan_counts_every_attempt_once(lab, servercheck, form):
    result = servercheck("scan", "--format", "json", getattr(lab, form))
    assert (result.exit_code, result.stderr) == (0, "")
    scan = result.json
    assert {entry["address"]: entry["attempts"] for entry in scan["by_address"]} == BY_ADDRESS
    assert {entry["user"]: entry["attempts"] for entry in scan["by_user"]} == attempts_by_user()
    assert (scan["attempts"], scan["logins"], scan["unparsed"]) == (TOTAL, LOGINS, 0)


@pytest.mark.parametrize("form", ["rfc3339", "classic"])
def test_scan_events_are_the_same_attempts(lab, servercheck, form):
    result = servercheck("scan", "--events", getattr(lab, form))
    assert (result.exit_code, result.stderr) == (0, "")
    failures, logins = {}, {}
    for event in result.events:
        counts = {"failure": failures, "login": logins}[event["kind"]]
        counts[event["address"]] = counts.get(event["address"], 0) + event["count"]
    assert failures == BY_ADDRESS
    assert logins == {login.source: case.logins for case, login in ATTEMPTS if case.logins}


@pytest.mark.parametrize("rhythm", ["before and after", "before and after, classic", "all the while"])
def test_runs_count_every_attempt_once(lab, rhythm):
    metrics = list(lab.watches[rhythm].metrics())
    assert (metrics[0]["attempts"], metrics[0]["attempts_total"], metrics[0]["logins"]) == (0, 0, 0)
    assert sum(values["attempts"] for values in metrics) == TOTAL
    assert sum(values["logins"] for values in metrics) == LOGINS
    totals = [values["attempts_total"] for values in metrics]
    assert totals == sorted(totals)
    assert totals[-1] == TOTAL
    # Nothing new in the last run.
    assert (metrics[-1]["attempts"], metrics[-1]["peak"], metrics[-1]["logins"]) == (0, 0, 0)
