"""Installing, upgrading and removing on servers that booted: see test_booted.py."""

import re

import pytest

from support.booted_server import HOSTNAME

pytestmark = pytest.mark.needs(
    "root", "debootstrap", "unshare", "nsenter", "setpriv", "systemd-nspawn", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs",
    "mksquashfs")

SUCCESS = {"Result": "success", "ActiveState": "inactive"}
NOTHING = {"units": "", "unit_files": "", "failed": "", "runtime": "", "system": "running"}


def outcome(service):
    return {name: service[name] for name in SUCCESS}


def total(report):
    finding, = [finding for finding in report["findings"] if finding["id"] == "sshd_access"]
    return {metric["name"]: metric["value"] for metric in finding["metrics"]}["attempts_total"]


def remembered_total(state):
    return state["sensors"]["sshd_access"]["sshd_access"]["attempts"]["attempts_total"]


def test_the_package_runs_as_soon_as_it_is_installed(story):
    seen = story["installed"]
    assert seen.apt.returncode == 0, seen.apt.stdout + seen.apt.stderr
    assert (seen.timer, outcome(seen.service), seen.system) == (("enabled", "active"), SUCCESS, "running")
    assert seen.status.stdout.startswith("SERVERCHECK OK - ")
    assert (sorted(seen.groups), seen.config) == (["adm", "servercheck", "systemd-journal"], "root:root 600")


def test_systemd_has_nothing_to_say_about_the_installed_units(story):
    done = story["installed"].verified
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_exposure_of_the_installed_unit_is_low(story):
    """Online: with what this systemd made of the unit, drop-ins and all."""
    found = re.search(r"Overall exposure level for servercheck.service: ([0-9.]+)", story["installed"].exposure)
    assert float(found.group(1)) <= 1.5


def test_an_upgrade_keeps_config_state_and_timer(story):
    seen = story["upgraded"]
    assert seen.dpkg.returncode == 0, seen.dpkg.stdout + seen.dpkg.stderr
    assert (seen.version.endswith("+test1"), "newer 1\nNeedDaemonReload=no" in seen.description) == (True, True)
    assert (outcome(seen.service), seen.after.config, seen.after.timer) == (
        SUCCESS, seen.before.config, ("enabled", "active"))
    assert remembered_total(seen.before.state) == remembered_total(seen.after.state) > 0
    assert seen.after.state["problems"].keys() == seen.before.state["problems"].keys()


def test_an_upgrade_leaves_a_timer_off_that_the_admin_switched_off(story):
    assert story["upgraded"].off == ("disabled", "inactive")


def test_after_a_reboot_the_timer_is_back_and_nothing_was_lost(story):
    seen = story["rebooted"]
    assert (seen.state, seen.timer, outcome(seen.service)) == ("running", ("enabled", "active"), SUCCESS)
    assert total(seen.last) == total(seen.before) + 3
    assert seen.last["host"] == HOSTNAME


def test_removing_the_package_keeps_config_and_state_only(story):
    seen = story["removed"]
    assert seen.done.returncode == 0, seen.done.stdout + seen.done.stderr
    # Debian keeps the link that enables the timer, for the day when the package comes back.
    assert seen.units.split()[1:] == ["servercheck.timer", "not-found", "inactive", "dead", "servercheck.timer"]
    seen.units = ""
    assert {name: getattr(seen, name) for name in NOTHING} == NOTHING
    assert seen.config == seen.before.config is not None
    assert seen.state == seen.before.state is not None


def test_purging_the_package_leaves_nothing(story):
    seen = story["purged"]
    assert seen.done.returncode == 0, seen.done.stdout + seen.done.stderr
    assert {name: getattr(seen, name) for name in NOTHING} == NOTHING
    assert seen.left == []
    # Debian keeps system users: their numbers must not be given away.
    assert seen.shell == "/usr/sbin/nologin"


def test_install_sh_runs_it_and_a_second_time_does_no_harm(story):
    seen = story["installed_by_script"]
    for done in (seen.first, seen.second):
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (seen.running.timer, outcome(seen.running.service), seen.running.system) == (
        ("enabled", "active"), SUCCESS, "running")
    assert seen.running.status.stdout.startswith("SERVERCHECK OK - ")


def test_install_sh_takes_everything_back(story):
    seen = story["installed_by_script"]
    assert (seen.uninstalled.returncode, seen.uninstalled.stderr) == (0, "")
    assert seen.kept == ["/etc/servercheck/config.json", "/var/lib/servercheck/state.json"]
    assert (seen.purge.returncode, seen.purge.stderr) == (0, "")
    assert {name: getattr(seen, name) for name in NOTHING} == NOTHING
    assert seen.left == []
