"""Switching through the API, the command line and the pages without scripts: what is accepted, refused, shown and done."""

import json
import re
import time
import urllib.parse

import pytest

from daemon_client import PASSWORD, SLOW, unit, wait_for
from test_plain import Visitor

RACK = {
    "lines": {"air": {"kind": "sim"}},
    "devices": {"pdu": unit("air", 1, "sim-pdu-24", every="1 s"), "m": unit("air", 2, "sim-meter")},
    "outlets": {"pdu/outlet-1": {"name": "Router <1>", "url": "http://192.0.2.7/", "on_delay": "200 ms", "off_delay": "60 s",
                                 "reboot_hold": "300 ms"},
                "pdu/outlet-2": {"name": "Firewall", "critical": True},
                "pdu/outlet-3": {"lock": True}, "pdu/outlet-4": {"right": "administrator"}},
    "groups": {"web": {"label": "Web servers", "members": "pdu/outlet-5, pdu/outlet-6"}},
}


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    """One for all tests that leave it as they found it."""
    from daemon_client import Daemon
    one = Daemon(tmp_path_factory.mktemp("rack"), RACK)
    one.wait_good("pdu/outlet-24/state")
    one.admin = one.session()
    for name, role in (("carl", "control"), ("vera", "view")):
        assert one.local("POST", "/api/v1/users", {"name": name, "role": role, "password": PASSWORD}).status == 201
        setattr(one, name, one.session(name))
    yield one
    one.close()


def wish(house, action, *targets, who=None, **more):
    body = {"targets": targets, "action": action, **more}
    if who is None:
        return house.local("POST", "/api/v1/commands", body)
    return house.ask("POST", "/api/v1/commands", body, who)


def finished(house, answer, seconds=10):
    assert answer.status == 202, answer.body
    path = f"/commands/{answer.json()['id']}"
    return wait_for(lambda: (now := house.get(path))["state"] != "running" and now, seconds * SLOW,
                    lambda: house.get(path))


def state(house, outlet):
    return house.point(f"pdu/{outlet}/state")["text"]


# ---- doing ----------------------------------------------------------------------------------------


def test_off_and_on_are_read_back(rack):
    answer = wish(rack, "off", "pdu/outlet-7", reason="fan change", key="k-1")
    assert answer.status == 202
    first = answer.json()
    assert first["action"] == "off" and first["actor"] == "local" and first["reason"] == "fan change"
    done = finished(rack, answer)
    step, = done["steps"]
    assert done["state"] == "done" and done["took_ms"] >= 0
    assert (step["target"], step["state"], step["before_text"], step["after_text"]) == (
        "pdu/outlet-7", "confirmed", "on", "off")
    assert 0 <= step["written_ms"] <= step["confirmed_ms"]
    assert state(rack, "outlet-7") == "off" and rack.point("pdu/outlet-7/real-power")["value"] == 0
    again = wish(rack, "off", "pdu/outlet-7", reason="fan change", key="k-1")
    assert again.status == 200 and again.json()["id"] == first["id"], "the same key is the same command"
    assert finished(rack, wish(rack, "on", "pdu/outlet-7"))["state"] == "done"
    assert state(rack, "outlet-7") == "on"
    listed = rack.get("/commands?target=pdu/outlet-7&limit=2")
    assert [one["action"] for one in listed] == ["on", "off"], "newest first"
    assert all("pdu/outlet-7" == step["target"] for one in listed for step in one["steps"])
    assert rack.ask("GET", "/api/v1/commands?limit=0").kind == "bad-parameter"
    assert rack.ask("GET", "/api/v1/commands/nothing").kind == "not-found"


def test_asking_does_nothing(rack):
    before = len(rack.get("/commands?limit=1000"))
    answer = wish(rack, "reboot", "group/web", "pdu/outlet-1", only_ask=True)
    assert answer.status == 200
    plan = answer.json()
    assert plan["confirm"] is None and plan["command"]["id"] is None
    steps = {step["target"]: step for step in plan["command"]["steps"]}
    assert set(steps) == {"pdu/outlet-1", "pdu/outlet-5", "pdu/outlet-6"}
    assert steps["pdu/outlet-1"]["label"] == "Router <1>" and steps["pdu/outlet-1"]["wish_text"] == "off"
    assert steps["pdu/outlet-1"]["hold_ms"] == 300
    delayed = wish(rack, "off-delayed", "pdu/outlet-1", only_ask=True).json()["command"]["steps"][0]
    assert 59_000 <= delayed["due_in_ms"] <= 60_000
    assert len(rack.get("/commands?limit=1000")) == before
    assert {state(rack, f"outlet-{number}") for number in (1, 5, 6)} == {"on"}


