"""record_machine.sh, which users run on odd machines: its tar is a fixture as Tests/servercheckTests/Fixtures/proc has."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("root", "unshare", "nsenter", "losetup", "mkfs.ext4", "setpriv")

RECORDER = Path(__file__).parent / "support" / "record_machine.sh"


def record(space, *wrapper):
    """The recorded files by name."""
    done = subprocess.run([*space.enter, *wrapper, "sh", "-s", "util-linux"], stdin=open(RECORDER), capture_output=True,
                          env={"PATH": "/usr/bin:/bin", "TMPDIR": "/tmp"})
    assert (done.returncode, done.stderr) == (0, b"")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        return {member.name.removeprefix("machine/"): tar.extractfile(member).read().decode()
                for member in tar if member.isfile()}


def test_the_tar_holds_what_the_machine_answers(space):
    space.mount(space.image("plain", 16, "mkfs.ext4", "-q", "-F"), "100% a name with a space")
    space.mount(space.image("tab", 16, "mkfs.ext4", "-q", "-F"), "tab\there\\back")
    space.shell('touch "$1"/file "$1"/mounted-file; mount --bind "$1"/file "$1"/mounted-file', space.directory)
    files = record(space)

    assert files["proc/self/mountinfo"] == space.run("cat", "/proc/self/mountinfo")
    assert files["proc/filesystems"] == Path("/proc/filesystems").read_text()
    assert files["proc/meminfo"].startswith("MemTotal:")
    assert any(name.endswith("/status") and "VmRSS:" in text for name, text in files.items())
    assert "package: util-linux " in files["recorded"]

    usage = dict(line.rsplit(": ", 1) for line in files["usage"].splitlines()[1:])
    for point, written in [("100% a name with a space", "100%\\040a\\040name\\040with\\040a\\040space"),
                           ("tab\there\\back", "tab\\011here\\134back")]:
        df = space.df(space.directory / point)
        total, free, available, inodes, free_inodes = map(int, usage[f"{space.directory}/{written}"].split())
        assert (total, total - free, available) == (df["total"], df["used"], df["available"])
        assert (inodes, inodes - free_inodes) == (df["inodes"], df["inodes_used"])
    assert usage[f"{space.directory}/mounted-file"].endswith(" file")
    assert f" {space.directory}/100% a name with a space\n" in files["df"].partition("\n\n")[0]


def test_a_mount_out_of_reach_is_recorded_as_such(space):
    space.mount(space.image("private", 16, "mkfs.ext4", "-q", "-F"), "private/inside")
    space.run("chmod", "700", space.directory / "private")
    space.run("chmod", "755", space.directory)
    files = record(space, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    assert f"{space.directory}/private/inside: EACCES" in files["usage"].splitlines()
    assert "uid 65534" in files["recorded"]


def test_of_few_processes_those_are_recorded_that_stay(space):
    files = record(space, "unshare", "--pid", "--fork", "--mount-proc")
    assert "Name:\tsh\n" in files["proc/1/status"]
    assert all(text for name, text in files.items() if name.endswith("/status"))
