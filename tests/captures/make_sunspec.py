#!/usr/bin/python3
"""Makes the SunSpec captures with python3-pymodbus, a stack that is not ours.

    make_sunspec.py             write sunspec-*.cap and sunspec-*.points
    make_sunspec.py --check     fail if a committed file is not what would be written
    make_sunspec.py --layout FOLDER   write sunspec_layout.json anew from model_*.json of https://github.com/sunspec/models

For every point of a model a plausible physical value is chosen and rounded to what raw value and scale factor can carry; that
is the expected point. Scale factors are chosen at random among those that fit. Nothing here decodes an answer, and nothing here
reads profiles/sunspec: offsets, types and units are those of the official definitions, added up in sunspec_layout.json; which
point is which path is written down there a second time. ANCHORS repeats a part of the offsets by hand, from the text of the
specification.
"""
import json
import os
import random
import struct
import sys
from fractions import Fraction

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext
from pymodbus.factory import ServerDecoder
from pymodbus.register_read_message import ReadHoldingRegistersRequest

HERE = os.path.dirname(os.path.abspath(__file__))
LAYOUT = os.path.join(HERE, "sunspec_layout.json")
END = 0xFFFF

# (model, path): offset from the ID register, as printed in the specification's tables
ANCHORS = {
    (203, "total/current"): 2, (203, "phase-c/current"): 5, (203, "phase-a/voltage"): 8, (203, "line-ab/voltage"): 12,
    (203, "total/frequency"): 16, (203, "total/real-power"): 18, (203, "total/apparent-power"): 23,
    (203, "total/reactive-power"): 28, (203, "total/power-factor"): 33, (203, "total/energy-export"): 38,
    (203, "total/energy"): 46, (203, "total/fault"): 105,
    (213, "total/current"): 2, (213, "total/voltage-average"): 10, (213, "total/frequency"): 26, (213, "total/real-power"): 28,
    (213, "total/apparent-power"): 36, (213, "total/reactive-power"): 44, (213, "total/power-factor"): 52,
    (213, "total/energy-export"): 60, (213, "total/energy"): 68, (213, "total/fault"): 124,
    (713, "battery/stored-energy"): 3, (713, "battery/charge"): 4, (713, "battery/health"): 5, (713, "battery/state"): 6,
    (802, "battery/capacity"): 2, (802, "battery/charge"): 11, (802, "battery/health"): 13, (802, "battery/charging"): 16,
    (802, "battery/state"): 22, (802, "battery/voltage"): 34, (802, "battery/current"): 44, (802, "battery/real-power"): 47,
}
SCALE_ANCHORS = {(203, "total/current"): 6, (203, "phase-a/voltage"): 15, (203, "total/frequency"): 17, (203, "total/real-power"): 22,
                 (203, "total/power-factor"): 37, (203, "total/energy"): 54, (713, "battery/charge"): 8, (713, "battery/stored-energy"): 7}
LENGTHS = {1: 66, 103: 50, 120: 26, 160: 8, 203: 105, 213: 124, 713: 7, 802: 62, 803: 26}

PHYSICAL = {  # what is plausible, in catalogue units
    "voltage": (12, 690), "voltage-average": (220, 240), "current": (1, 60), "real-power": (100, 9000), "apparent-power": (100, 9000),
    "reactive-power": (10, 900), "power-factor": (0.5, 0.99), "frequency": (49, 51), "energy": (1, 60000), "energy-export": (1, 60000),
    "apparent-energy": (1, 60000), "reactive-energy": (1, 6000), "reactive-energy-export": (1, 6000), "temperature": (5, 70),
    "charge": (5, 99), "health": (60, 100), "capacity": (50, 400), "stored-energy": (1, 30),
    "humidity": (20, 90), "pressure": (97000, 104000), "airflow": (1, 30), "charge-throughput": (1, 60000),
}
UNITS = {  # of a definition -> factor to the unit of the catalogue, where it is not 1
    "Wh": Fraction(1, 1000), "WH": Fraction(1, 1000), "VAh": Fraction(1, 1000), "varh": Fraction(1, 1000), "Varh": Fraction(1, 1000),
    "HPa": Fraction(100),
}
KINDS = {  # type of a definition -> how its raw value stands in registers, and what means "not implemented"
    "int16": ("int16", "min"), "uint16": ("uint16", "ones"), "int32": ("int32", "min"), "uint32": ("uint32", "ones"),
    "int64": ("int64", "min"), "uint64": ("uint64", "ones"), "acc32": ("uint32", 0), "acc64": ("uint64", 0),
    "enum16": ("uint16", "ones"), "bitfield32": ("uint32", "ones"), "float32": ("float32", None),
}
BITS = {"uint16": 16, "int16": 16, "uint32": 32, "int32": 32, "uint64": 64, "int64": 64}
SENTINEL = {"ones": lambda bits: (1 << bits) - 1, "min": lambda bits: 1 << (bits - 1), 0: lambda bits: 0}


