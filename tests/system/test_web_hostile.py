"""The web face against those who mean harm: malformed requests, slow ones, too many, too large, old TLS."""

import json
import random
import socket
import ssl
import subprocess
import time

import pytest

from web_client import Server, receive_all


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("hostile"), "--points", "24", view="open", per_address=32)
    yield server
    server.stop()


GET = b"GET /api/v1/health HTTP/1.1\r\n"
HOST = b"Host: localhost\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"

MALFORMED = {
    "no host": GET + b"\r\n",
    "two hosts": GET + HOST + HOST + b"\r\n",
    "length and chunked": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two equal lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}",
    "list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "hex length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "huge length": POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "blank before colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "blank before te colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "odd encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "gzip encoding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two encodings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "nul escape": b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "cut escape": b"GET /%4 HTTP/1.1\r\n" + HOST + b"\r\n",
    "line end escape": b"GET /%0d%0aX:%20y HTTP/1.1\r\n" + HOST + b"\r\n",
}

SMUGGLED = b"GET /api/v1/site HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(server, name):
    """Refused, and the connection ends: what follows is never taken for a request."""
    raw = server.raw(MALFORMED[name] + SMUGGLED)
    # libmicrohttpd answers some of these itself (413 for a length that is no number of ours).
    assert raw.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413")), raw[:200]
    assert b"HTTP/1.1 2" not in raw and b"\"devices\"" not in raw
    assert b"connection: close" in raw.lower()


def test_other_versions(server):
    for version in (b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.9", b"http/1.1", b"XTTP/1.1"):
        raw = server.raw(b"GET /api/v1/site " + version + b"\r\n" + HOST + b"\r\n")
        assert b"\"devices\"" not in raw, version
    old = server.raw(b"GET /api/v1/health HTTP/1.0\r\n\r\n")
    assert old.startswith(b"HTTP/1.") and b" 200 " in old.split(b"\r\n")[0]


def test_body_too_large(server):
    headers = {"Content-Type": "application/json"}
    answer = server.ask("POST", "/api/v1/session", b" " * 300_000, headers)
    assert (answer.status, answer.kind) == (413, "body-too-large")
    # Much too much is not even waited for.
    raw = server.raw(POST + b"Content-Length: 100000000\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 413") and b"connection: close" in raw.lower()
    # In pieces its size is not known beforehand.
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    raw = server.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 5 + b"0\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 413")
    with socket.create_connection(("127.0.0.1", server.http), timeout=5) as link:
        link.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(200):
                link.sendall(chunk)
            receive_all(link)
            raise BrokenPipeError  # closed without an error of ours
    with socket.create_connection(("127.0.0.1", server.http), timeout=5) as link:
        link.sendall(POST + b"Content-Length: 300000\r\nExpect: 100-continue\r\n\r\n")
        assert link.recv(100).startswith(b"HTTP/1.1 413")


