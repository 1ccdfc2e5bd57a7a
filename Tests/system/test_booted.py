"""servercheck on a server that booted: Debian 12 with rsyslog and Debian 13 with nothing but its journal, each with its own
systemd, sshd, mail server and partitions. `support/booted_story.py` tells what happens there; here is what must be seen.
"""

import json
import re

import pytest

from support.booted_server import HOSTNAME, WATCHED
from support.booted_story import TOKEN

pytestmark = pytest.mark.needs(
    "root", "debootstrap", "unshare", "nsenter", "setpriv", "systemd-nspawn", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs",
    "mksquashfs")

SUCCESS = {"Result": "success", "ActiveState": "inactive"}
SECOND = 1_000_000
MINUTE = 60 * SECOND


def outcome(service):
    return {name: service[name] for name in SUCCESS}


def findings(report, sensor=None):
    return {finding["id"]: finding for finding in report["findings"] if sensor in (None, finding["sensor"])}


def metrics(report):
    return {metric["name"]: metric["value"] for metric in findings(report)["sshd_access"]["metrics"]}


# The timer

def test_the_timer_fires_on_every_full_minute(story):
    times = [story["attacked"].fired, story["attacked"].next, story["quiet"].started, story["quiet"].fired,
             story["quiet"].next]
    assert [time for time in times if time % MINUTE > 2 * SECOND] == []
    assert story["attacked"].next // MINUTE == story["attacked"].fired // MINUTE + 1
    assert story["quiet"].fired // MINUTE == story["quiet"].started // MINUTE + 1


# sshd, and the mail

def test_the_timers_run_counts_what_sshd_wrote(story):
    seen = story["attacked"]
    assert outcome(seen.first) == SUCCESS
    assert (metrics(seen.before)["attempts"], metrics(seen.before)["attempts_total"]) == (0, 0)
    values = metrics(seen.last)
    assert (values["attempts"], values["attempts_total"], values["peak"], values["logins"]) == (7, 7, 7, 0)
    finding = findings(seen.last)["sshd_access"]
    assert (finding["status"], finding["text"]) == (
        "CRITICAL", "7 failed SSH logins, up to 7 within 15 s (limit 5), most from 198.51.100.7")


def test_one_mail_arrives_for_the_incident(story):
    mail, = story["attacked"].mails
    assert mail["Subject"] == (
        f"[{HOSTNAME}] CRITICAL: 7 failed SSH logins, up to 7 within 15 s (limit 5), most from 198.51.100.7")
    assert (mail["From"], mail["To"], mail["Delivered-To"], mail["Auto-Submitted"]) == (
        f"root@{HOSTNAME}", "alice@localhost", "alice@localhost", "auto-generated")
    assert "OpenSMTPD" in mail["Received"]
    lines = mail.get_content().splitlines()
    assert lines[:2] == ["CRITICAL  sshd_access",
                         "7 failed SSH logins, up to 7 within 15 s (limit 5), most from 198.51.100.7"]
    assert lines[3:6] == ["from 198.51.100.7: 6", "from 2001:db8::8: 1", "as alice (6), nosuch (1)"]


def test_an_attack_that_goes_on_is_counted_and_not_told_again(story):
    seen = story["attacked_again"]
    assert outcome(seen.service) == SUCCESS
    assert (metrics(seen.last)["attempts"], metrics(seen.last)["attempts_total"]) == (7, 14)
    assert (findings(seen.last)["sshd_access"]["status"], seen.mails) == ("CRITICAL", [])


# The sandbox

def test_the_partitions_are_the_same_inside_the_sandbox_and_outside(story):
    for seen in vars(story["partitions"]).values():
        inside, outside = (findings(report, "diskspace") for report in (seen.inside, json.loads(seen.outside)))
        assert sorted(inside) == [f"diskspace:{path}" for path in WATCHED]
        assert sorted(outside) == sorted(inside)
        for id, finding in inside.items():
            assert finding["status"] == outside[id]["status"], id
            for mine, theirs in zip(finding["metrics"], outside[id]["metrics"], strict=True):
                limits = ("name", "unit", "warning", "critical", "min", "max")
                assert [mine[key] for key in limits] == [theirs[key] for key in limits]
                # The others are being written to.
                if id not in ("diskspace:/", "diskspace:/var", "diskspace:/home"):
                    assert mine["value"] == theirs["value"]


@pytest.mark.parametrize("moment, bad", [
    ("plain", {}),
    ("read_only", {"diskspace:/srv/full": "read-only, was writable before"}),
    ("full", {"diskspace:/srv/full": "/srv/full 100.0 % used, "}),
])
def test_the_sandboxed_run_sees_a_partition_turn_read_only_and_full(story, moment, bad):
    seen = getattr(story["partitions"], moment)
    assert outcome(seen.service) == SUCCESS
    found = {id: finding["text"] for id, finding in findings(seen.inside, "diskspace").items()
             if finding["status"] == "CRITICAL"}
    assert found.keys() == bad.keys()
    for id, words in bad.items():
        assert words in found[id]


def test_the_memory_alarm_names_the_largest_process_from_within_the_sandbox(story):
    seen = story["memory_alarm"]
    assert seen.service["ExecMainStatus"] == "2"
    mail, = seen.mails
    assert re.search(r"^tail \(pid \d+\) uses 2\d\d MiB$", mail.get_content(), re.MULTILINE), mail.get_content()


# What systemd makes of a result

