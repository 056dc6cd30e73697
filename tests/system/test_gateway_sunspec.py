"""busbar as a SunSpec device: its own values, read by things that know nothing of how it makes them.

sunspec_layout.json is a reading of the SunSpec Alliance's model definitions by another program than the one that made the
model files; the decoder below adds up offsets, types and scale factors from it. The round trip is busbar's own driver.
"""

import json
import math
import struct

import pytest
from pymodbus.client import ModbusTcpClient

from daemon_client import ROOT, SLOW, free_port, tcp_line, wait_for
from field_devices import SDM630_IMAGE, Unit

LAYOUT = json.loads((ROOT / "tests/captures/sunspec_layout.json").read_text())
FACTORS = {"Wh": 0.001, "WH": 0.001, "varh": 0.001, "VAh": 0.001}  # to the units of the catalogue
TYPES = {  # bytes and what means "not implemented": SunSpec information model specification, "Data types"
    "int16": (">h", -0x8000), "uint16": (">H", 0xFFFF), "enum16": (">H", 0xFFFF), "acc32": (">I", 0),
    "bitfield32": (">I", 0xFFFFFFFF), "uint32": (">I", 0xFFFFFFFF), "float32": (">f", None),
}


class Reader:
    """A SunSpec client."""

    def __init__(self, port, unit):
        self.client, self.unit = ModbusTcpClient("127.0.0.1", port=port, timeout=5 * SLOW, retries=0), unit
        assert self.client.connect()

    def words(self, address, count):
        found = []
        while count:
            part = min(count, 125)
            answered = self.client.read_holding_registers(address, part, slave=self.unit)
            assert not answered.isError(), answered
            found += answered.registers
            address, count = address + part, count - part
        return found

    def models(self):
        """[(id, words with ID and L)], found by walking from the marker."""
        assert self.words(40000, 2) == [0x5375, 0x6E53]
        found, address = [], 40002
        while (head := self.words(address, 2))[0] != 0xFFFF:
            found.append((head[0], self.words(address, head[1] + 2)))
            address += head[1] + 2
        assert head == [0xFFFF, 0]
        assert self.client.read_holding_registers(address + 2, 1, slave=self.unit).exception_code == 2
        return found


