"""What is shipped: a release binary that needs nothing but the C library."""

import re
import subprocess


def dynamic_section(binary):
    return subprocess.run(["readelf", "--dynamic", "--wide", binary], check=True, capture_output=True, text=True).stdout


def needed(binary):
    return sorted(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic_section(binary)))


def test_only_the_c_library_is_linked_dynamically(release):
    # A shared libstdc++ alone costs 1 ms of every start.
    assert [name for name in needed(release) if not name.startswith("ld-linux-")] == ["libc.so.6", "libm.so.6"]


def test_libraries_come_from_the_systems_directories_only(release):
    assert not re.search(r"\((RPATH|RUNPATH)\)", dynamic_section(release))
