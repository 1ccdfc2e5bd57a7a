"""What all system tests share: the binary under test, how it is run, and when a test may be skipped.

They run the real release binary. A test that cannot run here is skipped with its reason; with CI=true that is a failure,
so that nothing goes untested unnoticed.
"""

import os
import shutil
from pathlib import Path

import pytest

from support.installation import pack
from support.run import Servercheck

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "needs(*things): skipped unless each is there: 'root', or the name of a program on the PATH"
    )
    # Debian's PATH of an ordinary user lacks the directories where mkfs, debootstrap and ip are.
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for thing in marker.args:
            if thing == "root":
                if os.geteuid() != 0:
                    pytest.skip("needs root")
            elif shutil.which(thing) is None:
                pytest.skip(f"needs {thing}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    fail_instead_of_skipping((yield).get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    fail_instead_of_skipping((yield).get_result())


def fail_instead_of_skipping(report):
    """With CI=true the machine has everything, so a skip means that something is broken."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{reason} (a skipped test counts as failed because of CI=true)"


@pytest.fixture(scope="session")
def binary():
    """The program under test, an absolute path."""
    path = Path(os.environ.get("SERVERCHECK") or REPOSITORY / ".build/debug/servercheck").resolve()
    if not path.exists():
        pytest.fail(f"there is no {path}: run make build, or set SERVERCHECK")
    return path


@pytest.fixture(scope="session")
def release(binary):
    """The same where it must be the optimised one, as `make build` makes it."""
    if "debug" in binary.parts:
        pytest.skip("needs the release binary: run make system")
    return binary


@pytest.fixture(scope="session")
def deb(release, tmp_path_factory):
    """The Debian package of the program under test."""
    return pack("deb", release, tmp_path_factory.mktemp("deb"))


@pytest.fixture
def servercheck(binary, tmp_path):
    """A `Servercheck` that keeps its config, state and home below the test's own directory."""
    return Servercheck(binary, tmp_path)


@pytest.fixture(scope="session")
def tree_cache():
    """Where Debian trees are kept between test runs."""
    path = Path(os.environ.get("SERVERCHECK_TEST_CACHE") or REPOSITORY / ".build/test-trees").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path