def offsets(points, begin):
    """name -> offset from the ID register, and where the next point would stand."""
    found = {}
    for point in points:
        found[point["name"]] = begin
        begin += point["size"]
    return found, begin


def make_layout(folder):
    """What the official definitions say of the points that sunspec_layout.json lists, with the paths it gives them."""
    with open(LAYOUT, encoding="utf-8") as f:
        old = json.load(f)
    lines = []
    for number in sorted(old, key=int):
        with open(os.path.join(folder, "model_%s.json" % number), encoding="utf-8") as f:
            group = json.load(f)["group"]
        block = group.get("groups", [{"points": []}])[0]["points"]
        fixed, end = offsets(group["points"], 0)
        inner, last = offsets(block, end)

        def row(name, path, where, points):
            point = next(p for p in points if p["name"] == name)
            made = {"name": name, "path": path, "at": where[name], "type": point["type"]}
            if point.get("units"):
                made["units"] = point["units"]
            if point.get("sf") is not None:
                made["sf"] = point["sf"] if isinstance(point["sf"], int) else {"at": fixed[point["sf"]]}
            if point.get("symbols") and path.endswith(("/state", "/fault", "/status", "/charging")):
                names = ((s["value"], s["name"]) for s in point["symbols"])
                made["symbols"] = [v for v, name in names if "RESERVED" not in name.upper() and "OEM" not in name.upper()]
            return "    " + json.dumps(made)

        for key, where, points in (("points", fixed, group["points"]), ("block_points", inner, block)):
            rows = [row(one["name"], one["path"], where, points) for one in old[number].get(key, [])]
            old[number][key] = "[\n" + ",\n".join(rows) + "]" if rows else "[]"
        lines.append('"%s": {"length": %d, "block": %d,\n  "points": %s,\n  "block_points": %s}' % (
            number, end - 2, last - end if old[number]["block_points"] != "[]" else 0, old[number]["points"],
            old[number]["block_points"]))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def spec_of(row):
    """A row of the layout as point() wants it."""
    kind, absent = KINDS[row["type"]]
    scale = UNITS.get(row.get("units"), Fraction(1))
    if row["path"].endswith("/power-factor") and row.get("units") == "Pct":
        scale = Fraction(1, 100)
    spec = {"holding": row["at"], "type": kind, "scale": scale}
    if isinstance(row.get("sf"), int):
        spec["scale"] *= Fraction(10) ** row["sf"]
    elif "sf" in row:
        spec["scale_register"] = {"holding": row["sf"]["at"]}
    if absent is not None:
        spec["absent"] = [absent]
    if "symbols" in row:
        spec["flags" if row["type"].startswith("bitfield") else "values"] = row["symbols"]
    return spec


def specs_of(rows):
    """path -> spec; the second row of a path is added to the first."""
    found = {}
    for row in rows:
        if row["path"] in found:
            found[row["path"]]["plus"] = spec_of(row)
        else:
            found[row["path"]] = spec_of(row)
    return found


def load_models():
    with open(LAYOUT, encoding="utf-8") as f:
        layout = json.load(f)
    found = {}
    for number, model in layout.items():
        found[int(number)] = {"length": model["length"], "points": specs_of(model["points"])}
        if model["block_points"]:
            found[int(number)]["repeat"] = {"length": model["block"], "points": specs_of(model["block_points"])}
    for (number, path), offset in ANCHORS.items():
        assert found[number]["points"][path]["holding"] == offset, (number, path)
    for (number, path), offset in SCALE_ANCHORS.items():
        assert found[number]["points"][path]["scale_register"]["holding"] == offset, (number, path)
    for number, length in LENGTHS.items():
        assert number == 1 or found[number]["length"] == length, number
    return found


