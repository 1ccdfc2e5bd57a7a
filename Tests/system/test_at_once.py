"""Runs that are started together wait for each other: no line is lost or counted twice, nothing is told twice."""

import json
import random
import subprocess

from support.authlog import Account, LineWriter
from support.run import Result
from support.telegram_server import TelegramServer, delivered

TOGETHER = 8
ROUNDS = 20


def test_eight_runs_at_once_count_each_line_once_and_tell_each_crossing_once(servercheck, tmp_path):
    log = tmp_path / "auth.log"
    log.write_text("")
    lines, account = LineWriter(random.Random(5), step=0.01), Account()
    with TelegramServer(delivered()) as telegram:
        config = servercheck.write_config({
            "messaging_channels": [{"telegram": {"chat_id": 1, "token": "1:token", "api_url": telegram.url}}],
            "sensors": [{"free_memory": {"threshold": 0.001, "renotify_time": 60}},
                        {"sshd_access": {"log_file": str(log), "source": "file"}}]})
        environment = servercheck.environment()
        command = servercheck.command("run", "--format", "json", config=config)
        assert servercheck("run", config=config).exit_code == 2
        assert len(telegram.bodies) == 1
        shares = []
        for number in range(ROUNDS):
            attacker = f"203.0.113.{number + 1}"
            running = [subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE) for _ in range(TOGETHER // 2)]
            with log.open("a") as file:
                for _ in range(6):
                    file.write(lines.failure(attacker))
                    file.flush()
                # A login after failures is an event of its own, told in each round.
                file.write(lines.line(f"Accepted password for root from {attacker} port {2000 + number} ssh2"))
            running += [subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE) for _ in range(TOGETHER - len(running))]
            account.look(log)
            counted = 0
            for process in running:
                stdout, stderr = process.communicate(timeout=60)
                result = Result(process.returncode, stdout.decode(), stderr.decode())
                assert result.exit_code == 2, result
                metrics = {metric["name"]: metric["value"] for finding in result.json["findings"]
                           if finding["sensor"] == "sshd_access" for metric in finding["metrics"]}
                counted += metrics["attempts"]
                shares.append(metrics["attempts"])
            account.counted += counted
            assert account.counted == account.expected, f"round {number}: {counted} in this round"
            texts = [body["text"] for body in telegram.bodies]
            logins = [text for text in texts if f"SSH login of root from {attacker} " in text]
            assert len(logins) == 1, f"round {number}: {texts[1:]}"
        state = json.loads((servercheck.state / "state.json").read_text())
        assert state["sensors"]["sshd_access"]["sshd_access"]["attempts"]["attempts_total"] == account.expected
        # One run in eight found the lines, sometimes two shared them.
        assert shares.count(0) >= ROUNDS * (TOGETHER - 3)
        # The crossing of the limit opened one incident; no clock that runs a little behind another made a reminder.
        crossings = [text for text in texts if "CRITICAL  sshd_access\n" in text or "(reminder)" in text]
        assert len(crossings) == 1, crossings
        assert len(texts) <= 1 + ROUNDS + 1
        assert sorted(path.name for path in servercheck.state.iterdir()) == ["state.json", "state.json.spare"]
