"""A full disk is what servercheck reports, and its own state lies on it: told once, and its end is told once."""

import json
import random
import shutil
import time

import pytest

from support.authlog import Account, LineWriter
from support.namespace import MountNamespace
from support.telegram_server import TelegramServer, delivered

pytestmark = pytest.mark.needs("root", "unshare", "nsenter", "losetup", "mkfs.ext4", "mkfs.xfs", "setpriv")

EXT4 = ("mkfs.ext4", "-q", "-F")
USER = "65534"


class Disk:
    """A small filesystem that holds the state directory, watched by the servercheck whose state it holds."""

    def __init__(self, space, servercheck, telegram, directory, mkfs, megabytes, options, user):
        self.space = space
        self.servercheck = servercheck
        self.telegram = telegram
        self.options = options
        self.image = space.image("disk", megabytes, *mkfs)
        self.mount = space.mount(self.image, "disk", *options)
        self.state = self.mount / "state"
        self.runtime = directory / "run"
        self.wrapper = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
        self.log = directory / "auth.log"
        self.log.write_text("")
        self.directory = directory
        self.config = servercheck.write_config({
            "messaging_channels": [{"telegram": {"chat_id": 1, "token": "1:token", "api_url": telegram.url}}],
            "sensors": [{"diskspace": {"threshold": 90, "excluded_partitions": ["*"], "partitions": {str(self.mount): {}}}},
                        {"sshd_access": {"log_file": str(self.log), "source": "file", "amount": 1_000_000}}]})
        space.run("mkdir", self.state)
        self.runtime.mkdir()
        if user:
            for path in directory, self.runtime, self.config:
                shutil.chown(path, int(user), int(user))
            for path in directory.parents:
                if path.stat().st_uid == 0 and str(path).startswith("/tmp/"):
                    path.chmod(path.stat().st_mode | 0o711)
            space.run("chown", f"{user}:{user}", self.state)

    def run(self, *args, **options):
        options.setdefault("env", {"STATE_DIRECTORY": self.state, "RUNTIME_DIRECTORY": self.runtime})
        return self.servercheck("run", "--format", "json", *args, config=self.config,
                                wrapper=[*self.space.enter, *self.wrapper], **options)

    def fill(self):
        """Not a byte is left: first large blocks, then single ones."""
        self.space.shell('dd if=/dev/zero of="$1" bs=64k status=none 2>/dev/null || true; '
                         'dd if=/dev/zero of="$1".rest bs=512 status=none 2>/dev/null || true; sync -f "$1"',
                         self.mount / "ballast")
        # xfs keeps a few blocks for itself.
        assert self.space.df(self.mount)["available"] < 65536

    def fill_inodes(self):
        self.space.shell('cd "$1"; i=0; while : >f$i; do i=$((i+1)); done 2>/dev/null', self.mount, check=False)
        df = self.space.df(self.mount)
        assert df["inodes"] == df["inodes_used"]

    def free(self):
        self.space.shell('rm -f "$1"/ballast* "$1"/f*; sync -f "$1"', self.mount)
        # xfs gives the blocks of a removed file back a little later, by a kernel thread of its own.
        for _ in range(500):
            df = self.space.df(self.mount)
            if df["used"] < df["available"] and df["inodes_used"] < df["inodes"]:
                return
            time.sleep(0.02)
        raise AssertionError(f"still full: {df}")

    def reboot(self):
        """What only memory held is gone: /run, and whatever was not written to the disk."""
        self.space.run("umount", self.mount)
        self.space.run("mount", *self.options, self.image, self.mount)
        shutil.rmtree(self.runtime)
        self.runtime.mkdir()
        if self.wrapper:
            shutil.chown(self.runtime, int(USER), int(USER))

    def remembered(self, directory=None):
        """The findings that the state holds as problems, and what they were told as."""
        text = self.space.run("cat", f"{directory or self.state}/state.json")
        return {key: record.get("worst_told") for key, record in json.loads(text)["problems"].items()}

    def names(self):
        """What is in the two directories."""
        return tuple(sorted(self.space.run("ls", "-A", path).split()) for path in (self.state, self.runtime))

    @property
    def told(self):
        """The first lines of what arrived, without host name and value."""
        return [body["text"].split("] ", 1)[1].split(":", 1)[0] for body in self.telegram.bodies]

    @property
    def id(self):
        return f"diskspace:{self.mount}"


