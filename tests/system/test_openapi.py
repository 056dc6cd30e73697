"""The API's description against the running server: what it lists is there, and answers are as it says."""

import json
import re
import urllib.parse

import jsonschema
import pytest

from daemon_client import PASSWORD, ROOT, tcp_line, unit, wait_for
from field_devices import Unit

DOCUMENT = json.loads((ROOT / "openapi/busbar.json").read_text())
OPERATIONS = [(method, path, operation) for path, item in DOCUMENT["paths"].items()
              for method, operation in item.items() if method in ("get", "put", "post", "delete", "patch")]
NAMES = [f"{method.upper()} {path}" for method, path, _ in OPERATIONS]
EXAMPLES = {"path": "m/phase-a/voltage", "key": "site.name", "name": "eve", "id": "nothing", "device": "m", "line": "gw",
            "ups": "p"}
OF_PATH = {"/outlets/{path}": {"path": "p/outlet-1"}}  # where the usual example is none
BASE = "/api/v1"
ANSWERS = [(path, operation) for method, path, operation in OPERATIONS
           if method == "get" and "application/json" in operation["responses"]["200"]["content"]]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One for all: a site with a meter, history, users and tokens."""
    from daemon_client import Daemon
    from field_devices import Server
    server = Server({1: Unit.sdm630()})
    one = Daemon(tmp_path_factory.mktemp("openapi"), {
        "lines": {"gw": tcp_line(server.port), "air": {"kind": "sim"}},
        "devices": {"m": unit("gw", 1, fed_by="mains"), "p": unit("air", 1, "sim-pdu-24"),
                    "s": unit("air", 2, "sim-supply")}, "history": {"every": "1 s"}})
    one.wait_good("m/phase-a/voltage")
    assert one.local("POST", BASE + "/users", {"name": "eve", "role": "view", "password": PASSWORD}).status == 201
    assert one.local("POST", BASE + "/tokens", {"name": "t", "role": "view"}).status == 201
    wait_for(lambda: one.get("/logging")["ticks_written"] >= 2, 10, "history")
    yield one
    one.close()
    server.stop()


def address(path):
    """The path with its parameters filled in, under the API's root."""
    examples = {**EXAMPLES, **OF_PATH.get(path.removeprefix(BASE), {})}
    filled = re.sub(r"\{(\w+)\}", lambda match: urllib.parse.quote(examples[match[1]]), path)
    return filled if filled.startswith(BASE) else BASE + filled


def check(schema, value):
    """JSON Schema 2020-12, which OpenAPI 3.1 uses; references are into the document."""
    resolver = jsonschema.RefResolver("", DOCUMENT)
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)


def answer_schema(operation, status):
    content = operation["responses"][str(status)].get("content", {})
    return content.get("application/json", {}).get("schema")


def test_the_document_is_well_formed():
    assert DOCUMENT["openapi"].startswith("3.1")
    for name, schema in DOCUMENT.get("components", {}).get("schemas", {}).items():
        jsonschema.Draft202012Validator.check_schema(schema)
    for method, path, operation in OPERATIONS:
        assert operation.get("summary"), path
        named = set(re.findall(r"\{(\w+)\}", path))
        told = {parameter["name"] for parameter in operation.get("parameters", []) if parameter.get("in") == "path"}
        assert named == told, path


def test_every_row_of_the_promised_table_is_described():
    """The list in docs/api.md, which people read, has nothing that the document lacks."""
    text = (ROOT / "docs/api.md").read_text()
    promised = set()
    for methods, path in re.findall(r"^\| ([A-Z, ]+) `([^`?]+)", text, re.MULTILINE):
        promised |= {(method.strip().lower(), path) for method in methods.split(",")}
    assert len(promised) > 20
    listed = {(method, path.removeprefix(BASE)) for method, path, _ in OPERATIONS}
    assert promised <= listed, promised - listed


@pytest.mark.parametrize("method,path,operation", OPERATIONS, ids=NAMES)
def test_every_operation_exists(house, method, path, operation):
    """With an empty body: whatever the server thinks of it, it knows the operation, and answers a status that the
    document lists for it."""
    if path.endswith("/live"):
        stream = house.live()
        assert stream.status == 200 and stream.headers["content-type"].startswith("text/event-stream")
        stream.close()
        return
    query = "?path=m/phase-a/voltage&from=-10m" if "history" in path else ""
    answer = house.local(method.upper(), address(path) + query,
                         {"": 1} if method in ("put", "post") else None)
    assert answer.status != 405, answer.body
    if answer.status == 404:
        assert answer.json()["type"] == "/problems/not-found" and "{" in path
    listed = set(operation["responses"])
    assert str(answer.status) in listed or f"{answer.status // 100}XX" in listed or "default" in listed, \
        (answer.status, listed)
    if answer.status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status"} <= set(answer.json())


@pytest.mark.parametrize("path,operation", ANSWERS, ids=[f"GET {path}" for path, _ in ANSWERS])
def test_every_answer_is_as_described(house, path, operation):
    if path.endswith("/trace"):  # off unless asked for
        assert house.local("POST", address(path), {"seconds": 60}).status == 204
    query = "?path=m/phase-a/voltage&path=m/total/energy&from=-10m&step=1" if path.endswith("/history") else \
        "?of=m" if path.endswith("/calendar") else ""
    answer = house.local("GET", address(path) + query)
    if "{id}" in path:
        assert answer.kind == "not-found"
        return
    assert answer.status == 200, answer.body
    schema = answer_schema(operation, 200)
    assert schema, f"{path} has no schema for its answer"
    check(schema, answer.json())
    # A description that allows anything would allow this too.
    with pytest.raises(jsonschema.ValidationError):
        check(schema, 7)


def test_answers_of_changes_are_as_described(house):
    """PUT and POST with bodies that are good."""
    cases = [("put", "/settings/{key}", {"value": "Lab"}, 200), ("put", "/settings", {"site.location": "x"}, 200),
             ("post", "/tokens", {"name": "more", "role": "view"}, 201),
             ("post", "/users", {"name": "adam", "role": "view", "password": PASSWORD}, 201)]
    for method, path, body, status in cases:
        operation = DOCUMENT["paths"].get(path) or DOCUMENT["paths"][BASE + path]
        operation = operation[method]
        request = operation["requestBody"]["content"]["application/json"]["schema"]
        check(request, body)
        answer = house.local(method.upper(), address(path), body)
        assert answer.status == status, answer.body
        check(answer_schema(operation, status), answer.json())


def test_problems_are_as_described(house):
    problem = DOCUMENT["components"]["schemas"].get("Problem") or DOCUMENT["components"]["schemas"]["problem"]
    for method, path, body in (("GET", "/points/none", None), ("PUT", "/settings/site.name", {"valeu": 1}),
                               ("GET", "/history?path=none&step=abc", None), ("POST", "/users", {"name": 7})):
        answer = house.local(method, BASE + path, body)
        assert answer.status >= 400
        check(problem, answer.json())


def test_the_events_of_the_stream_are_arrays_of_described_values(house):
    value = next(schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.lower() == "value")
    stream = house.live()
    name, _, data = stream.event()
    assert name == "snapshot" and len(data) > 100
    for one in data:
        check(value, one)
    stream.close()
