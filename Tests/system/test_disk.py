"""diskspace against df on real filesystems."""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.run import Servercheck

pytestmark = pytest.mark.needs(
    "root", "unshare", "nsenter", "losetup", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "btrfs", "mksquashfs", "setpriv")

EXT4 = ("mkfs.ext4", "-q", "-F")


@pytest.fixture
def look(space, servercheck):
    """Runs diskspace inside the namespace; returns the findings below its directory by mount point, and the result."""

    def look(wrapper=(), program=servercheck, **keys):
        keys = {"threshold": 90, **keys}
        result = program(
            "run", "--format", "json", config={"messaging_channels": [], "sensors": [{"diskspace": keys}]}, state=True,
            wrapper=[*space.enter, *wrapper])
        findings = {finding["id"].removeprefix("diskspace:"): finding for finding in result.json["findings"]
                    if finding["sensor"] == "diskspace"}
        prefix = f"{space.directory}/"
        look.result = result
        return {point[len(prefix):]: finding for point, finding in findings.items() if point.startswith(prefix)}

    return look


def numbers(finding):
    """The metrics of a finding by the end of their names: '' for bytes, '_inodes'."""
    point = finding["id"].removeprefix("diskspace:")
    return {metric["name"].removeprefix(f"diskspace_{point}"): metric for metric in finding["metrics"]}


def assert_equals_df(finding, df, threshold=90):
    """Every number of a finding is df's, and the limits follow from them."""
    metrics = numbers(finding)
    capacity = df["used"] + df["available"]
    expected = {"value": df["used"], "unit": "B", "warning": None, "critical": capacity * threshold // 100, "min": 0,
                "max": capacity}
    assert {key: metrics[""][key] for key in expected} == expected
    assert math.ceil(df["used"] * 100 / capacity) == df["percent"]
    if df["inodes"]:
        expected = {"value": df["inodes_used"], "unit": "", "warning": None, "critical": df["inodes"] * 95 // 100,
                    "min": 0, "max": df["inodes"]}
        assert {key: metrics["_inodes"][key] for key in expected} == expected
    else:
        assert "_inodes" not in metrics


def test_all_kinds_of_filesystem_equal_df(space, look):
    space.mount(space.image("ext4", 64, *EXT4), "ext4")
    space.shell('head -c 9000000 /dev/urandom > "$1"/file; touch "$1"/a "$1"/b', space.directory / "ext4")
    space.mount(space.image("reserve", 64, *EXT4, "-m", "20"), "reserve")
    space.mount(space.image("xfs", 320, "mkfs.xfs", "-q"), "xfs")
    space.mount(space.image("ext2", 16, "mkfs.ext2", "-q", "-F"), "a name with a space")
    space.mount(space.image("tab", 16, *EXT4), "tab\there\\back#")
    space.mount(space.image("read-only", 16, *EXT4), "read-only", "-o", "ro")

    pool = space.mount(space.image("btrfs", 256, "mkfs.btrfs", "-q"), "pool")
    space.run("btrfs", "subvolume", "create", pool / "home")
    space.shell('head -c 20000000 /dev/urandom > "$1"/home/file; sync -f "$1"', pool)
    space.mount(space.directory / "btrfs.img", "subvolume", "-o", "subvol=home")

    # None of these is a filesystem of its own.
    space.mount(space.directory / "ext4", "bound", "--bind")
    space.shell('touch "$1"/mounted-file; mount --bind "$1"/ext4/file "$1"/mounted-file', space.directory)
    space.shell('mksquashfs "$1"/ext4 "$1"/squash.img -quiet -no-progress >/dev/null', space.directory)
    space.mount(space.directory / "squash.img", "squash")
    space.shell('mkdir "$1"/upper "$1"/work; mkdir "$1"/overlay; mount -t overlay overlay'
                ' -o lowerdir="$1"/ext4,upperdir="$1"/upper,workdir="$1"/work "$1"/overlay', space.directory)
    space.mount("memory", "tmpfs", "-t", "tmpfs")

    findings = look()
    assert sorted(findings) == [
        "a name with a space", "ext4", "pool", "read-only", "reserve", "tab\there\\back#", "xfs"]
    for point, finding in findings.items():
        assert finding["status"] == "OK", finding
        assert finding["id"] == f"diskspace:{space.directory}/{point}"
        assert_equals_df(finding, space.df(space.directory / point))