def number(words, at, kind):
    form, nothing = TYPES[kind]
    size = struct.calcsize(form)
    value, = struct.unpack(form, struct.pack(f">{size // 2}H", *words[at:at + size // 2]))
    return None if value == nothing or (kind == "float32" and math.isnan(value)) else value


def factor(point):
    """To the catalogue's unit; the power factor of integers is in percent."""
    return 0.01 if point["path"].endswith("power-factor") and point.get("units") == "Pct" else FACTORS.get(point.get("units"), 1)


def steps(model, words):
    """path → the smallest difference that its register can tell; 0 for floats."""
    return {point["path"]: factor(point) * 10.0 ** number(words, point["sf"]["at"], "int16") if "sf" in point else 0
            for point in LAYOUT[str(model)]["points"]}


def decode(model, words):
    """path → value, None for what is not implemented."""
    layout, found = LAYOUT[str(model)], {}
    assert words[1] == layout["length"]
    for point in layout["points"]:
        value = number(words, point["at"], point["type"])
        if value is not None and "sf" in point:
            power = number(words, point["sf"]["at"], "int16")
            assert power is not None and -10 <= power <= 10
            value *= 10.0 ** power
        if value is not None:
            value *= factor(point)
        if point["path"] in found and value is not None:  # quadrants are added
            value += found[point["path"]] or 0
        found[point["path"]] = value
    return found


def text(words):
    return struct.pack(f">{len(words)}H", *words).rstrip(b"\0").decode()


@pytest.fixture
def house(daemon, serve):
    """A meter that says the same for ever, one that is away, a supply with a battery; each as a SunSpec unit in integers and in
    floats, and read back."""
    server, port, floats = serve({1: Unit.sdm630()}), free_port(), free_port()
    again = {"profile": "sunspec", "every": "1 s"}
    routes = "201 sunspec@meter, 202 sunspec@away, 203 sunspec@supply"
    daemon = daemon({
        "lines": {"bus": tcp_line(server.port), "gone": tcp_line(free_port()), "air": {"kind": "sim"},
                  "self": tcp_line(port), "self-float": tcp_line(floats)},
        "devices": {"meter": {"line": "bus", "unit": 1, "profile": "eastron-sdm630", "every": "1 s"},
                    "away": {"line": "gone", "unit": 1, "profile": "eastron-sdm630", "wiring": "delta"},
                    "supply": {"line": "air", "profile": "sim-supply", "every": "1 s"},
                    "meter-int": {"line": "self", "unit": 201, **again},
                    "meter-float": {"line": "self-float", "unit": 201, **again},
                    "supply-again": {"line": "self", "unit": 203, **again}},
        "gateways": {"main": {"port": port, "listen": "127.0.0.1", "routes": routes},
                     "floats": {"port": floats, "listen": "127.0.0.1", "routes": routes, "sunspec": "float"}}})
    for device in ("meter", "supply", "meter-int", "meter-float", "supply-again"):
        daemon.wait_state(device, "online", 30 * SLOW)
    for device in ("meter", "meter-int", "meter-float"):
        daemon.wait_good(f"{device}/phase-c/energy-export", 30 * SLOW)
    return daemon, port, floats


def value_of(points, path):
    point = points.get(path)
    return float(point["value"]) if point and point["quality"] == "good" else None


@pytest.mark.parametrize("form", ["integer", "float"])
def test_a_meter_by_the_published_models(house, form):
    daemon, port = house[0], house[1 + (form == "float")]
    reader = Reader(port, 201)
    (first, common), (model, words) = reader.models()
    assert (first, common[1], model) == (1, 66, 203 if form == "integer" else 213)
    assert text(common[2:18]) == "Eastron" and "SDM630" in text(common[18:34]) and common[66] == 201
    assert text(common[50:66])
    found, step = decode(model, words), steps(model, words)
    told = {path: value for path, (_, value) in SDM630_IMAGE.items() if path in found}
    assert len(told) >= 16
    for path, value in told.items():
        assert found[path] == pytest.approx(value, rel=1e-6, abs=0.5001 * step[path]), path
    points = daemon.points("meter/*")
    for path, value in found.items():
        known = value_of(points, f"meter/{path}")
        if step[path] and "energy" in path and known == 0:  # acc32 has no 0: it is "not accumulated"
            known = None
        assert (value is None) == (known is None), (path, value, known)
        if value is not None:
            assert value == pytest.approx(known, rel=1e-6, abs=0.051 + step[path]), path  # the API rounds for people
    # The same in pieces, and what is refused.
    assert reader.words(40070, 30) == words[:30]
    assert reader.client.read_holding_registers(39999, 1, slave=201).exception_code == 2
    assert reader.client.read_input_registers(40000, 2, slave=201).exception_code == 1


def test_what_is_not_good_is_not_implemented(house):
    """Wiring is a setting; factors stay where they are for whoever has read them."""
    _, port, floats = house
    (_, _), (model, words) = Reader(port, 202).models()
    assert model == 204 and set(decode(model, words).values()) == {None}
    (_, _), (_, measured) = Reader(port, 201).models()
    factors = {point["sf"]["at"] for point in LAYOUT["204"]["points"] if "sf" in point}
    assert len(factors) == 10 and all(words[at] == measured[at] for at in factors)
    (_, _), (model, words) = Reader(floats, 202).models()
    assert model == 214 and set(decode(model, words).values()) == {None}
    assert words[2:-2] == [0x7FC0, 0] * 61


def test_a_supply_with_battery_by_the_published_models(house):
    daemon, port, _ = house
    reader = Reader(port, 203)
    before = daemon.points("supply/battery/*")
    models = dict(reader.models())
    after = daemon.points("supply/battery/*")
    assert list(models) == [1, 802, 713]
    base, storage = decode(802, models[802]), decode(713, models[713])
    for found, quantity, slack in ((base, "voltage", 0.06), (base, "current", 0.02), (base, "charge", 0.06), (storage, "charge", 0.06)):
        ends = [value_of(points, f"supply/battery/{quantity}") for points in (before, after)]
        assert min(ends) - slack <= found[f"battery/{quantity}"] <= max(ends) + slack, quantity
    # 802 ChaSt: 1 off, 3 discharging, 4 charging, 6 holding
    words = {"off": 1, "discharging": 3, "bulk": 4, "float": 6}
    assert base["battery/charging"] in {words[points["supply/battery/charging"]["text"]] for points in (before, after)}
    assert base["battery/health"] is None and base["battery/state"] is None and storage["battery/stored-energy"] is None


@pytest.mark.parametrize("form", ["int", "float"])
def test_the_round_trip(house, form):
    """busbar reads busbar: the same points with the same values, and no others that are good."""
    daemon, port, floats = house
    model, words = Reader(port if form == "int" else floats, 201).models()[1]
    step, copy = steps(model, words), f"meter-{form}"
    points = daemon.points("meter/*", f"{copy}/*")
    good = {path for path, point in points.items() if path.startswith(f"{copy}/") and point["quality"] == "good"}
    assert len(good) >= 16
    for path in good:
        name = path.split("/", 1)[1]
        known = value_of(points, f"meter/{name}")
        if known is None:  # derived from others on the way
            continue
        assert value_of(points, path) == pytest.approx(known, rel=1e-6, abs=2e-3 + step.get(name, 0)), path
    assert daemon.device(copy)["vendor"] == "Eastron"


def test_the_round_trip_of_a_supply(house):
    daemon = house[0]
    assert daemon.device("supply-again")["role"] == "battery"

    def same():
        points = daemon.points("supply/battery/*", "supply-again/battery/*")
        return all(abs(value_of(points, f"supply/battery/{what}") - value_of(points, f"supply-again/battery/{what}")) < 0.2
                   for what in ("voltage", "charge"))

    wait_for(same, 20 * SLOW, "the supply's values")
