"""The config as a person meets it: the template, the ancestor's files, mistakes, and the schema for editors.

The schema and the program must agree: what one refuses the other refuses too, and both know the same keys.
"""

import copy
import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((REPOSITORY / "config.schema.json").read_text())
TEMPLATE = json.loads((REPOSITORY / "config.template.json").read_text())
ANCESTOR = sorted((REPOSITORY / "Tests/servercheckTests/Fixtures/config/ancestor").glob("*.json"))

# Every key with a value that is not its default. Where two keys exclude each other, the second stands in ALTERNATIVES.
EVERY_KEY = json.loads((REPOSITORY / "Tests/servercheckTests/Fixtures/config/every-key.json").read_text())
ALTERNATIVES = {"telegram": {"token_file"}, "smtp": {"password_file"}}


def changed(path, value):
    """EVERY_KEY with one value replaced, added, or (value ...) removed."""
    config = copy.deepcopy(EVERY_KEY)
    place = config
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return config


TELEGRAM = ("messaging_channels", 0, "telegram")
SMTP = ("messaging_channels", 1, "smtp")
DISK = ("sensors", 0, "diskspace")
MEMORY = ("sensors", 1, "free_memory")
SSH = ("sensors", 2, "sshd_access")
HOME = (*DISK, "partitions", "/home")

MISTAKES = [
    (("sensor",), []), (("sensors",), ...), (("sensors",), []), (("sensors",), {}), (("messaging_channels",), ...),
    (("messaging_channels",), None), (("hostname",), ""), (("hostname",), 5), (("metrics_file",), ""),
    (("metrics_file",), "m.prom"),
    (("sensors", 0), {}), (("sensors", 0), "diskspace"), (("sensors", 0, "free_memory"), {}), (("sensors", 0, "disk"), {}),
    (("messaging_channels", 0, "fax"), {}), (DISK, None), (DISK, []),
    ((*TELEGRAM, "chat_id"), ...), ((*TELEGRAM, "chat_id"), True), ((*TELEGRAM, "chat_id"), "1:token"),
    ((*TELEGRAM, "token"), ...),
    ((*TELEGRAM, "token"), 5), ((*TELEGRAM, "token_file"), "/dev/null"), ((*TELEGRAM, "message_thread_id"), 0),
    ((*TELEGRAM, "api_url"), "ftp://example.org"), ((*TELEGRAM, "chatid"), 1),
    ((*SMTP, "server"), ...), ((*SMTP, "from_mail"), ...), ((*SMTP, "to_mail"), ...), ((*SMTP, "to_mail"), []),
    ((*SMTP, "to_mail"), 5), ((*SMTP, "port"), 0), ((*SMTP, "port"), 65536), ((*SMTP, "port"), "smtp"),
    ((*SMTP, "send_starttls"), "true"), ((*SMTP, "username"), ...), ((*SMTP, "password"), ...),
    ((*SMTP, "verify_tls"), 1), ((*SMTP, "verify_ssl"), False),
    ((*DISK, "treshold"), 90), ((*DISK, "threshold"), 101), ((*DISK, "threshold"), -1), ((*DISK, "threshold"), None),
    ((*DISK, "threshold"), " 20"), ((*DISK, "threshold"), "0x10"), ((*DISK, "threshold"), ""),
    ((*DISK, "warning_threshold"), "80"), ((*DISK, "free_below"), "much"), ((*DISK, "free_below"), 0),
    ((*DISK, "inode_threshold"), "95"), ((*DISK, "excluded_partitions"), "/mnt"), ((*DISK, "excluded_partitions"), [1]),
    ((*DISK, "excluded_partitions"), ["mnt"]), ((*DISK, "partitions"), []), ((*DISK, "partitions", "home"), {}),
    ((*DISK, "partitions", "/srv"), 90), ((*HOME, "treshold"), 90), ((*HOME, "required"), "no"), ((*HOME, "name"), "x"),
    ((*MEMORY, "recovery"), 1), ((*MEMORY, "recovery_margin"), 101), ((*MEMORY, "max_check_attempts"), 0),
    ((*MEMORY, "max_check_attempts"), 1.5), ((*MEMORY, "renotify_time"), -1), ((*MEMORY, "update_interval"), "often"),
    ((*MEMORY, "name"), ""), ((*MEMORY, "name"), "a|b"), ((*MEMORY, "name"), " a"), ((*MEMORY, "name"), "a" * 65),
    ((*MEMORY, "name"), "notifications"), ((*MEMORY, "name"), "metrics_file"), ((*MEMORY, "name"), "state"),
    ((*MEMORY, "inode_threshold"), 95),
    ((*SSH, "source"), "syslog"), ((*SSH, "duration"), 0), ((*SSH, "amount"), -1), ((*SSH, "amount"), 2.5),
    ((*SSH, "login_after_failures"), -1), ((*SSH, "notify_logins"), "yes"), ((*SSH, "ignore_addresses"), "10.0.0.1"),
    ((*SSH, "log_file"), ""), ((*SSH, "threshold"), 5),
]