def test_delayed_counts_down_and_is_cancelled(rack):
    answer = wish(rack, "off-delayed", "pdu/outlet-1", who=rack.carl)
    assert answer.status == 202, answer.body
    path = f"/api/v1/commands/{answer.json()['id']}"
    outlet = rack.get("/outlets/pdu/outlet-1")
    assert outlet["pending"]["action"] == "off-delayed" and outlet["pending"]["actor"] == "carl"
    assert 50_000 < outlet["pending"]["due_in_ms"] <= 60_000
    assert [one["id"] for one in rack.get("/commands?state=running")] == [answer.json()["id"]]
    assert rack.ask("DELETE", path, headers=rack.vera).kind == "forbidden"
    gone = rack.ask("DELETE", path, headers=rack.carl)
    assert gone.status == 200
    wait_for(lambda: rack.get("/outlets/pdu/outlet-1")["pending"] is None, 5, "nothing pending")
    assert rack.local("GET", path).json()["state"] == "cancelled"
    again = rack.ask("DELETE", path, headers=rack.carl)
    assert again.kind == "conflict" and "ended" in again.json()["detail"]
    assert state(rack, "outlet-1") == "on"


def test_a_delay_of_ones_own(rack):
    for delay, status in ((0.2, 202), ("200 ms", 202), (-1, 400), ("soon", 400), (90_000, 400), (True, 400)):
        answer = wish(rack, "on", "pdu/outlet-8", delay=delay)
        assert answer.status == status, (delay, answer.body)
        if status == 202:
            assert 0 < answer.json()["steps"][0]["due_in_ms"] <= 200
            assert finished(rack, answer)["took_ms"] >= 200


# ---- refusing -------------------------------------------------------------------------------------


def test_wishes_that_make_no_sense(rack):
    answer = wish(rack, "off", "pdu/outlet-99")
    assert answer.kind == "not-found" and "pdu/outlet-99" in answer.json()["detail"]
    for body, kind in (({"targets": ["pdu/outlet-7"], "action": "of"}, "bad-member"),
                       ({"targets": [], "action": "off"}, "bad-member"), ({"action": "off"}, "bad-member"),
                       ({"targets": [7], "action": "off"}, "bad-member"),
                       ({"targets": "pdu/outlet-7", "action": "off"}, "bad-member"),
                       ({"targets": ["pdu/outlet-7"]}, "bad-member"),
                       ({"targets": ["pdu/outlet-7"], "action": "off", "key": "x" * 72}, "bad-member"),
                       ({"targets": ["pdu/outlet-7"], "action": "off", "only_ask": 1}, "bad-member"),
                       ({"targets": ["pdu/outlet-7"], "action": "set"}, "bad-member"),
                       ({"target": ["pdu/outlet-7"], "action": "off"}, "unknown-member")):
        answer = rack.local("POST", "/api/v1/commands", body)
        assert answer.status == 400 and answer.kind == kind, (body, answer.body)
    assert "did you mean \"reboot\"?" in rack.local(
        "POST", "/api/v1/commands", {"targets": ["pdu/outlet-7"], "action": "rebot"}).json()["detail"]
    assert wish(rack, "on", "m/total").status in (404, 409, 422)


def test_who_may(rack):
    assert rack.ask("POST", "/api/v1/commands", {"targets": ["pdu/outlet-7"], "action": "off"}).kind == "sign-in-required"
    assert wish(rack, "off", "pdu/outlet-7", who=rack.vera).kind == "forbidden"
    assert wish(rack, "off", "pdu/outlet-7", who={"Cookie": rack.carl["Cookie"]}).kind == "csrf"
    refused = wish(rack, "off", "pdu/outlet-4", who=rack.carl)
    assert refused.status == 403 and "pdu/outlet-4" in refused.json()["detail"]
    assert wish(rack, "reset-energy", "pdu/outlet-7", who=rack.carl).status == 403
    locked = wish(rack, "off", "pdu/outlet-3")
    assert locked.status in (403, 409) and "lock" in locked.json()["detail"]
    assert state(rack, "outlet-7") == state(rack, "outlet-4") == state(rack, "outlet-3") == "on"
    mine = {one["path"]: one for one in rack.ask("GET", "/api/v1/outlets", headers=rack.carl).json()}
    assert mine["pdu/outlet-7"]["may"] and not mine["pdu/outlet-4"]["may"]


