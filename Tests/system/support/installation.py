"""Packages of the program under test, and what their installation left: files, modes, the user, a program that works."""

import json
import os
import stat
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

CONFIG = "/etc/servercheck/config.json"

# What apt, dpkg and sysusers write for themselves when anything is installed.
OF_OTHERS = ["/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/var/cache/debconf", "/var/log", "/etc/passwd-",
             "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/.pwd.lock", "/tmp", "/package"]


def pack(kind, program, folder):
    """The `deb` or the tarball (`dist`) of a program, made in the folder; hardly compressed, to be quick."""
    subprocess.run([REPOSITORY / f"packaging/{kind}.sh", program, folder], check=True, stdout=subprocess.PIPE,
                   env={**os.environ, "PACK_LEVEL": {"deb": "0", "dist": "1"}[kind]})
    package, = [*folder.glob("*.deb"), *folder.glob("*.tar.gz")]
    return package


def contrib():
    """The examples for other programs."""
    return [str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "contrib").rglob("*") if path.is_file()]


def modes(folder):
    """{path below the folder, as it would be below /: mode} of all that is no folder."""
    return {"/" + str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
            for path in folder.rglob("*") if not path.is_dir()}


def paths(container):
    """Every path in the container, and in its /run what is servercheck's."""
    pruned = " -o ".join(f"-path {path}" for path in OF_OTHERS)
    found = container.shell(rf"find / -xdev \( {pruned} \) -prune -o -print; find /run -name 'servercheck*'").stdout
    return set(found.splitlines())


def user(container):
    """The groups of the system user."""
    return sorted(container.run("id", "--name", "--groups", "servercheck").stdout.split())


def assert_it_runs_truly(container):
    """Runs the installed program as it was installed, with a log of an sshd that has seen no failure."""
    line = "2026-11-23T15:42:13.755266+00:00 testhost sshd[1]: Server listening on 0.0.0.0 port 22.\n"
    log = container.root / "var/log/auth.log"
    log.write_text(line)
    result = json.loads(container.run("servercheck", "--format", "json", check=False).stdout)
    findings = {finding["id"]: finding for finding in result["findings"]}
    assert {"diskspace:/", "free_memory", "sshd_access"} <= set(findings)
    assert findings["sshd_access"]["status"] == "OK"
    assert "UNKNOWN" not in {finding["status"] for finding in findings.values()}
    used, = [metric["value"] for metric in findings["diskspace:/"]["metrics"] if metric["name"] == "diskspace_/"]
    df = int(container.run("df", "--block-size=1", "--output=used", "/").stdout.split()[1])
    # The machine that runs the tests may have little memory, and its other programs use it.
    assert abs(used - df) < 100e6
    status = container.run("servercheck", "status", check=False)
    assert status.returncode == result["exit_code"]
    assert status.stdout.startswith(f"SERVERCHECK {result['status']} - ")
