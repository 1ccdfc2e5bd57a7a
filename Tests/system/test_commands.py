"""What every command prints, where, and how it exits: 0 OK, 1 WARNING, 2 CRITICAL, 3 for everything that went wrong."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support.run import Servercheck

COMMANDS = ["run", "status", "scan", "test-channels", "check-config"]
STATUS_LINE = re.compile(r"SERVERCHECK (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \| .+)?")


def memory(**keys):
    """A config that depends on nothing but this machine's memory."""
    return {"messaging_channels": [], "sensors": [{"free_memory": keys}]}


OK, WARNING, CRITICAL = memory(threshold=99.9), memory(threshold=99.9, warning_threshold=0.01), memory(threshold=0.01)
UNKNOWN = {"messaging_channels": [],
           "sensors": [{"sshd_access": {"log_file": "/nonexistent/auth.log", "source": "file"}}]}
BAD = {"messaging_channels": [{"pigeon": {}}],
       "sensors": [{"free_memory": {"treshold": 90}}, {"diskspace": {"threshold": "much"}}]}
BAD_PATHS = ["messaging_channels[0].pigeon", "sensors[0].free_memory.treshold", "sensors[1].diskspace.threshold"]


@pytest.fixture
def ordinary(binary):
    """A `Servercheck` in a home that an ordinary user owns, and what runs it as that user."""
    directory = Path(tempfile.mkdtemp(prefix="servercheck-"))
    directory.chmod(0o755)
    shutil.copy(binary, directory / "servercheck")
    program = Servercheck(directory / "servercheck", directory)
    program.environment()
    program.user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    for path in directory.iterdir():
        os.chown(path, 65534, 65534)
    yield program
    shutil.rmtree(directory)


def in_private_mounts(script):
    """Runs `script` in a mount namespace of its own, then the program, which follows as arguments."""
    return ["unshare", "--mount", "--", "/bin/sh", "-euc", f"{script}\nexec \"$@\"", "sh"]


# Output

@pytest.mark.parametrize("args, config, status", [
    ([], OK, 3), ([], CRITICAL, 2), (["status"], OK, 3), (["check-config"], OK, 3)],
    ids=["OK", "CRITICAL", "status", "check-config"])
def test_a_result_that_cannot_be_printed_is_not_ok(servercheck, args, config, status):
    servercheck(config=config)
    with open("/dev/full", "w") as full:
        command = servercheck.command(*args, config=None if args == ["status"] else config)
        done = subprocess.run(command, env=servercheck.environment(), cwd=servercheck.directory, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == status
    assert done.stderr.endswith("cannot write standard output: No space left on device\n")


# Options

@pytest.mark.parametrize("args", [["--help"], *[[command, "--help"] for command in COMMANDS]])
def test_help_goes_to_standard_output_and_is_no_ok(servercheck, args):
    result = servercheck(*args)
    assert (result.exit_code, result.stderr) == (3, "")
    assert "USAGE: servercheck" in result.stdout


def test_version_goes_to_standard_output_and_is_no_ok(servercheck):
    result = servercheck("--version")
    assert (result.exit_code, result.stderr) == (3, "")
    assert re.fullmatch(r"(servercheck )?\d+\.\d+(\.\d+)?\n", result.stdout)


@pytest.mark.parametrize("args", [["--nonsense"], *[[command, "--nonsense"] for command in COMMANDS]])
def test_an_unknown_option_is_named(servercheck, args):
    result = servercheck(*args)
    assert result.exit_code == 3
    assert "--nonsense" in result.stdout + result.stderr


@pytest.mark.parametrize("args", [
    ["frobnicate"], ["run", "--timeout", "soon"], ["run", "--timeout", "0"], ["run", "--timeout", "-1"],
    ["run", "--format", "xml"], ["status", "--max-age", "old"], ["scan", "--format", "nagios"],
    ["run", "--config"], ["run", "--sensor"], ["test-channels", "extra"],
])
def test_an_impossible_option_exits_with_3(servercheck, args):
    result = servercheck(*args)
    assert result.exit_code == 3
    assert result.stdout + result.stderr != ""


# Exit codes of a run

@pytest.mark.parametrize("config, word, code", [
    (OK, "OK", 0), (WARNING, "WARNING", 1), (CRITICAL, "CRITICAL", 2), (UNKNOWN, "UNKNOWN", 3),
])
@pytest.mark.parametrize("command", [[], ["run"], ["run", "--dry-run"], ["-v"], ["-vv"], ["-vvv"]],
                         ids=lambda args: " ".join(args))
def test_the_exit_code_is_the_status(servercheck, command, config, word, code):
    result = servercheck(*command, config=config)
    assert result.exit_code == code, result
    assert result.first_line.startswith(f"SERVERCHECK {word} - ")
    assert STATUS_LINE.fullmatch(result.first_line)


@pytest.mark.parametrize("config, word, code", [
    (OK, "OK", 0), (WARNING, "WARNING", 1), (CRITICAL, "CRITICAL", 2), (UNKNOWN, "UNKNOWN", 3), (BAD, "UNKNOWN", 3),
])
def test_json_says_the_same(servercheck, config, word, code):
    result = servercheck("run", "--format", "json", config=config)
    assert (result.exit_code, result.json["exit_code"], result.json["status"]) == (code, code, word)


def test_an_unknown_sensor_is_answered_with_the_known_ones(servercheck):
    result = servercheck("run", "--sensor", "weather", config=OK)
    assert result.exit_code == 3
    assert "weather" in result.stdout and "free_memory" in result.stdout


def test_only_the_named_sensor_runs(servercheck):
    config = {"messaging_channels": [], "sensors": OK["sensors"] + UNKNOWN["sensors"]}
    assert servercheck("run", config=config).exit_code == 3
    assert servercheck("run", "--sensor", "free_memory", config=config).exit_code == 0


def test_quiet_prints_nothing_when_all_is_ok(servercheck):
    result = servercheck("run", "--quiet", config=OK)
    assert result == type(result)(0, "", "")
    assert servercheck("run", "--quiet", config=CRITICAL).first_line.startswith("SERVERCHECK CRITICAL - ")


# Config

@pytest.mark.parametrize("args", [["run"], ["run", "--dry-run"], ["run", "--format", "json"], ["check-config"]],
                         ids=lambda args: " ".join(args))
def test_a_bad_config_is_refused_with_every_mistake(servercheck, args):
    result = servercheck(*args, config=BAD)
    assert result.exit_code == 3
    missing = [path for path in BAD_PATHS if path not in result.stdout]
    assert missing == []
    assert list(servercheck.state.iterdir()) == []


@pytest.mark.parametrize("args", [["run"], ["check-config"], ["test-channels"]], ids=lambda args: args[0])
@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"a": ' * 5000],
                         ids=["empty", "cut", "an array", "a NUL", "deep"])