def test_critical_outlets_want_a_code(rack):
    refused = wish(rack, "off", "pdu/outlet-2", "pdu/outlet-7", who=rack.carl)
    assert (refused.status, refused.kind) == (409, "confirm-required")
    code = refused.json()["confirm"]
    assert code and state(rack, "outlet-7") == "on", "nothing was done, not even to the other one"
    asked = wish(rack, "off", "pdu/outlet-2", who=rack.carl, only_ask=True)
    assert asked.status == 200 and asked.json()["confirm"]
    assert wish(rack, "off", "pdu/outlet-2", who=rack.carl, confirm="wrong").kind == "confirm-required"
    code = asked.json()["confirm"]
    assert finished(rack, wish(rack, "off", "pdu/outlet-2", who=rack.carl, confirm=code))["state"] == "done"
    assert finished(rack, wish(rack, "on", "pdu/outlet-2", who=rack.carl))["state"] == "done"


# ---- watching -------------------------------------------------------------------------------------


def test_the_live_stream_tells(rack):
    """The state comes as a point, the command as a summary; both are there when the command is done."""
    stream = rack.live("?path=pdu/outlet-9/*")
    assert stream.event()[0] == "snapshot"
    answer = wish(rack, "off", "pdu/outlet-9")
    news, states = [], []
    deadline = time.monotonic() + 10 * SLOW
    while not (news and news[-1]["state"] == "done" and "off" in states):
        assert time.monotonic() < deadline, (news, states)
        name, _, data = stream.event()
        if name == "commands":
            assert data["more"] is False
            news += [one for one in data["commands"] if one["id"] == answer.json()["id"]]
        elif name == "points":
            states += [one["text"] for one in data if one["path"] == "pdu/outlet-9/state"]
    assert news[-1]["steps"]["confirmed"] == 1 and news[-1]["actor"] == "local"
    stream.close()
    finished(rack, wish(rack, "on", "pdu/outlet-9"))


# ---- outlets, groups ------------------------------------------------------------------------------


def test_outlets_are_listed(rack):
    outlets = {one["path"]: one for one in rack.get("/outlets")}
    assert len([path for path in outlets if path.startswith("pdu/outlet-")]) == 24
    router = outlets["pdu/outlet-1"]
    assert router["label"] == "Router <1>" and router["url"] == "http://192.0.2.7/" and router["switchable"]
    assert router["state"]["path"] == "pdu/outlet-1/state" and router["settings"]["reboot_hold"] == "300 ms"
    assert outlets["pdu/outlet-2"]["critical"] and outlets["pdu/outlet-3"]["locked"]
    assert outlets["pdu/outlet-7"]["url"] is None and outlets["pdu/outlet-7"]["pending"] is None
    assert {one["device"] for one in rack.get("/outlets?device=pdu")} == {"pdu"}
    assert rack.ask("GET", "/api/v1/outlets/pdu/outlet-1").json()["settings"] is None, "viewers do not see them"
    assert rack.local("GET", "/api/v1/outlets/m/total").kind == "not-found"


def test_settings_of_an_outlet_go_the_way_of_all_settings(rack):
    path = "/api/v1/outlets/pdu/outlet-11"
    answer = rack.ask("PUT", path, {"name": "Time server", "reboot_hold": "7 s"}, rack.admin)
    assert answer.status == 200, answer.body
    assert {"outlets.pdu/outlet-11.name", "outlets.pdu/outlet-11.reboot_hold"} <= set(answer.json()["applied"])
    assert rack.get("/outlets/pdu/outlet-11")["label"] == "Time server"
    assert rack.get("/settings/outlets.pdu/outlet-11.reboot_hold")["value"] == "7 s"
    wrong = rack.ask("PUT", path, {"url": "ftp://x"}, rack.admin)
    assert wrong.kind == "bad-setting" and "http" in wrong.json()["detail"]
    assert rack.ask("PUT", path, {"nmae": "x"}, rack.admin).kind == "bad-setting"
    assert rack.ask("PUT", path, {}, rack.admin).kind == "malformed"
    assert rack.ask("PUT", "/api/v1/outlets/pdu/outlet-1", {"name": "x"}, rack.admin).kind == "fixed-in-file"
    assert rack.ask("PUT", path, {"name": "Clock", "on_delay": "3 s"}, rack.carl).status == 200, "control settings"
    assert rack.ask("PUT", path, {"critical": True}, rack.carl).kind == "forbidden"
    assert rack.ask("PUT", path, {"name": "x"}, rack.vera).kind == "forbidden"
    assert rack.ask("PUT", path, {"name": "x"}, {**rack.admin, "If-Match": "\"0\""}).kind == "changed-meanwhile"
    assert rack.ask("PUT", path, {"name": None, "reboot_hold": None, "on_delay": None}, rack.admin).status == 200


