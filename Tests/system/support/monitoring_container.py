"""The container that contrib/ is tried in: Debian with the monitoring programs, prepared as contrib/README.md says."""

import json
import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.monitoring import monitoring_layer
from support.trees import Container, TreeUnavailable, debian_tree

CONTRIB = Path(__file__).resolve().parents[3] / "contrib"

# Each makes a run of its status, and depends on nothing but this machine's memory.
SENSORS = {
    "OK": {"free_memory": {"threshold": 99.9}},
    "WARNING": {"free_memory": {"threshold": 99.9, "warning_threshold": 0.01}},
    "CRITICAL": {"free_memory": {"threshold": 0.01}},
    "UNKNOWN": {"sshd_access": {"log_file": "/nonexistent/auth.log", "source": "file"}},
}
EXIT_CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}

# What the packages do when they are installed, as far as it is needed here.
PREPARE = """
useradd --system --user-group --home-dir /var/lib/nagios nagios
useradd --system --user-group prometheus
useradd --system --user-group servercheck
mkdir -p /run/nagios /run/nagios4 /var/lib/nagios4/rw /var/lib/nagios4/spool/checkresults
chown -R nagios:nagios /run/nagios /run/nagios4 /var/lib/nagios4 /var/log/nagios4
chown -R nagios:nagios /var/cache/icinga2 /var/log/icinga2 /var/lib/icinga2
/usr/lib/icinga2/prepare-dirs /etc/default/icinga2
rm -r /etc/icinga2/conf.d
mkdir /etc/icinga2/conf.d /etc/servercheck
mkdir -m 755 /run/servercheck
touch /var/log/auth.log
chgrp adm /var/log/auth.log
chmod 640 /var/log/auth.log
# What contrib/README.md says.
usermod -aG adm nagios
install -d -o nagios -g nagios -m 750 /var/lib/servercheck-nagios
chgrp servercheck /var/lib/prometheus/node-exporter
chmod 775 /var/lib/prometheus/node-exporter
"""


def until(what, seconds=30):
    """What `what` returns, as soon as that is true."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {what.__name__}"
        time.sleep(0.1)


@contextmanager
def monitoring_container(binary, tree_cache, directory):
    try:
        tree = debian_tree(tree_cache, "bookworm")
        layer = monitoring_layer(tree_cache, tree)
    except TreeUnavailable as error:
        pytest.skip(f"needs Debian's monitoring packages: {error}")
    with Container(tree, directory / "space", {
        binary: "/usr/local/bin/servercheck",
        CONTRIB: "/contrib",
    }, layers=[layer]) as container:
        container.shell(PREPARE)
        yield container


def is_listening(container, port):
    tables = [Path(f"/proc/{container.init}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    return any(re.search(rf":{port:04X} 0+:0000 0A ", table) for table in tables)


class Daemon:
    """A program in the foreground, ended with the container at the latest."""

    def __init__(self, container, *command):
        self.log = container.space.with_suffix("." + Path(command[0]).name)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                container.command(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"})

    def wait_for(self, what):
        def there():
            assert self.process.poll() is None, self.log.read_text()
            return what()
        return until(there)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def config(container, sensors, **keys):
    path = container.root / "etc/servercheck/config.json"
    path.write_text(json.dumps({"messaging_channels": [], "sensors": sensors, **keys}))
    path.chmod(0o600)


def run(container, sensors, **keys):
    config(container, sensors, **keys)
    return container.run("env", "LOG_LEVEL=CRITICAL", "servercheck", check=False)
