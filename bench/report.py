"""bench/RESULTS.md: the table, the machine, and what exactly was measured."""

from table import markdown

TEXT = """# Results

Written by `make bench`. Medians of runs that took turns in one session; ratios are what counts.

{table}

## Machine

{facts}

## What was measured

The time of a run is from posix_spawn to wait4, by the monotonic clock, nothing subtracted; memory is wait4's ru_maxrss (1 MB is
1,000,000 bytes). A tiny static program starts all of them in turn, after a round of warm-up. The peers are Debian's packages,
called so:

| name | command |
|---|---|
| servercheck | `servercheck` without arguments; config, state and runtime directory by `CREDENTIALS_DIRECTORY`, `STATE_DIRECTORY` and `RUNTIME_DIRECTORY`, as systemd sets them; two channels and three sensors, as in the template |
| check_disk | `check_disk -l -w 10% -c 5%` |
| check_swap | `check_swap -w 20% -c 10%` |
| logtail \\| grep | `/bin/sh -c "logtail -f LOG -o OFFSET \\| grep -E 'Failed password\\|Invalid user'"`, its offset at the end of the log |
| check_log | `check_log -F LOG -O OLDLOG -e -q 'Failed password\\|Invalid user'`, its copy of the log up to date |
| rg | `rg -c 'Failed password\\|Invalid user' LOG` |
| fail2ban-regex | `fail2ban-regex LOG filter.d/sshd.conf` |

- Sums of several peers are the sums of their medians, each run on its own.
- servercheck is measured as install.sh installs it: stripped, and copied. What a linker has just written lies in the page cache
  in the smallest pieces, and costs a run 5 % more; so does what was read from disk page by page as it was executed, as after a
  reboot: 11 % more against check_disk, which was read in the same way.
- State, runtime directory and the 10 MB log are on a tmpfs, so that the time of a disk (one fdatasync where something changed) is
  not part of it; so are the files of the peers.
- 1,000 new lines: of the mixed log, below the limit of the alarm; the state is put back before each run.
- Scans: `servercheck scan --format json LOG`, all of the log in the page cache. Its totals and address table are compared with
  what the generator wrote; a difference ends the benchmark.
- Cold: before each run the log's pages are dropped from the page cache (posix_fadvise) and logtail's offset is removed, alike for
  all tools. A disk's speed is part of these rows.
- 24 hours: 1,440 runs by a moved clock, 1,000 lines of the worst case before each, and a channel that never answers, so that all
  messages wait. The runs that are compared then have no channel.
- 500 filesystems: ext4 on loop devices in a private mount namespace.
- Both channels: an alarm to tell in each run; aiosmtpd and a stand-in for the Bot API, each in a process of its own.
"""


def write(path, facts, rows):
    lines = "\n".join(f"- {name}: {value}" for name, value in facts)
    path.write_text(TEXT.format(table=markdown(rows), facts=lines), encoding="utf-8")
