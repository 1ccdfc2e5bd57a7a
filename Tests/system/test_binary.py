"""What is shipped: a release binary that needs nothing but the C library, and what `make install` does with it."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def release(binary):
    if "debug" in binary.parts:
        pytest.skip("needs the release binary: run make system")
    return binary


def dynamic_section(binary):
    return subprocess.run(["readelf", "--dynamic", "--wide", binary], check=True, capture_output=True, text=True).stdout


def needed(binary):
    return sorted(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic_section(binary)))


def test_only_the_c_library_is_linked_dynamically(release):
    # A shared libstdc++ alone costs 1 ms of every start.
    assert [name for name in needed(release) if not name.startswith("ld-linux-")] == ["libc.so.6", "libm.so.6"]


def test_libraries_come_from_the_systems_directories_only(release):
    assert not re.search(r"\((RPATH|RUNPATH)\)", dynamic_section(release))


def test_make_install_puts_everything_below_destdir_and_prefix(release, tmp_path):
    subprocess.run(["make", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=REPOSITORY, check=True,
                   capture_output=True, timeout=60)
    files = {str(path.relative_to(tmp_path)): oct(path.stat().st_mode & 0o777)
             for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        "usr/bin/servercheck": "0o755",
        "usr/lib/systemd/system/servercheck.service": "0o644",
        "usr/lib/systemd/system/servercheck.timer": "0o644",
        "usr/lib/sysusers.d/servercheck.conf": "0o644",
        "usr/share/doc/servercheck/README.md": "0o644",
        "usr/share/doc/servercheck/config.schema.json": "0o644",
        "usr/share/doc/servercheck/config.template.json": "0o644",
    }
    unit = (tmp_path / "usr/lib/systemd/system/servercheck.service").read_text()
    assert re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE) == ["/usr/bin/servercheck"]
    assert needed(tmp_path / "usr/bin/servercheck") == needed(release)
