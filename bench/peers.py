"""The programs servercheck is compared with, from Debian's packages.

They are unpacked below .build, not installed: fail2ban's package would start a daemon that bans addresses.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Package -> what is used of it.
PACKAGES = {
    "monitoring-plugins-basic": "check_disk, check_swap, check_log",
    "monitoring-plugins-common": "what check_log includes",
    "logtail": "logtail",
    "ripgrep": "rg",
    "fail2ban": "fail2ban-regex",
}
PYTHON = "/usr/bin/python3"


class Peers:
    """Where the peers are, how they are called, and their versions."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.root = self.directory / "root"
        self.stamp = self.directory / "versions"
        if not self.stamp.exists():
            self.fetch()
        self.versions = dict(line.split() for line in self.stamp.read_text().splitlines())
        plugins = self.root / "usr/lib/nagios/plugins"
        self.path = f"{self.root}/usr/sbin:/usr/bin:/bin"
        self.check_disk = [plugins / "check_disk", "-l", "-w", "10%", "-c", "5%"]
        self.check_swap = [plugins / "check_swap", "-w", "20%", "-c", "10%"]
        self.check_log_program = plugins / "check_log"
        self.rg = self.root / "usr/bin/rg"

    def check_log(self, log, old):
        return [self.check_log_program, "-F", log, "-O", old, "-e", "-q", "Failed password|Invalid user"]

    @staticmethod
    def logtail(log, offset, grep="grep -E"):
        return ["/bin/sh", "-c", f"logtail -f {log} -o {offset} | {grep} 'Failed password|Invalid user'"]

    def count(self, log):
        return [self.rg, "-c", "Failed password|Invalid user", log]

    def fail2ban(self, log):
        filters = self.root / "etc/fail2ban"
        return [PYTHON, self.root / "usr/bin/fail2ban-regex", "-c", filters, log, filters / "filter.d/sshd.conf"]

    @property
    def fail2ban_environment(self):
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": self.root / "usr/lib/python3/dist-packages"}

    def fetch(self):
        print("Debian packages to compare with; they are unpacked below .build, nothing is installed:")
        for package, use in PACKAGES.items():
            print(f"    {package:26} {use}")
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            sys.exit("There is no apt-get or no dpkg-deb here; the comparison needs Debian's or Ubuntu's packages.")
        if os.environ.get("CI") != "true" and os.environ.get("YES") != "1":
            if not sys.stdin.isatty():
                sys.exit("Not asking without a terminal. Set YES=1 to fetch them.")
            if input("Fetch them now? [Y/n] ").strip().lower() not in ("", "y", "yes"):
                sys.exit("Nothing to compare with.")
        shutil.rmtree(self.directory, ignore_errors=True)
        packages = self.directory / "packages"
        packages.mkdir(parents=True)
        command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *PACKAGES]
        if subprocess.run(command, cwd=packages).returncode != 0:
            sys.exit("apt-get could not fetch them. Try `apt-get update` as root.")
        versions = []
        for package in sorted(packages.iterdir()):
            subprocess.run(["dpkg-deb", "-x", package, self.root], check=True)
            fields = subprocess.run(["dpkg-deb", "-f", package, "Package", "Version"], check=True, capture_output=True, text=True)
            values = dict(line.split(": ") for line in fields.stdout.splitlines())
            versions.append(f"{values['Package']} {values['Version']}\n")
        self.stamp.write_text("".join(versions))
