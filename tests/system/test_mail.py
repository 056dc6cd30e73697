"""Mail through the whole program to servers that are not ours: Postfix, Dovecot (submission, POP3) and aiosmtpd; and to ones
that behave badly. What comes is read by Python's email package."""

import base64
import contextlib
import csv
import datetime
import io
import os
import re
import socket
import struct
import time
import zlib

import pytest

from daemon_client import SLOW, tcp_line, unit, wait_for
from field_devices import Server, Unit
from mail_servers import (DOVECOT, PASSWORD, POSTFIX, USER, Dovecot, Odd, Postfix, Sink, codes, ids, make_authority, odd,
                          polite, tls_context)
from notice_receivers import wait_change_on_disk, wait_on_disk

AMPS, REGISTER = "m/phase-a/current", 6  # of the SDM630, see field_devices
LABEL = 'Zu "heiß" <b>&</b> =?UTF-8?Q?x?= \N{ELECTRIC PLUG}'
# no history; that a receiver cannot be reached is told at once
QUIET = {"history": {"enabled": False}, "notices": {"tell_after": "0 s"}}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    make_authority(folder)
    return folder


@pytest.fixture
def sink(clean):
    def start(*arguments, **options):
        one = Sink(*arguments, **options)
        clean.callback(one.stop)
        return one

    return start


@pytest.fixture
def strange(clean):
    def start(answer):
        one = Odd(answer)
        clean.callback(one.stop)
        return one

    return start


def clear(port, **more):
    """A server without encryption."""
    return {"server": "127.0.0.1", "port": port, "security": "none", "from": "busbar@example.org", **more}


def told(address="ops@example.org", **more):
    return {"kind": "mail", "address": address, "least": "info", **more}


def site(mail, **recipients):
    return {**QUIET, "mail": mail, "recipients": recipients or {"ops": told()}}


def attempt(house, recipient="ops"):
    answer = house.local("POST", f"/api/v1/recipients/{recipient}/test")
    assert answer.status == 200, answer.body
    return answer.json()


def notices(house, recipient="ops"):
    return next(one for one in house.get("/notices") if one["recipient"] == recipient)


def kinds(house):
    return [event["kind"] for event in house.get("/events?limit=200")["events"]]


# ---- what a mail says ------------------------------------------------------------------------------------------------


class Meter:
    """A meter whose current can be set, with an alarm above 16 A."""

    def __init__(self, clean):
        self.unit = Unit.sdm630()
        server = Server({1: self.unit})
        clean.callback(server.stop)
        self.site = {
            "site": {"name": "Häuschen 7", "location": "Cellar"},
            "lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="200 ms")},
            "alarms": {"amps": {"label": LABEL, "points": AMPS, "when": "over", "limit": 16, "recover": 15,
                                "severity": "critical"}},
            "history": {"every": "1 s"},
        }
        self.set(5.5)

    def set(self, amperes):
        self.unit.put_float(REGISTER, amperes)


