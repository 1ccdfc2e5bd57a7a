"""A private mount namespace with real filesystems on loop devices; the machine itself sees none of it."""

import subprocess
from pathlib import Path


class MountNamespace:
    """Lives as long as its first process. `directory` becomes a tmpfs inside, for images and mount points."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec sleep 3600"],
            stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.enter = ["nsenter", "--target", str(self.holder.pid), "--mount"]
        self.run("mount", "-t", "tmpfs", "-o", "mode=755", "images", self.directory)

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()

    def run(self, *command, check=True):
        """Runs a command inside and returns its standard output."""
        done = subprocess.run([*self.enter, *command], capture_output=True)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout.decode("utf-8", "replace")

    def shell(self, script, *arguments, check=True):
        return self.run("sh", "-euc", script, "sh", *arguments, check=check)

    def image(self, name, megabytes, *mkfs):
        """A sparse image with a filesystem made by `mkfs` (a command that ends before the image's name)."""
        path = self.directory / f"{name}.img"
        self.run("truncate", "-s", f"{megabytes}M", path)
        if mkfs:
            self.run(*mkfs, path)
        return path

    def point(self, name):
        """A new mount point; a name or bytes."""
        path = bytes(self.directory) + b"/" + (name if isinstance(name, bytes) else name.encode())
        self.run("mkdir", "-p", "--", path)
        return path if isinstance(name, bytes) else Path(path.decode())

    def mount(self, source, point, *options):
        path = self.point(point)
        self.run("mount", *options, source, path)
        return path

    def df(self, path):
        """What df says: bytes and inodes."""
        line = self.run("df", "-P", "-B1", "--", path).splitlines()[-1]
        total, used, available, percent = line.split(maxsplit=5)[1:5]
        inodes, inodes_used = self.run("df", "--output=itotal,iused", "--", path).splitlines()[-1].split()
        return {"total": int(total), "used": int(used), "available": int(available),
                "percent": None if percent == "-" else int(percent.rstrip("%")),
                "inodes": 0 if inodes == "-" else int(inodes),
                "inodes_used": 0 if inodes_used == "-" else int(inodes_used)}
