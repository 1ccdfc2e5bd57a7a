"""What all system tests share: the binary under test, how it is run, and when a test may be skipped.

They run the real release binary. A test that cannot run here is skipped with its reason; with CI=true that is a failure,
so that nothing goes untested unnoticed.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.installation import pack
from support.booted_story import Stories
from support.namespace import MountNamespace
from support.run import Servercheck
from support.trees import debian_tree

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "needs(*things): skipped unless each is there: 'root', or the name of a program on the PATH"
    )
    # Debian's PATH of an ordinary user lacks the directories where mkfs, debootstrap and ip are.
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def pytest_collection_modifyitems(items):
    # What waits for timers is started first and looked at last.
    items.sort(key=lambda item: "story" in item.fixturenames)


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


@pytest.fixture
def space(tmp_path):
    """A private mount namespace with a directory for its filesystems."""
    directory = tmp_path / "space"
    directory.mkdir()
    namespace = MountNamespace(directory)
    yield namespace
    namespace.close()


@pytest.fixture(scope="session")
def tree_cache():
    """Where Debian trees are kept between test runs."""
    path = Path(os.environ.get("SERVERCHECK_TEST_CACHE") or REPOSITORY / ".build/test-trees").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def stories(release, deb, tree_cache, tmp_path_factory):
    """Servers that boot, one for each suite: everything that happens on them, going on in threads."""
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        pytest.skip("needs root and systemd-nspawn")
    directory = tmp_path_factory.mktemp("booted")
    subprocess.run([REPOSITORY / "install.sh", "--binary", release, "--pack", directory / "pack"], check=True,
                   stdout=subprocess.DEVNULL)
    files = {deb: "/opt/servercheck.deb", directory / "pack": "/opt/pack"}
    with Stories(["bookworm", "trixie"], lambda suite: debian_tree(tree_cache, suite), directory, files) as stories:
        yield stories


@pytest.fixture(scope="session", autouse=True)
def stories_begin(request):
    """At the first test, whichever that is: waiting for the timer then costs no time of its own."""
    if any("story" in item.fixturenames for item in request.session.items):
        try:
            request.getfixturevalue("stories")
        except (pytest.skip.Exception, pytest.fail.Exception, subprocess.CalledProcessError):
            # Those that need it will get the same answer.
            pass


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def story(request, stories):
    story = stories[request.param]
    try:
        story["booted"]
    except Exception as error:
        pytest.skip(f"needs a booted Debian tree: {error}")
    return story