class Device:
    def __init__(self, name, base):
        self.rng = random.Random("busbar/" + name)
        self.name, self.base = name, base
        self.words = [0x5375, 0x6E53]
        self.points = {}

    def put(self, at, words):
        self.words[at:at + len(words)] = words

    def begin(self, number, length):
        """The ID and L registers and noise behind them; where the model is."""
        at = len(self.words)
        self.words += [number, length] + [self.rng.randrange(0x10000) for _ in range(length)]
        return at

    def common(self, length=66):
        at = self.begin(1, length)
        for offset, count, text in ((2, 16, "Analog Engines"), (18, 16, "SM-" + self.name), (34, 8, ""), (42, 8, "4.2.1"),
                                    (50, 16, "SN-%06d" % self.rng.randrange(10**6))):
            raw = text.encode().ljust(2 * count, b"\0")
            self.put(at + offset, [raw[i] << 8 | raw[i + 1] for i in range(0, len(raw), 2)])

    def integer(self, at, kind, raw):
        bits = BITS[kind]
        raw &= (1 << bits) - 1
        self.put(at, [raw >> shift & 0xFFFF for shift in range(bits - 16, -1, -16)])

    def scale_factor(self, at, cache, kind, scale, high):
        """The exponent in this register; chosen so that `high` still fits the type."""
        if at not in cache:
            most = (1 << (BITS[kind] - (1 if kind.startswith("int") else 0))) - 2
            low = next(e for e in range(-4, 10) if Fraction(high) / scale / Fraction(10) ** e <= most / 2)
            cache[at] = self.rng.choice([low, low, low + 1]) if low + 1 <= 0 else low
            self.integer(at, "int16", cache[at])
        return cache[at]

    def quadrants(self, spec, at, cache, shift, span):
        """Two accumulators with one scale factor: one of them or both may stand at 0, which is "not accumulated"."""
        exponent = self.scale_factor(at + spec["scale_register"]["holding"], cache, spec["type"], spec["scale"], span[1])
        unit = spec["scale"] * Fraction(10) ** exponent
        counted = self.rng.choice([(0, 0), (0, 1), (1, 0), (1, 1)])
        raws = [max(1, round(Fraction(self.rng.uniform(*span)) / unit)) * there for there in counted]
        for one, raw in zip((spec, spec["plus"]), raws):
            self.integer(at + one["holding"] + shift, spec["type"], raw)
        value = sum(raws) * unit
        return "%.10f" % float(value) if any(counted) else "absent"

    def point(self, path, spec, at, cache, shift):
        """Choose a value, write its registers, return what must come out."""
        quantity, kind = path.split("/")[1], spec["type"]
        place = at + spec["holding"] + shift
        scale = spec["scale"]
        if kind != "float32" and "plus" in spec:
            return self.quadrants(spec, at, cache, shift, PHYSICAL[quantity])
        if kind == "float32":
            if self.rng.random() < 0.12 and quantity != "frequency":
                self.put(place, list(struct.unpack(">HH", struct.pack(">f", float("nan")))))
                return "absent"
            value = Fraction(0)
            for one in [spec] + ([spec["plus"]] if "plus" in spec else []):
                single = struct.unpack(">f", struct.pack(">f", self.rng.uniform(*PHYSICAL[quantity]) / float(scale)))[0]
                self.put(at + one["holding"] + shift, list(struct.unpack(">HH", struct.pack(">f", single))))
                value += Fraction(single) * scale
            return "%.9g" % float(value)
        sentinel = spec.get("absent")
        if sentinel and self.rng.random() < 0.12 and quantity not in ("frequency", "charge"):
            if "scale_register" in spec:
                self.scale_factor(at + spec["scale_register"]["holding"], cache, kind, scale, PHYSICAL[quantity][1])
            self.integer(place, kind, SENTINEL[sentinel[0]](BITS[kind]))
            return "absent"
        if "values" in spec or "flags" in spec:
            raw = self.rng.choice(list(spec["values"])) if "values" in spec else \
                sum(1 << bit for bit in self.rng.sample(list(spec["flags"]), 2))
            self.integer(place, kind, raw)
            return str(raw)
        low, high = PHYSICAL[quantity]
        exponent = 0
        if "scale_register" in spec:
            exponent = self.scale_factor(at + spec["scale_register"]["holding"], cache, kind, scale, high)
        unit = scale * Fraction(10) ** exponent
        raw = max(1, round(Fraction(self.rng.uniform(low, high)) / unit))
        raw = min(raw, int(Fraction(high) / unit))
        if kind.startswith("int") and quantity in ("current", "real-power", "temperature") and self.rng.random() < 0.3:
            raw = -raw
        self.integer(place, kind, raw)
        value = raw * unit
        return "%.10f" % float(value) if value.denominator != 1 else str(value.numerator)

    def model(self, number, models, rename=None, blocks=0, before=0):
        """One model of the chain. `rename` maps the components of one that stands apart; others of it are dropped."""
        model = models[number]
        repeat = model.get("repeat")
        length = model["length"] + blocks * (repeat["length"] if repeat else 0)
        at, cache = self.begin(number, length), {}
        for path, spec in model.get("points", {}).items():
            text = self.point(path, spec, at, cache, 0)
            component, quantity = path.split("/")
            if rename is not None:
                component = rename.get(component)
            if component:
                self.points.setdefault("%s/%s" % (component, quantity), text)
        for index in range(blocks):
            for path, spec in repeat["points"].items():
                text = self.point(path, spec, at, cache, index * repeat["length"])
                component, quantity = path.split("/")
                self.points.setdefault("%s-%d/%s" % (component.split("-")[0], before + index + 1, quantity), text)

    def unknown(self, number, length):
        self.begin(number, length)

    def capture(self):
        words = self.words + [END, 0]
        store = ModbusSequentialDataBlock(0, [0] * self.base + words + [0])
        context = ModbusSlaveContext(hr=store, zero_mode=True)
        for start in range(0, len(words), 120):
            count = min(120, len(words) - start)
            ask = bytes([3]) + ReadHoldingRegistersRequest(self.base + start, count).encode()
            answer = ServerDecoder().decode(ask).execute(context)
            yield ask.hex(), (bytes([answer.function_code]) + answer.encode()).hex()

    def files(self):
        head = "# %s: %%s; made by make_sunspec.py with python3-pymodbus, seed busbar/%s\n" % (self.name, self.name)
        yield self.name + ".cap", head % "request PDU > answer PDU" + "".join("%s > %s\n" % pair for pair in self.capture())
        yield self.name + ".points", head % "points that must come out" + \
            "".join("%s %s\n" % pair for pair in self.points.items())


