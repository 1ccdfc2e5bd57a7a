"""The journal as a source: real journal files, the real libsystemd, the real program."""

import json
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support.authlog import LineWriter
from support.journal import BOOT, MACHINE, SEQNUM_ID, TAIL, WRITER, Entry, JournalFiles, JournalMachine
from support.run import Servercheck

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDED = REPOSITORY / "Tests/servercheckTests/Fixtures/authlog/sshd-9.2-journal.jsonl"
pytestmark = pytest.mark.needs("root", "unshare", "nsenter", WRITER)

STORIES = int(os.environ.get("STORIES", "4"))
STEPS = int(os.environ.get("STEPS", "60"))
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
SSHD = {"source": "journal", "amount": 1000000}


@pytest.fixture
def machine(tmp_path):
    made = JournalMachine(tmp_path)
    yield made
    made.close()


class Watch:
    """Runs over one journal."""

    def __init__(self, servercheck, machine, config=None):
        self.servercheck = servercheck
        self.machine = machine
        self.config = servercheck.write_config(
            {"messaging_channels": [], "sensors": [{"sshd_access": SSHD | (config or {})}]})
        self.clock = time.time_ns() // 1000 - 3600 * 1_000_000
        self.uptime = 10_000_000
        self.boot = BOOT
        self.number = 0

    def entry(self, message=None, step=500_000, **more):
        """An entry; each failure has its own user, so that no two are alike."""
        self.clock += step
        self.uptime += abs(step)
        self.number += 1
        if message is None:
            message = f"Failed password for invalid user u{self.number} from 192.0.2.{self.number % 200} port 4711 ssh2"
        message = message if isinstance(message, bytes) else message.encode()
        return Entry(message, self.clock, self.uptime, **{"pid": 1000 + self.number, "boot": self.boot} | more)

    def failures(self, count, **more):
        return [self.entry(**more) for _ in range(count)]

    def run(self, wrapper=(), **more):
        return self.servercheck(
            "run", "--format", "json", config=self.config, wrapper=[*self.machine.enter, *wrapper], **more)

    def finding(self, result, name="sshd_access"):
        return next(one for one in result.json["findings"] if one["id"] == name)

    def counted(self, **more):
        """(attempts of this run, attempts_total); all is well."""
        result = self.run(**more)
        assert result.exit_code == 0, result
        metrics = {metric["name"]: metric["value"] for metric in self.finding(result)["metrics"]}
        return metrics["attempts"], metrics["attempts_total"]

    @property
    def state(self):
        return json.loads((self.servercheck.state / "state.json").read_text())

    def edit(self, change):
        """Changes the remembered position, as a disk or a hand may."""
        state = self.state
        state.pop("checksum", None)
        change(state["sensors"]["sshd_access"]["sshd_access"]["journal"])
        (self.servercheck.state / "state.json").write_text(json.dumps(state))


@pytest.fixture
def watch(servercheck, machine):
    return Watch(servercheck, machine)


def test_nothing_before_the_first_run_is_judged_and_what_comes_is_counted_once(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(7))
    assert watch.counted() == (0, 0)
    assert watch.counted() == (0, 0)
    journal.write(watch.failures(3))
    assert watch.counted() == (3, 3)
    # A quiet minute, with entries of others, changes no state.
    journal.write([watch.entry("hello", tag="cron") for _ in range(9)])
    before = (watch.servercheck.state / "state.json").stat().st_ino
    assert watch.counted() == (0, 3)
    assert (watch.servercheck.state / "state.json").stat().st_ino == before
    journal.write(watch.failures(2))
    assert watch.counted() == (2, 5)
    position = watch.state["sensors"]["sshd_access"]["sshd_access"]["journal"]
    assert re.fullmatch(r"s=[0-9a-f]{32};i=15;b=[0-9a-f]{32};m=[0-9a-f]+;t=[0-9a-f]+;x=[0-9a-f]+", position["cursor"])
    assert [chain["seqnum"] for chain in position["chains"]] == [0x15]


def test_a_journal_that_appears_later_is_read_from_its_start(watch):
    result = watch.run()
    assert result.exit_code == 3
    assert watch.finding(result)["text"] == (
        "no journal of this machine in /var/log/journal or /run/log/journal: let systemd-journald run, and store what it "
        "gets")
    watch.machine.persistent.write(watch.failures(4))
    assert watch.counted() == (4, 4)