def schema_accepts(config):
    return Draft202012Validator(SCHEMA).is_valid(config)


def json_path(path):
    """`sensors[0].diskspace.partitions["/home"].treshold`, as the program writes it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif "/" in step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_template_is_accepted_by_both_and_its_secrets_are_named(servercheck):
    assert schema_accepts(TEMPLATE)
    result = servercheck("check-config", config=TEMPLATE)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == f"{servercheck.config_path}: no mistakes, 2 warnings"
    assert lines[1].startswith("  warning: messaging_channels[0].telegram.token: ")
    assert lines[2].startswith("  warning: messaging_channels[1].smtp.password: ")
    for secret in (TEMPLATE["messaging_channels"][0]["telegram"]["token"],
                   TEMPLATE["messaging_channels"][1]["smtp"]["password"]):
        assert secret not in result.stdout


@pytest.mark.parametrize("path", ANCESTOR, ids=lambda path: path.stem)
def test_a_config_of_the_ancestor_is_accepted_by_both(servercheck, path):
    assert schema_accepts(json.loads(path.read_text()))
    result = servercheck("check-config", config=path.read_text())
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{servercheck.config_path}: no mistakes")


def test_every_key_of_the_schema_is_in_the_sample():
    for kind, definition in SCHEMA["$defs"].items():
        if "properties" not in definition:
            continue
        elements = EVERY_KEY["messaging_channels"] + EVERY_KEY["sensors"]
        sample = next(element[kind] for element in elements if kind in element)
        assert set(sample) | ALTERNATIVES.get(kind, set()) == set(definition["properties"]), kind
    assert set(EVERY_KEY) == set(SCHEMA["properties"])
    partition = SCHEMA["$defs"]["diskspace"]["properties"]["partitions"]["additionalProperties"]
    assert set(EVERY_KEY["sensors"][0]["diskspace"]["partitions"]["/home"]) == set(partition["properties"])


def test_a_config_with_every_key_is_accepted_by_both(servercheck):
    assert schema_accepts(EVERY_KEY)
    result = servercheck("check-config", config=EVERY_KEY)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"{servercheck.config_path}: no mistakes")


@pytest.mark.parametrize("kind", sorted(ALTERNATIVES))
def test_a_secret_may_be_in_a_file(servercheck, kind):
    key = {"telegram": "token", "smtp": "password"}[kind]
    config = copy.deepcopy(EVERY_KEY)
    channel = next(element[kind] for element in config["messaging_channels"] if kind in element)
    file = servercheck.directory / "secret"
    file.write_text(channel.pop(key) + "\n")
    channel[f"{key}_file"] = str(file)
    assert schema_accepts(config)
    assert servercheck("check-config", config=config).exit_code == 0
    file.unlink()
    result = servercheck("check-config", config=config)
    assert result.exit_code == 3
    assert f"{kind}.{key}_file: cannot open {file}: No such file or directory" in result.stdout


@pytest.mark.parametrize("path, value", MISTAKES, ids=lambda value: json_path(value) if isinstance(value, tuple) else repr(value)[:20])
def test_a_mistake_is_refused_by_both_and_told_with_its_path(servercheck, path, value):
    config = changed(path, value)
    assert not schema_accepts(config)
    result = servercheck("check-config", config=config)
    assert (result.exit_code, result.stderr) == (3, "")
    lines = result.stdout.splitlines()
    assert ", nothing will run" in lines[0]
    # What two keys say together may be told at either.
    place = json_path(path)
    parent = json_path(path[:-1]) if len(path) > 1 else ""
    assert any(line.startswith(f"  {place}") or parent and line.startswith(f"  {parent}") for line in lines[1:]), lines


def test_all_mistakes_are_told_at_once(servercheck):
    config = changed((*DISK, "treshold"), 90)
    config["sensors"][1]["free_memory"]["renotify_time"] = "often"
    config["hostnames"] = "x"
    result = servercheck("check-config", config=config)
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        f"{servercheck.config_path}: 3 mistakes, nothing will run",
        '  hostnames: unknown key, did you mean "hostname"?',
        '  sensors[0].diskspace.treshold: unknown key, did you mean "threshold"?',
        '  sensors[1].free_memory.renotify_time: must be a number, is the text "often"',
    ]


@pytest.mark.parametrize("text, expected", [
    ("", "is empty"),
    ("{\n", "line 2, column 1: the file ends, but the { of line 1 is not closed"),
    ('{ "sensors": [ { "free_memory": {} }, ],\n "messaging_channels": [] }',
     "line 1, column 37: a comma before ]: remove the comma"),
    ("[" * 100_000, "line 1, column 65: more than 64 brackets deep"),
    ('{"a":' * 100_000, "line 1, column 321: more than 64 brackets deep"),
    ("\x00\x00", "is not UTF-8 but looks like UTF-16: save it as UTF-8"),
    (" " * ((1 << 20) + 1), None),
], ids=["empty", "cut", "comma", "brackets", "braces", "nul", "large"])
def test_what_is_no_json_is_told_in_one_line(servercheck, text, expected):
    result = servercheck("check-config", config=text)
    assert (result.exit_code, result.stderr) == (3, "")
    path = servercheck.config_path
    if expected is None:
        assert result.stdout == ("1 mistake, nothing will run\n"
                                 f"  cannot read {path}: File too large (a config is smaller than 1 MiB)\n")
    else:
        assert result.stdout == f"{path}: 1 mistake, nothing will run\n  {expected}\n"


def test_a_config_that_others_may_write_to_is_refused(servercheck):
    path = servercheck.write_config(EVERY_KEY, mode=0o602)
    result = servercheck("check-config", config=path)
    assert (result.exit_code, result.stdout) == (3, (
        f"{path}: 1 mistake, nothing will run\n  refused because others may write to it (chmod o-w {path})\n"))


def test_a_config_with_secrets_that_others_can_read_is_a_warning(servercheck):
    path = servercheck.write_config(EVERY_KEY, mode=0o664)
    result = servercheck("check-config", config=path)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        f"{path}: no mistakes, 2 warnings",
        f"  warning: its group may write to it (chmod g-w {path})",
        f"  warning: others can read the secrets in it (chmod 0600 {path})",
    ]


@pytest.mark.parametrize("mode", [0o400, 0o440])
def test_a_credential_of_systemd_is_read_first_and_without_a_warning(servercheck, mode):
    credentials = servercheck.directory / "credentials"
    credentials.mkdir()
    file = credentials / "config.json"
    file.write_text(json.dumps(EVERY_KEY))
    file.chmod(mode)
    (servercheck.directory / "config.json").write_text("{}")
    result = servercheck("check-config", env={"CREDENTIALS_DIRECTORY": credentials})
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"{file}: no mistakes")


@pytest.mark.skipif(os.path.exists("/etc/servercheck/config.json"), reason="this machine has a config")
def test_without_any_config_the_paths_tried_are_named(servercheck):
    result = servercheck("check-config")
    assert (result.exit_code, result.stdout) == (3, (
        "1 mistake, nothing will run\n"
        "  no config file found, tried /etc/servercheck/config.json, ./config.json (name one with --config)\n"))