def test_header_too_large(server):
    raw = server.raw(GET + HOST + b"X: " + b"x" * 100_000 + b"\r\n\r\n")
    assert b" 200 " not in raw.split(b"\r\n")[0]
    raw = server.raw(b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert b" 200 " not in raw.split(b"\r\n")[0]
    raw = server.raw(GET + HOST + b"".join(b"X-%d: y\r\n" % i for i in range(10000)) + b"\r\n")
    assert b" 200 " not in raw.split(b"\r\n")[0]


def test_noise(server):
    """Bytes that are no requests, mutated requests, on the plain and on the TLS port."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    samples = list(MALFORMED.values()) + [GET + HOST + b"\r\n", SMUGGLED]
    for i in range(150):
        data = bytearray(chance.choice(samples) if i % 3 else chance.randbytes(chance.randrange(1, 500)))
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with socket.create_connection(("127.0.0.1", chance.choice([server.http, server.https])), timeout=5) as link:
            link.sendall(data)
            link.settimeout(0.02)
            receive_all(link)
    assert server.ask("GET", "/api/v1/health").status == 200


@pytest.mark.long
def test_slow_clients(tmp_path):
    """Half-open requests and handshakes by the hundred do not keep others waiting, and are cut off after a while."""
    server = Server(tmp_path, "--points", "24", view="open", per_address=500)
    slow = []
    for i in range(300):
        link = socket.create_connection(("127.0.0.1", server.http if i % 3 else server.https), timeout=5)
        link.sendall((GET[:20], GET + b"Host: lo", POST + b"Content-Length: 100\r\n\r\n{")[i % 3] if i % 3 else b"\x16\x03\x01")
        slow.append(link)
    waits = []
    start = time.monotonic()
    cut = 0
    while time.monotonic() - start < 27:
        before = time.monotonic()
        assert server.ask("GET", "/api/v1/points").status == 200
        waits.append(time.monotonic() - before)
        for link in slow[:100]:  # one byte now and then: silence alone would never end these
            try:
                link.sendall(b"x")
            except OSError:
                cut += 1
        time.sleep(0.5)
    waits.sort()
    assert waits[-1] < 0.5 and waits[len(waits) // 2] < 0.05
    for link in slow:
        link.settimeout(0.01)
        try:
            assert link.recv(1000) == b"" or True
        except TimeoutError:
            assert slow.index(link) % 3 == 2, slow.index(link)  # a body may take 30 s
        except ConnectionResetError:
            pass
        link.close()
    server.stop()


def test_connections_per_address(server):
    """One address gets its share and no more; the share comes back when it lets go."""
    links = [socket.create_connection(("127.0.0.1", server.http), timeout=2) for _ in range(60)]
    time.sleep(0.3)
    served = 0
    for link in links:
        try:
            link.sendall(GET + HOST + b"\r\n")
            served += link.recv(12) == b"HTTP/1.1 200"
        except OSError:
            pass
    assert served == 32
    for link in links:
        link.close()
    time.sleep(0.3)
    assert server.ask("GET", "/api/v1/health").status == 200


# ---- TLS ------------------------------------------------------------------------------------------


def handshake(server, low, high, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version, context.maximum_version = low, high
    if ciphers:
        context.set_ciphers(ciphers)
    with socket.create_connection(("127.0.0.1", server.https), timeout=5) as link:
        with context.wrap_socket(link) as tls:
            return tls.version(), tls.cipher()[0]


def test_tls_versions(server):
    version = ssl.TLSVersion
    assert handshake(server, version.TLSv1_3, version.TLSv1_3) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    assert handshake(server, version.TLSv1_2, version.TLSv1_2) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    for low, high in ((version.TLSv1, version.TLSv1), (version.TLSv1_1, version.TLSv1_1)):
        with pytest.raises((ssl.SSLError, OSError)):
            handshake(server, low, high, "ALL:@SECLEVEL=0")
    for weak in ("AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA", "NULL@SECLEVEL=0", "DES-CBC3-SHA@SECLEVEL=0"):
        with pytest.raises((ssl.SSLError, OSError)):
            handshake(server, version.TLSv1_2, version.TLSv1_2, weak)


def test_tls_name(server):
    """The certificate made at the first start is good for what people type."""
    context = ssl.create_default_context(cafile=server.folder / "tls.crt")
    for name in ("localhost", "127.0.0.1"):
        with socket.create_connection(("127.0.0.1", server.https), timeout=5) as link:
            with context.wrap_socket(link, server_hostname=name) as tls:
                assert tls.getpeercert()["subject"]
    with socket.create_connection(("127.0.0.1", server.https), timeout=5) as link:
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(link, server_hostname="other.example.com")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def test_certificate_swap(server):
    """A new pair comes into force at once; one that does not match changes nothing and says why."""
    folder = server.folder
    for name in ("a", "b"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
                "-subj", "/CN=" + name, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")

    def in_force():
        return ssl.get_server_certificate(("127.0.0.1", server.https))

    own = in_force()

    def change(certificate, key):
        return server.local("PUT", "/api/v1/settings",
                            {"web.certificate": str(certificate), "web.key": str(key)})

    assert change(folder / "a.crt", folder / "a.key").status == 200
    assert in_force().strip() == (folder / "a.crt").read_text().strip()
    change(folder / "b.crt", folder / "a.key")
    assert "does not belong" in (folder / "log").read_text()
    assert in_force().strip() == (folder / "a.crt").read_text().strip()
    half = server.local("PUT", "/api/v1/settings/web.key", {"value": None})
    assert half.kind == "bad-setting" and "belong together" in half.json()["detail"]
    assert server.local("PUT", "/api/v1/settings", {"web.certificate": None, "web.key": None}).status == 200
    assert in_force() == own


def test_redirect(server):
    assert server.local("PUT", "/api/v1/settings/web.redirect", {"value": True}).status == 200
    answer = server.ask("GET", "/api/v1/points?device=meter-1&path=a%20b")
    assert answer.status == 308
    assert answer.headers["Location"] == f"https://127.0.0.1:{server.https}/api/v1/points?device=meter-1&path=a%20b"
    assert server.ask("GET", "/api/v1/health", tls=True).status == 200
    assert server.local("GET", "/api/v1/health").status == 200
    assert server.local("PUT", "/api/v1/settings/web.redirect", {"value": False}).status == 200
    assert json.loads(server.ask("GET", "/api/v1/health").body)["status"] == "ok"


def test_socket_of_another(tmp_path):
    """A second daemon does not take the socket away from one that runs, and a dead one's is replaced."""
    first = Server(tmp_path, "--points", "1")
    with pytest.raises(AssertionError, match="another daemon answers"):
        Server(tmp_path, "--points", "1")
    assert first.local("GET", "/api/v1/health").status == 200
    first.process.kill()
    first.process.wait()
    assert (tmp_path / "busbar.sock").exists()
    again = Server(tmp_path, "--points", "1")
    assert again.local("GET", "/api/v1/health").status == 200
    again.stop()
    assert not (tmp_path / "busbar.sock").exists()
