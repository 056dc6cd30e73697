"""Notices by syslog and webhook, to programs that are not ours: rsyslog, Python's web server and its HMAC."""

import contextlib
import hashlib
import hmac
import json
import re
import socket
import ssl
import threading
import time

import pytest

from daemon_client import PASSWORD, SLOW, free_port, tcp_line, unit, wait_for
from field_devices import Server, Unit
from notice_receivers import RSYSLOGD, Hook, Mute, Rsyslog, drip, make_certificates, pour, wait_change_on_disk

# no history; that a receiver cannot be reached is told at once
QUIET = {"history": {"enabled": False}, "notices": {"tell_after": "0 s"}}
KEY = 'a "secret" of the two sides'


def recipients(**them):
    return {**QUIET, "recipients": them}


def webhook(port, **more):
    return {"kind": "webhook", "url": f"http://127.0.0.1:{port}/hook", "boot": True, "least": "info", **more}


def syslog(port, transport, **more):
    return {"kind": "syslog", "host": "127.0.0.1", "port": port, "transport": transport, "boot": True, **more}


def bodies(hook):
    return [json.loads(body) for _, body, _ in hook.posts]


def notices(hook):
    return [notice for body in bodies(hook) for notice in body["notices"]]


def wait_notices(hook, count, seconds=15):
    return wait_for(lambda: len(notices(hook)) >= count and notices(hook), seconds * SLOW,
                    lambda: f"{count} notices: {notices(hook)}")


def kinds(house):
    return [event["kind"] for event in house.get("/events?limit=200")["events"]]


# ---- syslog ---------------------------------------------------------------------------------------------------------

needs_rsyslog = pytest.mark.skipif(not RSYSLOGD, reason="no rsyslogd")


@needs_rsyslog
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_rsyslog_reads_what_we_send(daemon, clean, tmp_path, transport):
    make_certificates(tmp_path)
    receiver = Rsyslog(tmp_path, transport)
    clean.callback(receiver.stop)
    house = daemon(recipients(ops=syslog(receiver.port, transport, host="localhost", ca=str(tmp_path / "ca.pem"),
                                         facility="local3", events=True, least="info", control=True)))
    boot = receiver.wait(lambda one: one["kind"] == "boot", "the start")
    assert boot["pri"] == str(19 * 8 + 6) and boot["app"] == "busbar"
    assert boot["host"] == socket.gethostname() and boot["process"] == str(house.process.pid)
    assert abs(time.time() - time.mktime(time.strptime(boot["time"][:19], "%Y-%m-%dT%H:%M:%S"))) < 86400
    assert "has started for the first time" in boot["text"]
    house.session()
    label = 'a "quoted" \\ label ] and ümlaut'
    assert house.put("site.name", label).status == 200
    change = receiver.wait(lambda one: 'rule="setting-changed"' in one["data"], "the change")
    assert re.fullmatch(r'\[busbar@32473 id="[0-9a-f]{16}" severity="info" rule="setting-changed" path="site.name" '
                        r'label="Setting changed" actor="local" origin="local"\]', change["data"]), change
    assert "ümlaut" in change["text"] and '\\ label ]' in change["text"]
    assert house.sign_in(password="wrong").status in (401, 403)
    refused = receiver.wait(lambda one: 'rule="sign-in-refused"' in one["data"], "the refusal")
    assert refused["pri"] == str(19 * 8 + 4) and refused["kind"] == "event"
    assert [one["kind"] for one in receiver.messages()].count("boot") == 1


@needs_rsyslog
def test_what_waits_for_rsyslog_comes_after_its_return_and_our_death(daemon, clean, tmp_path):
    port = free_port()
    house = daemon(recipients(ops=syslog(port, "tcp", events=True, least="info")))
    house.session()
    for label in ("one", "two", "three"):
        assert house.put("site.name", label).status == 200
    wait_for(lambda: "notices-delayed" in kinds(house), 10 * SLOW, "that they wait")
    wait_change_on_disk(house, "three")
    house.kill()
    receiver = Rsyslog(tmp_path, "tcp", port)
    clean.callback(receiver.stop)
    house.start()
    receiver.wait(lambda one: "three" in one["text"], "what waited")
    receiver.wait(lambda one: "killed" in one["text"] or "lost its power" in one["text"], "the second start")
    texts = [one["text"] for one in receiver.messages()]
    order = [next(i for i, text in enumerate(texts) if f'to "{word}"' in text) for word in ("one", "two", "three")]
    assert order == sorted(order)
    starts = [one for one in receiver.messages() if one["kind"] == "boot"]
    assert len(starts) == 2


