"""Debian in a folder: built once with debootstrap, kept between test runs, never changed afterwards.

`Container` boots nothing: it is a tree in private mount, network, PID, IPC and UTS namespaces with a writable layer on
top that vanishes with it. The machine that runs the tests stays as it is.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

# Part of the key of a cached tree: raise it when the way of building changes.
RECIPE = 2

# What the tests run in the trees; one set for all of them, so that each suite is built once.
PACKAGES = ["dbus", "iproute2", "libcurl4", "libpam-systemd", "openssh-client", "openssh-server", "opensmtpd", "rsyslog",
            "systemd", "systemd-sysv"]

# Names that differ; debootstrap does not know what a package provides.
RENAMED = {"trixie": {"libcurl4": "libcurl4t64"}}


class TreeUnavailable(Exception):
    """The tree is not in the cache and cannot be built here."""


def debian_mirror():
    """The mirror this machine's apt gets Debian from; None where it is no Debian: debootstrap then takes its default."""
    try:
        lines = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"],
            check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None
    for line in lines:
        origin, label, address = (line.split("|") + ["", ""])[:3]
        if origin == label == "Debian" and address.startswith(("http://", "https://")):
            return address.rstrip("/")
    return None


def debian_tree(cache, suite, packages=PACKAGES):
    """The folder of a minimal Debian `suite` with `packages`, built at the first call (40 s, 300 MB)."""
    packages = sorted({RENAMED.get(suite, {}).get(name, name) for name in packages})
    key = hashlib.sha256(" ".join([str(RECIPE), suite, *packages]).encode()).hexdigest()[:16]
    tree = Path(cache) / f"{suite}-{key}"
    with open(Path(cache) / f"{suite}-{key}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if tree.exists():
            return tree
        unfinished = tree.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        mirror = debian_mirror()
        with open(tree.with_suffix(".log"), "w") as log:
            try:
                done = subprocess.run(
                    ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite, str(unfinished),
                     *([mirror] if mirror else [])],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
            except OSError as error:
                raise TreeUnavailable(f"cannot run debootstrap: {error}") from error
        if done.returncode != 0:
            last = tree.with_suffix(".log").read_text(errors="replace").strip().splitlines()[-1:]
            raise TreeUnavailable(f"debootstrap of {suite} failed: {' '.join(last)} (see {tree.with_suffix('.log')})")
        # minbase has none, and names must not be asked for elsewhere.
        (unfinished / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        for archive in (unfinished / "var/cache/apt/archives").glob("*.deb"):
            archive.unlink()
        unfinished.rename(tree)
    return tree


# Runs in the new namespaces as their first process: $1 tree, or several (overlayfs's lowerdir), $2 an empty folder, then
# SOURCE TARGET pairs to bind.
SETUP = r"""
set -eu
tree=$1 space=$2
shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$space"
mkdir "$space/upper" "$space/work" "$space/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$space/upper,workdir=$space/work" "$space/root"
root=$space/root
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
while [ $# -gt 0 ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root$(dirname "$2")"; touch "$root$2"; fi
    mount --rbind "$1" "$root$2"
    shift 2
done
ip link set lo up
hostname testhost
touch "$space/ready"
exec chroot "$root" /bin/sh -c 'echo ready >/run/ready; exec sleep infinity'
"""


class Container:
    """A tree in private namespaces; use as a context manager.

    binds: {path on this machine: path inside}; layers: folders whose files come before the tree's.
    """

    def __init__(self, tree, space, binds=None, layers=()):
        self.tree = ":".join(map(str, [*layers, tree]))
        self.space = Path(space)
        self.binds = binds or {}
        self.leader = None
        self.init = None

    def __enter__(self):
        self.space.mkdir(parents=True, exist_ok=True)
        pairs = [str(part) for pair in self.binds.items() for part in pair]
        self.errors = open(self.space.with_suffix(".err"), "w+")
        self.leader = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--",
             "/bin/sh", "-c", SETUP, "setup", self.tree, str(self.space), *pairs],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _wait_until_ready(self):
        for _ in range(500):
            if self.leader.poll() is not None:
                self.errors.seek(0)
                raise RuntimeError(f"the container did not start: {self.errors.read()}")
            if self.init is None:
                children = Path(f"/proc/{self.leader.pid}/task/{self.leader.pid}/children").read_text().split()
                self.init = int(children[0]) if children else None
            elif Path(f"/proc/{self.init}/root/run/ready").exists():
                return
            time.sleep(0.02)
        raise RuntimeError("the container did not start within 10 s")

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends every process inside; the writable layer goes with the last of them."""
        if self.leader and self.leader.poll() is None:
            # Its first process takes all others along, and unshare(1) ends with it.
            os.kill(self.init or self.leader.pid, signal.SIGKILL)
            self.leader.wait()
        self.errors.close()

    @property
    def root(self):
        """The container's `/` as seen from outside, to read and write files in."""
        return Path(f"/proc/{self.init}/root")

    def command(self, *args):
        """What to run on this machine so that `args` run inside as root."""
        return ["nsenter", f"--target={self.init}", "--mount", "--net", "--pid", "--ipc", "--uts", "--root",
                "--wd", "--", *map(str, args)]

    def run(self, *args, check=True, timeout=60, **options):
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                       "HOME": "/root", "TERM": "dumb"}
        done = subprocess.run(self.command(*args), timeout=timeout, env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"exit status {done.returncode} of {args[-1]}\n{done.stdout}{done.stderr}")
        return done

    def shell(self, script, **options):
        return self.run("/bin/sh", "-euc", script, **options)