def pixels(png):
    """Width, height and the colours of a picture with a palette: filters and compression undone by hand."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = chunks.get(kind, b"") + body
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert colour == 3 and len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + (width * depth + 7) // 8)
    return width, height


def test_an_alarm_tells_what_where_since_when_and_how_much(daemon, clean, sink):
    server, meter = sink(), Meter(clean)
    house = daemon({**meter.site, "mail": clear(server.port, page="https://rack.example.org"),
                    "recipients": {"ops": told("ops@example.org, second@example.org")}})
    house.wait_good(AMPS)
    wait_for(lambda: house.get(f"/history?path={AMPS}&from=-1h&step=raw")["series"][0]["rows"], 15 * SLOW, "a reading")
    begun = time.time()
    meter.set(20.25)
    raised = server.wait()
    meter.set(5.5)
    cleared = server.wait(2)
    assert raised.sender == "busbar@example.org" and raised.recipients == ["ops@example.org", "second@example.org"]
    sender = raised["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Häuschen 7", "busbar@example.org")
    assert raised["To"] == "ops@example.org, second@example.org"
    assert raised["Subject"].startswith("[Häuschen 7] ") and LABEL in raised["Subject"]
    assert raised["Auto-Submitted"] == "auto-generated" and raised["Importance"] == "high"
    assert abs(raised["Date"].datetime.timestamp() - time.time()) < 60
    assert raised.kinds == ["multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"]
    facts = dict(re.findall(r"^(What|Where|Since|Value|Limit|Page) +(.+)$", raised.text, re.M))
    assert facts["What"] == f"{LABEL}, critical, raised" and facts["Where"] == AMPS
    assert (facts["Value"], facts["Limit"]) == ("20.250 A", "16.000 A") and facts["Page"] == "https://rack.example.org"
    since = datetime.datetime.strptime(facts["Since"], "%Y-%m-%d %H:%M:%S %z").timestamp()
    assert 0 <= time.time() - since < 60 and since >= begun - 1
    assert "Sent by busbar at Häuschen 7, Cellar." in raised.text
    html = raised.part("text/html")
    assert "<b>&</b>" not in html and "&lt;b&gt;&amp;&lt;/b&gt;" in html and "20.250 A" in html
    picture = next(part for part in raised.message.walk() if part.get_content_type() == "image/png")
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in html and picture["Content-Disposition"].startswith("inline")
    assert pixels(picture.get_content()) == (480, 160)
    # one conversation, two mails
    assert raised["References"] == cleared["References"] and len(set(ids(server.mails))) == 2
    assert f"{LABEL}, critical, cleared" in cleared.text and cleared["Importance"] is None
    assert notices(house)["delivered"] == 2


def test_a_text_message_is_short(daemon, clean, sink):
    server, meter = sink(), Meter(clean)
    house = daemon({**meter.site, **QUIET, "mail": clear(server.port), "recipients": {"ops": told(form="short")}})
    house.wait_good(AMPS)
    meter.set(20.25)
    mail = server.wait()
    assert mail.kinds == ["text/plain"] and mail["Subject"] == "Häuschen 7"
    text = mail.text.rstrip("\n")
    assert len(text) <= 160 and "\n" not in text and LABEL[:40] in text


def test_what_waited_comes_in_one_mail(daemon, sink):
    """The server is down while twenty things happen, and we are killed meanwhile."""
    server = sink()
    house = daemon(site(clear(server.port), ops=told(events=True, boot=True)))
    server.wait()  # the start
    server.stop()
    house.session()
    for i in range(20):
        assert house.put("site.name", f"name {i}").status == 200
    wait_for(lambda: "notices-delayed" in kinds(house), 10 * SLOW, "that they wait")
    wait_change_on_disk(house, "name 19")
    house.kill()
    again = sink(server.port)
    house.start()
    wait_for(lambda: notices(house)["waiting"] == 0, 20 * SLOW, lambda: f"all of them: {notices(house)}")
    text = "\n".join(mail.text for mail in again.mails)
    places = [text.index(f'"name {i}"') for i in range(20)]
    assert places == sorted(places)
    assert len(again.mails) < 10 and any(re.search(r"\d+ notices, among them", mail["Subject"]) for mail in again.mails)
    assert len(set(ids(server.mails + again.mails))) == len(server.mails + again.mails)


def test_several_mails_go_over_one_connection(daemon, authority, sink):
    server = sink(tls_context=tls_context(authority), require_starttls=True)
    them = {f"one-{i}": told(f"{i}@example.org", boot=True) for i in range(6)}
    daemon(site(secure(authority, server.port), **them))
    server.wait(6)
    assert sorted(mail.recipients[0] for mail in server.mails) == sorted(one["address"] for one in them.values())
    assert len({mail.link for mail in server.mails}) == 1


# ---- signing in ------------------------------------------------------------------------------------------------------

needs_dovecot = pytest.mark.skipif(not DOVECOT, reason="no Dovecot")


@pytest.fixture(scope="module")
def dovecot(authority):
    relay = Sink()
    one = Dovecot(relay.port, authority)
    one.relay = relay
    yield one
    one.stop()
    relay.stop()


def secure(authority, port, security="starttls", **more):
    return {"server": "localhost", "port": port, "security": security, "ca": str(authority / "ca.pem"),
            "from": USER, **more}


def shows_no_secret(dialogue, *secrets):
    """Neither plain nor in any base64 that a sign-in may hold."""
    text = "\n".join(dialogue)
    words = [base64.b64decode(word + "=" * (-len(word) % 4)) for word in re.findall(r"[A-Za-z0-9+/]{8,}", text)
             if len(word) % 4 != 1]
    for secret in secrets:
        assert secret not in text and not any(secret.encode() in word for word in words)


@needs_dovecot
@pytest.mark.parametrize("auth, security", [("plain", "starttls"), ("login", "tls"), ("cram-md5", "starttls"),
                                            ("cram-md5", "none"), ("plain", "none")])
def test_dovecot_takes_our_mail_when_we_sign_in(daemon, authority, dovecot, auth, security):
    port = dovecot.smtps if security == "tls" else dovecot.smtp
    before = len(dovecot.relay.mails)
    house = daemon(site(secure(authority, port, security, auth=auth, user=USER, password=PASSWORD)))
    said = attempt(house)
    assert said["delivered"], said
    mail = dovecot.relay.wait(before + 1)
    assert mail.recipients == ["ops@example.org"] and mail.sender == USER
    assert f"> AUTH {auth.upper()}" in "\n".join(said["dialogue"]) and "235" in codes("\n".join(said["dialogue"]))
    shows_no_secret(said["dialogue"], PASSWORD)
    if security == "starttls":
        lines = [line for line in said["dialogue"] if line.startswith("> ")]
        assert lines[0].startswith("> EHLO ") and lines[1] == "> STARTTLS"  # nothing else in the clear
    assert PASSWORD not in house.log and house.get("/settings/mail.password")["value"] is None


@needs_dovecot
def test_a_wrong_password_is_shown_and_the_mail_waits(daemon, authority, dovecot):
    before = len(dovecot.relay.mails)
    house = daemon(site(secure(authority, dovecot.smtp, auth="plain", user=USER), ops=told(boot=True)), ready=True)
    assert house.put("mail.password", "wrong").status == 200
    wait_for(lambda: re.fullmatch("localhost refuses the sign-in: 535 .*", notices(house)["problem"] or ""), 20 * SLOW,
             lambda: notices(house))
    assert notices(house)["waiting"] == 1 and notices(house)["given_up"] == 0
    assert house.put("mail.password", PASSWORD).status == 200
    attempt(house)
    wait_for(lambda: notices(house)["waiting"] == 0, 20 * SLOW, lambda: f"the start: {notices(house)}")
    subjects = [mail["Subject"] for mail in dovecot.relay.mails[before:]]
    assert len(subjects) == 2 and any("start" in subject.lower() for subject in subjects), subjects


@needs_dovecot
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_pop3_comes_before_smtp(daemon, authority, dovecot, strange, security):
    """The mail server takes nothing from whom it has not seen at the POP3 server."""
    def seen():
        return f"user=<{USER}>" in dovecot.log[begin:] and "pop3-login: Info: Login" in dovecot.log[begin:]

    def answer(line):
        end = time.monotonic() + 5 * SLOW  # another process of Dovecot's writes the log, in its own time
        while (line or "").startswith("RCPT") and not seen():
            if time.monotonic() > end:
                return "550 relaying denied"
            time.sleep(0.02)
        return polite(line)

    begin = len(dovecot.log)
    server = strange(answer)
    pop = {"pop_server": "localhost", "pop_port": dovecot.pop3s if security == "tls" else dovecot.pop3,
           "pop_security": security, "pop_user": USER, "pop_password": PASSWORD, "ca": str(authority / "ca.pem")}
    house = daemon(site(clear(server.port, **pop)))
    said = attempt(house)
    assert said["delivered"] and len(server.messages) == 1, said
    assert "> PASS ***" in said["dialogue"]
    shows_no_secret(said["dialogue"], PASSWORD)
    begin = len(dovecot.log)
    server.answer = polite
    assert attempt(house)["delivered"] and len(server.messages) == 2
    assert "pop3-login" not in dovecot.log[begin:]  # the sign-in of a moment ago still counts


@needs_dovecot
def test_a_refused_pop3_sign_in_is_named(daemon, authority, dovecot, strange):
    server = strange(polite)
    house = daemon(site(clear(server.port, pop_server="localhost", pop_port=dovecot.pop3, pop_security="none",
                              pop_user=USER, pop_password="wrong")))
    said = attempt(house)
    assert not said["delivered"] and said["words"].startswith("localhost refuses the sign-in: -ERR"), said
    assert not server.lines


def test_xoauth2_takes_the_token_of_the_moment(daemon, authority, sink, tmp_path):
    token = tmp_path / "token"
    token.write_text("stale-token\n")
    server = sink(auth=(), tls_context=tls_context(authority), require_starttls=True)
    house = daemon(site(secure(authority, server.port, auth="xoauth2", user=USER, token_file=str(token))))
    said = attempt(house)
    assert not said["delivered"] and said["words"].startswith("localhost refuses the sign-in: 535"), said
    token.write_text("fresh-token\n")
    said = attempt(house)
    assert said["delivered"], said
    shows_no_secret(said["dialogue"], "fresh-token", "stale-token")
    token.unlink()
    said = attempt(house)
    assert not said["delivered"] and str(token) in said["words"]


def test_xoauth2_takes_the_token_that_a_program_prints(daemon, authority, sink, tmp_path):
    """It is run once while its token is good, again when the server refuses, and what goes wrong with it is named."""
    program, count = tmp_path / "token", tmp_path / "count"

    def prints(*lines):
        program.write_text("#!/bin/sh\necho x >> " + str(count) + "\n" + "\n".join(lines) + "\n")
        program.chmod(0o755)

    def runs():
        return len(count.read_text().split())

    prints("echo stale-token 3600")
    server = sink(auth=(), tls_context=tls_context(authority), require_starttls=True)
    house = daemon(site(secure(authority, server.port, auth="xoauth2", user=USER, token_command=str(program))))
    said = attempt(house)
    assert not said["delivered"] and said["words"].startswith("localhost refuses the sign-in: 535"), said
    prints("echo fresh-token", "echo 3600")  # the refused one is not kept
    for _ in range(3):
        said = attempt(house)
        assert said["delivered"], said
        shows_no_secret(said["dialogue"], "fresh-token", "stale-token")
    assert runs() == 2, "it is kept for its hour"
    prints("echo sorry: no refresh token >&2", "exit 3")
    house.reload(site(secure(authority, server.port, auth="xoauth2", user=USER, token_command=str(program), timeout="50 s")))
    assert attempt(house)["delivered"], "the token of before is good still"
    house.stop()
    house.start()
    said = attempt(house)
    assert not said["delivered"] and "failed (status 3): sorry: no refresh token" in said["words"], said
    program.chmod(0o777)
    said = attempt(house)
    assert not said["delivered"] and "only its owner may write" in said["words"], said
    before = runs()
    program.unlink()
    assert str(program) in attempt(house)["words"] and runs() == before


# ---- encryption ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("certificate, server_name, ca, words", [
    ("other", "localhost", True, "name in the certificate does not match"),
    ("server", "127.0.0.1", True, "name in the certificate does not match"),
    ("expired", "localhost", True, "uses expired certificate"),
    ("server", "localhost", False, "issuer is unknown"),
])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_right_gets_nothing(daemon, authority, sink, certificate, server_name, ca, words,
                                                      security):
    context = tls_context(authority, certificate)
    server = sink(**{"tls_context" if security == "starttls" else "ssl_context": context})
    settings = secure(authority, server.port, security, server=server_name)
    if not ca:
        del settings["ca"]
    house = daemon(site(settings))
    said = attempt(house)
    assert not said["delivered"] and words in said["words"], said
    assert not server.mails and not [line for line in said["dialogue"] if re.match("> (MAIL|AUTH|RCPT)", line)]


def test_a_server_that_cannot_encrypt_gets_nothing(daemon, strange):
    """Nor one that says it could, and then does not: neither the password nor the mail goes there."""
    for answer in odd(EHLO="250-mail.example.org\r\n250 AUTH PLAIN"), \
            odd(EHLO="250-mail.example.org\r\n250-STARTTLS\r\n250 AUTH PLAIN", STARTTLS="454 4.7.0 not now"):
        server = strange(answer)
        house = daemon(site({**clear(server.port), "security": "starttls", "auth": "plain", "user": USER,
                             "password": PASSWORD}))
        said = attempt(house)
        assert not said["delivered"] and "encrypt" in said["words"], said
        assert {line.split(" ")[0] for line in server.lines} <= {"EHLO", "STARTTLS", "QUIT"}, server.lines


def test_what_is_said_before_encryption_is_not_believed(daemon, strange):
    """Somebody on the way adds an answer to the consent: it would count as said by TLS."""
    server = strange(odd(EHLO="250-mail.example.org\r\n250 STARTTLS", STARTTLS="220 go\r\n250 AUTH PLAIN"))
    house = daemon(site({**clear(server.port), "security": "starttls"}))
    said = attempt(house)
    assert not said["delivered"] and "something was said between its consent to encrypt" in said["words"], said


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not POSTFIX or os.getuid() != 0, reason="Postfix must be there, and be started by root")
def test_postfix_delivers_to_those_whom_it_knows(daemon, clean):
    server = Postfix()
    clean.callback(server.stop)
    house = daemon(site(clear(server.port), ops=told("ops@example.org, nobody@example.org, second@example.org"),
                        gone=told("gone@example.org"), far=told("far@example.com")))
    said = attempt(house)
    assert said["delivered"] and "550 5.1.1 <nobody@example.org>" in said["words"], said
    sender = next(i for i, line in enumerate(said["dialogue"]) if line.startswith("> MAIL"))
    in_one = [line.split(" ")[1] for line in said["dialogue"][sender:sender + 5]]
    assert in_one == ["MAIL", "RCPT", "RCPT", "RCPT", "DATA"], said  # Postfix offers PIPELINING
    assert server.wait("ops")["Message-ID"] == server.wait("second")["Message-ID"]
    said = attempt(house, "gone")
    assert not said["delivered"] and said["words"].startswith("127.0.0.1 refuses the recipient: 550 5.1.1"), said
    assert notices(house, "gone")["given_up"] == 1 and "notices-lost" in kinds(house)
    said = attempt(house, "far")  # may be mended at the server: not given up
    assert not said["delivered"] and "5.7.1" in said["words"] and notices(house, "far")["given_up"] == 0, said


def test_only_those_who_have_not_got_it_are_tried_again(daemon, strange):
    greylisted = ["450 4.7.1 greylisted, come again"]

    def answer(line):
        if (line or "").startswith("RCPT TO:<second@") and greylisted:
            return greylisted.pop()
        return "550 5.1.1 no such user" if (line or "").startswith("RCPT TO:<third@") else polite(line)

    server = strange(answer)
    house = daemon(site(clear(server.port), ops=told("ops@example.org, second@example.org, third@example.org",
                                                     boot=True)))
    wait_for(lambda: "450" in (notices(house)["problem"] or ""), 15 * SLOW, lambda: f"the first attempt: {notices(house)}")
    attempt(house)
    wait_for(lambda: notices(house)["delivered"] >= 2, 15 * SLOW, lambda: f"the rest: {notices(house)}")
    asked = [re.search("<(.*?)@", line).group(1) for line in server.lines if line.startswith("RCPT")]
    assert asked[:4] == ["ops", "second", "third", "second"], asked
    numbers = [re.search("^Message-ID: (.*)", message, re.M).group(1) for message in server.messages]
    assert numbers[0] == numbers[1] and numbers[0] not in numbers[2:]


def test_a_message_keeps_its_id_when_the_answer_was_lost(daemon, strange):
    """The link breaks after the last dot: nobody knows whether the server has it."""
    broken = [Odd.CLOSE]
    server = strange(lambda line: broken.pop() if line == "." and broken else polite(line))
    house = daemon(site(clear(server.port), ops=told(boot=True)))
    wait_for(lambda: "closed" in (notices(house)["problem"] or ""), 15 * SLOW, lambda: f"the broken one: {notices(house)}")
    wait_on_disk(house, "job <> 0")
    house.kill()
    house.start()
    wait_for(lambda: len(server.messages) >= 2, 15 * SLOW, "the second one")
    first, second = (re.search("^Message-ID: (.*)", message, re.M).group(1) for message in server.messages[:2])
    assert first == second
    body = server.messages[0].split("\r\n\r\n")[1]
    assert body == server.messages[1].split("\r\n\r\n")[1]


@pytest.mark.parametrize("verb", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
def test_a_mute_server_holds_up_nobody(daemon, strange, verb):
    server = strange(odd(**{verb: None}) if verb != "greeting" else lambda line: None)
    house = daemon(site(clear(server.port, timeout="1 s")))
    begun = time.monotonic()
    said = attempt(house)
    assert not said["delivered"] and said["words"] == "127.0.0.1 said nothing for 1 s", said
    assert time.monotonic() - begun < 10 * SLOW


@pytest.mark.parametrize("word", ["250-x\r\n", "x"], ids=["lines", "a line"])
def test_a_server_that_pours_holds_up_nobody(daemon, strange, word):
    server = strange(odd(EHLO=word * 1_000_000))
    house = daemon(site(clear(server.port)))
    said = attempt(house)
    assert not said["delivered"] and re.search("says more than|a line that does not end", said["words"]), said
    assert house.get("/health")


def test_other_settings_end_the_waiting_for_a_mute_server(daemon, strange, sink):
    mute, server = strange(lambda line: None), sink()
    house = daemon(site(clear(mute.port), ops=told(boot=True)))
    wait_for(lambda: mute.links, 10 * SLOW, "the connection")
    house.reload(site(clear(server.port), ops=told(boot=True)))
    server.wait()
    wait_for(lambda: notices(house)["waiting"] == 0, 5 * SLOW, lambda: notices(house))


def test_the_end_does_not_wait_for_a_mute_server(daemon, strange):
    server = strange(odd(DATA=None))
    house = daemon(site(clear(server.port), ops=told(boot=True)))
    wait_for(lambda: "DATA" in server.lines, 10 * SLOW, lambda: server.lines)
    house.stop()  # in time, or the test fails
    server.answer = polite
    house.start()
    wait_for(lambda: server.messages, 10 * SLOW, "the mail of the first start")


def test_the_loop_does_not_wait_for_a_farewell(daemon, strange):
    """QUIT is said after success and refusal; its answer is nobody's business."""
    for refusal in None, "550 5.1.1 no such user":
        server = strange(odd(QUIT=None, **({"RCPT": refusal} if refusal else {})))
        house = daemon(site(clear(server.port)))
        assert attempt(house)["delivered"] == (refusal is None)
        begun = time.monotonic()
        for _ in range(5):
            house.get("/health")
        assert time.monotonic() - begun < 5 * SLOW  # a minute and more when it waits
        wait_for(lambda: "QUIT" in server.lines, 5 * SLOW, "the farewell")