@needs_rsyslog
@pytest.mark.parametrize("name,ca", [("other.example", "ca.pem"), ("localhost", "")])
def test_a_certificate_that_is_not_right_is_refused(daemon, clean, tmp_path, name, ca):
    make_certificates(tmp_path, name)
    receiver = Rsyslog(tmp_path, "tls")
    clean.callback(receiver.stop)
    house = daemon(recipients(ops=syslog(receiver.port, "tls", host="localhost", ca=str(tmp_path / ca) if ca else "")))
    text = wait_for(lambda: next((event["text"] for event in house.get("/events?limit=50")["events"]
                                  if event["kind"] == "notices-delayed"), None), 15 * SLOW, lambda: house.log)
    assert re.search("certificate|trusted", text), text
    assert receiver.messages() == []


def test_tcp_counts_octets(daemon, clean):
    """RFC 6587, 3.4.1, by hand."""
    listener = socket.create_server(("127.0.0.1", 0))
    clean.callback(listener.close)
    daemon(recipients(ops=syslog(listener.getsockname()[1], "tcp")))
    listener.settimeout(10 * SLOW)
    link, _ = listener.accept()
    clean.callback(link.close)
    link.settimeout(10)
    text = b""
    while b" " not in text or len(text.split(b" ", 1)[1]) < int(text.split(b" ", 1)[0]):
        text += link.recv(4096)
    count, message = text.split(b" ", 1)
    assert int(count) == len(message) and message.startswith(b"<30>1 20") and not message.endswith(b"\n")


def test_a_receiver_is_connected_ahead(daemon, clean):
    """Before there is anything to tell."""
    listener = socket.create_server(("127.0.0.1", 0))
    clean.callback(listener.close)
    house = daemon(recipients(ops=syslog(listener.getsockname()[1], "tcp", boot=False, sign_in=True)))
    listener.settimeout(10 * SLOW)
    link, _ = listener.accept()
    clean.callback(link.close)
    house.session()
    house.sign_in(password="wrong")
    link.settimeout(10 * SLOW)
    assert b" sign-in-refused [busbar@32473 " in link.recv(4096)


# ---- webhooks -------------------------------------------------------------------------------------------------------

def test_a_webhook_is_signed_json(daemon, clean):
    hook = Hook()
    clean.callback(hook.close)
    daemon(recipients(ops=webhook(hook.port, key=KEY)))
    first = wait_notices(hook, 1)[0]
    headers, body, path = hook.posts[0]
    assert path == "/hook" and headers["Content-Type"] == "application/json"
    stamp = headers["Busbar-Timestamp"]
    assert abs(time.time() - int(stamp)) < 60
    digest = hmac.new(KEY.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["Busbar-Signature"], "sha256=" + digest)
    whole = json.loads(body)
    assert headers["Busbar-Delivery"] == whole["delivery"]
    assert whole["recipient"] == "ops" and whole["site"] == "busbar" and whole["host"] == socket.gethostname()
    assert first["kind"] == "boot" and first["severity"] == "info" and first["rule"] == "start"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    time.sleep(0.5)
    assert len(hook.posts) == 1


@pytest.mark.parametrize("name,ca,good", [("localhost", "ca.pem", True), ("localhost", "", False),
                                          ("other.example", "ca.pem", False)])
def test_a_webhook_verifies_who_it_talks_to(daemon, clean, tmp_path, name, ca, good):
    make_certificates(tmp_path, name)
    hook = Hook(certificates=tmp_path)
    clean.callback(hook.close)
    house = daemon(recipients(ops={**webhook(hook.port), "url": f"https://localhost:{hook.port}/hook",
                                   "ca": str(tmp_path / ca) if ca else ""}))
    if good:
        assert wait_notices(hook, 1)[0]["kind"] == "boot"
        return
    text = wait_for(lambda: next((event["text"] for event in house.get("/events?limit=50")["events"]
                                  if event["kind"] == "notices-delayed"), None), 15 * SLOW, lambda: house.log)
    assert re.search("certificate|subject name", text), text
    assert not hook.posts