def test_groups_are_made_switched_and_removed(rack):
    groups = {one["name"]: one for one in rack.get("/groups")}
    assert groups["web"]["outlets"] == ["pdu/outlet-5", "pdu/outlet-6"] and "site.yaml" in groups["web"]["fixed"]
    body = {"label": "Top", "members": "pdu/outlet-13, pdu/outlet-14"}
    assert rack.ask("PUT", "/api/v1/groups/top", body, rack.carl).kind == "forbidden"
    assert rack.ask("PUT", "/api/v1/groups/top", body, rack.admin).status == 200
    top = next(one for one in rack.get("/groups") if one["name"] == "top")
    assert top["fixed"] is None and top["values"]["label"] == "Top" and len(top["outlets"]) == 2
    done = finished(rack, wish(rack, "off", "group/top"))
    assert [step["target"] for step in done["steps"]] == ["pdu/outlet-13", "pdu/outlet-14"] and done["state"] == "done"
    assert finished(rack, wish(rack, "on", "group/top"))["state"] == "done"
    assert rack.ask("DELETE", "/api/v1/groups/top", headers=rack.admin).status == 200
    assert wish(rack, "off", "group/top").kind == "not-found"
    assert rack.ask("DELETE", "/api/v1/groups/top", headers=rack.admin).kind == "not-found"
    assert rack.ask("DELETE", "/api/v1/groups/web", headers=rack.admin).kind == "fixed-in-file"


# ---- the command line -----------------------------------------------------------------------------


def test_command_line(rack):
    listed = rack.cli("outlet", "list")
    assert listed.returncode == 0
    rows = {line.split()[0]: line for line in listed.stdout.splitlines()}
    assert re.match(r"pdu/outlet-1 +on +Router <1>", rows["pdu/outlet-1"]) and "locked" in rows["pdu/outlet-3"]
    done = rack.cli("outlet", "off", "pdu/outlet-15", "pdu/outlet-16")
    assert done.returncode == 0 and done.stdout.count("confirmed, off") == 2, done.stdout
    assert rack.cli("outlet", "on", "pdu/outlet-1[56]").returncode == 1, "not a pattern that there is"
    assert rack.cli("outlet", "on", "pdu/outlet-15", "pdu/outlet-16").returncode == 0
    rebooted = rack.cli("outlet", "reboot", "pdu/outlet-1")
    assert rebooted.returncode == 0 and "confirmed, on" in rebooted.stdout
    asked = rack.cli("outlet", "reboot", "--ask", "pdu/outlet-1")
    assert asked.returncode == 0 and "back after 0.3 s" in asked.stdout and "now on" in asked.stdout
    group = rack.cli("group", "reboot", "--json", "web")
    assert group.returncode == 0 and json.loads(group.stdout)["state"] == "done"
    assert "web" in rack.cli("group").stdout


def test_command_line_refuses(rack):
    critical = rack.cli("outlet", "off", "pdu/outlet-2")
    assert critical.returncode == 1 and "--yes" in critical.stderr and "off (now on)" in critical.stdout
    assert state(rack, "outlet-2") == "on"
    assert rack.cli("outlet", "off", "--yes", "pdu/outlet-2").returncode == 0
    assert rack.cli("outlet", "on", "pdu/outlet-2").returncode == 0
    unknown = rack.cli("outlet", "off", "pdu/outlet-99")
    assert unknown.returncode == 1 and "pdu/outlet-99" in unknown.stderr
    assert rack.cli("outlet", "of", "pdu/outlet-7").returncode == 2
    assert rack.cli("outlet", "off").returncode == 2
    pending = rack.cli("outlet", "off-delayed", "--no-wait", "pdu/outlet-1")
    assert pending.returncode == 0 and rack.get("/outlets/pdu/outlet-1")["pending"]
    assert rack.cli("outlet", "cancel", "pdu/outlet-1").returncode == 0
    assert rack.get("/outlets/pdu/outlet-1")["pending"] is None and state(rack, "outlet-1") == "on"


