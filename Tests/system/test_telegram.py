"""Telegram's answers, faults included, through the real libcurl, and where the token may not appear."""

import json
import re
import socket

import pytest

from support.certificates import Authority
from support.channel_run import run_channels, without_libcurl
from support.telegram_server import TelegramServer, delivered, refused

TOKEN = "123456:AAF-secret_TOKEN-0123456789abcdefghijk"


def telegram(server, **keys):
    return {"telegram": {"chat_id": 123, "token": TOKEN, "api_url": server.url + "/", **keys}}


def send(servercheck, channel, *args, **keys):
    return run_channels(servercheck, [channel], *args, secrets=[TOKEN, TOKEN.split(":")[1]], **keys)


def outcome(result):
    assert result.stderr == ""
    return result.stdout, result.exit_code


def test_the_request_is_the_published_one(servercheck):
    with TelegramServer(delivered()) as server:
        result = send(servercheck, telegram(server, message_thread_id=7))
    assert outcome(result) == ("telegram: delivered to chat 123, topic 7\n", 0)
    [(method, path, content_type, body)] = server.requests
    assert (method, path, content_type) == ("POST", f"/bot{TOKEN}/sendMessage", "application/json")
    request = json.loads(body)
    text = request.pop("text")
    assert request == {"chat_id": 123, "message_thread_id": 7, "link_preview_options": {"is_disabled": True}}
    assert re.fullmatch(
        rf"\[{re.escape(socket.gethostname())}\] Test message from servercheck\n\n"
        r"Sent by servercheck test-channels at \S+\.\nThis channel works; nothing is wrong\.", text)


def test_the_token_comes_from_a_file(servercheck):
    secret = servercheck.directory / "token.secret"
    secret.write_text(TOKEN + "\n")
    secret.chmod(0o600)
    with TelegramServer(delivered()) as server:
        channel = telegram(server, chat_id="@channel", token_file="token.secret")
        del channel["telegram"]["token"]
        assert outcome(send(servercheck, channel)) == ("telegram: delivered to chat @channel\n", 0)
    assert server.requests[0][1] == f"/bot{TOKEN}/sendMessage"
    assert server.bodies[0]["chat_id"] == "@channel"


ANSWERS = {
    "429": (refused(429, "Too Many Requests: retry after 5", retry_after=5),
            "Telegram answered 429: Too Many Requests: retry after 5"),
    "400": (refused(400, "Bad Request: chat not found"), "Telegram answered 400: Bad Request: chat not found"),
    "401": (refused(401, "Unauthorized"), "Telegram answered 401: Unauthorized"),
    "403": (refused(403, "Forbidden: bot was blocked by the user"),
            "Telegram answered 403: Forbidden: bot was blocked by the user"),
    "404": (refused(404, "Not Found"), "Telegram answered 404: Not Found"),
    "500": (refused(500, "Internal Server Error"), "Telegram answered 500: Internal Server Error"),
    "HTML": ((502, "<html><h1>502 Bad Gateway</h1></html>"), "no answer of the Bot API came, but HTTP status 502"),
    "HTML with 200": ((200, "<html>Log in to the hotel's network</html>"),
                      "no answer of the Bot API came, but HTTP status 200"),
    "garbage": ((200, b"\x00\xff{\"ok\":" * 100), "no answer of the Bot API came, but HTTP status 200"),
    "deep": ((200, "[" * 60000), "no answer of the Bot API came, but HTTP status 200"),
    "endless": ((200, b"x" * (8 << 20)), "no answer of the Bot API came, but HTTP status 200"),
    "ok false": (refused(200, "odd"), "Telegram answered 200: odd"),
    "token": (refused(401, f"Unauthorized\n{TOKEN} | \x1b[2J"), "Telegram answered 401: Unauthorized?*** ? ?[2J"),
    "redirect": ("redirect:/elsewhere", "no answer of the Bot API came, but HTTP status 302"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_that_is_no_delivery(servercheck, case):
    answer, words = ANSWERS[case]
    with TelegramServer(answer) as server:
        result = send(servercheck, telegram(server))
    assert outcome(result) == (f"telegram: failed: {words}\n", 2)
    assert len(server.requests) == 1


def test_a_group_that_moved_gets_the_message_at_its_new_number(servercheck):
    moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001234567890)
    with TelegramServer(moved, delivered(-1001234567890)) as server:
        result = send(servercheck, telegram(server, chat_id=-4711))
    assert outcome(result) == (
        "telegram: delivered to chat -4711; "
        "WARNING: the group has moved: set chat_id to -1001234567890 in the config\n", 0)
    assert [body["chat_id"] for body in server.bodies] == [-4711, -1001234567890]


def test_a_group_that_moves_without_end(servercheck):
    moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001234567890)
    with TelegramServer(moved) as server:
        result = send(servercheck, telegram(server, chat_id=-4711))
    assert outcome(result) == (
        "telegram: failed: Telegram answered 400: Bad Request: group chat was upgraded to a supergroup chat\n", 2)
    assert len(server.requests) == 2


def test_nobody_listens(servercheck):
    with TelegramServer(delivered()) as server:
        channel = telegram(server)
    assert outcome(send(servercheck, channel)) == (
        f"telegram: failed: cannot connect to {server.url}: Connection refused\n", 2)


