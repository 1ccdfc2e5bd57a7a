"""The logs that speed is measured with, read exactly: the generator knows what it wrote."""

import sys
from itertools import product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import generate  # noqa: E402

ADDRESS_LIMIT, USER_LIMIT = 16_384, 4096


@pytest.mark.parametrize("kind, style, tag", product(generate.KINDS, ["rfc3339", "classic"], ["sshd", "sshd-session"]))
def test_a_scan_finds_exactly_what_was_written(servercheck, tmp_path, kind, style, tag):
    log = generate.Log(kind, 4_000_000, style=style, tag=tag)
    path = tmp_path / "auth.log"
    path.write_bytes(b"".join(log.chunks()))
    result = servercheck("scan", "--format", "json", path)
    assert result.exit_code == 0
    found, written = result.json, log.totals
    keys = ("lines", "bytes", "sshd_lines", "unparsed", "attempts", "connections", "logins")
    assert {key: found[key] for key in keys} == {key: written[key] for key in keys}
    addresses = {row["address"]: row["attempts"] for row in found["by_address"]}
    users = {row["user"]: row["attempts"] for row in found["by_user"]}
    assert addresses == dict(log.by_address)
    # In the worst case each attempt has a user of its own, more than are named.
    assert users == dict(log.by_user) if kind != "worst" else len(users) == USER_LIMIT


def test_beyond_its_bounds_a_scan_counts_all_attempts_and_names_the_first_addresses(servercheck, tmp_path):
    log = generate.Log("worst", 16_000_000)
    path = tmp_path / "auth.log"
    path.write_bytes(b"".join(log.chunks()))
    found = servercheck("scan", "--format", "json", path).json
    assert len(log.by_address) > ADDRESS_LIMIT and len(log.by_user) > USER_LIMIT
    assert found["attempts"] == found["connections"] == log.attempts
    assert len(found["by_address"]) == ADDRESS_LIMIT and len(found["by_user"]) == USER_LIMIT
    assert all(log.by_address[row["address"]] == row["attempts"] == 1 for row in found["by_address"])
    assert all(log.by_user[row["user"]] == row["attempts"] == 1 for row in found["by_user"])