def test_an_alarm_is_told_with_its_numbers(daemon, clean):
    hook, meter = Hook(), Unit.sdm630()
    clean.callback(hook.close)
    server = Server({1: meter})
    clean.callback(server.stop)
    meter.put_float(6, 5.0)
    house = daemon({**recipients(ops=webhook(hook.port, boot=False)), "lines": {"gw": tcp_line(server.port)},
                    "devices": {"m": unit("gw", 1, every="200 ms")},
                    "alarms": {"amps": {"label": "Phase current", "points": "m/phase-a/current", "when": "over",
                                        "limit": 16, "recover": 15, "severity": "critical"}}})
    house.wait_good("m/phase-a/current")
    meter.put_float(6, 17.5)
    raised = wait_notices(hook, 1)[0]
    assert raised["kind"] == "alarm" and raised["change"] == "raised" and raised["severity"] == "critical"
    assert raised["rule"] == "amps" and raised["path"] == "m/phase-a/current" and raised["label"] == "Phase current"
    assert raised["number"] == 17.5 and raised["limit"] == 16 and raised["unit"] == "A"
    meter.put_float(6, 3.0)
    cleared = wait_notices(hook, 2)[1]
    assert cleared["change"] == "cleared" and cleared["alarm"] == raised["alarm"] and cleared["id"] > raised["id"]


@pytest.mark.long
def test_5xx_is_tried_again_and_4xx_is_not(daemon, clean):
    later, never, moved = Hook((503, {}, b"busy")), Hook((404, {}, b"no such hook")), Hook()
    elsewhere = Hook()
    moved.answer = (302, {"Location": elsewhere.url}, b"")
    for hook in (later, never, moved, elsewhere):
        clean.callback(hook.close)
    house = daemon(recipients(later=webhook(later.port), never=webhook(never.port), moved=webhook(moved.port)))
    wait_for(lambda: len(never.posts) and len(moved.posts) and len(later.posts), 15 * SLOW, "three posts")
    later.answer = 200
    wait_for(lambda: len(later.posts) == 2, 20 * SLOW, "the second try")  # after 10 s
    assert later.posts[0][1] == later.posts[1][1]
    assert later.posts[0][0]["Busbar-Delivery"] == later.posts[1][0]["Busbar-Delivery"]
    assert len(never.posts) == len(moved.posts) == 1 and not elsewhere.posts
    texts = [event["text"] for event in house.get("/events?limit=100")["events"] if event["kind"] == "notices-lost"]
    assert any("no such hook" in text for text in texts) and any("redirects are not followed" in text for text in texts)


def test_hostile_receivers_disturb_nobody(daemon, clean):
    good = Hook()
    mutes = {"mute": Mute(), "pours": Mute(pour), "drips": Mute(drip), "shuts": Mute(lambda link: link.close())}
    for one in (good, *mutes.values()):
        clean.callback(one.close)
    udp_nobody = free_port()
    house = daemon(recipients(
        good=webhook(good.port, sign_in=True), nobody=syslog(udp_nobody, "udp"),
        **{name: webhook(one.port) for name, one in mutes.items()},
        **{name + "-tcp": syslog(one.port, "tcp") for name, one in mutes.items() if name != "pours"},
        **{name + "-tls": syslog(one.port, "tls", host="localhost") for name, one in mutes.items()}))
    wait_notices(good, 1)
    house.session()
    for _ in range(3):
        house.sign_in(password="wrong")
        began = time.monotonic()
        assert house.get("/health")
        assert time.monotonic() - began < 5 * SLOW
    assert [one["kind"] for one in wait_notices(good, 2)] == ["boot", "sign-in-refused"]
    wait_for(lambda: any(event["object"] == "shuts" for event in house.get("/events?limit=100")["events"]
                         if event["kind"] == "notices-delayed"), 15 * SLOW, "that who shuts is not reached")
    house.stop(within=4)


def test_refused_sign_ins_are_gathered(daemon, clean):
    hook = Hook()
    clean.callback(hook.close)
    house = daemon(recipients(ops=webhook(hook.port, boot=False, sign_in=True)))
    house.session()
    for _ in range(4):
        assert house.sign_in(password=PASSWORD + "x").status in (401, 403, 429)
    first = wait_notices(hook, 1)[0]
    assert first["kind"] == "sign-in-refused" and first["origin"] == "127.0.0.1" and "administrator" in first["text"]
    time.sleep(0.5)
    assert len(notices(hook)) == 1


# ---- over restarts --------------------------------------------------------------------------------------------------