def test_only_root_speaks_for_sshd_and_only_by_its_names(watch):
    journal = watch.machine.persistent
    journal.write([watch.entry("started", tag="systemd")])
    watch.run()
    journal.write([
        *watch.failures(2), *watch.failures(1, tag="sshd-session"), *watch.failures(1, tag="sshd-auth"),
        # What `logger -t sshd` of a user, a container's root and other programs leave.
        *watch.failures(3, uid="1000"), *watch.failures(1, uid="65534"), *watch.failures(1, uid=None),
        *watch.failures(2, tag="sshd2"), *watch.failures(2, tag="SSHD"), *watch.failures(2, tag="cron"),
        *watch.failures(2, tag=None, more={"_COMM": "sshd", "_SYSTEMD_UNIT": "ssh.service"}),
        # One user cannot claim another's id: only the first `_UID` is journald's, and there is never another.
        *watch.failures(2, uid="1000", more={"UID": "0", "OBJECT_UID": "0"}),
        # From another machine, into our own directory.
        *watch.failures(2, more={"_MACHINE_ID": "f" * 32}),
    ])
    assert watch.counted() == (4, 4)


def test_the_pid_is_that_of_the_message_else_the_kernels(watch):
    journal = watch.machine.persistent
    journal.write([watch.entry("started", tag="systemd")])
    watch.run()
    gone = {"SYSLOG_PID": None}
    journal.write([
        watch.entry("Invalid user x from 192.0.2.1 port 1", pid=50, more=gone),
        watch.entry("Connection closed by invalid user x 192.0.2.1 port 1 [preauth]", pid=50, more=gone),
        watch.entry("Invalid user x from 192.0.2.2 port 2", pid=70, more={"_PID": "80"}),
        watch.entry("Connection closed by invalid user x 192.0.2.2 port 2 [preauth]", pid=70, more={"_PID": "81"}),
    ])
    assert watch.counted() == (2, 2)
    journal.write([watch.entry(more={"SYSLOG_PID": "many", "_PID": None})])
    result = watch.run()
    assert result.exit_code == 3
    assert watch.finding(result)["text"] == "the entries of sshd in the journal name no pid, so attacks cannot be seen"


def test_messages_may_hold_any_bytes_be_missing_or_huge(watch):
    journal = watch.machine.persistent
    journal.write([watch.entry("started", tag="systemd")])
    watch.run()
    text = "Failed password for invalid user {} from 192.0.2.7 port 9 ssh2"
    journal.write([
        watch.entry(text.format("a\nSERVERCHECK OK - fine | x=1\nb").encode()),
        watch.entry(text.format("nul\0nul").encode()),
        watch.entry(b"Failed password for invalid user \xff\xfe\x80 from 192.0.2.7 port 9 ssh2"),
        watch.entry(b""), watch.entry(b"\0"), watch.entry(b"\n" * 100), watch.entry(b"=" * 999),
        watch.entry(more={"MESSAGE": None}),
        # Compressed, both; the second is longer than what is looked at.
        watch.entry(text.format("x" * 40000).encode()),
        watch.entry(text.format("y" * 400000).encode()),
        watch.entry(b"Failed password for root from 192.0.2.8 port 9 ssh2" + os.urandom(3_000_000)),
        watch.entry(text.format("last").encode()),
    ])
    result = watch.run()
    assert result.exit_code == 0
    metrics = {metric["name"]: metric["value"] for metric in watch.finding(result)["metrics"]}
    # A message that is as long as sshd's limit proves no address, but it is an attempt.
    assert metrics["attempts"] == 5
    assert "2 messages in the journal are longer than 64 KiB and were skipped" in result.stderr
    plain = watch.servercheck("status", "-vvv", wrapper=watch.machine.enter)
    assert not any(line.startswith("SERVERCHECK OK - fine") for line in plain.stdout.splitlines())


def test_a_file_is_read_to_its_end_after_rotation_and_vacuuming_of_what_was_read_changes_nothing(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(3))
    watch.run()
    journal.write(watch.failures(4))
    journal.rotate()
    journal.write(watch.failures(2))
    journal.rotate()
    journal.write([watch.entry("hello", tag="cron")])
    assert watch.counted() == (6, 6)
    journal.rotate()
    assert watch.counted() == (0, 6)
    for path in journal.archived():
        path.unlink()
    assert watch.counted() == (0, 6)
    journal.write(watch.failures(5))
    result = watch.run()
    assert "deleted" not in result.stderr
    assert watch.counted() == (0, 11)


