"""Chapters about installing, upgrading and removing: the Debian package, and install.sh."""

import json
import time
from types import SimpleNamespace as Seen

from support.booted_server import CONFIG, LAST, SERVICE, STATE, TIMER, calm_config
from support.sshd import Login

# Where the tests' own things are inside: the package, and what install.sh --pack makes.
DEB = "/opt/servercheck.deb"
PACK = "/opt/pack"

# Everything but what others keep for themselves: dpkg's and apt's memory, logs, mail, what is gone with a reboot.
LIST = r"""
find / \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /opt -o -path /home \
    -o -path /root -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/spool \
    -o -path /var/backups -o -path /var/lib/systemd/random-seed -o -path /var/lib/logrotate \) -prune -o -print | sort
"""


def installed(server):
    """`apt-get install ./servercheck.deb`, without a network, and nothing else."""
    server.files = server.shell(LIST).stdout.splitlines()
    began = time.monotonic()
    apt = server.run("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", DEB, check=False)
    path = server.root / LAST.lstrip("/")
    while not path.exists() and time.monotonic() < began + 20:
        time.sleep(0.01)
    seconds = time.monotonic() - began
    # The first run, which the package started, has to be over.
    server.run("systemctl", "start", SERVICE, check=False)
    files = server.run("dpkg", "--listfiles", "servercheck", check=False).stdout.splitlines()
    return Seen(
        apt=apt, seconds=seconds, status=server.servercheck("status", user="alice"), files=files,
        timer=timer(server), service=server.service(), system=system(server),
        groups=server.run("id", "--name", "--groups", "servercheck", check=False).stdout.split(),
        config=server.run("stat", "--format=%U:%G %a", CONFIG, check=False).stdout.strip(),
        verified=server.run("systemd-analyze", "verify", "--man=no", SERVICE, TIMER, check=False),
        exposure=server.run("systemd-analyze", "security", "--no-pager", SERVICE, check=False).stdout,
        versions={program: server.shell(f"dpkg-query -W -f='${{Version}}' {program}").stdout
                  for program in ("systemd", "openssh-server", "opensmtpd", "libsystemd0")})


def upgraded(server):
    """A newer package over the one that is in use; once more after the admin has switched the timer off."""
    server.configure(calm_config())
    server.attack(Login("198.51.100.22", "alice"))
    server.start()
    before = Seen(config=read(server, CONFIG), state=json.loads(read(server, STATE)), timer=timer(server))
    dpkg = upgrade(server, "1")
    service = server.start()
    after = Seen(config=read(server, CONFIG), state=json.loads(read(server, STATE)), timer=timer(server))
    version = server.run("dpkg-query", "-W", "-f=${Version}", "servercheck").stdout
    description = server.run("systemctl", "show", SERVICE, "--property=Description,NeedDaemonReload").stdout
    server.run("systemctl", "disable", "--now", TIMER)
    upgrade(server, "2")
    off = timer(server)
    server.run("systemctl", "enable", "--now", TIMER)
    return Seen(before=before, after=after, dpkg=dpkg, service=service, version=version, description=description, off=off)


def upgrade(server, number):
    return server.shell(f"""
        rm -rf /tmp/newer && dpkg-deb -R {DEB} /tmp/newer
        sed -i '/^Version:/s/$/+test{number}/' /tmp/newer/DEBIAN/control
        sed -i '/^Description=/s/$/, newer {number}/' /tmp/newer/usr/lib/systemd/system/{SERVICE}
        dpkg-deb -Znone -b /tmp/newer /tmp/newer.deb >/dev/null
        dpkg --install /tmp/newer.deb </dev/null""", check=False)


def rebooted(server):
    """Attempts before and after; nobody starts anything by hand until all have been made."""
    server.start()
    before = server.last()
    server.attack(Login("198.51.100.30", "alice", answers=("a", "b")))
    server.run("systemctl", "stop", TIMER)
    state = server.reboot()
    server.prepare_client()
    server.attack(Login("198.51.100.31", "nosuch"))
    seen = Seen(before=before, state=state, timer=timer(server))
    seen.service = server.start()
    seen.last = server.last()
    seen.boots = server.run("journalctl", "--list-boots", "--no-pager").stdout.strip().splitlines()
    return seen


def removed(server):
    """`apt-get remove`: config and state are kept."""
    before = Seen(config=read(server, CONFIG), state=read(server, STATE))
    done = server.run("apt-get", "remove", "--yes", "--quiet", "servercheck", check=False)
    return Seen(done=done, before=before, config=read(server, CONFIG), state=read(server, STATE), **traces(server))


def purged(server):
    """`apt-get purge`: nothing is kept but the number of the user."""
    done = server.run("apt-get", "purge", "--yes", "--quiet", "servercheck", check=False)
    return Seen(done=done, left=left(server), user=server.run("getent", "passwd", "servercheck", check=False).stdout,
                shell=server.shell("getent passwd servercheck | cut -d: -f7", check=False).stdout.strip(),
                **traces(server))


def installed_by_script(server):
    """install.sh, twice; uninstalled, and purged."""
    first = server.shell(f"cd {PACK} && ./install.sh", check=False)
    running = Seen(timer=timer(server), service=server.service(), system=system(server),
                   status=server.run("/usr/local/bin/servercheck", "status", check=False))
    second = server.shell(f"cd {PACK} && ./install.sh", check=False)
    uninstalled = server.shell(f"cd {PACK} && ./install.sh --uninstall", check=False)
    kept = server.shell(f"ls {CONFIG} {STATE}", check=False).stdout.split()
    purge = server.shell(f"cd {PACK} && ./install.sh --uninstall --purge", check=False)
    return Seen(first=first, running=running, second=second, uninstalled=uninstalled, kept=kept, purge=purge,
                left=left(server), **traces(server))


def traces(server):
    """What systemd and the file system still know of it."""
    return {
        "units": server.run("systemctl", "list-units", "--all", "--no-legend", "--no-pager", "servercheck*").stdout,
        "unit_files": server.run("systemctl", "list-unit-files", "--no-legend", "--no-pager", "servercheck*",
                                 check=False).stdout,
        "failed": server.run("systemctl", "list-units", "--failed", "--no-legend", "--no-pager").stdout,
        "runtime": server.shell("ls -d /run/servercheck /run/credentials/servercheck* 2>/dev/null || true").stdout,
        "system": system(server),
    }


def left(server):
    return sorted(set(server.shell(LIST).stdout.splitlines()) - set(server.files))


def read(server, path):
    path = server.root / path.lstrip("/")
    return path.read_text() if path.exists() else None


def timer(server):
    """enabled, active."""
    return tuple(server.run("systemctl", word, TIMER, check=False).stdout.strip() for word in ("is-enabled", "is-active"))


def system(server):
    return server.run("systemctl", "is-system-running", check=False).stdout.strip()