# ---- without scripts ------------------------------------------------------------------------------


def ask_page(visitor, action, *targets):
    return visitor.open("/m/ask?" + urllib.parse.urlencode([("t", target) for target in targets] + [("do", action)]))


def test_switching_with_forms_alone(rack):
    visitor = Visitor(rack)
    visitor.sign_in("carl")
    page = visitor.open("/m/switch")
    boxes = [value for name, value in page.form("/m/ask")["fields"] if name == "t"]
    assert "pdu/outlet-7" in boxes and "pdu/outlet-3" not in boxes and "pdu/outlet-4" not in boxes
    assert "Router &lt;1&gt;" in page.body
    before = len(rack.get("/commands?limit=1000"))
    plan = ask_page(visitor, "off", "pdu/outlet-17", "pdu/outlet-18")
    assert plan.status == 200 and "What will happen" in plan.text and len(rack.get("/commands?limit=1000")) == before
    form = plan.form("/m/command")
    page = visitor.submit(form)
    assert page.status == 200 and "Off" in page.text
    wait_for(lambda: state(rack, "outlet-18") == "off", 5 * SLOW, "off")
    visitor.submit(form)
    assert len(rack.get("/commands?limit=1000")) == before + 1, "a form that is sent twice switches once"
    visitor.submit(ask_page(visitor, "on", "pdu/outlet-17", "pdu/outlet-18").form("/m/command"))
    wait_for(lambda: state(rack, "outlet-18") == state(rack, "outlet-17") == "on", 5 * SLOW, "on")


def test_forms_confirm_cancel_and_refuse(rack):
    visitor = Visitor(rack)
    visitor.sign_in("carl")
    plan = ask_page(visitor, "off", "pdu/outlet-2")
    code = re.search(r"Type (\S+) to confirm", plan.text)[1]
    assert visitor.submit(plan.form("/m/command"), confirm="wrong").status == 409 and state(rack, "outlet-2") == "on"
    plan = ask_page(visitor, "off", "pdu/outlet-2")
    code = re.search(r"Type (\S+) to confirm", plan.text)[1]
    assert visitor.submit(plan.form("/m/command"), confirm=code).status == 200
    wait_for(lambda: state(rack, "outlet-2") == "off", 5 * SLOW, "off")
    assert finished(rack, wish(rack, "on", "pdu/outlet-2"))["state"] == "done"
    page = visitor.submit(ask_page(visitor, "off-delayed", "pdu/outlet-1").form("/m/command"))
    assert "in 5" in page.text or "in 60" in page.text
    page = visitor.submit(page.form("/m/cancel"))
    assert "cancelled" in page.text and state(rack, "outlet-1") == "on"
    assert ask_page(visitor, "off", "pdu/outlet-99").status == 404
    assert ask_page(visitor, "off").status == 400 and ask_page(visitor, "explode", "pdu/outlet-7").status == 400
    form = ask_page(visitor, "off", "pdu/outlet-7").form("/m/command")
    stolen = [(name, "no" if name == "csrf" else value) for name, value in form["fields"]]
    answer = visitor.answer("POST", "/m/command", urllib.parse.urlencode(stolen),
                            {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 403 and state(rack, "outlet-7") == "on"
    viewer = Visitor(rack)
    viewer.sign_in("vera")
    assert viewer.open("/m/switch").status == 403 and "/m/switch" not in viewer.open("/m").links


def test_home_page_by_role_and_place_of_the_menu(rack):
    """Settings of the site, told to the pages with the session."""
    assert rack.ask("GET", "/api/v1/session", headers=rack.carl).json()["home"] == "overview"
    assert rack.put("web.home_control", "control").status == 200 and rack.put("web.menu", "top").status == 200
    told = {who: rack.ask("GET", "/api/v1/session", headers=headers).json()
            for who, headers in (("carl", rack.carl), ("vera", rack.vera), ("admin", rack.admin), ("nobody", {}))}
    assert {who: one["home"] for who, one in told.items()} == {
        "carl": "control", "vera": "overview", "admin": "overview", "nobody": "overview"}
    assert {one["menu"] for one in told.values()} == {"top"}
    assert rack.put("web.menu", "bottom").kind == "bad-setting"
    for key in ("web.home_control", "web.menu"):
        assert rack.put(key, None).status == 200
    assert rack.ask("GET", "/api/v1/session", headers=rack.carl).json()["menu"] == "side"
