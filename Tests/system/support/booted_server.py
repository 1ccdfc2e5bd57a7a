"""A home server to watch: a booted Debian with partitions of every kind, sshd, a mail server, and people.

The Debian 12 one writes auth.log; the Debian 13 one has no rsyslog and keeps everything in the journal.
"""

import email
import email.policy
import json
import shlex
import time

from support import sshd
from support.booted import Booted

STATE = "/var/lib/servercheck/state.json"
LAST = "/run/servercheck/last.json"
CONFIG = "/etc/servercheck/config.json"
TIMER = "servercheck.timer"
SERVICE = "servercheck.service"
HOSTNAME = "attic"
# Seconds; so long after an attack the status stays CRITICAL.
DURATION = 15

# A partition each: image, megabytes, where it is mounted, and what makes and mounts it. $image, $mount.
PARTITIONS = r"""
partition() {
    image=$space/$1.img mount=$space/$1
    truncate -s "$2M" "$image"
    mkdir "$mount"
    eval "$3"
    mount -o "loop${4:+,$4}" "$image" "$mount"
}
mkdir -p "$root/boot" "$root/srv"
partition var 400 'mkfs.ext4 -q -d "$root/var" "$image"'
partition home 64 'mkfs.ext4 -q "$image"'
partition boot 32 'mkfs.ext4 -q -d "$root/etc/systemd" "$image"' ro
partition xfs 400 'mkfs.xfs -q "$image"'
partition full 16 'mkfs.ext4 -q -m 0 "$image"'
partition btrfs 128 'mkfs.btrfs -q "$image"'
btrfs -q subvolume create "$space/btrfs/photos"
mkdir "$space/photos"
mount -o subvol=photos "$(findmnt -n -o SOURCE "$space/btrfs" | sed 's/\[.*//')" "$space/photos"
partition snap 1 'rm "$image"; mksquashfs "$root/etc/systemd" "$image" -quiet -no-progress >/dev/null'
echo "$hostname" >"$root/etc/hostname"
echo "127.0.1.1 $hostname" >>"$root/etc/hosts"
# OpenSMTPD of Debian 13 does not start without one.
mkdir -p "$root/etc/ssl/certs"
touch "$root/etc/ssl/certs/ca-certificates.crt"
# The kernel's log belongs to the machine that runs the tests.
sed -i '/imklog/d' "$root/etc/rsyslog.conf"
"""

# Where they are inside; those with a finding of their own.
MOUNTS = {"var": "/var", "home": "/home", "boot": "/boot", "xfs": "/srv/my films", "full": "/srv/full",
          "btrfs": "/srv/btrfs", "photos": "/srv/photos", "snap": "/snap/core"}
WATCHED = ["/", "/boot", "/home", "/srv/btrfs", "/srv/full", "/srv/my films", "/var"]


def calm_config(**sensors):
    """Nothing to complain about on a machine like this; by keyword, keys of a sensor instead of these."""
    chosen = {"diskspace": {"threshold": 99}, "free_memory": {"threshold": 99.9},
              "sshd_access": {"amount": 5, "duration": DURATION, "renotify_time": 60}} | sensors
    return {
        "messaging_channels": [{"smtp": {
            "server": "localhost", "port": 25, "from_mail": f"root@{HOSTNAME}", "to_mail": "alice@localhost"}}],
        "sensors": [{name: keys} for name, keys in chosen.items()],
    }