def test_a_text_that_is_no_config_is_named_with_its_file(servercheck, args, text):
    result = servercheck(*args, config=text)
    assert result.exit_code == 3
    assert str(servercheck.config_path) in (result.stdout or result.stderr).splitlines()[0]


def test_a_config_that_is_not_there_is_named(servercheck):
    result = servercheck("run", "--config", "/nonexistent/config.json")
    assert result.exit_code == 3
    assert "/nonexistent/config.json" in result.first_line and "No such file or directory" in result.first_line


def test_a_config_that_others_may_write_to_is_refused(servercheck):
    path = servercheck.write_config(OK, mode=0o666)
    result = servercheck("run", config=path)
    assert result.exit_code == 3
    assert str(path) in result.first_line


@pytest.fixture
def no_installed_config():
    if Path("/etc/servercheck/config.json").exists():
        pytest.skip("needs a machine without /etc/servercheck/config.json")


@pytest.mark.usefixtures("no_installed_config")
class TestWithoutAConfigOption:
    def test_a_real_run_names_where_it_looked(self, servercheck):
        result = servercheck("run")
        assert result.exit_code == 3
        assert "/etc/servercheck/config.json" in result.stdout and "./config.json" in result.stdout

    def test_a_dry_run_takes_the_built_in_default_and_says_so(self, servercheck):
        result = servercheck("--dry-run")
        assert STATUS_LINE.fullmatch(result.first_line)
        assert "built-in" in result.stdout + result.stderr
        for name in ("diskspace_/", "free_memory", "attempts"):
            assert name in result.stdout or "UNKNOWN" in result.stdout, name

    def test_a_dry_run_writes_nothing(self, servercheck):
        servercheck("--dry-run")
        assert list(servercheck.state.iterdir()) == []
        assert list((servercheck.directory / "runtime").iterdir()) == []
        assert list((servercheck.directory / "home").iterdir()) == []

    def test_the_config_in_the_working_directory_is_found(self, servercheck):
        servercheck.write_config(CRITICAL)
        assert servercheck("run").exit_code == 2

    def test_the_config_among_the_credentials_comes_first(self, servercheck):
        servercheck.write_config(CRITICAL)
        credentials = servercheck.directory / "credentials"
        credentials.mkdir()
        (credentials / "config.json").write_text(json.dumps(OK))
        # As systemd 257 leaves it.
        (credentials / "config.json").chmod(0o440)
        result = servercheck("run", env={"CREDENTIALS_DIRECTORY": credentials})
        assert (result.exit_code, result.stderr) == (0, "")


# State

