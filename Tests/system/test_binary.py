"""The release binary carries everything it needs but the C library: a shared libstdc++ costs 1 ms of every start."""

import re
import subprocess

import pytest


def test_only_the_c_library_is_linked_dynamically(binary):
    if "debug" in binary.parts:
        pytest.skip("needs the release binary: run make system")
    output = subprocess.run(["readelf", "--dynamic", "--wide", binary], check=True, capture_output=True, text=True).stdout
    needed = sorted(re.findall(r"\(NEEDED\).*\[(.*)\]", output))
    assert [name for name in needed if not name.startswith("ld-linux-")] == ["libc.so.6", "libm.so.6"]
