"""A Debian tree booted by its own systemd, below systemd-nspawn: real units, timers, journald, sshd, dpkg.

Nothing of it may stay on the machine, however the tests end: the mounts are in a namespace of nspawn's own, SIGTERM to
nspawn shuts the system down, and nspawn gets that signal from the kernel too when the thread that started it is gone.
SIGKILL would free nspawn of its duty and leave the container running: it is never sent to it.
"""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from support.trees import Container

# $1 tree, $2 an empty folder, $3 what prepares the tree, $4 the control group's name; then options for nspawn.
SETUP = r"""
set -eu
tree=$1 space=$2 prepare=$3 group=$4
shift 4
# Of nspawn's locks and registers nothing stays either.
mount -t tmpfs -o mode=755 run /run
mountpoint -q /sys || mount -t sysfs -o ro sys /sys
grep -q ' cgroup2 ' /proc/mounts || mount -t cgroup2 cgroup2 /sys/fs/cgroup
hierarchies=$(awk '$3 == "cgroup2" || $3 == "cgroup" && $4 ~ /name=systemd/ { print $2 }' /proc/mounts)
leave_groups() {
    for hierarchy in $hierarchies; do
        echo $$ >"$hierarchy/cgroup.procs"
        find "$hierarchy/$group" -depth -type d -exec rmdir {} \;
    done
}
trap leave_groups EXIT
trap 'exit 143' TERM
# Two containers in the same group would stop each other's services.
for hierarchy in $hierarchies; do
    mkdir -p "$hierarchy/$group"
    echo $$ >"$hierarchy/$group/cgroup.procs"
done
mount -t tmpfs -o mode=755 space "$space"
mkdir "$space/upper" "$space/work" "$space/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$space/upper,workdir=$space/work" overlay "$space/root"
root=$space/root
eval "$prepare"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
# Without the machine's systemd and D-Bus, which may not be there; with no network but a loopback of its own.
# Such an nspawn ends with 133 when the system inside reboots.
status=133
trap 'kill "$child"' TERM
while [ $status = 133 ]; do
    systemd-nspawn --quiet --boot --directory="$root" --machine=booted --hostname=booted --keep-unit --register=no \
        --private-network --resolv-conf=off --timezone=off --console=pipe "$@" &
    child=$!
    # A signal ends the wait, not nspawn.
    while kill -0 "$child" 2>/dev/null; do
        status=0
        wait "$child" || status=$?
    done
done
exit $status
"""


class Booted(Container):
    """A booted tree; `run` and `shell` run commands inside, as root. Use as a context manager, within one thread.

    binds: {path on this machine, or below `space` as `prepare` leaves it: path inside}.
    prepare: a shell script that runs before the boot; $root is the tree, a copy that vanishes; $space a tmpfs.
    """

    def __init__(self, tree, space, binds=None, prepare=""):
        super().__init__(tree, space, binds)
        self.prepare = prepare
        self.stopping = threading.Lock()
        self.group = f"servercheck-test-{os.getpid()}-{self.space.parent.name}"

    def __enter__(self):
        self.space.mkdir(parents=True, exist_ok=True)
        self.errors = open(self.space.with_suffix(".console"), "w+")
        options = [f"--bind={source}:{target}" for source, target in self.binds.items()]
        self.leader = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount", "--propagation", "private", "--",
             "/bin/sh", "-c", SETUP, "setup", self.tree, self.space, self.prepare, self.group, *options],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        try:
            self.wait_until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def wait_until_up(self, seconds=60):
        """Until systemd has started all it starts by itself; returns its word for that: running, degraded."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.leader.poll() is not None:
                raise RuntimeError(f"nspawn ended with {self.leader.returncode}: {self.console()}")
            self.init = self._first_process()
            if self.init and (self.root / "run/systemd/private").exists():
                state = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return state
            time.sleep(0.05)
        raise RuntimeError(f"not booted within {seconds} s: {self.console()}")

    def _first_process(self):
        """The pid, outside, of the process that is 1 inside."""
        for nspawn in children(self.leader.pid):
            for process in children(nspawn):
                try:
                    status = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                if status.startswith("Name:\tsystemd\n") and re.search(r"^NSpid:.*\t1$", status, re.MULTILINE):
                    return process
        return None

    def reboot(self):
        """As `reboot` does; nspawn starts the tree again, with all that was written."""
        before = self.init
        # The connection may break before the answer.
        self.run("systemctl", "reboot", check=False)
        while self._first_process() == before:
            if self.leader.poll() is not None:
                raise RuntimeError(f"nspawn ended with {self.leader.returncode}: {self.console()}")
            time.sleep(0.02)
        return self.wait_until_up()

    def command(self, *args):
        # Not longer than the thread that waits for it: see `release`.
        return ["setpriv", "--pdeathsig", "KILL", *super().command(*args)]

    def release(self):
        """Ends what still waits for commands inside.

        A shutdown stops every process before it kills it; nsenter then stops as well, and its dead child, which nobody
        waits for any more, keeps the whole container from ending.
        """
        for thread in Path("/proc/self/task").iterdir():
            for process in children("self", thread.name):
                try:
                    words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[0] == b"nsenter" and words[1] == f"--target={self.init}".encode():
                    os.kill(process, signal.SIGKILL)

    def console(self):
        self.errors.seek(0)
        return self.errors.read()

    def outside(self, script):
        """Runs a script where the tree's mounts were made: the machine that this one is a guest of."""
        subprocess.run(["nsenter", f"--target={self.leader.pid}", "--mount", "--", "/bin/sh", "-euc", script],
                       stdin=subprocess.DEVNULL, check=True, capture_output=True)

    def stop(self):
        """An orderly shutdown; where that takes too long, the end of process 1, which takes all others along.

        Any thread may call it; of several calls the first does it.
        """
        with self.stopping:
            if self.leader and self.leader.poll() is None:
                first = self._first_process()
                self.leader.terminate()
                self.release()
                try:
                    self.leader.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    if first:
                        os.kill(first, signal.SIGKILL)
                    self.leader.wait(timeout=20)
        self.errors.close()


def children(process, thread=None):
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{thread or process}/children").read_text().split()]
    except OSError:
        return []