def devices(models):
    meter = Device("sunspec-meter-int", 40000)
    meter.common()
    meter.model(203, models)
    yield meter

    floats = Device("sunspec-meter-float", 50000)
    floats.common(65)
    floats.model(213, models)
    yield floats

    inverter = Device("sunspec-inverter", 40000)
    inverter.common()
    inverter.model(103, models)
    inverter.model(120, models)
    inverter.unknown(64900, 13)
    inverter.model(160, models, blocks=3)
    inverter.model(203, models, rename={"total": "circuit-1"})
    inverter.model(203, models, rename={"total": "circuit-2"})
    yield inverter

    battery = Device("sunspec-battery", 0)
    battery.common()
    battery.model(802, models)
    battery.model(713, models)
    battery.model(803, models, blocks=2)
    yield battery

    for number in (101, 102, 111, 112, 113, 201, 202, 204, 211, 212, 214):
        one = Device("sunspec-%d" % number, 40000)
        one.common()
        one.model(number, models)
        yield one

    status = Device("sunspec-status", 40000)
    status.common()
    status.model(122, models)
    status.model(307, models)
    yield status

    for number, strings in ((401, 4), (403, 7)):
        combiner = Device("sunspec-%d" % number, 50000)
        combiner.common(65)
        combiner.model(number, models, blocks=strings)
        yield combiner

    module = Device("sunspec-module", 0)
    module.common()
    module.model(501, models)
    module.model(501, models, rename={"total": "circuit-1"})
    yield module

    der = Device("sunspec-der", 40000)
    der.common()
    der.model(701, models)
    der.model(713, models)
    der.model(714, models, blocks=2)
    yield der

    string = Device("sunspec-string", 40000)
    string.common()
    string.model(804, models)
    string.model(805, models, rename={"battery": "circuit-1"})
    yield string

    flow = Device("sunspec-flow", 40000)
    flow.common()
    flow.model(807, models, blocks=3)
    yield flow


def main():
    if sys.argv[1:2] == ["--layout"]:
        text = make_layout(sys.argv[2])
        with open(LAYOUT, "w", encoding="utf-8") as f:
            f.write(text)
        return 0
    wrong = 0
    for device in devices(load_models()):
        for name, text in device.files():
            path = os.path.join(HERE, name)
            if sys.argv[1:] == ["--check"]:
                with open(path, encoding="utf-8") as f:
                    if f.read() != text:
                        print("%s is not what make_sunspec.py writes" % name, file=sys.stderr)
                        wrong = 1
            else:
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