def test_no_proxy_of_the_environment_sees_the_token_in_clear(servercheck):
    with TelegramServer(delivered()) as server, TelegramServer(delivered()) as proxy:
        result = send(servercheck, telegram(server), env={"http_proxy": proxy.url, "ALL_PROXY": proxy.url})
        assert outcome(result) == ("telegram: delivered to chat 123\n", 0)
    assert len(server.requests) == 1 and proxy.requests == []


def test_a_name_that_does_not_exist(servercheck):
    with TelegramServer(delivered()) as server:
        channel = telegram(server, api_url="https://nowhere.invalid")
    assert outcome(send(servercheck, channel)) == (
        "telegram: failed: cannot find the address of https://nowhere.invalid "
        "(is the name right, does DNS work here?)\n", 2)


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_slow_server_is_given_up_at_the_deadline(servercheck, fault):
    with TelegramServer(fault) as slow, TelegramServer(delivered()) as other:
        result = run_channels(
            servercheck, [telegram(slow), telegram(other, name="other")], "--timeout", 2, secrets=[TOKEN])
    assert outcome(result) == (
        "telegram: failed: no answer within 2 s (--timeout)\nother: delivered to chat 123\n", 2)
    assert result.seconds < 10


def test_slow_servers_are_given_up_after_15_seconds(servercheck):
    with TelegramServer("hang") as hanging, TelegramServer("drip") as dripping:
        result = run_channels(servercheck, [telegram(hanging), telegram(dripping, name="other")], secrets=[TOKEN])
    words = "in time (5 s to connect, 15 s in all)"
    assert outcome(result) == (
        f"telegram: failed: no complete answer from {hanging.url} {words}\n"
        f"other: failed: no complete answer from {dripping.url} {words}\n", 2)
    assert 14 < result.seconds < 25


def test_one_channel_by_its_name(servercheck):
    with TelegramServer(delivered()) as server:
        channels = [telegram(server), telegram(server, chat_id=9)]
        chosen = run_channels(servercheck, channels, "--channel", "telegram-2", secrets=[TOKEN])
        unknown = run_channels(servercheck, channels, "--channel", "mail", secrets=[TOKEN])
    assert outcome(chosen) == ("telegram-2: delivered to chat 9\n", 0)
    assert [body["chat_id"] for body in server.bodies] == [9]
    assert (unknown.stdout, unknown.exit_code) == ("", 3)
    assert unknown.stderr == 'there is no channel "mail"; known are telegram, telegram-2\n'


def test_no_channels_at_all(servercheck):
    result = run_channels(servercheck, [], secrets=[TOKEN])
    assert (result.stdout, result.exit_code) == ("", 3)
    assert result.stderr == "no channels are configured: messaging_channels is empty, there is nobody to tell\n"


def test_a_token_that_is_a_mistake_is_not_repeated(servercheck):
    with TelegramServer(delivered()) as server:
        result = send(servercheck, telegram(server, token=TOKEN + "/../x"))
    assert (result.stdout, result.exit_code, server.requests) == ("", 3, [])
    assert "messaging_channels[0].telegram.token: holds a character that no token has" in result.stderr


def test_an_unknown_authority_gets_no_token(servercheck, tmp_path):
    authority = Authority(tmp_path, "authority")
    with TelegramServer(delivered(), certificate=authority.issue("server", ["IP:127.0.0.1"])) as server:
        result = send(servercheck, telegram(server))
    assert outcome(result) == (
        f"telegram: failed: the certificate of {server.url} is not accepted: "
        "SSL certificate problem: unable to get local issuer certificate\n", 2)
    assert server.requests == []


@pytest.mark.needs("root", "unshare")
def test_https_with_an_authority_of_the_system(servercheck, tmp_path):
    """The throw-away authority takes the place of the system's, in a mount namespace of its own."""
    authority = Authority(tmp_path, "authority")
    with TelegramServer(delivered(), certificate=authority.issue("server", ["IP:127.0.0.1"])) as server:
        result = send(servercheck, telegram(server), wrapper=[
            "unshare", "-m", "sh", "-c",
            f'mount --bind "{authority.file}" /etc/ssl/certs/ca-certificates.crt && exec "$@"', "sh"])
    assert outcome(result) == ("telegram: delivered to chat 123\n", 0)


@pytest.mark.needs("root", "unshare", "ldconfig")
def test_without_libcurl_the_remedy_is_named(servercheck):
    with TelegramServer(delivered()) as server:
        result = send(servercheck, telegram(server), wrapper=without_libcurl(servercheck.directory))
    text, exit_code = outcome(result)
    assert re.fullmatch(
        r"telegram: failed: cannot load libcurl, which sends the messages: /\S+/libcurl\.so\.4: file too short "
        r"\(install the package libcurl4; on Fedora and RHEL: libcurl\)\n", text)
    assert (exit_code, server.requests) == (2, [])


@pytest.mark.needs("root", "unshare")
def test_a_silent_name_server_holds_nobody_up(servercheck, tmp_path):
    resolver = tmp_path / "resolv.conf"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, TelegramServer(delivered()) as other:
        silent.bind(("127.83.0.53", 53))
        resolver.write_text("nameserver 127.83.0.53\n")
        channels = [telegram(other, api_url="https://silent.example.org"), telegram(other, name="other")]
        result = run_channels(servercheck, channels, "--timeout", 2, secrets=[TOKEN], wrapper=[
            "unshare", "-m", "sh", "-c", f'mount --bind "{resolver}" /etc/resolv.conf && exec "$@"', "sh"])
    assert outcome(result) == (
        "telegram: failed: no answer within 2 s (--timeout)\nother: delivered to chat 123\n", 2)
    assert result.seconds < 10
