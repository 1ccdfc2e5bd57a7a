"""From a failed login to a message and back: servercheck again and again against a log that a real sshd writes to."""

import email
import email.policy
import threading
import time

import pytest

from support.smtp_server import MailServer
from support.sshd import Login, SSHServer
from support.telegram_server import TelegramServer, delivered
from support.trees import TreeUnavailable, debian_tree

ATTACKER = "198.51.100.7"


def channels(telegram, mail):
    return [{"telegram": {"chat_id": 123, "token": "1:token", "api_url": telegram.url}},
            {"smtp": {"server": "127.0.0.1", "port": mail.port, "from_mail": "server@example.org",
                      "to_mail": "admin@example.org"}}]


def texts(telegram):
    return [body["text"] for body in telegram.bodies]


def mails(mail):
    """Subject and text of every mail that arrived."""
    parsed = [email.message_from_bytes(content, policy=email.policy.default) for _, _, _, content in mail.messages]
    return [(message["Subject"], message.get_content()) for message in parsed]


@pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")
def test_seven_failed_logins_are_one_message_and_their_end_is_another(servercheck, tree_cache, tmp_path):
    try:
        tree = debian_tree(tree_cache, "bookworm")
    except TreeUnavailable as error:
        pytest.skip(f"needs a Debian tree: {error}")
    with SSHServer(tree, tmp_path / "sshd") as server, TelegramServer(delivered()) as telegram, MailServer() as mail:
        # 0.1 minutes instead of five, so that the end is near; more than 5 attempts are too many.
        sensor = {"log_file": str(server.log), "duration": 5, "renotify_time": 0.1}
        config = servercheck.write_config(
            {"messaging_channels": channels(telegram, mail), "sensors": [{"sshd_access": sensor}]})
        assert servercheck(config=config).exit_code == 0

        attack = threading.Thread(target=server.attempt, args=[
            Login(ATTACKER, "alice", answers=("wrong",) * 4), Login(ATTACKER, "nosuch", answers=("wrong",) * 3)])
        attack.start()
        statuses = []
        deadline = time.monotonic() + 40
        while (len(telegram.bodies), len(mail.messages)) != (2, 2) and time.monotonic() < deadline:
            statuses.append(servercheck(config=config).exit_code)
            time.sleep(0.5)
        attack.join()
        # The quiet that follows is quiet.
        for _ in range(3):
            statuses.append(servercheck(config=config).exit_code)

        assert [code for code, before in zip(statuses, [None, *statuses]) if code != before] in ([0, 2, 0], [2, 0])
        assert len(texts(telegram)) == 2, texts(telegram)
        assert len(mails(mail)) == 2, mails(mail)
        alarm, end = texts(telegram)
        assert "CRITICAL" in alarm.splitlines()[0] and ATTACKER in alarm
        assert "CRITICAL" not in end.splitlines()[0]
        (alarm_subject, alarm_text), (end_subject, end_text) = mails(mail)
        assert (alarm_subject, end_subject) == (alarm.splitlines()[0], end.splitlines()[0])
        assert ATTACKER in alarm_text
        assert "7" in end_text


def test_a_message_that_one_server_did_not_take_reaches_it_later_and_the_other_only_once(servercheck):
    mail = MailServer()
    with TelegramServer(delivered()) as telegram:
        config = servercheck.write_config(
            {"messaging_channels": channels(telegram, mail), "sensors": [{"free_memory": {"threshold": 0.01}}]})
        result = servercheck("run", "--format", "json", config=config)
        assert [(entry["channel"], entry["delivered"]) for entry in result.json["notifications"]] == [
            ("telegram", True), ("smtp", False)]
        with mail:
            for _ in range(3):
                assert servercheck(config=config).exit_code == 2
        assert (len(telegram.bodies), len(mail.messages)) == (1, 1)
        assert "CRITICAL" in mails(mail)[0][0]