def test_files_that_were_deleted_unread_are_told_of_once(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(3))
    watch.run()
    journal.write(watch.failures(4))
    journal.rotate().unlink()
    journal.write(watch.failures(2))
    said = "files of the journal were deleted before they could be read (by vacuuming, or SystemMaxUse=)"
    result = watch.run()
    assert said in result.stderr
    assert watch.finding(result)["metrics"][0]["value"] == 2
    result = watch.run()
    assert said not in result.stderr
    assert watch.finding(result)["metrics"][0]["value"] == 0


def test_a_journal_that_is_put_back_goes_on_by_time_and_says_so(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(10))
    watch.run()
    backup = journal.live.read_bytes()
    journal.write(watch.failures(8))
    assert watch.counted() == (8, 8)
    # Restored from a backup: the last eight entries are gone, and other ones get their numbers.
    journal.live.write_bytes(backup)
    journal.write(watch.failures(3))
    result = watch.run()
    assert re.search(r"the journal was cut, or put back to an earlier state: going on by time from \S+ on", result.stderr)
    assert watch.finding(result)["metrics"][0]["value"] == 3
    journal.write(watch.failures(2))
    result = watch.run()
    assert "going on by time" not in result.stderr
    assert watch.finding(result)["metrics"][0]["value"] == 2


def test_everything_deleted_and_begun_anew_is_read_from_its_start(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(10))
    watch.run()
    journal.live.unlink()
    journal.write(watch.failures(3))
    assert watch.counted() == (3, 3)


def test_a_copy_from_run_to_var_is_not_counted_again(watch):
    volatile, persistent = watch.machine.volatile, watch.machine.persistent
    persistent.write(watch.failures(2))
    watch.boot = BOOT[:-1] + "2"
    volatile.write(watch.failures(3))
    watch.run()
    volatile.write(watch.failures(4))
    assert watch.counted() == (4, 4)
    # Read from /run up to here; two more come before the copy, and two after it.
    volatile.write(watch.failures(2))
    watch.machine.flush()
    persistent.write(watch.failures(2))
    assert watch.counted() == (4, 8)
    assert watch.counted() == (0, 8)
    # journalctl --relinquish-var, and a copy that both sides still hold.
    volatile.write(watch.failures(3))
    persistent.write(volatile.export())
    assert watch.counted() == (3, 11)
    volatile.live.unlink()
    persistent.write(watch.failures(1))
    assert watch.counted() == (1, 12)


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_in_run_alone_counts_although_var_holds_newer_entries(watch, shared):
    volatile, persistent = watch.machine.volatile, watch.machine.persistent
    number = 0

    def write(files, entries):
        """Since systemd 254 both directories share a chain, and its numbers."""
        nonlocal number
        if shared:
            files.write(b"")
            files.patch(files.live, SEQNUM_ID, bytes(range(16)))
            files.patch(files.live, TAIL, struct.pack("<Q", number))
        files.write(entries)
        number, = struct.unpack_from("<Q", files.head(), TAIL)

    def scanned():
        return watch.servercheck("scan", "--journal", "--format", "json", wrapper=watch.machine.enter).json["attempts"]

    write(volatile, watch.failures(1))
    write(persistent, watch.failures(1))
    watch.run()
    # journald goes over to /var without copying anything: a restart with another Storage=.
    write(volatile, watch.failures(2))
    write(persistent, watch.failures(3))
    assert watch.counted() == (5, 5)
    assert scanned() == 7
    # Back, and over again; each side has what the other lacks.
    write(volatile, watch.failures(4))
    write(persistent, watch.failures(1))
    write(volatile, watch.failures(1))
    write(persistent, watch.failures(1))
    assert watch.counted() == (7, 12)
    write(persistent, watch.failures(2))
    assert watch.counted() == (2, 14)
    # A late flush that is not done yet, or failed: the copies come after newer entries, and both sides hold them.
    write(volatile, watch.failures(2))
    write(persistent, watch.failures(1))
    write(persistent, volatile.export())
    write(persistent, watch.failures(1))
    assert watch.counted() == (4, 18)
    assert scanned() == 20
    # The next flush copies all of it once more.
    write(volatile, watch.failures(1))
    write(persistent, volatile.export())
    volatile.live.unlink()
    write(persistent, watch.failures(1))
    assert watch.counted() == (2, 20)
    assert watch.counted() == (0, 20)


