"""What needs neither script nor style sheet: /data.xml, /pda and the pages below /m, and who gets them."""

import base64
import html.parser
import http.client
import re
import ssl
import urllib.parse
import xml.etree.ElementTree

import pytest

from daemon_client import PASSWORD, free_port, tcp_line, unit
from web_client import exchange

AIR = {"site": {"name": "Cellar <1> & \"2\"", "location": "Under the house"},
       "lines": {"air": {"kind": "sim"}},
       "devices": {"m": unit("air", 1, "sim-meter", label="Meter <b>"), "off": unit("air", 2, "sim-meter", enabled=False)}}


class Page(html.parser.HTMLParser):
    """What a page without scripts offers: its text, links, and forms with their fields."""

    def __init__(self, answer):
        super().__init__()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        self.status, self.body = answer.status, answer.body.decode()
        self.text, self.links, self.forms, self.tags = "", [], [], set()
        self.feed(self.body)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        if tag == "a":
            self.links.append(attributes["href"])
        elif tag == "form":
            self.forms.append({"action": attributes["action"], "method": attributes.get("method", "get"), "fields": []})
        elif tag == "input":
            self.forms[-1]["fields"].append((attributes["name"], attributes.get("value", "")))

    def handle_data(self, data):
        self.text += data

    def form(self, action):
        return next(form for form in self.forms if form["action"] == action)


class Visitor:
    """A browser without scripts: keeps the cookie, follows where a form leads."""

    def __init__(self, house):
        self.house, self.cookie = house, None

    def headers(self):
        return {"Cookie": self.cookie} if self.cookie else {}

    def answer(self, method, path, body=None, headers=None):
        answer = self.house.ask(method, path, body, {**self.headers(), **(headers or {})})
        if cookie := answer.headers["Set-Cookie"]:
            self.cookie = None if "Max-Age=0" in cookie else cookie.split(";")[0]
        return answer

    def open(self, path):
        answer = self.answer("GET", path)
        return self.open(answer.headers["Location"]) if answer.status == 303 else Page(answer)

    def submit(self, form, **values):
        fields = [(name, values.pop(name, value)) for name, value in form["fields"]]
        assert not values, f"no such field: {values}"
        answer = self.answer("POST", form["action"], urllib.parse.urlencode(fields),
                             {"Content-Type": "application/x-www-form-urlencoded"})
        return self.open(answer.headers["Location"]) if answer.status == 303 else Page(answer)

    def sign_in(self, user="administrator", password=PASSWORD):
        return self.submit(self.open("/m/sign-in").form("/m/sign-in"), user=user, password=password)


def xml_of(answer):
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/xml"
    return xml.etree.ElementTree.fromstring(answer.body)


# ---- for programs ---------------------------------------------------------------------------------


def test_xml_says_what_the_json_says(daemon):
    """Each point of /points stands in the document with the same figure, quality and time, below its own device and
    component; old ones carry their age."""
    house = daemon(AIR)
    house.wait_good("m/total/real-power")
    tree = xml_of(house.ask("GET", "/data.xml"))
    assert tree.tag == "busbar" and tree.get("name") == AIR["site"]["name"]
    assert tree.get("location") == "Under the house"
    devices = tree.findall("device")
    assert [device.get("name") for device in devices] in (["m", "off"], ["m"])
    assert tree.find("device[@name='m']").get("label") == "Meter <b>"
    seen = {}
    for device in devices:
        for component in device:
            for point in component:
                assert point.get("path") == f"{device.get('name')}/{component.get('name')}/{point.get('quantity')}"
                seen[point.get("path")] = point
    values = house.points("*")
    assert set(seen) == set(values)
    good = [path for path, value in values.items() if value["quality"] == "good"]
    assert len(good) > 10
    for path, value in values.items():
        point = seen[path]
        assert point.get("unit", "") == value["unit"]
        if value["quality"] == "absent":
            assert point.get("value") is None and point.get("reason")
        else:
            assert float(point.get("age_ms")) < 60_000 and re.fullmatch(r"[-0-9.]+", point.get("value"))
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", point.get("time"))


def test_xml_can_be_narrowed_and_times_chosen(daemon):
    house = daemon(AIR)
    house.wait_good("m/total/real-power")
    tree = xml_of(house.ask("GET", "/data.xml?path=m/total/*&time=unix"))
    points = list(tree.iter("point"))
    assert points and all(point.get("path").startswith("m/total/") for point in points)
    assert all(point.get("time").isdigit() for point in points if point.get("time"))
    assert house.ask("GET", "/data.xml?path=m/nothing").kind == "not-found"
    assert house.ask("GET", "/data.xml?time=yesterday").kind == "bad-parameter"
    assert house.ask("POST", "/data.xml").kind == "method-not-allowed"
    head = house.ask("HEAD", "/data.xml")
    assert head.status == 200 and head.body == b""


def test_unknown_is_told_and_is_never_zero(daemon):
    """A unit that nobody answers for: no figure in the XML, the text or the page, and the first thing said is that."""
    house = daemon({"lines": {"t": tcp_line(free_port())}, "devices": {"m": unit("t", 1)}})
    house.wait_state("m", "silent", 20)
    tree = xml_of(house.ask("GET", "/data.xml"))
    device = tree.find("device")
    assert device.get("state") == "silent" and device.get("reason")
    assert all(point.get("value") is None and point.get("quality") == "absent" for point in tree.iter("point"))
    text = house.ask("GET", "/pda").body.decode()
    assert "m - silent" in text and "real-power - (absent)" in text
    page = Visitor(house).open("/m")
    assert "to look at" in page.text and "Every device answers" not in page.text


