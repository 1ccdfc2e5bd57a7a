"""The journal with the real journald of servers that booted: see support/booted_journal.py."""

import pytest

pytestmark = pytest.mark.needs(
    "root", "debootstrap", "unshare", "nsenter", "setpriv", "systemd-nspawn", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs",
    "mksquashfs")


def test_each_attempt_is_counted_once_whatever_journald_does(story):
    steps = story["journal_kept"].steps
    assert len(steps) == 18
    assert [(step.what, step.counted, step.status) for step in steps] == [
        (step.what, step.tried, "OK") for step in steps]


def test_an_ordinary_user_cannot_write_as_sshd(story):
    seen = story["journal_kept"]
    # The lines are there, only nobody believes them.
    assert seen.forged == ["sshd", "sshd-session"]
    step, = [step for step in seen.steps if step.what == "an ordinary user writes as sshd"]
    assert step.counted == 0


def test_scan_of_the_journal_counts_what_runs_count(story):
    seen = story["journal_kept"]
    assert (seen.after["attempts"] - seen.before["attempts"], seen.after["logins"]) == (2, seen.before["logins"])
    assert seen.before["unparsed"] == seen.after["unparsed"] == 0