@pytest.mark.needs("root", "setpriv")
@pytest.mark.parametrize("environment, place", [
    ({}, "state"),
    ({"STATE_DIRECTORY": None, "XDG_STATE_HOME": "{home}/xdg"}, "home/xdg/servercheck"),
    ({"STATE_DIRECTORY": None}, "home/.local/state/servercheck"),
])
def test_an_ordinary_user_has_a_state_of_their_own(ordinary, environment, place):
    home = ordinary.directory / "home"
    environment = {key: value and value.format(home=home) for key, value in environment.items()}
    environment["LOG_LEVEL"] = "WARNING"
    config = ordinary.write_config(CRITICAL, mode=0o644)
    result = ordinary("run", config=config, env=environment, wrapper=ordinary.user)
    assert (result.exit_code, result.stderr) == (2, "")
    state = json.loads((ordinary.directory / place / "state.json").read_text())
    assert isinstance(state["version"], int)


@pytest.mark.needs("root", "setpriv")
@pytest.mark.usefixtures("no_installed_config")
def test_an_ordinary_user_can_try_it(ordinary):
    result = ordinary("--dry-run", wrapper=ordinary.user)
    assert STATUS_LINE.fullmatch(result.first_line), result


@pytest.mark.needs("root")
def test_a_run_by_root_keeps_its_state_in_var_lib(servercheck):
    config = servercheck.write_config(CRITICAL)
    script = 'mount -t tmpfs tmpfs /var/lib; mount -t tmpfs tmpfs /run; "$@" || true; ls /var/lib/servercheck /run/servercheck; set true'
    result = servercheck("run", config=config, env={"STATE_DIRECTORY": None, "RUNTIME_DIRECTORY": None},
                         wrapper=in_private_mounts(script))
    assert "/run/servercheck:\nlast.json\n" in result.stdout
    assert re.search(r"/var/lib/servercheck:\n(.*\n)*state\.json\n", result.stdout)


# status

def test_status_repeats_the_last_result(servercheck):
    run = servercheck("run", config=WARNING)
    status = servercheck("status")
    assert (status.exit_code, status.stdout) == (run.exit_code, run.stdout)
    run = servercheck("run", "--format", "json", config=CRITICAL)
    status = servercheck("status", "--format", "json")
    assert (status.exit_code, status.json) == (run.exit_code, run.json)


def test_status_without_a_run_is_unknown(servercheck):
    result = servercheck("status")
    assert result.exit_code == 3
    assert result.first_line.startswith("SERVERCHECK UNKNOWN - ")
    assert servercheck("status", "--format", "json").json["status"] == "UNKNOWN"


def test_status_of_an_old_result_is_unknown(servercheck):
    assert servercheck("run", config=OK).exit_code == 0
    time.sleep(1.1)
    result = servercheck("status", "--max-age", "1")
    assert result.exit_code == 3
    assert result.first_line.startswith("SERVERCHECK UNKNOWN - ")
    assert servercheck("status", "--max-age", "60").exit_code == 0


def test_status_shows_the_newest_result(servercheck):
    """An old one of a run by hand does not hide that of the timer, in whichever place each of them is."""
    for config, place, code in [(WARNING, "runtime", 1), (CRITICAL, "state", 2), (OK, "runtime", 0)]:
        servercheck("run", config=config, env={"RUNTIME_DIRECTORY": servercheck.directory / place})
        assert (servercheck.directory / place / "last.json").exists()
        assert servercheck("status").exit_code == code


@pytest.mark.needs("root", "setpriv")
def test_status_of_roots_run_is_for_everybody(ordinary):
    config = ordinary.write_config(WARNING)
    script = ('mount -t tmpfs -o mode=755 tmpfs /var/lib; mount -t tmpfs -o mode=755 tmpfs /run\n'
              f'"$1" run --config {config} >/dev/null || true\n'
              f'set {" ".join(ordinary.user)} "$@"')
    result = ordinary("status", env={"STATE_DIRECTORY": None, "RUNTIME_DIRECTORY": None, "LOG_LEVEL": "WARNING",
                                     "HOME": "/nonexistent"},
                      wrapper=in_private_mounts(script))
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.first_line.startswith("SERVERCHECK WARNING - ")


# Messages

def unreachable_channel(**sensor):
    return {"messaging_channels": [{"telegram": {"chat_id": 1, "token": "1:secret", "api_url": "http://127.0.0.1:1"}}],
            "sensors": [{"free_memory": sensor}]}


def test_a_channel_that_does_not_work_is_a_finding_and_test_channels_exits_with_2(servercheck):
    config = servercheck.write_config(unreachable_channel(threshold=99.9))
    result = servercheck("test-channels", config=config)
    assert result.exit_code == 2
    assert "telegram" in result.stdout and "secret" not in result.stdout + result.stderr
    servercheck.write_config(unreachable_channel(threshold=99.9, warning_threshold=0.01))
    result = servercheck("run", "--format", "json", config=config)
    assert [(finding["id"], finding["status"]) for finding in result.json["findings"]].count(
        ("notifications", "WARNING")) == 1
    assert [(entry["channel"], entry["delivered"]) for entry in result.json["notifications"]] == [("telegram", False)]
    assert "secret" not in result.stdout + result.stderr


