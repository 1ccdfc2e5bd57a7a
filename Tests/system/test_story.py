"""From a failed login to a message and back: servercheck again and again against a log that a real sshd writes to."""

import email
import email.policy
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
    return [(message["Subject"], message.get_content().replace("\r\n", "\n")) for message in parsed]


@pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")
def test_seven_failed_logins_are_one_message_and_their_end_is_another(servercheck, tree_cache, tmp_path):
    try:
        tree = debian_tree(tree_cache, "bookworm")
    except TreeUnavailable as error:
        pytest.skip(f"needs a Debian tree: {error}")
    with SSHServer(tree, tmp_path / "sshd") as server, TelegramServer(delivered()) as telegram, MailServer() as mail:
        # 0.2 minutes instead of five, so that the end is near; more than 5 attempts are too many.
        sensor = {"log_file": str(server.log), "duration": 10, "renotify_time": 0.2}
        config = servercheck.write_config(
            {"messaging_channels": channels(telegram, mail), "sensors": [{"sshd_access": sensor}]})
        assert servercheck(config=config).exit_code == 0

        # Four are not too many, the next three are, although another run had seen the first.
        server.attempt(Login(ATTACKER, "alice", answers=("wrong",) * 4))
        assert servercheck(config=config).exit_code == 0
        server.attempt(Login(ATTACKER, "nosuch", answers=("wrong",) * 3))
        assert servercheck(config=config).exit_code == 2
        assert (len(telegram.bodies), len(mail.messages)) == (1, 1)

        statuses = []
        deadline = time.monotonic() + 40
        while (len(telegram.bodies), len(mail.messages)) != (2, 2) and time.monotonic() < deadline:
            statuses.append(servercheck(config=config).exit_code)
            time.sleep(0.5)
        # The quiet that follows is quiet.
        for _ in range(3):
            statuses.append(servercheck(config=config).exit_code)
        assert statuses == sorted(statuses, reverse=True) and statuses[-1] == 0

        assert len(texts(telegram)) == 2, texts(telegram)
        assert len(mails(mail)) == 2, mails(mail)
        alarm, end = texts(telegram)
        assert " CRITICAL: 7 failed SSH logins" in alarm.splitlines()[0]
        assert f"from {ATTACKER}: 7\n" in alarm
        assert " RECOVERED: 7 failed SSH logins" in end.splitlines()[0]
        # The mail says the same; its title is the subject.
        assert mails(mail) == [tuple(text.split("\n\n", 1)) for text in (alarm + "\n", end + "\n")]


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