def test_mail_without_a_server_says_so(daemon):
    house = daemon(site({}))
    said = attempt(house)
    assert not said["delivered"] and said["words"] == "no mail server is set; give one in mail.server"


def test_mistakes_in_the_settings_are_named(daemon, strange):
    house = daemon(site({}))
    for key, value, words in [("mail.server", "a b", "must be a name or an address"),
                              ("mail.from", "nobody", "is no mail address"),
                              ("mail.page", "rack-7", "must look like https://"),
                              ("mail.auth", "plain", "must be given for this auth"),
                              ("mail.user", "me", "must be plain, login, cram-md5 or xoauth2"),
                              ("mail.pop_server", "pop.example.org", "must be given for POP3 before SMTP"),
                              ("mail.timeout", "1 h", "10 min")]:
        answer = house.put(key, value)
        assert answer.status in (400, 422) and words in answer.body.decode(), (key, answer.body)


# ---- reports ---------------------------------------------------------------------------------------------------------


def make_due(house, server, record):
    """An hourly report that is due in a moment, and its mail. On a machine that is busy the moment may pass too soon."""
    for patience in 3, 6, 12:
        due = int(time.time()) + patience
        at = time.strftime("%H:%M:%S", time.gmtime(due))
        assert house.local("PUT", "/api/v1/reports/hourly", {**record, "every": "hourly", "at": at}).status == 200
        with contextlib.suppress(AssertionError):
            return due, server.wait(seconds=(patience + 3) / SLOW)
    raise AssertionError(f"no report came: {house.log}")


