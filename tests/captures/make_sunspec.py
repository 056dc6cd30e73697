#!/usr/bin/python3
"""Makes the SunSpec captures with python3-pymodbus, a stack that is not ours.

    make_sunspec.py             write sunspec-*.cap and sunspec-*.points
    make_sunspec.py --check     fail if a committed file is not what would be written

For every point of a model a plausible physical value is chosen and rounded to what raw value and scale factor can carry; that
is the expected point. Scale factors are chosen at random among those that fit. Nothing here decodes an answer. The offsets
are those of profiles/sunspec; ANCHORS repeats a part of them by hand, from the text of the specification.
"""
import os
import random
import struct
import sys
from fractions import Fraction

import yaml
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext
from pymodbus.factory import ServerDecoder
from pymodbus.register_read_message import ReadHoldingRegistersRequest

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "profiles", "sunspec")
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
}
BITS = {"uint16": 16, "int16": 16, "uint32": 32, "int32": 32, "uint64": 64, "int64": 64}
SENTINEL = {"ones": lambda bits: (1 << bits) - 1, "min": lambda bits: 1 << (bits - 1), 0: lambda bits: 0}


def load_models():
    found = {}
    for name in sorted(os.listdir(MODELS)):
        if name.endswith(".yaml"):
            with open(os.path.join(MODELS, name), encoding="utf-8") as f:
                model = yaml.safe_load(f)
            for number in model["sunspec"]:
                found[number] = model
    for (number, path), offset in ANCHORS.items():
        assert found[number]["points"][path]["holding"] == offset, (number, path)
    for (number, path), offset in SCALE_ANCHORS.items():
        assert found[number]["points"][path]["scale_register"]["holding"] == offset, (number, path)
    return found


def factor(text):
    return Fraction(repr(text)) if isinstance(text, float) else Fraction(text)


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

    def point(self, path, spec, at, cache, shift):
        """Choose a value, write its registers, return what must come out."""
        quantity, kind = path.split("/")[1], spec["type"]
        place = at + spec["holding"] + shift
        scale = factor(spec.get("scale", 1))
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
        length = LENGTHS[number] + blocks * (repeat["length"] if repeat else 0)
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


def main():
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