def test_of_mounts_over_each_other_the_visible_ones_count(space, look):
    space.mount(space.image("below", 16, *EXT4), "over")
    space.mount(space.image("inner", 16, *EXT4), "over/inner")
    space.mount(space.image("above", 32, *EXT4), "over")
    space.mount(space.image("deep", 16, *EXT4), "high/deep")
    space.mount(space.image("high", 48, *EXT4), "high")
    findings = look()
    assert sorted(findings) == ["high", "over"]
    assert_equals_df(findings["over"], space.df(space.directory / "over"))
    assert_equals_df(findings["high"], space.df(space.directory / "high"))


def test_a_file_of_a_filesystem_is_mounted_before_one_of_its_directories(space, look):
    data = space.mount(space.image("data", 16, *EXT4), "data")
    space.shell('mkdir "$1"/volume; touch "$1"/hosts "$2"/hosts; mkdir "$2"/volume', data, space.directory)
    space.shell('mount --bind "$1"/hosts "$2"/hosts; mount --bind "$1"/volume "$2"/volume; umount "$1"', data, space.directory)
    findings = look()
    assert sorted(findings) == ["volume"]
    assert_equals_df(findings["volume"], space.df(space.directory / "volume"))
    # The ancestor's users excluded such files by name.
    assert sorted(look(excluded_partitions=[f"{space.directory}/hosts"])) == ["volume"]


def test_a_disk_that_is_full_for_users_is_full(space, look):
    point = space.mount(space.image("full", 32, *EXT4, "-m", "10"), "full")
    space.run("chmod", "777", point)
    # By a relative path: that user may not pass the directories above.
    fill = 'cat /dev/zero >fill; for try in 1 2 3; do sync -f .; while head -c 1024 /dev/zero >>rest; do sync rest; done; done'
    space.shell('cd "$1"; setpriv --reuid 65534 --clear-groups sh -c "$2" || true', point, fill)
    df = space.df(point)
    assert df["available"] == 0 and df["used"] < df["total"] and df["percent"] == 100
    finding = look()["full"]
    assert finding["status"] == "CRITICAL"
    assert " 100.0 % used, 0 B of " in finding["text"]
    assert_equals_df(finding, df)
    assert look.result.exit_code == 2


def test_a_disk_without_free_inodes_is_critical_with_plenty_of_space(space, look):
    point = space.mount(space.image("inodes", 32, *EXT4, "-N", "64"), "inodes")
    space.shell('i=0; while touch "$1"/$i 2>/dev/null; do i=$((i+1)); done', point)
    df = space.df(point)
    assert df["inodes_used"] == df["inodes"]
    finding = look()["inodes"]
    assert finding["status"] == "CRITICAL"
    assert finding["text"].endswith("; 100.0 % of inodes used (limit 95 %)")
    assert_equals_df(finding, df)
    assert look(inode_threshold=None)["inodes"]["status"] == "OK"


def test_free_below_and_the_limits_of_a_partition(space, look):
    point = space.mount(space.image("small", 64, *EXT4, "-m", "0"), "small")
    capacity = space.df(point)["used"] + space.df(point)["available"]
    assert look(threshold=0)["small"]["status"] == "CRITICAL"
    assert look(threshold=0, free_below="1MiB")["small"]["status"] == "OK"
    finding = look(threshold=0, free_below="10MB")["small"]
    assert finding["status"] == "OK"
    assert numbers(finding)[""]["critical"] == capacity - 10_000_000
    finding = look(threshold=90, partitions={str(point): {"threshold": 0, "free_below": "1GiB"}})["small"]
    assert finding["status"] == "CRITICAL"
    finding = look(partitions={str(point): {"threshold": 50, "warning_threshold": 0}})["small"]
    assert finding["status"] == "WARNING"
    assert numbers(finding)[""]["critical"] == capacity // 2


def test_names_bring_in_any_filesystem_and_must_be_mounted(space, look):
    space.mount("memory", "memory", "-t", "tmpfs", "-o", "size=1m")
    pool = space.mount(space.image("btrfs", 128, "mkfs.btrfs", "-q"), "pool")
    space.run("btrfs", "subvolume", "create", pool / "home")
    home = space.mount(space.directory / "btrfs.img", "home", "-o", "subvol=home")
    here = space.directory
    findings = look(excluded_partitions=[f"{here}/*"],
                    partitions={f"{here}/memory": {}, str(home): {}, f"{here}/gone": {}, f"{here}/stick": {"required": False}})
    assert {point: finding["status"] for point, finding in findings.items()} == {
        "memory": "OK", "home": "OK", "gone": "CRITICAL"}
    assert findings["gone"]["text"] == f"{here}/gone is not mounted"
    assert_equals_df(findings["memory"], space.df(here / "memory"))
    assert_equals_df(findings["home"], space.df(home))