def test_a_report_has_readings_alarms_and_what_was_recorded(daemon, clean, sink):
    server, meter = sink(), Meter(clean)
    house = daemon({**meter.site, "site": {"name": "Rack", "time_zone": "UTC"}, "mail": clear(server.port),
                    "recipients": {"ops": told(alarms=False),
                                   "other": told("other@example.org", reports=True, alarms=False)}})
    house.wait_good(AMPS)
    meter.set(20.25)
    wait_for(lambda: house.get("/alarms")["alarms"][0]["state"] == "tripped", 10 * SLOW, "the alarm")
    last = int(time.time()) // 600 * 600  # of the row that begins there there are readings of our own
    rows = {last - 600 * i: (100 + i) / 10 for i in range(1, 12)}  # every ten minutes of two hours
    text = "time,path,value\r\n" + "".join(
        f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at))},{AMPS},{value}\r\n" for at, value in sorted(rows.items()))
    assert house.cli("import", "-", stdin=text).returncode == 0
    due, mail = make_due(house, server, {"recipients": "ops", "devices": "m", "csv": True, "csv_step": "10 min",
                                         "label": "Every hour"})
    assert mail.recipients == ["ops@example.org"] and mail["Subject"] == "[Rack] Report: Every hour"
    assert mail.kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"]
    assert re.search(r"^  critical, tripped +.*20\.2", mail.text, re.M), mail.text
    assert re.search(r"^  Phase A, Current +20\.250 A$", mail.text, re.M), mail.text
    assert "Phase A, Current" in mail.part("text/html")
    attached = next(part for part in mail.message.walk() if part.get_content_type() == "text/csv")
    assert re.fullmatch(r"hourly_\d{4}-\d\d-\d\d_\d\d-\d\d\.csv", attached.get_filename())
    table = list(csv.DictReader(io.StringIO(attached.get_content(), newline="")))
    column = next(name for name in table[0] if name.startswith(AMPS) and name.endswith("avg"))
    got = {row["utc"]: row[column] for row in table if row[column]}
    want = {at: value for at, value in rows.items() if due - 3600 <= at}
    assert len(want) >= 4
    for at, value in want.items():
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
        assert [float(cell) for when, cell in got.items() if when.startswith(stamp)] == [value], (stamp, got)
    assert len(server.mails) == 1