def test_other_machines_do_not_count(watch):
    persistent = watch.machine.persistent
    persistent.write([watch.entry("started", tag="systemd")])
    watch.run()
    other = persistent.directory.parent / ("e" * 32)
    JournalFiles(other).write(watch.failures(3))
    JournalFiles(persistent.directory.parent / "remote").write(watch.failures(3))
    JournalFiles(persistent.directory.parent / f"{MACHINE}.namespace").write(watch.failures(3))
    JournalFiles(watch.machine.volatile.directory.parent / ("d" * 32)).write(watch.failures(3))
    # Users' own journals hold nothing of root's.
    persistent.write(watch.failures(2), persistent.directory / "user-1000.journal")
    assert watch.counted() == (0, 0)
    scanned = watch.servercheck("scan", "--journal", "--format", "json", wrapper=watch.machine.enter)
    assert scanned.json["lines"] == 0


@pytest.fixture
def shared():
    """A directory that every user may reach."""
    directory = Path(tempfile.mkdtemp(prefix="servercheck-journal-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.needs("setpriv")
def test_who_may_not_read_the_journal_is_told_which_group_to_join(binary, machine, shared):
    watch = Watch(Servercheck(shutil.copy(binary, shared / "servercheck"), shared), machine)
    watch.servercheck.environment()
    for path in (shared, *shared.iterdir()):
        os.chown(path, 65534, 65534)
    journal = machine.persistent
    journal.write(watch.failures(2))
    journal.live.chmod(0o640)
    # What such a user may read is there, and says nothing of sshd.
    journal.write(watch.failures(1, uid="65534"), journal.directory / "user-65534.journal")
    (journal.directory / "user-65534.journal").chmod(0o644)
    said = "cannot read the journal, {}: Permission denied (add the user to group systemd-journal)"
    result = watch.run(wrapper=NOBODY)
    assert result.exit_code == 3
    assert watch.finding(result)["text"] == said.format(f"/var/log/journal/{MACHINE}/system.journal")
    journal.directory.chmod(0o700)
    result = watch.run(wrapper=NOBODY)
    assert watch.finding(result)["text"] == said.format(f"/var/log/journal/{MACHINE}")
    scanned = watch.servercheck("scan", "--journal", "--format", "json", wrapper=[*machine.enter, *NOBODY])
    assert (scanned.exit_code, scanned.json["status"]) == (3, "UNKNOWN")
    assert scanned.stderr == said.format(f"/var/log/journal/{MACHINE}") + "\n"
    journal.directory.chmod(0o755)
    journal.live.chmod(0o644)
    result = watch.run(wrapper=NOBODY)
    assert result.exit_code == 0, result


def test_without_libsystemd_the_package_is_named(watch):
    watch.machine.persistent.write(watch.failures(1))
    done = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    for path in re.findall(r"libsystemd\.so\.0 .*=> (\S+)", done.stdout):
        watch.machine.namespace.run("mount", "--bind", "/dev/null", os.path.realpath(path))
    result = watch.run()
    assert result.exit_code == 3
    assert re.fullmatch(
        r"cannot load libsystemd, which reads the journal: .*libsystemd\.so\.0.* \(install the package libsystemd0; on "
        r"Fedora and RHEL: systemd-libs\)", watch.finding(result)["text"])
    scanned = watch.servercheck("scan", "--journal", wrapper=watch.machine.enter)
    assert (scanned.exit_code, scanned.stdout) == (3, "")


def test_without_a_machine_id_nothing_is_taken_for_ours(watch):
    watch.machine.persistent.write(watch.failures(1))
    (watch.machine.root / "machine-id").write_text("uninitialized\n")
    result = watch.run()
    assert watch.finding(result)["text"] == (
        "cannot tell which journal is this machine's: /etc/machine-id holds no id (run systemd-machine-id-setup)")


def test_the_state_may_say_anything(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(5))
    watch.run()
    journal.write(watch.failures(2))
    assert watch.counted() == (2, 2)
    good = watch.state["sensors"]["sshd_access"]["sshd_access"]["journal"]
    chain = good["chains"][0]["id"]

    def check(change, attempts):
        watch.edit(change)
        result = watch.run()
        assert result.exit_code == 0, result
        assert watch.finding(result)["metrics"][0]["value"] == attempts, change
        watch.edit(lambda position: (position.clear(), position.update(good)))

    for cursor in ["", "nonsense", "s=1;i=2", "s=" + "f" * 40 + ";i=" + "f" * 40, "x" * 100000, "a;" * 10000,
                   good["cursor"].replace("i=", "i=ffffffff"), good["cursor"].replace(";m=", ";m=fffffffff"),
                   "s=" + "0" * 32 + ";i=1;b=" + "0" * 32 + ";m=1;t=1;x=1"]:
        # The chains alone tell where to go on.
        check(lambda position: position.update(cursor=cursor), 0)
    biggest = 2**64 - 1
    # Beyond the end of the journal: by time, and everything is older.
    check(lambda position: position.update(chains=[{"id": chain, "seqnum": biggest}]), 0)
    # Names that are none: by time.
    check(lambda position: position.update(chains=[{"id": "x\n|", "seqnum": 1}]), 0)
    many = [{"id": f"{n:032x}", "seqnum": n} for n in range(1, 3000)]
    check(lambda position: position.update(chains=many), 0)
    check(lambda position: position.update(chains=many + [{"id": chain, "seqnum": 7}]), 0)
    check(lambda position: position.update(realtime="9999-12-31T23:59:59Z", chains=[], cursor=None), 0)
    # Who takes the number back counts again: that is what the number means.
    check(lambda position: position.update(chains=[{"id": chain, "seqnum": 5}]), 2)
    check(lambda position: position.update(damaged=["/etc/passwd"] * 5000), 0)
    assert len(json.dumps(watch.state)) < 16_000
    watch.edit(lambda position: position.update(chains="none"))
    result = watch.run()
    assert "set aside" in result.stderr + result.stdout
    journal.write(watch.failures(1))
    assert watch.counted() == (1, 1)


@pytest.mark.parametrize("archived", [True, False])
def test_a_file_that_is_cut_or_garbled_anywhere_does_no_harm(watch, archived):
    chance = random.Random(5)
    journal = watch.machine.persistent
    journal.write(watch.failures(30))
    watch.run()
    journal.write(watch.failures(40))
    if archived:
        journal.rotate()
        journal.write(watch.failures(3))
    saved = watch.servercheck.state / "state.json"
    state = saved.read_bytes()
    victim = journal.archived()[0] if archived else journal.live
    whole = victim.read_bytes()
    # Where objects are, and not the empty rest.
    used = len(whole.rstrip(b"\0"))
    cuts = [0, 1, 8, 100, 207, 208, 263, 264, 272, 4096, used // 2, used - 1, len(whole) - 1]
    cuts += [chance.randrange(used) for _ in range(6)]
    garbled = [[(offset, bytes([whole[offset] ^ 0xFF]))] for offset in (0, 16, 72, 88, 96, 104, 136, 152, 160, 168, 176)]
    garbled += [[(chance.randrange(used), chance.randbytes(8)) for _ in range(50)] for _ in range(12)]
    for damage in cuts + garbled:
        if isinstance(damage, int):
            victim.write_bytes(whole[:damage])
        else:
            data = bytearray(whole)
            for offset, piece in damage:
                data[offset:offset + len(piece)] = piece
            victim.write_bytes(data)
        saved.write_bytes(state)
        result = watch.run(timeout=20)
        assert result.exit_code in (0, 3), (damage, result)
        attempts = {metric["name"]: metric["value"] for metric in watch.finding(result)["metrics"]}.get("attempts")
        if archived and not isinstance(damage, int):
            # What is in the other file is counted whatever became of this one. Under another chain's name it is new.
            most = 73 if damage[0][0] == 72 else 43
            assert attempts is None or 3 <= attempts <= most, (damage, result)
        if isinstance(damage, int):
            said = result.stderr if archived else json.dumps(result.json["findings"])
            assert "is damaged" in said or "is cut off" in said or (damage == 0 and not archived), (damage, result)
            assert result.exit_code == (0 if archived or damage == 0 else 3), (damage, result)
            # Told of once, and over.
            again = watch.run()
            assert not archived or "damaged" not in again.stderr, (damage, again)
    victim.write_bytes(whole)
    saved.write_bytes(state)
    assert watch.counted() == ((43, 43) if archived else (40, 40))


def test_the_clock_may_go_back_over_boots(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(3))
    watch.run()
    total = 0
    for boot in range(2, 7):
        watch.boot = BOOT[:-1] + str(boot)
        watch.uptime = 1_000_000
        # A machine without a clock of its own starts in the past, and may lose power.
        watch.clock -= 500_000_000 if boot % 2 else -3_600_000_000
        if boot % 3 == 0:
            journal.crash()
        journal.write(watch.failures(3))
        journal.write([watch.entry(step=-5_000_000), watch.entry()])
        total += 5
        assert watch.counted() == (5, total)


def log_line(entry):
    """The entry as rsyslog writes it."""
    seconds, rest = divmod(entry.realtime, 1_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{stamp}.{rest:06}+00:00 box {entry.tag}[{entry.pid}]: ".encode() + entry.message + b"\n"


def test_a_scan_of_what_a_real_sshd_wrote_finds_the_same_as_in_a_log_file(servercheck, machine, tmp_path):
    entries = []
    for line in RECORDED.read_text().splitlines():
        one = json.loads(line)
        entries.append(Entry(one["MESSAGE"].encode(), int(one["__REALTIME_TIMESTAMP"]), int(one["__MONOTONIC_TIMESTAMP"]),
                             int(one["SYSLOG_PID"]), one["SYSLOG_IDENTIFIER"], one["_UID"], one["_BOOT_ID"]))
    # In several files, of four boots, as they are after rotations.
    for part in range(0, len(entries), 90):
        machine.persistent.write(entries[part:part + 90])
        machine.persistent.rotate()
    roots = [entry for entry in entries if entry.uid == "0"]
    log = tmp_path / "auth.log"
    log.write_bytes(b"".join(map(log_line, roots)))
    for options in (["--format", "json"], ["--events"], []):
        journal = servercheck("scan", "--journal", *options, wrapper=machine.enter)
        file = servercheck("scan", log, *options)
        assert (journal.exit_code, journal.stderr) == (file.exit_code, file.stderr) == (0, "")
        if options == ["--events"]:
            assert journal.events == file.events
        elif options:
            ours, theirs = journal.json, file.json
            assert (ours.pop("lines"), ours.pop("bytes")) == (
                len(roots), sum(len(entry.message) for entry in roots))
            del theirs["lines"], theirs["bytes"]
            assert ours == theirs
            assert (ours["attempts"], ours["connections"], ours["logins"], ours["unparsed"]) == (75, 38, 6, 0)
        else:
            assert [line for line in journal.stdout.splitlines() if not line.startswith("lines ")] == [
                line for line in file.stdout.splitlines() if not line.startswith("lines ")]


def test_scan_takes_log_files_or_the_journal(servercheck, machine, tmp_path):
    scan = ["scan", "--format", "json"]
    result = servercheck(*scan, "--journal", tmp_path / "auth.log", wrapper=machine.enter)
    assert (result.exit_code, result.stderr) == (
        3, "cannot scan log files and --journal together (name the one or the other)\n")
    assert result.json["status"] == "UNKNOWN"
    result = servercheck(*scan, "--journal", wrapper=machine.enter)
    assert (result.exit_code, result.stderr) == (
        3, "no journal of this machine in /var/log/journal or /run/log/journal\n")
    result = servercheck(*scan, wrapper=machine.enter)
    assert (result.exit_code, result.stderr) == (
        3, "no auth log found, tried /var/log/auth.log, /var/log/secure and the journal (name a file, or - for standard "
        "input)\n")
    # Without a log the journal is taken, and where the config says so.
    entry = Entry(b"Failed password for root from 192.0.2.1 port 9 ssh2", 1_795_448_010_000_000, 5)
    machine.persistent.write([entry])
    assert servercheck(*scan, wrapper=machine.enter).json["attempts"] == 1
    (machine.root / "log/auth.log").write_bytes(3 * log_line(entry))
    assert servercheck(*scan, wrapper=machine.enter).json["attempts"] == 3
    assert servercheck(*scan, "--journal", wrapper=machine.enter).json["attempts"] == 1
    config = {"messaging_channels": [], "sensors": [{"sshd_access": {"source": "journal"}}]}
    assert servercheck(*scan, config=config, wrapper=machine.enter).json["attempts"] == 1
    # What cannot be read to its end is said, and the rest is there.
    broken = machine.persistent.crash()
    broken.write_bytes(broken.read_bytes()[:5000])
    machine.persistent.write([entry])
    result = servercheck(*scan, "--journal", wrapper=machine.enter)
    assert (result.exit_code, result.json["attempts"]) == (3, 1)
    assert result.stderr == (
        f"cannot read /var/log/journal/{MACHINE}/{broken.name}: it is cut off: the rest of it is skipped\n")


def test_going_over_from_a_log_to_the_journal_and_back_counts_everything_once(servercheck, machine):
    watch = Watch(servercheck, machine, {"source": "auto"})
    log = machine.root / "log/auth.log"
    log.touch()

    def write(count, file=True):
        entries = watch.failures(count)
        machine.persistent.write(entries)
        if file:
            with log.open("ab") as out:
                out.write(b"".join(map(log_line, entries)))

    def age_state():
        """Two minutes and more without a log are no rotation."""
        state = watch.state
        state.pop("checksum", None)
        state["sensors"]["sshd_access"]["sshd_access"]["missing_since"] = "2026-01-01T00:00:00Z"
        (servercheck.state / "state.json").write_text(json.dumps(state))

    write(3)
    assert watch.counted() == (0, 0)
    write(4)
    assert watch.counted() == (4, 4)
    # rsyslog is taken off the machine.
    log.unlink()
    write(2, file=False)
    assert watch.counted() == (0, 4)
    age_state()
    assert watch.counted() == (2, 6)
    write(5, file=False)
    assert watch.counted() == (5, 11)
    # It comes back, and writes what the journal has, too.
    write(6)
    assert watch.counted() == (6, 17)
    assert watch.counted() == (0, 17)
    write(1)
    assert watch.counted() == (1, 18)
    state = watch.state["sensors"]["sshd_access"]["sshd_access"]
    assert "journal" not in state
    # A rotation, for a moment without a log, reads no journal.
    log.rename(log.with_name("auth.log.1"))
    write(2, file=False)
    assert watch.counted() == (0, 18)
    # By hand: from now on the journal.
    config = {"messaging_channels": [], "sensors": [{"sshd_access": SSHD}]}
    servercheck.write_config(config)
    assert watch.counted() == (2, 20)
    write(3, file=False)
    assert watch.counted() == (3, 23)


# Cuts a journal file to nothing as soon as it is mapped.
CUTTER = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
    long mapped = syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
    char link[64], path[512] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    if (descriptor >= 0 && readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/system.journal")) truncate(path, 0);
    return (void *) mapped;
}

void *mmap64(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
    return mmap(address, size, protection, flags, descriptor, offset);
}
"""


@pytest.mark.needs("cc")
def test_a_file_that_is_cut_while_it_is_read_does_no_harm(watch, tmp_path):
    journal = watch.machine.persistent
    journal.write(watch.failures(3))
    watch.run()
    journal.write(watch.failures(4))
    whole = journal.live.read_bytes()
    (tmp_path / "cutter.c").write_text(CUTTER)
    subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", tmp_path / "cutter.so", tmp_path / "cutter.c"], check=True)
    # A page of a file that is gone raises SIGBUS where it is touched.
    result = watch.run(env={"LD_PRELOAD": tmp_path / "cutter.so"})
    assert result.exit_code == 3, result
    assert [finding["text"] for finding in result.json["findings"] if finding["id"] == "sshd_access:journal"] == [
        f"cannot read /var/log/journal/{MACHINE}/system.journal: Input/output error, so attacks may not be seen "
        "(journalctl --rotate begins a new file)"]
    assert journal.live.stat().st_size == 0
    journal.live.write_bytes(whole)
    assert watch.counted() == (4, 4)


@pytest.mark.needs("strace")
def test_a_run_that_is_killed_anywhere_loses_and_doubles_nothing(watch):
    journal = watch.machine.persistent
    journal.write(watch.failures(3))
    watch.run()
    journal.write(watch.failures(4))
    journal.rotate()
    journal.write(watch.failures(5))
    saved = watch.servercheck.directory / "saved"
    shutil.copytree(watch.servercheck.state, saved)
    for call, points in {"mmap": (60, 70, 80, 90), "pread64": (1, 2, 3), "openat": (8, 12, 16), "renameat2": (1,),
                         "fdatasync": (1,), "exit_group": (1,)}.items():
        for point in points:
            shutil.rmtree(watch.servercheck.state)
            shutil.copytree(saved, watch.servercheck.state)
            kill = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={point}"]
            watch.run(wrapper=kill)
            result = watch.run()
            metrics = {metric["name"]: metric["value"] for metric in watch.finding(result)["metrics"]}
            assert metrics["attempts_total"] == 9, (call, point, result)


class JournalLife:
    """The same messages in a journal and in an auth.log, what becomes of the journal, and runs that count both."""

    def __init__(self, watch, servercheck, directory, seed):
        self.random = random.Random(seed)
        self.watch = watch
        self.log = directory / "auth.log"
        self.log.touch()
        self.lines = LineWriter(self.random)
        self.other = type(servercheck)(servercheck.binary, directory / "file")
        self.other.directory.mkdir()
        self.file_config = self.other.write_config({"messaging_channels": [], "sensors": [
            {"sshd_access": SSHD | {"source": "file", "log_file": str(self.log)}}]})
        self.files = watch.machine.persistent
        self.volatile = False
        self.unread = []
        self.steps = []

    def append(self, count):
        entries = []
        for _ in range(count):
            for line in self.lines.some():
                tag, pid, message = re.fullmatch(r"\S+ box ([a-z-]+)\[(\d+)\]: (.*)\n", line).groups()
                entry = self.watch.entry(message, tag=tag, pid=int(pid))
                entries.append(entry)
                with self.log.open("ab") as log:
                    log.write(log_line(entry))
            if self.random.random() < 0.3:
                entries.append(self.watch.entry(uid="1000"))
            if self.random.random() < 0.3:
                entries.append(self.watch.entry("other", tag="cron"))
        (self.watch.machine.volatile if self.volatile else self.files).write(entries)

    def rotate(self):
        files = self.watch.machine.volatile if self.volatile else self.files
        if files.live.exists():
            files.rotate()

    def crash(self):
        self.reboot(crash=True)

    def reboot(self, crash=False):
        self.flush()
        if crash and self.files.live.exists():
            self.files.crash()
        self.watch.boot = f"{self.random.getrandbits(128) | 1 << 127:032x}"
        self.watch.uptime = 1_000_000
        if self.random.random() < 0.3:
            self.watch.clock -= self.random.randrange(100_000_000)
        self.volatile = True

    def flush(self):
        self.watch.machine.flush()
        self.volatile = False

    def relinquish(self):
        self.volatile = True

    def restart(self):
        """Persistent again, and nothing was copied."""
        self.volatile = False

    def vacuum(self):
        self.run()
        for path in self.files.archived():
            # Some file stays: without any there is no journal.
            if self.random.random() < 0.7 and (self.files.live.exists() or len(self.files.archived()) > 1):
                path.unlink()

    def run(self):
        file = self.other("run", "--format", "json", config=self.file_config)
        journal = self.watch.run()
        ours, theirs = ({metric["name"]: metric["value"] for metric in self.watch.finding(one)["metrics"]}
                        for one in (journal, file))
        assert ours and (ours["attempts"], ours["attempts_total"]) == (theirs["attempts"], theirs["attempts_total"]), (
            f"{ours} is not {theirs}: {' '.join(self.steps)}\n{journal.stderr}")
        assert journal.exit_code == file.exit_code == 0
        assert not re.search("damaged|deleted|by time", journal.stderr), (self.steps, journal.stderr)
        return ours["attempts_total"]

    def step(self):
        steps = {"append": 8, "run": 6, "rotate": 2, "reboot": 1, "crash": 0.7, "flush": 1.5, "relinquish": 1,
                 "restart": 1, "vacuum": 1}
        name = self.random.choices(list(steps), list(steps.values()))[0]
        self.steps.append(name)
        if name == "append":
            self.append(self.random.randint(1, 40))
        else:
            getattr(self, name)()


@pytest.mark.parametrize("seed", range(STORIES))
def test_in_a_random_life_of_a_journal_every_attempt_is_counted_as_in_a_log_file(watch, servercheck, tmp_path, seed):
    life = JournalLife(watch, servercheck, tmp_path, seed)
    life.append(3)
    life.run()
    for _ in range(STEPS):
        life.step()
    assert life.run() > 100