def test_excluded_partitions_take_patterns(space, look):
    for name in ("one", "two", "three"):
        space.mount(space.image(name, 16, *EXT4), name)
    # Excluded by its name, a filesystem does not come back under another.
    space.mount(space.directory / "one", "bound", "--bind")
    assert sorted(look(excluded_partitions=[f"{space.directory}/t*"])) == ["one"]
    assert sorted(look(excluded_partitions=[f"{space.directory}/one", "/nothing*"])) == ["three", "two"]


def test_a_filesystem_that_becomes_read_only_is_critical_until_it_is_writable(space, look):
    point = space.mount(space.image("data", 16, *EXT4), "data")
    assert look()["data"]["status"] == "OK"
    space.run("mount", "-o", "remount,bind,ro", point)
    assert look()["data"]["status"] == "OK", "only this mount is read-only, not the filesystem"
    space.run("mount", "-o", "remount,bind,rw", point)
    space.run("mount", "-o", "remount,ro", point)
    for _ in range(2):
        finding = look()["data"]
        assert finding["status"] == "CRITICAL"
        assert finding["text"].endswith("; read-only, was writable before")
    space.run("mount", "-o", "remount,rw", point)
    assert look()["data"]["status"] == "OK"


def test_a_filesystem_that_an_error_made_read_only_is_critical(space, look):
    point = space.mount(space.image("data", 16, *EXT4), "data", "-o", "errors=remount-ro")
    assert look()["data"]["status"] == "OK"
    device = Path(space.run("findmnt", "-no", "SOURCE", point).strip()).name
    trigger = Path(f"/sys/fs/ext4/{device}/trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel has no trigger_fs_error for ext4")
    trigger.write_text("test of servercheck")
    assert look()["data"]["status"] == "CRITICAL"


@pytest.mark.needs("xfs_io")
def test_an_xfs_that_shut_down_after_an_error_is_unknown(space, look):
    """It still answers statfs(2), and only stat(2) fails."""
    point = space.mount(space.image("data", 320, "mkfs.xfs", "-q"), "data")
    assert look()["data"]["status"] == "OK"
    space.run("xfs_io", "-x", "-c", "shutdown", point)
    finding = look()["data"]
    assert (finding["status"], finding["text"]) == (
        "UNKNOWN", f"cannot ask the filesystem at {point}: Input/output error")


def test_a_mount_point_need_not_be_text(space, look):
    path = space.mount(space.image("odd", 16, *EXT4), b"odd\xff\xfename")
    findings = look()
    assert list(findings) == ["odd\ufffd\ufffdname"]
    assert_equals_df(findings["odd\ufffd\ufffdname"], space.df(path))