def test_a_report_can_be_had_now(daemon, sink):
    server = sink()
    house = daemon({**site({"server": "127.0.0.1", "port": server.port, "security": "none"}),
                    "reports": {"morning": {"at": "07:00", "recipients": "ops"}}})
    assert house.local("POST", "/api/v1/reports/evening/send").status == 404
    assert house.local("POST", "/api/v1/reports/morning/send").status == 204
    mail = server.wait()
    assert mail["Subject"].endswith("Report: morning") and mail["References"].startswith("<report-morning@")
    assert "No alarm holds." in mail.text
    host = mail.sender.removeprefix("busbar@")  # where the settings say nothing
    assert mail["From"].addresses[0].addr_spec == mail.sender and mail["Message-ID"].endswith(f"@{host}>")
    assert f"Page   http://{socket.gethostname()}:{house.http}\n" in mail.text


def test_a_table_that_is_too_large_says_so(daemon, clean, sink):
    """Almost a week of minutes: not all points of the meter fit."""
    server, meter = sink(), Meter(clean)
    tomorrow = time.strftime("%a", time.gmtime(time.time() + 86400)).lower()
    report = {"every": "weekly", "days": tomorrow, "at": "12:00", "recipients": "ops", "csv": True, "csv_step": "1 min"}
    house = daemon({**meter.site, "site": {"time_zone": "UTC"}, "mail": clear(server.port),
                    "recipients": {"ops": told(alarms=False)}, "reports": {"week": report}})
    wait_for(lambda: house.get(f"/history?path={AMPS}&from=-1h&step=raw")["series"][0]["rows"], 15 * SLOW, "a reading")
    assert house.local("POST", "/api/v1/reports/week/send").status == 204
    mail = server.wait()
    most = int(re.search(r"The attached table is not complete: it has the first (\d+) points", mail.text).group(1))
    header = next(csv.reader(io.StringIO(mail.part("text/csv"), newline="")))
    points = {name.split(" ")[0] for name in header} - {"time", "utc"}
    assert 10 < most < 40 and AMPS in points and len(points) <= most


def test_a_report_is_not_sent_again_after_a_restart(daemon, sink):
    server = sink()
    house = daemon(site(clear(server.port)))
    house.session()
    make_due(house, server, {"recipients": "ops"})
    wait_for((house.state / "reports.json").exists, 10 * SLOW, "what is known of it")
    house.stop()
    house.start()
    time.sleep(0.5)
    assert len(server.mails) == 1
