"""The manual pages: nothing is missing in them, nothing is in them that is gone, and they are found and well formed."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("mandoc")

REPOSITORY = Path(__file__).resolve().parents[2]
COMMANDS = REPOSITORY / "man/servercheck.1"
CONFIG = REPOSITORY / "man/servercheck.json.5"
SCHEMA = json.loads((REPOSITORY / "config.schema.json").read_text())


def subsections(page):
    """{heading of a .Ss: its lines}"""
    sections = {}
    heading = None
    for line in page.read_text().splitlines():
        if line.startswith((".Sh ", ".Ss ")):
            heading = line[4:] if line.startswith(".Ss ") else None
        elif heading:
            sections.setdefault(heading, []).append(line)
    return sections


def option_names(lines):
    """The options and arguments that items of these lines are about, as they are typed."""
    names = set()
    for line in lines:
        if item := re.match(r"\.It Ar (\S+)$", line):
            names.add(item.group(1))
        elif item := re.match(r"\.It Fl (.*)$", line):
            names |= {f"-{name}" for name in re.findall(r"(?:^|, )(\S+)", item.group(1))}
    return names


@pytest.fixture(scope="module")
def program(binary):
    """What the program says of itself: {command: {name: default or None}}."""
    # It exits with 3, as all that is no check.
    dump = subprocess.run([binary, "--experimental-dump-help"], capture_output=True, text=True).stdout
    commands = {}
    for command in json.loads(dump)["command"]["subcommands"]:
        if command["commandName"] != "help":
            commands[command["commandName"]] = {
                {"short": "-", "long": "--"}[name["kind"]] + name["name"]: argument.get("defaultValue")
                for argument in command["arguments"] if argument["kind"] != "positional" for name in argument["names"]
            } | {argument["valueName"]: None for argument in command["arguments"] if argument["kind"] == "positional"}
    return commands


def test_the_page_of_the_program_has_every_option_of_every_command_and_no_other(program):
    page = subsections(COMMANDS)
    everywhere = {"-h", "--help", "--version"}
    assert option_names(page.pop("All commands")) == everywhere | {"--generate-completion-script"}
    assert {command: option_names(lines) for command, lines in page.items()} == {
        command: set(options) - everywhere for command, options in program.items()}


def test_the_page_of_the_program_has_every_default(program):
    page = subsections(COMMANDS)
    for command, options in program.items():
        text = "\n".join(page[command])
        for name, default in options.items():
            if default is None:
                continue
            item = re.search(rf"^\.It Fl {name[1:]}\b.*?(?=^\.(?:It|El))", text, re.MULTILINE | re.DOTALL).group()
            number = re.sub(r"\.0$", "", default)
            assert f"{number} by default" in item or f".Cm {number}\n(the default)" in item, (command, name, default)


def test_the_synopsis_names_each_command_and_its_long_options(program):
    text = COMMANDS.read_text()
    synopsis = text[text.index(".Sh SYNOPSIS"):text.index(".Sh DESCRIPTION")]
    found = {}
    for form in synopsis.split("\n.Nm\n")[1:]:
        command = re.search(r"(?:\.|Op )Cm (\S+)", form).group(1)
        found[command] = {f"-{name}" for name in re.findall(r"Fl (-\S+)", form)}
    everywhere = {"--help", "--version", "--quiet", "--verbose"}
    assert found == {command: {name for name in options if name.startswith("--")} - everywhere
                     for command, options in program.items()}


def keys(lines):
    """{key: what stands behind it in parentheses}"""
    return dict(re.findall(r"^\.It Ic (\S+)(?: Pq (.*))?$", "\n".join(lines), re.MULTILINE))


def schema_keys(schema):
    """The same from the schema."""
    def remark(name, value):
        if name in schema.get("required", []):
            return "required"
        if "default" in value:
            default = value["default"]
            return f"default: {default if isinstance(default, str) else json.dumps(default)}"
        return ""
    return {name: remark(name, value) for name, value in schema["properties"].items()}


def test_the_page_of_the_config_has_every_key_with_its_default_and_no_other():
    page = {heading: keys(lines) for heading, lines in subsections(CONFIG).items() if keys(lines)}
    expected = {"Top level": schema_keys(SCHEMA)}
    for group, place in ("All channels", "messaging_channels"), ("All sensors", "sensors"):
        kinds = {kind: schema_keys(SCHEMA["$defs"][kind])
                 for kind in SCHEMA["properties"][place]["items"]["properties"]}
        # What all kinds have stands once; a kind repeats a key where its default is another.
        common = set.intersection(*map(set, kinds.values())) - {"threshold"}
        first = next(iter(kinds.values()))
        expected[group] = {key: first[key] for key in common}
        for kind, found in kinds.items():
            expected[kind] = {key: remark for key, remark in found.items() if expected[group].get(key) != remark}
    partition = SCHEMA["$defs"]["diskspace"]["properties"]["partitions"]["additionalProperties"]
    expected["diskspace: partitions"] = schema_keys(partition)
    assert page == expected


@pytest.mark.parametrize("page", [COMMANDS, CONFIG], ids=lambda page: page.name)
def test_mandoc_has_nothing_to_say_about_a_page(page):
    done = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True)
    # Pages of other programs need not be installed here.
    remarks = [line for line in (done.stdout + done.stderr).splitlines()
               if "referenced manual not found" not in line and "outdated mandoc.db" not in line]
    assert remarks == []


def test_both_pages_are_found_and_shown(release, tmp_path):
    subprocess.run([REPOSITORY / "install.sh", "--binary", release], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(tmp_path), "PREFIX": "/usr"})
    for name, title in ("servercheck", "SERVERCHECK(1)"), ("servercheck.json", "SERVERCHECK.JSON(5)"):
        done = subprocess.run(["mman", "-M", tmp_path / "usr/share/man", name], check=True, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
        assert re.sub(".\b", "", done.stdout).startswith(title)