def test_a_mount_the_user_may_not_reach_is_named_once_in_the_log(space, look, binary):
    home = Path("/var/tmp") / f"servercheck-test-{os.getpid()}"
    home.mkdir(mode=0o777)
    try:
        home.chmod(0o777)
        shutil.copy(binary, home / "servercheck")
        program = Servercheck(home / "servercheck", home)
        program.write_config({}, mode=0o644)
        outer = space.point("locked")
        space.mount(space.image("inner", 16, *EXT4), "locked/inner")
        space.run("chmod", "700", outer)
        # The state's directory and everything in it belongs to that user.
        (home / "state").mkdir(mode=0o777)
        (home / "state").chmod(0o777)
        (home / "home").mkdir(mode=0o777)
        logs = []
        for _ in range(2):
            config = {"messaging_channels": [], "sensors": [{"diskspace": {"threshold": 100}}]}
            program.write_config(config, mode=0o644)
            result = program("run", "--format", "json", config=program.config_path, state=True,
                             wrapper=[*space.enter, "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
            assert not [finding for finding in result.json["findings"] if "locked" in finding["id"]]
            assert "UNKNOWN" not in [finding["status"] for finding in result.json["findings"]], result.stdout
            logs.append(result.stderr.count(f"{outer}/inner"))
        assert logs == [1, 0]
        assert list(look()) == ["locked/inner"]
    finally:
        shutil.rmtree(home)


def test_a_mount_that_hangs_is_unknown_and_the_others_go_on(space, look):
    space.mount(space.image("data", 16, *EXT4), "data")
    points = [space.point(name) for name in ("hung-a", "hung-b", "hung-c")]
    # A FUSE filesystem whose daemon never answers.
    daemon = subprocess.Popen(
        [*space.enter, sys.executable, "-c", """if True:
            import ctypes, os, sys, time
            libc = ctypes.CDLL(None, use_errno=True)
            for point in sys.argv[1:]:
                options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % os.open("/dev/fuse", os.O_RDWR)
                if libc.mount(b"hung", point.encode(), b"fuse", 0, options) != 0:
                    sys.exit(os.strerror(ctypes.get_errno()))
            print("mounted", flush=True)
            time.sleep(3600)
            """, *points], stdout=subprocess.PIPE)
    try:
        if daemon.stdout.readline() != b"mounted\n":
            pytest.skip("FUSE cannot be mounted here")
        begin = time.monotonic()
        findings = look(partitions={str(point): {} for point in points})
        seconds = time.monotonic() - begin
        assert {point: finding["status"] for point, finding in findings.items()} == {
            "data": "OK", "hung-a": "UNKNOWN", "hung-b": "UNKNOWN", "hung-c": "UNKNOWN"}
        assert findings["hung-a"]["text"] == f"{points[0]} does not answer within 5 seconds"
        assert_equals_df(findings["data"], space.df(space.directory / "data"))
        assert seconds < 8, "three hung mounts may cost little more than one wait of 5 s"
        # Nobody named it: FUSE is not watched, and not touched.
        begin = time.monotonic()
        assert list(look()) == ["data"]
        assert time.monotonic() - begin < 4
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()


def test_a_copied_namespace_that_is_all_read_only_gives_the_same_list(space, look):
    """What systemd does for a unit with ProtectSystem=strict and directories of its own."""
    pool = space.image("btrfs", 128, "mkfs.btrfs", "-q")
    point = space.mount(pool, "temporary")
    space.run("btrfs", "subvolume", "create", point / "a")
    space.run("btrfs", "subvolume", "create", point / "b")
    space.run("umount", point)
    space.mount(space.image("data", 16, *EXT4), "data")
    space.mount(space.image("inner", 16, *EXT4), "data/inner")
    # Mounted in an order that a copy of the namespace does not keep: it is written parents first.
    space.mount(pool, "z", "-o", "subvol=b")
    space.mount(pool, "data/inner/a", "-o", "subvol=a")
    outside = look()
    inside = look(wrapper=["unshare", "--mount", "--propagation", "private", "sh", "-c", """
        here=$1; shift
        mount --rbind "$here"/data "$here"/data
        mkdir "$here"/data/own && mount --bind "$here"/data/own "$here"/data/own && mount --bind "$here"/data/own /mnt
        cut -d' ' -f5 /proc/self/mountinfo | while read -r point; do
            case $point in "$here"/*) mount -o remount,bind,ro "$point" ;; esac
        done
        exec "$@" """, "sh", str(space.directory)])
    assert inside.keys() == outside.keys() == {"data", "data/inner", "data/inner/a"}
    assert [finding["status"] for finding in inside.values()] == ["OK", "OK", "OK"]
    for name in ("data/inner", "data/inner/a"):
        assert inside[name]["metrics"] == outside[name]["metrics"]


@pytest.mark.needs("df")
def test_the_disks_of_this_machine_equal_df(servercheck):
    """They change while they are read, so each number lies between two calls of df."""

    def df():
        lines = subprocess.run(["df", "-P", "-B1", "-l", "-x", "squashfs", "-x", "tmpfs", "-x", "devtmpfs"],
                               capture_output=True, text=True, check=False).stdout.splitlines()[1:]
        return {line.split(maxsplit=5)[5]: [int(field) for field in line.split()[2:4]] for line in lines}

    config = {"messaging_channels": [], "sensors": [{"diskspace": {"threshold": 90}}]}
    for _ in range(5):
        before = df()
        findings = servercheck("run", "--format", "json", config=config, state=True).json["findings"]
        after = df()
        disks = {finding["id"].removeprefix("diskspace:"): numbers(finding)[""] for finding in findings if finding["metrics"]}
        assert "/" in disks
        used_between = {
            point: min(before[point][0], after[point][0]) <= metric["value"] <= max(before[point][0], after[point][0])
            for point, metric in disks.items()}
        capacity_between = {
            point: min(sum(before[point]), sum(after[point])) <= metric["max"] <= max(sum(before[point]), sum(after[point]))
            for point, metric in disks.items()}
        if all(used_between.values()) and all(capacity_between.values()):
            return
    pytest.fail(f"{json.dumps(disks)} is not between {before} and {after}")
