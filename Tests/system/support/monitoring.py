"""Icinga, Nagios, NRPE and Prometheus in a folder: their Debian packages unpacked, to be laid over a Debian tree.

Unpacked, not installed: nagios4-common alone would bring a mail server, and what the packages do when they are installed
(users, directories, starting daemons) the tests do themselves, as far as they need it.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from support.trees import TreeUnavailable

RECIPE = 1

# The programs, and the libraries that the tree lacks.
PACKAGES = [
    "icinga2-bin", "icinga2-common", "nagios4-common", "nagios4-core", "nagios-nrpe-plugin", "nagios-nrpe-server",
    "prometheus", "prometheus-node-exporter",
    "libboost-context1.74.0", "libboost-coroutine1.74.0", "libboost-filesystem1.74.0", "libboost-iostreams1.74.0",
    "libboost-program-options1.74.0", "libboost-regex1.74.0", "libboost-thread1.74.0", "libicu72",
]
# All that is taken of a package; prometheus itself is 100 MB.
ONLY = {"prometheus": ["./usr/bin/promtool"]}


def monitoring_layer(cache, tree):
    """The folder with what `PACKAGES` hold, for bookworm; built at the first call (10 s, 120 MB)."""
    key = hashlib.sha256(" ".join([str(RECIPE), *PACKAGES]).encode()).hexdigest()[:16]
    layer = Path(cache) / f"monitoring-{key}"
    with open(layer.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if layer.exists():
            return layer
        unfinished = layer.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        with open(layer.with_suffix(".log"), "w") as log:
            archives = download(PACKAGES, tree, unfinished / "apt", log)
        for name in ("bin", "lib", "sbin"):
            # As in the tree: a directory of that name would hide the tree's link, and /bin/sh with it.
            (unfinished / "usr" / name).mkdir(parents=True, exist_ok=True)
            (unfinished / name).symlink_to(f"usr/{name}")
        for archive in archives:
            package = archive.name.split("_")[0]
            content = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE, check=True).stdout
            subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", unfinished, *ONLY.get(package, [])],
                           input=content, check=True)
        for waste in ("apt", "usr/share/doc", "usr/share/man"):
            shutil.rmtree(unfinished / waste)
        unfinished.rename(layer)
    return layer


def download(packages, tree, directory, log):
    """The packages' archives, from where the tree's own came, checked with its keys."""
    for name in ("state/lists/partial", "cache/archives/partial", "archives"):
        (directory / name).mkdir(parents=True)
    config = directory / "apt.conf"
    config.write_text(f'''
        Dir::Etc "{tree}/etc/apt";
        Dir::Etc::Trusted "{tree}/etc/apt/trusted.gpg";
        Dir::Etc::TrustedParts "{tree}/etc/apt/trusted.gpg.d";
        Dir::State "{directory}/state";
        Dir::State::status "{tree}/var/lib/dpkg/status";
        Dir::Cache "{directory}/cache";
        APT::Sandbox::User "root";
        Acquire::Languages "none";
    ''')
    for command in (["update"], ["download", *packages]):
        try:
            done = subprocess.run(
                ["apt-get", "--quiet", *command], cwd=directory / "archives", stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env={**os.environ, "APT_CONFIG": str(config)})
        except OSError as error:
            raise TreeUnavailable(f"cannot run apt-get: {error}") from error
        if done.returncode != 0:
            raise TreeUnavailable(f"apt-get {command[0]} failed, see {log.name}")
    return sorted((directory / "archives").glob("*.deb"))


def status_dat(text):
    """The service blocks of a status.dat, by host: what Nagios wrote, and Icinga 2's statusdata feature."""
    services = {}
    for block in re.findall(r"^servicestatus \{\n(.*?)^\s*\}", text, re.MULTILINE | re.DOTALL):
        fields = dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line)
        services[fields["host_name"]] = fields
    return services


METRIC = re.compile(r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)",?')


def metrics(text):
    """The samples of a text in Prometheus' format: {(name, ((label, value), …)): number}; fails where one comes twice."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = METRIC.fullmatch(line)
        assert match, line
        labels = tuple(sorted(LABEL.findall(match["labels"] or "")))
        assert LABEL.sub("", match["labels"] or "") == "", line
        key = (match["name"], labels)
        assert key not in samples, line
        samples[key] = float(match["value"])
    return samples