@pytest.fixture
def make_disk(servercheck, tmp_path):
    spaces = []

    def make(mkfs=EXT4, megabytes=16, options=(), user=None):
        directory = tmp_path / "space"
        directory.mkdir()
        spaces.append(MountNamespace(directory))
        own = tmp_path / "own"
        own.mkdir()
        return Disk(spaces[0], servercheck, telegram, own, mkfs, megabytes, options, user)

    with TelegramServer(delivered()) as telegram:
        yield make
        for space in spaces:
            space.close()


WRITTEN = (["state.json", "state.json.spare"], ["last.json"])


@pytest.mark.parametrize("kind, user", [("ext4", None), ("ext4", USER), ("ext4 without journal", None), ("xfs", None)])
def test_ten_runs_on_a_full_disk_send_one_message_and_space_sends_another(make_disk, kind, user):
    mkfs = {"ext4": EXT4, "ext4 without journal": (*EXT4, "-O", "^has_journal"), "xfs": ("mkfs.xfs", "-q")}[kind]
    disk = make_disk(mkfs, 320 if kind == "xfs" else 16, user=user)
    assert disk.run().exit_code == 0
    disk.fill()
    for number in range(10):
        result = disk.run()
        assert (result.exit_code, [finding["id"] for finding in result.json["findings"] if finding["status"] != "OK"]) \
            == (2, [disk.id]), result.stdout
        # On the disk itself, not in what a reboot empties.
        assert disk.remembered() == {disk.id: "CRITICAL"}
        assert disk.names() == WRITTEN
        if number == 5:
            disk.reboot()
    assert disk.told == ["CRITICAL"]
    disk.free()
    assert [disk.run().exit_code for _ in range(3)] == [0, 0, 0]
    assert disk.told == ["CRITICAL", "RECOVERED"]
    assert disk.names() == WRITTEN


def test_the_first_run_reserves_space_even_if_it_has_nothing_to_remember(make_disk):
    """Of memory there is nothing to remember until it is short, and there is no other place for the state."""
    disk = make_disk()
    config = json.loads(disk.config.read_text())
    config["sensors"] = [{"free_memory": {"threshold": 100}}]
    disk.servercheck.write_config(config)
    options = {"env": {"STATE_DIRECTORY": disk.state, "RUNTIME_DIRECTORY": disk.state}}
    assert disk.run(**options).exit_code == 0
    disk.fill()
    config["sensors"] = [{"free_memory": {"threshold": 0.01}}]
    disk.servercheck.write_config(config)
    assert [disk.run(**options).exit_code for _ in range(3)] == [2, 2, 2]
    assert disk.told == ["CRITICAL"]


def test_a_full_disk_holds_the_state_of_an_attack_that_goes_on(make_disk):
    """Every run must write, and the state grows from 1 to some 50 KiB, with no block to be had."""
    disk = make_disk()
    assert disk.run().exit_code == 0
    disk.fill()
    lines, account = LineWriter(random.Random(1)), Account()
    sizes = []
    for number in range(30):
        with disk.log.open("a") as log:
            # Now many addresses and open connections, now few: the state grows and shrinks.
            for one in range(150 if number % 3 else 2):
                log.write(lines.failure(f"2001:db8:aaaa:bbbb:cccc:dddd:{number:x}:{one + 1:x}"))
        account.look(disk.log)
        result = disk.run()
        assert result.exit_code == 2, result.stdout
        assert account.add(result) is None
        assert disk.names() == WRITTEN
        sizes.append(len(disk.space.run("cat", disk.state / "state.json")))
        if number % 10 == 9:
            disk.reboot()
    assert 20_000 < max(sizes) < 65_536, sizes
    assert disk.told == ["CRITICAL"]
    disk.free()
    assert disk.run().exit_code == 0
    assert disk.told == ["CRITICAL", "RECOVERED"]


