"""Reads plugin output as strictly as the Monitoring Plugins guidelines write it: independent of the program's own writer.

https://www.monitoring-plugins.org/doc/guidelines.html#AEN201
"""

import re
from dataclasses import dataclass

NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
RANGE = rf"@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?"
DATUM = re.compile(
    rf"(?P<label>'(?:[^'=]|'')+'|[^'= ]+)=(?P<value>{NUMBER}|U)(?P<unit>s|us|ms|%|B|KB|MB|TB|c|)"
    rf"(?:;(?P<warning>{RANGE})(?:;(?P<critical>{RANGE})(?:;(?P<minimum>{NUMBER})?(?:;(?P<maximum>{NUMBER})?)?)?)?)?")


@dataclass
class Datum:
    label: str
    value: str
    unit: str


def parse(stdout):
    """The status word, the text and the perfdata of plugin output; fails where it is not clean.

    Clean: UTF-8, lines of printable characters, one `|` at most (none behind the first line), every label once.
    """
    text = stdout.decode("utf-8") if isinstance(stdout, bytes) else stdout
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    for line in lines:
        assert line.isprintable(), f"a byte that a terminal would obey: {line!r}"
    first, *rest = lines
    assert not [line for line in rest if "|" in line], "perfdata behind the first line"
    assert first.count("|") <= 1, first
    status, _, perfdata = first.partition(" | ")
    word = re.fullmatch(r"SERVERCHECK (OK|WARNING|CRITICAL|UNKNOWN) - (.*)", status)
    assert word, first
    return word[1], lines, data(perfdata)


def data(perfdata):
    found = []
    place = 0
    while place < len(perfdata):
        match = DATUM.match(perfdata, place)
        assert match, f"no perfdata: {perfdata[place:]!r}"
        label = match["label"]
        if label.startswith("'"):
            label = label[1:-1].replace("''", "'")
        found.append(Datum(label, match["value"], match["unit"]))
        place = match.end()
        assert place == len(perfdata) or perfdata[place] == " ", f"no space behind {match[0]!r}"
        place += 1
    labels = [datum.label for datum in found]
    assert len(set(labels)) == len(labels), f"a label twice: {labels}"
    return found