def test_a_dry_run_shows_what_would_be_sent_and_to_whom(servercheck):
    result = servercheck("run", "--dry-run", config=unreachable_channel(threshold=0.01))
    assert result.exit_code == 2
    assert "telegram" in result.stdout + result.stderr
    assert "secret" not in result.stdout + result.stderr
    assert list(servercheck.state.iterdir()) == []


def test_what_is_logged_goes_into_no_file_where_the_standard_streams_are_missing(servercheck):
    config = unreachable_channel(threshold=0.01)
    for streams in "<&- >&- 2>&-", ">&- 2>&-", "2>&-":
        for _ in range(2):
            servercheck("run", "-vvv", config=config, env={"LOG_FILE": servercheck.directory / "log"},
                        wrapper=["sh", "-c", f'exec "$0" "$@" {streams}'])
        for path in servercheck.state.iterdir():
            assert "free_memory" in json.loads(path.read_text())["problems"], (streams, path)
        assert json.loads((servercheck.directory / "runtime/last.json").read_text())["host"]
        lines = (servercheck.directory / "log").read_text().splitlines()
        assert lines and all(re.match(r"\d{4}-\S+ [A-Z]+ ", line) for line in lines), streams


@pytest.mark.needs("root", "unshare")
def test_without_libcurl_it_still_measures_and_names_the_package(servercheck):
    # An empty file in its place is what a broken installation looks like to dlopen(3).
    libraries = {os.path.realpath(match) for match in subprocess.run(
        ["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout.split() if "/libcurl.so.4" in match}
    assert libraries
    hide = "\n".join(f"mount --bind /dev/null '{library}'" for library in libraries)
    result = servercheck("run", "--format", "json", config=unreachable_channel(threshold=0.01),
                         wrapper=in_private_mounts(hide))
    assert result.exit_code == 2
    texts = {finding["id"]: finding["text"] for finding in result.json["findings"]}
    assert sorted(texts) == ["free_memory", "notifications"]
    assert "libcurl4" in texts["notifications"]
    # Nothing is lost: the next run, with the library, still has it.
    result = servercheck("run", "--format", "json", config=servercheck.config_path)
    assert len(result.json["notifications"]) == 1


# scan

def test_scan_of_nothing_is_ok_and_of_no_file_is_not(servercheck):
    assert servercheck("scan", "--format", "json", "-", stdin=b"").json["attempts"] == 0
    result = servercheck("scan", "/nonexistent/auth.log")
    assert result.exit_code == 3
    assert "/nonexistent/auth.log" in result.stdout + result.stderr


# Log

def test_log_level_critical_keeps_standard_error_silent(servercheck):
    config = unreachable_channel(threshold=0.01)
    assert servercheck("run", config=config, env={"LOG_LEVEL": "CRITICAL"}).stderr == ""


def test_log_file_is_appended_to_besides_standard_error(servercheck):
    log = servercheck.directory / "servercheck.log"
    log.write_text("before\n")
    result = servercheck("run", config=unreachable_channel(threshold=0.01), env={"LOG_LEVEL": "DEBUG", "LOG_FILE": log})
    assert result.exit_code == 2
    assert result.stderr != ""
    assert log.read_text().startswith("before\n") and len(log.read_text()) > len("before\n")


def test_a_log_file_that_cannot_be_opened_is_only_a_warning(servercheck):
    result = servercheck("run", config=OK, env={"LOG_FILE": "/nonexistent/servercheck.log"})
    assert result.exit_code == 0
    assert "/nonexistent/servercheck.log" in result.stderr


# A quiet minute is below the unit's LogLevelMax=notice; a status that is not OK, and what changed, is not.
@pytest.mark.parametrize("config, result, change", [
    (OK, "<6>", None), (WARNING, "<4>", "<5>"), (CRITICAL, "<4>", "<5>"), ("{", "<4>", None)])
def test_under_systemd_every_line_has_its_priority(servercheck, tmp_path, config, result, change):
    journal = tmp_path / "journal"
    with open(journal, "wb") as file:
        information = os.fstat(file.fileno())
        stream = f"{information.st_dev}:{information.st_ino}"
        subprocess.run(servercheck.command("run", config=config), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                       env=servercheck.environment({"JOURNAL_STREAM": stream}), cwd=tmp_path, timeout=60)
    lines = journal.read_text().splitlines()
    assert [line for line in lines if not re.match(r"<[0-7]>", line)] == []
    assert [line[:3] for line in lines if "SERVERCHECK " in line] == [result]
    assert [line[:3] for line in lines if ": first: " in line] == ([change] if change else [])
