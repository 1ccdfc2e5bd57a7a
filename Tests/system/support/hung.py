"""A FUSE filesystem whose daemon is stopped: whoever asks it waits for ever."""

import os
import subprocess
import sys

import pytest

DAEMON = """if True:
    import ctypes, os, sys, time
    libc = ctypes.CDLL(None, use_errno=True)
    for point in sys.argv[1:]:
        options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % os.open("/dev/fuse", os.O_RDWR)
        if libc.mount(b"hung", os.fsencode(point), b"fuse", 0, options) != 0:
            sys.exit(os.strerror(ctypes.get_errno()))
    print("mounted", flush=True)
    time.sleep(3600)
"""


class HungMounts:
    """Mounts such filesystems inside a `MountNamespace`, until the end of the with statement."""

    def __init__(self, namespace, *points):
        self.command = [*namespace.enter, sys.executable, "-c", DAEMON, *map(os.fsdecode, points)]

    def __enter__(self):
        self.daemon = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.daemon.stdout.readline() != b"mounted\n":
            self.__exit__()
            pytest.skip("FUSE cannot be mounted here")
        return self

    def __exit__(self, *_):
        # With its daemon gone the kernel answers all who wait.
        self.daemon.kill()
        self.daemon.wait()
        self.daemon.stdout.close()
