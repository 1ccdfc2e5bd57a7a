"""What whole runs deliver through real libcurl, and what they do when a channel cannot: the run's side of both channels."""

import email
import email.policy
import time

import pytest

from support.channel_run import run_with_problem, without_libcurl
from support.smtp_server import MailServer
from support.telegram_server import TelegramServer, delivered, refused

TOKEN = "123456:AAF-secret_TOKEN-0123456789abcdefghijk"
PASSWORD = "pa5s/w0rd&|ü"
SECRETS = [TOKEN, TOKEN.split(":")[1], PASSWORD]
RECIPIENT = "admin@example.org"


def telegram(server, **keys):
    return {"telegram": {"chat_id": -4711, "token": TOKEN, "api_url": server.url, **keys}}


def smtp(server, **keys):
    return {"smtp": {"server": server.host, "port": server.port, "username": "monitor", "password": PASSWORD,
                     "from_mail": "servercheck@example.org", "to_mail": RECIPIENT, **keys}}


def run(servercheck, channels, *args, is_bad=True, **keys):
    result = run_with_problem(
        servercheck, channels, "--format", "json", "-vvv", *args, secrets=SECRETS, is_bad=is_bad, **keys)
    assert result.exit_code == result.json["exit_code"] == (2 if is_bad else 0 if not complaint(result) else 1)
    return result


def complaint(result):
    """The text of the finding about messages, if there is one."""
    return next((finding["text"] for finding in result.json["findings"] if finding["id"] == "notifications"), None)


def told(result):
    return [(one["channel"], one["reason"], one["delivered"], one["error"]) for one in result.json["notifications"]]


def test_each_channel_is_told_once_and_once_again_when_it_is_over(servercheck):
    with TelegramServer(delivered()) as chat, MailServer(login=("monitor", PASSWORD)) as mail:
        channels = [telegram(chat), smtp(mail)]
        first = run(servercheck, channels)
        assert sorted(told(first)) == [("smtp", "first", True, None), ("telegram", "first", True, None)]
        assert told(run(servercheck, channels)) == []
        last = run(servercheck, channels, is_bad=False)
        assert sorted(told(last)) == [("smtp", "recovered", True, None), ("telegram", "recovered", True, None)]
        assert told(run(servercheck, channels, is_bad=False)) == []
    titles = [result.json["notifications"][0]["title"] for result in (first, last)]
    assert [body["text"].split("\n")[0] for body in chat.bodies] == titles
    mails = [email.message_from_bytes(content, policy=email.policy.default) for *_, content in mail.messages]
    assert [message["Subject"] for message in mails] == titles
    # Both channels tell the same.
    assert [message.get_content().replace("\r\n", "\n").rstrip("\n") for message in mails] == [
        body["text"].split("\n\n", 1)[1].rstrip("\n") for body in chat.bodies]
    assert len({message["Message-ID"] for message in mails}) == 2


def test_a_wrong_token_is_not_tried_again_at_once(servercheck):
    with TelegramServer(refused(401, "Unauthorized"), delivered()) as server:
        for _ in range(2):
            result = run(servercheck, [telegram(server)])
            assert told(result) == [("telegram", "first", False, "Telegram answered 401: Unauthorized")]
            assert complaint(result).endswith("Telegram answered 401: Unauthorized")
    assert len(server.requests) == 1


def test_too_many_requests_waits_as_long_as_it_is_told(servercheck):
    with TelegramServer(refused(429, "Too Many Requests", retry_after=3), delivered()) as server:
        begin = time.time()
        error = "Telegram answered 429: Too Many Requests"
        assert told(run(servercheck, [telegram(server)])) == [("telegram", "first", False, error)]
        assert told(run(servercheck, [telegram(server)])) == [("telegram", "first", False, error)]
        assert len(server.requests) == 1
        time.sleep(max(0, begin + 3.5 - time.time()))
        assert told(run(servercheck, [telegram(server)])) == [("telegram", "first", True, None)]
    assert len(server.requests) == 2


@pytest.mark.parametrize("answer", [refused(500, "Internal Server Error"), (502, "<html>Bad Gateway</html>")])
def test_a_server_with_troubles_is_tried_again_by_the_next_run(servercheck, answer):
    with TelegramServer(answer, delivered()) as server:
        [(_, _, is_delivered, error)] = told(run(servercheck, [telegram(server)]))
        assert (is_delivered, error is None) == (False, False)
        assert told(run(servercheck, [telegram(server)])) == [("telegram", "first", True, None)]
    assert server.bodies[0] == server.bodies[1]


def test_a_group_that_moved_is_remembered_until_the_config_names_it(servercheck):
    moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001234567890)
    warning = "telegram: the group has moved: set chat_id to -1001234567890 in the config"
    with TelegramServer(moved, delivered()) as server:
        assert complaint(run(servercheck, [telegram(server)])) == warning
        # The next message knows the way.
        assert complaint(run(servercheck, [telegram(server)], is_bad=False)) == warning
        assert [body["chat_id"] for body in server.bodies] == [-4711, -1001234567890, -1001234567890]
        assert complaint(run(servercheck, [telegram(server, chat_id=-1001234567890)])) is None
        assert server.bodies[-1]["chat_id"] == -1001234567890


def test_a_refused_recipient_is_named(servercheck):
    with MailServer(login=("monitor", PASSWORD), refused={"gone@example.org": "550 5.1.1 no such user"}) as server:
        result = run(servercheck, [smtp(server, to_mail=[RECIPIENT, "gone@example.org"])])
    assert told(result) == [("smtp", "first", True, None)]
    assert complaint(result) == "smtp: not delivered to gone@example.org (550 5.1.1 no such user)"
    assert [recipients for _, _, recipients, _ in server.messages] == [[RECIPIENT]]


def test_a_channel_that_hangs_delays_no_other_and_keeps_its_message(servercheck):
    with TelegramServer("hang", delivered()) as slow, MailServer(login=("monitor", PASSWORD)) as mail:
        channels = [telegram(slow), smtp(mail)]
        result = run(servercheck, channels, "--timeout", 3)
        assert sorted(told(result)) == [
            ("smtp", "first", True, None), ("telegram", "first", False, "no answer within the time of this run")]
        assert told(run(servercheck, channels)) == [("telegram", "first", True, None)]
    assert len(mail.messages) == 1


@pytest.mark.needs("root", "unshare", "ldconfig")
def test_without_libcurl_the_run_measures_prints_and_names_the_package(servercheck):
    with TelegramServer(delivered()) as server:
        result = run(servercheck, [telegram(server)], wrapper=without_libcurl(servercheck.directory))
        assert "(install the package libcurl4; on Fedora and RHEL: libcurl)" in complaint(result)
        assert server.requests == []
        # The package is there again: nothing was lost.
        assert told(run(servercheck, [telegram(server)])) == [("telegram", "first", True, None)]