def test_text_for_small_devices(daemon):
    house = daemon(AIR)
    house.wait_good("m/total/real-power")
    answer = house.ask("GET", "/pda")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.body.decode().splitlines()
    assert lines[0] == AIR["site"]["name"] and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[1])
    assert "m: Meter <b> - online" in lines
    assert any(re.fullmatch(r"phase-a voltage \d+\.\d V", line) for line in lines), lines
    only = house.ask("GET", "/pda?path=m/phase-a/voltage").body.decode().splitlines()
    assert len([line for line in only if line.startswith("phase-")]) == 1


def test_who_may_read(daemon):
    """Closed viewing: programs are told how to sign in; a token works as bearer, and as the password of HTTP Basic, but
    that only over TLS."""
    house = daemon(AIR, view="password", https=True)
    made = house.local("POST", "/api/v1/tokens", {"name": "clock", "role": "view"})
    token = made.json()["token"]
    basic = {"Authorization": "Basic " + base64.b64encode(f"any:{token}".encode()).decode()}

    def over_tls(headers):
        link = http.client.HTTPSConnection("127.0.0.1", house.https, timeout=10,
                                           context=ssl._create_unverified_context())
        return exchange(link, "GET", "/pda", None, headers)

    for path in ("/data.xml", "/pda"):
        refused = house.ask("GET", path)
        assert refused.kind == "sign-in-required" and "Basic" in refused.headers["WWW-Authenticate"]
        assert house.ask("GET", path, headers={"Authorization": f"Bearer {token}"}).status == 200
        assert house.ask("GET", path, headers=basic).status == 401, "not in the clear"
        assert house.local("GET", path).status == 200
    assert over_tls(basic).status == 200
    wrong = {"Authorization": "Basic " + base64.b64encode(b"any:bb_wrong").decode()}
    assert over_tls(wrong).status == 401
    for path in ("/m", "/m/device?name=m"):
        answer = house.ask("GET", path)
        assert (answer.status, answer.headers["Location"]) == (303, "/m/sign-in")


# ---- for people -----------------------------------------------------------------------------------


def test_pages_need_no_script_and_no_style(daemon):
    house = daemon(AIR)
    house.wait_good("m/phase-a/voltage")
    visitor = Visitor(house)
    page = visitor.open("/m")
    assert not page.tags & {"script", "style", "link", "img", "iframe"}
    assert "Cellar <1> & \"2\"" in page.text and "Cellar &lt;1&gt;" in page.body
    assert "Every device answers" in page.text
    device = visitor.open(next(link for link in page.links if "name=m" in link))
    assert device.status == 200 and "Meter <b>" in device.text
    assert re.search(r"Voltage\s*2\d\d\.\d V", device.text), device.text
    assert visitor.open("/m/").status == 200
    assert visitor.open("/m/device?name=nobody").status == 404
    for link in page.links:
        assert house.ask("GET", link).status == 200, link


def test_signing_in_and_out_without_scripts(daemon):
    """From the one-time secret to a signed-in page and out again, with forms alone."""
    house = daemon(AIR, view="password")
    visitor = Visitor(house)
    page = visitor.open("/m")
    form = page.form("/m/sign-in")
    page = visitor.submit(form, user="administrator", password="wrong")
    assert page.status == 403 and "wrong" in page.text
    page = visitor.submit(page.form("/m/sign-in"), user="administrator", password=house.secret)
    assert page.status == 403 and "choose a new password" in page.text
    assert house.secret not in page.body
    page = visitor.submit(page.form("/m/sign-in"), password=house.secret, new_password="short")
    assert page.status == 422 and "new_password" in page.body
    page = visitor.submit(page.form("/m/sign-in"), password=house.secret, new_password=PASSWORD)
    assert page.status == 200 and "Signed in as administrator" in page.text and visitor.cookie
    out = page.form("/m/sign-out")
    assert dict(out["fields"])["csrf"]
    before = visitor.cookie
    page = visitor.submit(out)
    assert visitor.cookie is None and "/m/sign-in" in [form["action"] for form in page.forms]
    assert house.ask("GET", "/m", headers={"Cookie": before}).status == 303, "the session has ended"


def test_forms_of_others_do_nothing(daemon):
    """Without the session's token, with a wrong one, from a foreign page, or in another form of body: refused."""
    house = daemon(AIR)
    house.session()
    visitor = Visitor(house)
    form = visitor.sign_in().form("/m/sign-out")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    good = urllib.parse.urlencode(form["fields"])
    for body, headers, status in (("", kind, 403), ("csrf=no", kind, 403),
                                  (good, {**kind, "Sec-Fetch-Site": "cross-site"}, 403),
                                  (good, {**kind, "Origin": "http://evil.example"}, 403),
                                  (good, {"Content-Type": "text/plain"}, 415), ("csrf=%zz", kind, 400),
                                  ("&".join("a" * 700), kind, 400)):
        answer = visitor.answer("POST", "/m/sign-out", body, headers)
        assert answer.status == status, (body, headers)
        assert "Signed in as administrator" in Page(visitor.answer("GET", "/m")).text
    assert visitor.answer("PUT", "/m").status == 405


@pytest.mark.parametrize("size", [256 * 1024, 600 * 1024])
def test_too_much_is_refused(daemon, size):
    house = daemon(AIR)
    try:
        answer = house.ask("POST", "/m/sign-in", "a=" + "b" * size, {"Content-Type": "application/x-www-form-urlencoded"})
    except (BrokenPipeError, ConnectionResetError):
        return  # it ended the connection while we were still sending
    assert answer.status == 413