@pytest.mark.parametrize("status, exit_status", [("critical", "2"), ("lasting", "2"), ("warning", "1"), ("ok", "0")])
def test_a_problem_that_is_found_does_not_fail_the_unit(story, status, exit_status):
    seen = getattr(story["judged"], status)
    assert (seen.service["ExecMainStatus"], outcome(seen.service)) == (exit_status, SUCCESS)
    assert (seen.is_failed, seen.system) == ("inactive", "running")


def test_a_check_that_could_not_do_its_work_fails_the_unit(story):
    seen = story["judged"].unknown
    assert (seen.service["ExecMainStatus"], seen.service["Result"]) == ("3", "exit-code")
    assert (seen.is_failed, seen.system) == ("failed", "degraded")
    reasons = [line for priority, line in seen.lines if priority == 4 and line.startswith("SERVERCHECK UNKNOWN - ")]
    assert reasons != []


def test_without_a_config_the_unit_fails_and_says_why(story):
    seen = story["without_config"]
    assert (seen.service["ExecMainStatus"], seen.service["Result"]) == ("243", "exit-code")
    assert "servercheck.service: Main process exited, code=exited, status=243/CREDENTIALS" in seen.lines


# The journal of the unit

def test_a_quiet_minute_adds_nothing_to_the_journal(story):
    assert outcome(story["quiet"].service) == SUCCESS
    text = [(entry.get("UNIT") or entry.get("_SYSTEMD_UNIT"), entry["MESSAGE"]) for entry in story["quiet"].entries]
    assert [entry for entry in text if "servercheck" in str(entry)] == []


def test_a_problem_that_lasts_adds_its_status_line_to_the_journal(story):
    assert [(priority, line.split(" - ")[0]) for priority, line in story["judged"].lasting.lines] == [
        (4, "SERVERCHECK CRITICAL")]


def test_what_changes_is_in_the_journal(story):
    lines = story["judged"].critical.lines
    assert [(priority, line.split("%")[0].rstrip(" .0123456789")) for priority, line in lines] == [
        (5, "free_memory: first: CRITICAL:"),
        (5, f'smtp: delivered "[{HOSTNAME}] CRITICAL:'),
        (4, "SERVERCHECK CRITICAL -"),
    ]
    lines = story["judged"].ok.lines
    assert [(priority, line.split("%")[0].rstrip(" .0123456789")) for priority, line in lines] == [
        (5, "free_memory: recovered: OK:"),
        (5, f'smtp: delivered "[{HOSTNAME}] RECOVERED:'),
    ]


def test_no_secret_is_in_the_journal_or_elsewhere(story):
    seen = story["secrets"]
    assert seen.service["ExecMainStatus"] == "2"
    # The channel was tried, and its failure told.
    assert [line for priority, line in seen.lines if priority == 4 and line.startswith("telegram: not delivered: ")] != []
    assert [name for name, text in seen.texts.items() if TOKEN in text or TOKEN.split(":")[1] in text] == []


# Others

def test_status_works_for_everybody(story):
    for done in (story["others"].status, story["others"].as_json, story["installed"].status):
        assert (done.returncode, done.stderr) == (0, "")
    assert story["others"].status.stdout.startswith("SERVERCHECK OK - ")
    assert json.loads(story["others"].as_json.stdout)["host"] == HOSTNAME


def test_the_config_is_roots_and_nobody_else_can_read_it(story):
    seen = story["others"]
    assert seen.config_mode == "root:root 600"
    assert [code for code in seen.config if code == 0] == []
    # Nothing of it stays behind after a run.
    assert seen.credentials == ""


@pytest.mark.parametrize("case, tried_before, tried_after", [("again", 2, 1), ("anew", 0, 1), ("locked", 2, 1)])
def test_root_may_run_it_by_hand_and_the_unit_goes_on(story, case, tried_before, tried_after):
    seen = getattr(story["by_hand"], case)
    assert outcome(seen.service) == SUCCESS
    assert seen.owner == "servercheck 640"
    if case == "locked":
        # It cannot be read, and that is told; the place is free for the next.
        assert {id: finding["status"] for id, finding in findings(seen.last).items() if finding["status"] != "OK"} == {
            "state:corrupt": "WARNING"}
    else:
        assert {id for id, finding in findings(seen.last).items() if finding["status"] != "OK"} == set()
        assert metrics(seen.mine)["attempts"] == tried_before
        assert metrics(seen.last)["attempts"] == tried_after
        assert metrics(seen.last)["attempts_total"] == metrics(seen.mine)["attempts_total"] + tried_after


# metrics_file

@pytest.mark.parametrize("place", ["collector", "allowed"])
def test_the_metrics_file_is_written_where_the_unit_may_write(story, place):
    seen = getattr(story["metrics_written"], place)
    assert (seen.service["ExecMainStatus"], outcome(seen.service)) == ("0", SUCCESS)
    assert (seen.mode, seen.folder) == ("servercheck 644", ["servercheck.prom"])
    assert re.search(r"^servercheck_status 0$", seen.text, re.MULTILINE)
    # The folder is a mount of its own inside the sandbox, and still part of /var and /.
    assert sorted(findings(seen.last, "diskspace")) == [f"diskspace:{path}" for path in WATCHED]


def test_a_metrics_file_that_the_sandbox_does_not_allow_is_a_warning(story):
    seen = story["metrics_written"].elsewhere
    assert (seen.service["ExecMainStatus"], outcome(seen.service), seen.text) == ("1", SUCCESS, None)
    text, = [finding["text"] for finding in seen.last["findings"] if finding["status"] == "WARNING"]
    assert "/srv/metrics/servercheck.prom" in text and "ReadWritePaths=" in text