def test_nothing_is_lost_or_doubled_over_kills(daemon, clean):
    """Killed again and again while the receiver is down, then up: each change of a setting arrives, in order, and none
    twice unless its delivery was under way when the program was killed."""
    hook = Hook(503)
    clean.callback(hook.close)
    house = daemon(recipients(ops=webhook(hook.port, boot=False, events=True)))
    words = []
    for run in range(4):
        for part in range(3):
            words.append(f"{run}-{part}")
            assert house.put("site.name", words[-1]).status == 200
        wait_change_on_disk(house, words[-1])
        house.kill()
        if run == 3:
            hook.posts.clear()
            hook.answer = 200
        house.start()
    house.put("site.name", "last")
    words.append("last")

    def taken():
        """Each job once: one may have been under way when the program was killed, and says so by its number."""
        jobs, posts = {}, list(hook.posts)
        for headers, body, _ in posts:
            assert jobs.setdefault(headers["Busbar-Delivery"], body) == body
        assert len(posts) - len(jobs) <= 1
        return [notice for body in jobs.values() for notice in json.loads(body)["notices"]]

    def told():
        texts = [one["text"] for one in taken() if one["rule"] == "setting-changed" and "name" in one["path"]]
        return [re.search(r'to "([^"]*)"', text).group(1) for text in texts]

    wait_for(lambda: "last" in told(), 15 * SLOW, lambda: f"all: {told()}\n{house.log}")
    assert told() == words
    ids = [one["id"] for one in taken()]
    assert ids == sorted(ids) and len(set(ids)) == len(ids)


def test_secrets_of_recipients_are_never_shown(daemon, clean):
    hook = Hook()
    clean.callback(hook.close)
    house = daemon(recipients(ops=webhook(hook.port, key=KEY)))
    wait_notices(hook, 1)
    house.reload(house.complete(recipients(ops=webhook(hook.port, key=KEY + "2"))))
    everything = house.log + json.dumps(house.get("/events?limit=200")) + json.dumps(house.get("/settings"))
    assert "of the two sides" not in everything


# ---- the test button --------------------------------------------------------------------------------------------------


def attempt(house, recipient="ops"):
    answer = house.local("POST", f"/api/v1/recipients/{recipient}/test", {})
    assert answer.status == 200, answer.body
    return answer.json()


def swallow(sink, folder):
    """Takes one connection after the other, and what it says."""
    def drain(link):
        with contextlib.suppress(OSError):
            if folder:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(folder / "server.pem", folder / "server.key")
                link = context.wrap_socket(link, server_side=True)
            while link.recv(65536):
                pass
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=drain, args=(sink.accept()[0],), daemon=True).start()


def test_a_webhook_test_shows_the_dialogue_without_secrets(daemon, clean):
    hook = Hook(answer=(500, {"Set-Cookie": "a=hush"}, b"out of order"))
    clean.callback(hook.close)
    house = daemon(recipients(ops=webhook(hook.port, boot=False, key=KEY)))
    told = attempt(house)
    lines = told["dialogue"]
    assert not told["delivered"] and told["words"].startswith("HTTP 500"), told
    assert "> POST /hook HTTP/1.1" in lines and any(line.startswith("< HTTP/1.1 500") for line in lines), lines
    assert "> Busbar-Signature: ***" in lines
    assert any(line.startswith("> Busbar-Delivery: ") for line in lines)
    assert "< Set-Cookie: ***" in lines and "< out of order" in lines
    assert not re.search("secret|sha256=|hush", "\n".join(lines))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_syslog_test_shows_the_dialogue(daemon, clean, tmp_path, transport):
    if transport == "tls":
        make_certificates(tmp_path, "localhost")
    elif transport == "udp":
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind(("127.0.0.1", 0))
    if transport != "udp":
        sink = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=swallow, args=(sink, tmp_path if transport == "tls" else None), daemon=True).start()
    clean.callback(sink.close)
    port = sink.getsockname()[1]
    house = daemon(recipients(ops=syslog(port, transport, host="localhost", boot=False,
                                         ca=str(tmp_path / "ca.pem") if transport == "tls" else "")))
    told = attempt(house)
    lines = told["dialogue"]
    assert told["delivered"] and told["words"] == "sent", told
    assert lines[0] == f"* to localhost, port {port}, by {transport}"
    assert any(line.startswith("> ") and " test [busbar@32473 " in line for line in lines), lines
    assert ("* connected" in lines) == (transport != "udp")
    assert any("certificate is valid for localhost" in line for line in lines) == (transport == "tls")
    if transport == "tcp":
        sink.shutdown(socket.SHUT_RDWR)
    sink.close()
    if transport == "tcp":
        again = attempt(house)
        assert not again["delivered"] and "refused" in again["words"] and "refused" in again["dialogue"][-1], again
