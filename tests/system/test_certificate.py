"""The certificate over the API: shown, replaced, refused, made anew; OpenSSL makes the pairs and judges what is served."""

import json
import os
import pathlib
import re
import socket
import ssl
import stat
import subprocess

import pytest

from web_client import Server

PASSWORD = "a long enough pass phrase 7"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("certificate"))
    yield one
    one.stop()


def openssl(*arguments, cwd=None):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True, cwd=cwd).stdout


def make(folder, name, *, start=None, end=None, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
    """A self-signed pair; `start` and `end` as OpenSSL writes times (YYYYMMDDHHMMSSZ)."""
    openssl("req", "-new", "-newkey", *key, "-nodes", "-subj", f"/O=Test/CN={name}", "-keyout", folder / f"{name}.key",
            "-out", folder / f"{name}.csr")
    (folder / "ca.cnf").write_text("[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
                                   "default_md=sha256\npolicy=any\nunique_subject=no\nx509_extensions=more\n"
                                   "[any]\norganizationName=optional\ncommonName=optional\n"
                                   f"[more]\nsubjectAltName=DNS:{name},IP:192.0.2.7\n")
    (folder / "index").write_text("")
    (folder / "serial").write_text("1234\n")
    span = ["-startdate", start or "20200101000000Z", "-enddate", end or "20991231000000Z"]
    openssl("ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", f"{name}.key", "-in", f"{name}.csr", "-out", f"{name}.crt",
            "-notext", *span, cwd=folder)
    return {"certificate": (folder / f"{name}.crt").read_text(), "key": (folder / f"{name}.key").read_text()}


def served(server):
    """What a browser is shown on a new connection."""
    return ssl.get_server_certificate(("127.0.0.1", server.https))


def put(server, body):
    return server.local("PUT", "/api/v1/certificate", body)


def test_the_certificate_is_told_as_openssl_tells_it(server):
    told = server.local("GET", "/api/v1/certificate").json()
    text = openssl("x509", "-in", server.folder / "tls.crt", "-noout", "-fingerprint", "-sha256", "-serial", "-ext", "subjectAltName")
    assert told["fingerprint"] == re.search("Fingerprint=(.*)", text)[1]
    assert told["serial"].replace(":", "") == re.search("serial=(.*)", text)[1]
    names = re.findall(r"(?:DNS|IP Address):([^,\s]+)", text)
    assert len(names) == len(told["names"]) and {"localhost", "127.0.0.1"} <= set(told["names"]) & set(names)
    assert told["self_signed"] and told["source"] == "unit" and told["in_use"] and told["problem"] is None
    assert told["key"] == "ECDSA 256" and told["chain"] == []


def test_an_uploaded_pair_is_served_at_once_and_kept_for_the_next_start(server, tmp_path):
    pair = make(tmp_path, "rack7.example")
    with socket.create_connection(("127.0.0.1", server.https), timeout=5) as link:
        context = ssl._create_unverified_context()
        with context.wrap_socket(link) as old:  # a connection that is there goes on
            answer = put(server, pair)
            assert answer.status == 200, answer.body
            old.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert old.recv(12) == b"HTTP/1.1 200"
    told = answer.json()
    assert told["subject"] == "CN=rack7.example,O=Test" and told["names"] == ["rack7.example", "192.0.2.7"]
    assert told["valid_until"].startswith("2099-12-31")
    assert ssl.PEM_cert_to_DER_cert(served(server)) == ssl.PEM_cert_to_DER_cert(pair["certificate"])
    kept = server.folder / "tls.pem"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    assert openssl("pkey", "-in", kept, "-pubout") == openssl("x509", "-in", kept, "-noout", "-pubkey")


def test_the_key_is_never_told(server, tmp_path):
    pair = make(tmp_path, "secret.example")
    secret = "".join(pair["key"].splitlines()[1:-1])
    answers = [put(server, pair), server.local("GET", "/api/v1/certificate"), put(server, {**pair, "certificate": pair["key"]}),
               put(server, {**pair, "key": pair["key"].replace("BEGIN", "BEGUN")})]
    for answer in answers:
        assert secret[:40].encode() not in answer.body
    assert b"PRIVATE" not in answers[0].body + answers[1].body


REFUSED = {
    "another key": ("does not belong", lambda folder: {**make(folder, "a"), "key": make(folder, "b")["key"]}),
    "expired": ("expired on 2021-02-03; get a new one", lambda folder: make(folder, "a", end="20210203000000Z")),
    "too early": ("not valid before 2098-01-01", lambda folder: make(folder, "a", start="20980101000000Z")),
    "short key": ("1024 bits", lambda folder: make(folder, "a", key=("rsa:1024",))),
    "kind of key": ("browsers do not take", lambda folder: make(folder, "a", key=("ed25519",))),
    "no certificate": ("not a certificate", lambda folder: {**make(folder, "a"), "certificate": "hello"}),
    "no key": ("not a private key", lambda folder: {**make(folder, "a"), "key": "hello"}),
    "empty": ("not a certificate", lambda folder: {"certificate": "", "key": ""}),
    "a chain in disorder": ("out of order", lambda folder: (lambda a, b: {**a, "certificate": a["certificate"] + b["certificate"]})(
        make(folder, "a"), make(folder, "b"))),
    "too long a chain": ("more than 8", lambda folder: (lambda a: {**a, "certificate": a["certificate"] * 9})(make(folder, "a"))),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_serve_is_refused_with_the_way_out(server, tmp_path, case):
    sentence, body = REFUSED[case]
    before = served(server)
    answer = put(server, body(tmp_path))
    assert (answer.status, answer.kind) == (422, "bad-certificate"), answer.body
    assert sentence in answer.json()["detail"]
    assert served(server) == before


def test_a_key_with_a_password_is_named_as_such(server, tmp_path):
    pair = make(tmp_path, "a")
    locked = openssl("pkey", "-in", tmp_path / "a.key", "-aes256", "-passout", "pass:x")
    answer = put(server, {**pair, "key": locked})
    assert answer.status == 422 and "has a password" in answer.json()["detail"]


def test_bodies_that_are_not_as_they_must_be(server):
    big = "x" * (300 * 1024)
    assert put(server, {"certificate": big, "key": "x"}).kind == "body-too-large"
    assert put(server, {"certificate": "x"}).kind == "missing-member"
    assert put(server, {"certificate": 7, "key": "x"}).kind == "bad-member"
    assert put(server, {"certificate": "x", "key": "x", "password": "x"}).kind == "unknown-member"


def test_a_new_self_signed_one_names_this_unit(server, tmp_path):
    assert put(server, make(tmp_path, "old.example")).status == 200
    assert server.local("PUT", "/api/v1/settings", {"web.names": "power.example 192.0.2.99"}).status == 200
    before = served(server)
    told = server.local("POST", "/api/v1/certificate").json()
    assert {"power.example", "192.0.2.99", "localhost", "127.0.0.1"} <= set(told["names"]) and told["self_signed"]
    assert served(server) != before and "old.example" not in json.dumps(told)
    context = ssl.create_default_context(cadata=served(server))
    with socket.create_connection(("127.0.0.1", server.https), timeout=5) as link:
        with context.wrap_socket(link, server_hostname="power.example") as tls:
            assert tls.getpeercert()["subject"]


def test_only_administrators(server):
    made = server.local("POST", "/api/v1/users", {"name": "eve", "role": "control", "password": PASSWORD})
    assert made.status == 201
    signed = server.sign_in("eve", PASSWORD)
    headers = {"Cookie": signed.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": signed.json()["csrf"]}
    for method in ("GET", "PUT", "POST"):
        assert server.ask(method, "/api/v1/certificate", {} if method == "PUT" else None, headers).status == 403
        assert server.ask(method, "/api/v1/certificate", {} if method == "PUT" else None).status == 401


def test_a_kept_pair_outlives_a_restart_and_damage(tmp_path):
    pair = make(tmp_path, "kept.example")
    first = Server(tmp_path)
    assert put(first, pair).status == 200
    first.stop()
    second = Server(tmp_path)
    assert ssl.PEM_cert_to_DER_cert(served(second)) == ssl.PEM_cert_to_DER_cert(pair["certificate"])
    second.stop()
    (tmp_path / "tls.pem").write_text("rubbish")
    third = Server(tmp_path)
    own = (tmp_path / "tls.crt").read_text()
    assert ssl.PEM_cert_to_DER_cert(served(third)) == ssl.PEM_cert_to_DER_cert(own)
    third.stop()
    assert "tls.pem: not a certificate" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("by", ["file", "page"])
def test_files_named_in_the_settings_are_not_run_over(tmp_path, by):
    make(tmp_path, "own.example")
    names = {"web.certificate": str(tmp_path / "own.example.crt"), "web.key": str(tmp_path / "own.example.key")}
    one = Server(tmp_path)
    if by == "page":
        assert one.local("PUT", "/api/v1/settings", names).status == 200
    else:
        site = pathlib.Path(tmp_path / "site.yaml")
        site.write_text(site.read_text().replace("web: {", f"web: {{certificate: {names['web.certificate']}, key: {names['web.key']}, "))
        assert one.local("PUT", "/api/v1/settings", {"site.location": "x"}).status == 200  # reads the file again
    told = one.local("GET", "/api/v1/certificate").json()
    assert told["source"] == "files" and told["path"] == names["web.certificate"] and told["names"][0] == "own.example"
    answer = put(one, make(tmp_path, "other.example"))
    assert (answer.status, answer.kind) == (409, "fixed-in-file" if by == "file" else "conflict")
    assert "web.certificate" in answer.json()["detail"] and not (tmp_path / "tls.pem").exists()
    assert one.local("POST", "/api/v1/certificate").status == 409
    one.stop()
