#!/usr/bin/env python3
"""`make order`: writes function-order.txt, by which the linker puts functions that a run executes next to each other.

They are some 500 of 11,000 kilobytes. Spread over all of it each page that holds one has to be mapped, every minute. A name
in the list that is no more does no harm, nor does a function that is not in the list. Valgrind says what is executed: what
reads nearly all of a large log first, which is to share the processor's instruction cache, then what a healthy run needs, then
one with new lines.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import rows_run
from bench import Home

# Of a scan's instructions: what needs less is not worth a place in the instruction cache.
SHARE = 0.001
REPOSITORY = Path(__file__).resolve().parents[1]


def costs(program, arguments, environment, output):
    """Instructions that each function of `program` itself, not of libraries, executes."""
    subprocess.run(["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={output}", program, *arguments],
                   env={**environment, "TZ": "UTC"}, check=True, capture_output=True)
    names, files, found_costs = {}, {}, Counter()
    is_own = is_call = False
    name = None
    for line in output.read_text().splitlines():
        if found := re.match(r"c?ob=\((\d+)\)(?: (.*))?", line):
            files.setdefault(found[1], found[2])
            if line.startswith("ob="):
                is_own = files[found[1]] == str(program)
        elif found := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
            # Of a recursion valgrind makes several.
            names.setdefault(found[1], (found[2] or "").split("'")[0])
            if line.startswith("fn="):
                name = names[found[1]]
        elif line.startswith("calls="):
            # What a call costs comes in the next line.
            is_call = True
        elif found := re.match(r"[+*\d-]\S* (\d+)$", line):
            if is_own and name and not is_call:
                found_costs[name] += int(found[1])
            is_call = False
    return found_costs


def same_place(program):
    """All names of each function: any of them may be its section's."""
    places = {}
    symbols = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
    for address, name in re.findall(r"^(\w+) [tTwWV] (\S+)$", symbols, re.MULTILINE):
        places.setdefault(address, []).append(name)
    return {name: names for names in places.values() for name in names}


def main(binary):
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        # Valgrind cannot read the debug information of Swift.
        program = directory / "servercheck"
        subprocess.run(["strip", "--strip-debug", "-o", program, binary], check=True)
        log = directory / "auth.log"
        more = rows_run.recent_log(log, rows_run.NEW_LINES)
        home = Home(directory / "home", {"messaging_channels": [rows_run.TELEGRAM, rows_run.SMTP], "sensors": rows_run.sensors(log)})
        subprocess.run([program], env=home.environment, check=True, stdout=subprocess.DEVNULL)
        output = directory / "callgrind.out"
        scanned = costs(program, ["scan", "--format", "json", log], {}, output)
        order = [name for name, cost in scanned.most_common() if cost > SHARE * scanned.total()]
        order += sorted(costs(program, [], home.environment, output))
        with log.open("ab") as file:
            file.write(more)
        order += sorted(costs(program, [], home.environment, output))
        names = same_place(program)
    sections = [f".text.{name}" for name in dict.fromkeys(name for one in order for name in names.get(one, [one]))]
    # Where gcc and clang put constructors; some under that name alone.
    sections = [".text.startup", *(name.replace(".text._GLOBAL_", ".text.startup._GLOBAL_") for name in sections)]
    (REPOSITORY / "bench/function-order.txt").write_text("\n".join(sections) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
