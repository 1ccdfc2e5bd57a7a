"""Installing servercheck and taking it back: make install, install.sh, the tarball and the Debian package.

What happens as root happens in Debian trees, in private namespaces; systemd does not run there.
"""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from support.trees import Container, TreeUnavailable, debian_tree

REPOSITORY = Path(__file__).resolve().parents[2]

# Below PREFIX; the units and the rest are data for others, and only the config may hold secrets.
FILES = {
    "bin/servercheck": 0o755,
    "lib/systemd/system/servercheck.service": 0o644,
    "lib/systemd/system/servercheck.timer": 0o644,
    "lib/sysusers.d/servercheck.conf": 0o644,
    "share/bash-completion/completions/servercheck": 0o644,
    "share/doc/servercheck/README.md": 0o644,
    "share/doc/servercheck/examples/config.schema.json": 0o644,
    "share/doc/servercheck/examples/config.template.json": 0o644,
    "share/fish/vendor_completions.d/servercheck.fish": 0o644,
    "share/man/man1/servercheck.1": 0o644,
    "share/man/man5/servercheck.json.5": 0o644,
    "share/zsh/site-functions/_servercheck": 0o644,
}
CONFIG = "etc/servercheck/config.json"


def modes(folder):
    """Path and mode of every file below."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
            for path in folder.rglob("*") if not path.is_dir()}


def below(prefix):
    return {f"{prefix}/{path}": mode for path, mode in FILES.items()} | {CONFIG: 0o600}


def test_make_install_puts_everything_below_destdir_and_prefix(release, tmp_path):
    subprocess.run(["make", "install", f"BINARY={release}", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=REPOSITORY,
                   check=True, capture_output=True)
    assert modes(tmp_path) == below("usr")
    unit = (tmp_path / "usr/lib/systemd/system/servercheck.service").read_text()
    assert re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE) == ["/usr/bin/servercheck"]