@pytest.mark.parametrize("kind", ["blocks", "inodes"])
def test_full_before_the_first_run_the_runtime_directory_holds_the_state(make_disk, kind):
    disk = make_disk((*EXT4, "-N", "64"))
    disk.fill() if kind == "blocks" else disk.fill_inodes()
    for _ in range(10):
        result = disk.run()
        # A state that a reboot would forget is exit 3, even beside a CRITICAL.
        assert result.exit_code == 3, result.stdout
        status = {finding["id"]: finding["status"] for finding in result.json["findings"]}
        assert status == {disk.id: "CRITICAL", "sshd_access": "OK", "state": "UNKNOWN"}
        text = next(finding["text"] for finding in result.json["findings"] if finding["id"] == "state")
        assert str(disk.state) in text and "free some space or inodes" in text and str(disk.runtime) in text
        assert disk.remembered(disk.runtime) == {disk.id: "CRITICAL"}
        own, runtime = disk.names()
        assert set(own) <= {"state.json.spare"} and runtime == ["last.json", "state.json", "state.json.spare"]
    assert disk.told == ["CRITICAL"]
    disk.free()
    assert [disk.run().exit_code for _ in range(3)] == [0, 0, 0]
    assert disk.told == ["CRITICAL", "RECOVERED"]
    assert disk.names() == (["state.json", "state.json.spare"], ["last.json", "state.json.spare"])
    disk.reboot()
    assert disk.run().exit_code == 0
    assert disk.told == ["CRITICAL", "RECOVERED"]


def test_no_inode_left_is_told_once(make_disk):
    disk = make_disk((*EXT4, "-N", "64"))
    assert disk.run().exit_code == 0
    disk.fill_inodes()
    for _ in range(10):
        assert disk.run().exit_code == 2
        assert disk.remembered() == {disk.id: "CRITICAL"}
        assert disk.names() == WRITTEN
    disk.reboot()
    assert disk.run().exit_code == 2
    assert disk.told == ["CRITICAL"]
    disk.free()
    assert [disk.run().exit_code for _ in range(2)] == [0, 0]
    assert disk.told == ["CRITICAL", "RECOVERED"]


def test_a_disk_that_becomes_read_only_is_told_once(make_disk):
    disk = make_disk()
    assert disk.run().exit_code == 0
    disk.space.run("mount", "-o", "remount,ro", disk.mount)
    for _ in range(10):
        result = disk.run()
        assert result.exit_code == 3, result.stdout
        status = {finding["id"]: finding["status"] for finding in result.json["findings"]}
        assert status == {disk.id: "CRITICAL", "sshd_access": "OK", "state": "UNKNOWN"}
        assert disk.remembered(disk.runtime) == {disk.id: "CRITICAL"}
    assert disk.told == ["CRITICAL"]
    disk.space.run("mount", "-o", "remount,rw", disk.mount)
    assert [disk.run().exit_code for _ in range(3)] == [0, 0, 0]
    assert disk.told == ["CRITICAL", "RECOVERED"]
    assert disk.names() == (["state.json", "state.json.spare"], ["last.json", "state.json.spare"])


def test_with_everything_on_the_full_disk_status_still_tells(make_disk):
    """--state-dir puts last.json there, too, and there is no runtime directory to write to."""
    disk = make_disk()
    options = {"state": disk.state, "env": {"STATE_DIRECTORY": None, "RUNTIME_DIRECTORY": disk.state}}
    assert disk.run(**options).exit_code == 0
    disk.fill()
    for _ in range(10):
        assert disk.run(**options).exit_code == 2
        assert disk.names()[0] == ["last.json", "state.json", "state.json.spare"]
    assert disk.told == ["CRITICAL"]
    shown = disk.servercheck("status", state=disk.state, wrapper=disk.space.enter)
    assert shown.exit_code == 2, shown
    disk.free()
    assert disk.run(**options).exit_code == 0
    assert disk.told == ["CRITICAL", "RECOVERED"]
    assert disk.names()[0] == ["last.json", "state.json", "state.json.spare"]


def test_where_no_place_can_be_written_the_alarm_is_told_each_time(make_disk):
    disk = make_disk()
    disk.fill()
    options = {"env": {"STATE_DIRECTORY": disk.state, "RUNTIME_DIRECTORY": disk.state}}
    for _ in range(3):
        result = disk.run(**options)
        assert result.exit_code == 3
        text = next(finding["text"] for finding in result.json["findings"] if finding["id"] == "state")
        assert text.endswith("what was told is forgotten, so alerts are repeated in each run")
        assert set(disk.names()[0]) <= {"state.json.spare", "last.json"}
    assert disk.told == ["CRITICAL"] * 3
