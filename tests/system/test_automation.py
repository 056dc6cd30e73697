"""What switches by itself: schedules and load budgets, through the whole program, on the simulated PDU."""

import datetime
import re

import pytest

from daemon_client import SLOW, tcp_line, unit, wait_for
from field_devices import Unit

FIRST_LOOK = 10  # s after the start, before schedules act


def site(**more):
    return {"lines": {"air": {"kind": "sim"}}, "devices": {"pdu": unit("air", 1, "sim-pdu-24", every="1 s")}, **more}


def clock(hours):
    """A local time (UTC here) some hours from now: no test meets its minute."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.strftime("%H:%M")


def switch(house, action, *targets):
    return house.local("POST", "/api/v1/commands", {"targets": targets, "action": action})


@pytest.mark.long
def test_a_schedule_is_carried_out_and_a_restart_does_nothing_twice(daemon):
    rack = daemon(site(schedules={
        "rest": {"targets": "pdu/outlet-7, pdu/outlet-8", "action": "off", "from": clock(-2), "to": clock(6)},
        "later": {"targets": "pdu/outlet-9", "action": "off", "from": clock(3)}}))
    rack.wait_good("pdu/outlet-7/state")
    assert rack.point("pdu/outlet-7/state")["text"] == "on"
    wait_for(lambda: rack.point("pdu/outlet-8/state")["text"] == "off", (FIRST_LOOK + 10) * SLOW, lambda: rack.log)
    assert rack.point("pdu/outlet-7/state")["text"] == "off" and rack.point("pdu/outlet-9/state")["text"] == "on"
    told = {one["name"]: one for one in rack.get("/schedules")}
    assert told["rest"]["holds"] and told["rest"]["next"]["does"] == "on" and "accepted" in told["rest"]["last_text"]
    assert not told["later"]["holds"] and told["later"]["next"]["does"] == "off" and told["later"]["last"] is None
    assert re.search(r"wanted by schedule \(schedule rest\): due at \S+ \S+; its window holds", rack.log)
    rack.stop()
    rack.start()
    # One that it makes now marks the moment at which it has looked.
    made = rack.local("PUT", "/api/v1/schedules/now", {"targets": "pdu/outlet-10", "action": "off",
                                                       "from": clock(-1), "to": clock(1)})
    assert made.status in (200, 201), made.body
    wait_for(lambda: "(schedule now)" in rack.log, (FIRST_LOOK + 10) * SLOW, lambda: rack.log)
    assert "(schedule rest)" not in rack.log


def test_a_budget_refuses_with_the_sum_and_takes_the_first_of_its_order_off(daemon):
    budget = {"label": "Circuit 2", "of": "pdu/circuit-2", "limit": 100}
    rack = daemon(site(budgets={"c2": budget}))
    rack.wait_good("pdu/circuit-2/current")
    told, = rack.get("/budgets")
    assert (told["of"], told["limit"], told["unit"], told["basis"]) == ("pdu/circuit-2", 100, "A", "measured")
    assert abs(told["now"] - rack.point("pdu/circuit-2/current")["value"]) < 1 and not told["over"]
    assert switch(rack, "off", "pdu/outlet-7").status == 202  # circuit 2 feeds outlets 5 to 8
    wait_for(lambda: rack.point("pdu/outlet-7/state")["text"] == "off", 5 * SLOW, lambda: rack.log)
    budget["limit"] = 0.5
    rack.reload(site(budgets={"c2": budget}))
    refused = switch(rack, "on", "pdu/outlet-7")
    assert refused.status == 409, refused.body
    sentence = refused.json()["detail"]
    numbers = re.search(r"Circuit 2 would be ([\d.]+) A of 0\.5 A: ([\d.]+) A now \+ ([\d.]+) A outlet-7", sentence)
    assert numbers, sentence
    total, now, more = map(float, numbers.groups())
    assert abs(total - now - more) < 0.16 and more > 0.3  # each has one decimal; outlet-7 draws about 1 A
    assert switch(rack, "on", "pdu/outlet-1").status == 202  # another circuit
    # What flows is over the limit: with an order, the first that is on goes off, and stays off.
    rack.reload(site(budgets={"c2": {**budget, "shed_after": "1 s", "shed": "pdu/outlet-7, pdu/outlet-8"}}))
    wait_for(lambda: rack.point("pdu/outlet-8/state")["text"] == "off", 15 * SLOW, lambda: rack.log)
    assert rack.point("pdu/outlet-5/state")["text"] == "on"
    told, = rack.get("/budgets")
    assert told["over"] and told["shedding"] and told["shed"] == 1
    assert re.search(r"load-over: Circuit 2: [\d.]+ A of 0\.5 A\n", rack.log)
    assert re.search(r"pdu/outlet-8 .*wanted by load \(load c2\)", rack.log)


BOARD = """
profile: my-board
vendor: Example
model: Two outputs
title: Board with two coils and a level
role: relay
confirmed: 1
points:
  output-1..2/state: {coil: 0, values: {0: off, 1: on}, write: same}
  output-2/level: {holding: 0, type: uint16, write: same}
"""


class Board(Unit):
    """Notes what is written to it."""

    def __init__(self):
        super().__init__()
        self.written = []

    def setValues(self, fc_as_hex, address, values):
        self.written.append((fc_as_hex, address, [int(value) for value in values]))
        super().setValues(fc_as_hex, address, values)


def test_an_inverted_output_a_pulse_and_a_level_reach_the_board(daemon, serve, tmp_path):
    board = Board()
    server = serve({1: board})
    state = tmp_path / "state"
    (state / "profiles/modbus").mkdir(parents=True)
    (state / "profiles/modbus/my-board.yaml").write_text(BOARD)
    outputs = {"board/output-1": {"name": "Siren", "off_text": "quiet", "on_text": "howling", "inverted": True,
                                  "mode": "pulse", "pulse": "300 ms"},
               "board/output-2": {"name": "Fan", "mode": "pwm"}}
    house = daemon({"lines": {"bus": tcp_line(server.port)},
                    "devices": {"board": unit("bus", 1, "my-board", every="200 ms")}, "outputs": outputs}, state=state)
    siren = house.wait_good("board/output-1/state")
    assert (siren["value"], siren["text"]) == (1, "howling")  # the coil is open, and what people call on is that

    def do(action, output, **more):
        """What was written to the board for it."""
        board.written.clear()
        answer = house.local("POST", "/api/v1/commands", {"targets": [output], "action": action, **more})
        assert answer.status == 202, answer.body
        path = f"/commands/{answer.json()['id']}"
        end = wait_for(lambda: (now := house.get(path))["state"] != "running" and now, 10 * SLOW, lambda: house.get(path))
        assert end["state"] == "done", end
        return board.written

    COIL, REGISTER = 5, 6  # function codes of writing one
    assert do("off", "board/output-1") == [(COIL, 0, [1])]
    assert house.point("board/output-1/state")["text"] == "quiet"
    assert do("pulse", "board/output-1") == [(COIL, 0, [0]), (COIL, 0, [1])]  # on, and back
    assert house.point("board/output-1/state")["text"] == "quiet"
    assert do("on", "board/output-1") == [(COIL, 0, [0])]
    assert do("set", "board/output-2", number=40) in ([(REGISTER, 0, [40])], [(16, 0, [40])])
    assert house.point("board/output-2/level")["value"] == 40
    assert do("on", "board/output-2") == [(COIL, 1, [1])]  # this one is not inverted
