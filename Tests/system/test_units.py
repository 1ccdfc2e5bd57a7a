"""The systemd units, judged by the systemd of Debian 12 and 13: no complaint, and no more rights than needed."""

import re
from pathlib import Path

import pytest

from support.trees import Container, TreeUnavailable, debian_tree

pytestmark = pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")

SERVICE = "/etc/systemd/system/servercheck.service"
TIMER = "/etc/systemd/system/servercheck.timer"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["bookworm", "trixie"], scope="module")
def container(request, binary, tree_cache, tmp_path_factory):
    try:
        tree = debian_tree(tree_cache, request.param)
    except TreeUnavailable as error:
        pytest.skip(f"needs a Debian tree: {error}")
    units = REPOSITORY / "systemd"
    with Container(tree, tmp_path_factory.mktemp("units") / "space", {
        binary: "/usr/local/bin/servercheck",
        units / "servercheck.service": SERVICE,
        units / "servercheck.timer": TIMER,
        units / "servercheck.sysusers": "/usr/local/lib/sysusers.d/servercheck.conf",
    }) as container:
        yield container


def test_systemd_has_nothing_to_say_about_the_units(container):
    done = container.run("systemd-analyze", "verify", "--man=no", SERVICE, TIMER, check=False)
    # Unknown directives are told but do not fail.
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_exposure_is_low(container):
    done = container.run("systemd-analyze", "security", "--offline=yes", "--no-pager", SERVICE)
    exposure = float(re.search(r"Overall exposure level for servercheck.service: ([0-9.]+)", done.stdout).group(1))
    assert exposure <= 1.5


def test_sysusers_makes_the_user_with_its_groups(container):
    container.run("systemd-sysusers", "servercheck.conf")
    groups = container.run("id", "--name", "--groups", "servercheck").stdout.split()
    assert sorted(groups) == ["adm", "servercheck", "systemd-journal"]