class Server(Booted):
    """`suite`: bookworm, trixie. `files`: {path on this machine: path inside}, copied."""

    def __init__(self, suite, tree, directory, files):
        self.suite = suite
        self.has_auth_log = suite == "bookworm"
        self.attacked = 0
        prepare = f"hostname={HOSTNAME}\n{PARTITIONS}"
        for source, target in files.items():
            prepare += f'cp -a {shlex.quote(str(source))} "$root{target}"\n'
        if not self.has_auth_log:
            prepare += 'ln -s /dev/null "$root/etc/systemd/system/rsyslog.service"\n'
        space = directory / "space"
        super().__init__(tree, space, {space / name: path for name, path in MOUNTS.items()}, prepare)

    def __enter__(self):
        super().__enter__()
        try:
            (self.root / "etc/ssh/sshd_config").write_text(sshd.server_config(self))
            self.shell(sshd.people())
            self.prepare_client()
            self.run("systemctl", "restart", "ssh.service")
        except BaseException:
            self.stop()
            raise
        return self

    # servercheck

    def configure(self, config):
        """Writes the config as the manual says: root's, 0600."""
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        path = self.root / CONFIG.lstrip("/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)

    def start(self):
        """Starts the service by hand and waits for its end; returns what systemd thinks of it."""
        # Other tests keep the processors busy. Where journald comes to the lines of a unit only after its end, it no longer
        # knows the unit's LogLevelMax (it reads /run/systemd/units/log-level-max:UNIT, which the manager removes then).
        self.shell("renice -n -15 -p $(pidof systemd-journald) >/dev/null")
        self.run("systemctl", "start", SERVICE, check=False)
        return self.service()

    def service(self):
        names = ["Result", "ExecMainStatus", "ActiveState", "ExecMainPID"]
        shown = self.run("systemctl", "show", SERVICE, *(f"--property={name}" for name in names)).stdout
        return dict(line.split("=", 1) for line in shown.splitlines())

    def last(self):
        """The last run's result."""
        return json.loads((self.root / LAST.lstrip("/")).read_text())

    def servercheck(self, *args, user=None, check=False):
        """Runs it by hand."""
        command = ["/usr/bin/servercheck", *args]
        return self.run(*(["runuser", "-u", user, "--", *command] if user else command), check=check)

    def timer_microseconds(self, name):
        """A time of the timer: LastTriggerUSec, NextElapseUSecRealtime."""
        answer = self.run("busctl", "get-property", "org.freedesktop.systemd1",
                          "/org/freedesktop/systemd1/unit/servercheck_2etimer", "org.freedesktop.systemd1.Timer", name)
        return int(answer.stdout.split()[1])

    def wait_for_timer(self, after):
        """Until the timer has fired after that time and the run is over; returns when it fired, in microseconds."""
        until = time.monotonic() + 90
        while time.monotonic() < until:
            fired = self.timer_microseconds("LastTriggerUSec")
            if fired > after and self.service()["ActiveState"] in ("inactive", "failed"):
                return fired
            time.sleep(0.2)
        raise AssertionError("the timer did not fire within 90 s")

    # its surroundings

    def prepare_client(self):
        """After each boot."""
        self.shell(sshd.client())

    def let_attack_pass(self):
        """Until the last attack has no part in the status any more."""
        time.sleep(max(0, self.attacked + DURATION + 1 - time.monotonic()))

    def attack(self, *logins):
        """Fails to log in and waits until everything is in the logs."""
        self.shell(sshd.client_script(*logins), timeout=120)
        # The listener's children write their last lines after the client has gone.
        mark = f"everything before this was written {time.monotonic_ns()}"
        self.shell(
            'listener=$(systemctl show --property=MainPID --value ssh.service)\n'
            'while [ -n "$(cat /proc/$listener/task/$listener/children)" ]; do sleep 0.02; done\n'
            f'logger -p auth.info -t test "{mark}"\n'
            'journalctl --sync')
        self.attacked = time.monotonic()
        until = time.monotonic() + 20
        while self.has_auth_log and mark not in (self.root / "var/log/auth.log").read_text(errors="replace"):
            assert time.monotonic() < until, "rsyslog did not write within 20 s"
            time.sleep(0.02)

    def mails(self):
        """What OpenSMTPD delivered to alice, oldest first."""
        self.wait_for_mail_queue()
        folder = self.root / "home/alice/Maildir/new"
        files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns) if folder.exists() else []
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]

    def wait_for_mail_queue(self):
        until = time.monotonic() + 20
        while self.run("smtpctl", "show", "queue").stdout:
            assert time.monotonic() < until, "OpenSMTPD did not deliver within 20 s"
            time.sleep(0.05)

    def journal(self, *args):
        """Entries of the journal, each a dictionary."""
        self.run("journalctl", "--sync")
        text = self.run("journalctl", "--output=json", "--all", "--no-pager", *args).stdout
        return [json.loads(line) for line in text.splitlines()]

    def cursor(self):
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--lines=0", "--show-cursor").stdout.split("-- cursor: ")[1].strip()
