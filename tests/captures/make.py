#!/usr/bin/python3
"""Makes the captures of the Modbus profiles with python3-pymodbus, a stack that is not ours.

    make.py                 write NAME.cap, NAME.points and NAME.writes (of what can be switched) for every profile, and docs/devices.md
    make.py NAME...         write these only
    make.py --check         fail if a committed file is not what would be written
    make.py --list          print docs/devices.md

For every point a plausible physical value is chosen and rounded to what its register can carry; that is
the expected point. The raw values are put into a pymodbus datastore, and pymodbus answers the reads.
Nothing here decodes an answer to find an expected value. The choice is random with the profile's name as seed.
"""
import math
import os
import random
import re
import struct
import sys
from fractions import Fraction

import yaml
from pymodbus.bit_read_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext
from pymodbus.factory import ServerDecoder
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.bit_write_message import WriteSingleCoilRequest
from pymodbus.register_read_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest
from pymodbus.register_write_message import WriteSingleRegisterRequest

from profile_runs import expand

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PROFILES = os.path.join(TOP, "profiles", "modbus")
CATALOGUE = os.path.join(TOP, "src", "model", "quantity.def")
DEVICES = os.path.join(TOP, "docs", "devices.md")

BANKS = ("holding", "input", "coil", "discrete")
REQUEST = {
    "holding": (3, ReadHoldingRegistersRequest),
    "input": (4, ReadInputRegistersRequest),
    "coil": (1, ReadCoilsRequest),
    "discrete": (2, ReadDiscreteInputsRequest),
}
SIZE = {  # type: registers
    "uint16": 1, "int16": 1, "float16": 1, "bcd16": 1,
    "uint32": 2, "int32": 2, "float32": 2, "bcd32": 2,
    "uint64": 4, "int64": 4, "float64": 4, "bcd64": 4,
}
HABIT = {  # a device's word order at 16, 32 and 64 bit
    "ABCD": ("AB", "ABCD", "ABCDEFGH"),
    "CDAB": ("AB", "CDAB", "GHEFCDAB"),
    "BADC": ("BA", "BADC", "BADCFEHG"),
    "DCBA": ("BA", "DCBA", "HGFEDCBA"),
}
# Registers that decide how others are read get a fixed value: both sides of a limit are then covered.
PINNED = {
    ("legrand-emdx3-412045", 4608): 60,
    ("ime-nemo-96hd", 4608): 6000,
    ("pilot-spm33", 40): 100,
    ("morningstar-tristar-mppt", 0): int(180.4375 * 65536),
    ("morningstar-tristar-mppt", 2): int(80.21875 * 65536),
}
KEEP = ("total/energy", "total/real-power", "total/frequency", "battery/voltage")  # never chosen to be absent


def catalogue():
    """name -> (kind, unit, low, high)"""
    found = {}
    row = re.compile(r'^QUANTITY\(\s*\d+,\s*\w+,\s*"([^"]+)",\s*(\w+),\s*"([^"]*)",\s*\d+,\s*([-0-9.e]+),\s*([-0-9.e]+),')
    with open(CATALOGUE, encoding="utf-8") as f:
        for line in f:
            m = row.match(line)
            if m:
                found[m.group(1)] = (m.group(2), m.group(3), Fraction(m.group(4)), Fraction(m.group(5)))
    for order in range(2, 64):  # made by a macro there
        found["harmonic-voltage-%d" % order] = "GAUGE", "%", Fraction(0), Fraction(1000)
        found["harmonic-current-%d" % order] = "GAUGE", "%", Fraction(0), Fraction(10000)
    return found


def number(x):
    """The value a person wrote, without what binary floats make of it."""
    return Fraction(str(x)) if not isinstance(x, float) else Fraction(repr(x))


def listed(x):
    return [] if x is None else x if isinstance(x, list) else [x]


def place(spec):
    for bank in BANKS:
        if bank in spec:
            return bank, spec[bank]
    raise ValueError("no bank in %r" % (spec,))


def signed(kind):
    return kind.startswith(("int", "float"))


# Physical values ------------------------------------------------------------------------------

def wish(rng, path, kind, can_be_negative, sign_register, single):
    """A plausible value of this point, in catalogue units, different for each phase."""
    component, quantity = path.split("/")
    where = {"phase-a": 0, "phase-b": 1, "phase-c": 2, "line-ab": 0, "line-bc": 1, "line-ca": 2}.get(component, 0)
    dc = component in ("battery", "supply") or component.startswith(("input-", "output-"))

    def near(low, high):
        """A third of the range for each phase, so that two phases never come close."""
        step = (high - low) / 3
        if component.startswith(("phase-", "line-")):
            return low + step * where + rng.uniform(0.1, 0.9) * step
        return rng.uniform(low, high)

    negative = can_be_negative and (component == "phase-b" or ((single or sign_register) and component == "total"))
    negative_c = can_be_negative and (component == "phase-c" or (single and component == "total"))
    sign, sign_c = (-1 if negative else 1), (-1 if negative_c else 1)

    if quantity.startswith("voltage"):
        if component == "neutral":
            return rng.uniform(1.2, 2.9)
        low, high = (12.1, 14.3) if dc else (388, 409) if component.startswith("line-") else (224, 238)
        if component == "input-1":
            low, high = 17.5, 19.4
        if quantity == "voltage-min":
            low, high = low * 0.94, high * 0.93
        elif quantity == "voltage-max":
            low, high = low * 1.08, high * 1.07
        return near(low, high)
    if quantity.startswith("current"):
        if component == "neutral":
            return rng.uniform(0.6, 4.1)
        if dc:
            return (-1 if can_be_negative and component == "battery" and kind == "float16" else 1) * rng.uniform(3, 14)
        more = {"current-max": 1.5, "current-demand": 0.9, "current-demand-peak": 1.4}.get(quantity, 1)
        low, high = (48, 61) if component == "total" and quantity == "current" and not single else (4, 37)
        return near(low, high) * more
    if quantity.startswith("real-power"):
        if dc:
            return rng.uniform(60, 390)
        low, high = (9100, 15000) if component == "total" and not single else (700, 6900)
        if quantity == "real-power":
            return sign * near(low, high)
        if quantity == "real-power-min":
            return rng.uniform(110, 690)
        return near(low, high) * (1.3 if quantity.endswith(("peak", "max")) else 0.8)
    if quantity == "apparent-power":
        return near(9300, 16000) if component == "total" and not single else near(900, 7700)
    if quantity == "reactive-power":
        return sign_c * (near(1100, 2900) if component == "total" and not single else near(150, 990))
    if quantity in ("power-factor", "cos-phi"):
        return sign_c * near(0.52, 0.98)
    if quantity == "phase-angle":
        return sign * near(8, 41)
    if quantity == "frequency":
        return rng.uniform(49.6, 50.4)
    if quantity.startswith("thd"):
        return near(1.1, 9.4)
    if quantity.startswith("harmonic"):
        return near(0.2, 24) if "voltage" in quantity else near(0.3, 70)
    if quantity in ("energy-net", "reactive-energy-net"):
        return (sign if quantity == "energy-net" else sign_c) * near(1200, 41000)
    if "energy" in quantity:
        return near(21000, 88000) if component == "total" else near(1100, 20000)
    if quantity == "temperature":
        return -rng.uniform(4, 19) if can_be_negative and component == "sensor-2" else rng.uniform(17, 63)
    if quantity == "charge-voltage-target":
        return rng.uniform(13.9, 14.7)
    if quantity == "charge-throughput":
        return rng.uniform(1100, 61000)
    if quantity == "operating-time":
        return rng.uniform(3000, 29000)
    if quantity == "ratio-current":
        return rng.randint(2, 400)
    if quantity == "ratio-voltage":
        return rng.uniform(1.1, 9)
    _, _, low, high = CATALOGUE_ROWS[quantity]
    low, high = max(float(low), 1), min(float(high), 200)
    return rng.uniform(low, high)


def large_raw(rng, kind):
    """A counter that uses the top of its type."""
    return {
        "uint16": lambda: rng.randint(0xB000, 0xFFF0),
        "uint32": lambda: rng.randint(0x90000000, 0xFFFFFF00),
        "uint64": lambda: rng.randint(1 << 33, 1 << 34),
        "int64": lambda: rng.randint(1 << 40, 1 << 41),
        "float32": lambda: Fraction(rng.randint(1 << 23, (1 << 24) - 1) | 1),
        "float64": lambda: Fraction(rng.randint(1 << 36, 1 << 37), 4),
    }.get(kind, lambda: None)()


def carried(kind, wanted):
    """The raw value nearest to what is wanted that the type can carry."""
    if kind.startswith("float"):
        if wanted == 0:
            return Fraction(0)
        digits = {"float16": 11, "float32": 20, "float64": 40}[kind]
        step = Fraction(2) ** (math.floor(math.log2(abs(wanted))) - digits + 1)
        return round(wanted / step) * step
    raw = round(wanted)
    bits = 16 * SIZE[kind]
    if kind.startswith("uint"):
        low, high = 0, (1 << bits) - 1
    elif kind.startswith("bcd"):
        low, high = 0, 10 ** (bits // 4) - 1
    else:
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if not low <= raw <= high:
        raise ValueError("%s does not fit %s" % (raw, kind))
    return raw


# Registers ------------------------------------------------------------------------------------

class Bits(int):
    """A raw value given as its bits, for what is no number: NaN and all bits set."""


def encode(kind, order, raw):
    """Bytes on the wire."""
    size = SIZE[kind] * 2
    builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=Endian.Big)
    if isinstance(raw, Bits):
        plain = int(raw).to_bytes(size, "big")
    elif kind == "float16":
        plain = struct.pack(">e", float(raw))
    elif kind.startswith("bcd"):
        plain = bytes.fromhex(str(int(raw)).rjust(size * 2, "0"))
    else:
        word, width = re.fullmatch(r"(\D+)(\d+)", kind).groups()
        value = float(raw) if word == "float" else int(raw)
        getattr(builder, "add_%sbit_%s" % (width, word))(value)
        plain = b"".join(struct.pack(">H", w) for w in builder.to_registers())
    wire = bytes(plain["ABCDEFGH".index(letter)] for letter in order)
    if order == "CDAB" and kind in ("uint32", "int32", "float32") and not isinstance(raw, Bits):
        other = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=Endian.Little)
        getattr(other, "add_32bit_" + kind[:-2])(float(raw) if kind == "float32" else int(raw))
        assert wire == b"".join(struct.pack(">H", w) for w in other.to_registers())
    return wire


class Device:
    """The registers of one device and what must come out of them."""

    def __init__(self, profile):
        self.profile = profile
        self.name = profile["profile"]
        self.seed = "busbar/" + self.name
        self.rng = random.Random(self.seed)
        self.words = {}    # (bank, address) -> word, or bit
        self.raws = {}     # (bank, address, type) -> raw
        self.expected = {}  # path -> value or quality word
        self.values = set()
        self.single = not any(p.startswith("phase-") for p in profile["points"])
        self.helpers = set()
        for point in profile["points"].values():
            for key in ("sign", "scale_by", "scale_register", "plus"):
                for part in listed(point.get(key)):
                    self.helpers.add(place(part))
        for part in profile.get("identify", []):
            self.helpers.add(place(part))
        seen = [place(p) for p in profile["points"].values()]
        self.shared = {at for at in seen if seen.count(at) > 1}

    def order(self, spec, kind):
        if kind == "text":
            return "AB"
        if "order" in spec:
            return spec["order"]
        return HABIT[self.profile.get("order", "ABCD")][{1: 0, 2: 1, 4: 2}[SIZE[kind]]]

    def put(self, spec, raw):
        """Stores a raw value; the same register asked for twice must be of one type."""
        bank, address = place(spec)
        kind = spec.get("type", "bool")
        if kind == "bool" and bank in ("coil", "discrete"):
            self.words[bank, address] = int(raw)
            return
        if kind == "text":
            builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=Endian.Big)
            builder.add_string(raw.ljust(2 * spec["length"], "\0"))
            wire = builder.to_string()
        else:
            wire = encode(kind, self.order(spec, kind), raw)
        self.raws[bank, address, kind] = raw
        for i in range(0, len(wire), 2):
            word = wire[i] << 8 | wire[i + 1]
            at = bank, address + i // 2
            assert self.words.get(at, word) == word, "%s: %s %d written twice" % (self.name, bank, at[1])
            self.words[at] = word

    def helper(self, spec, choose):
        """The raw value of a register that belongs to another point."""
        bank, address = place(spec)
        key = bank, address, spec["type"]
        if key not in self.raws:
            self.put(spec, PINNED.get((self.name, address), choose()))
        return self.raws[key]

    def factor(self, point):
        """raw -> value, from the scale and the registers that carry one."""
        scale = number(point.get("scale", 1))
        for part in listed(point.get("scale_register")):
            if part["kind"] == "power_of_ten":
                scale *= Fraction(10) ** self.helper(part, lambda: self.rng.randint(-2, -1))
            else:
                scale *= self.helper(part, lambda: self.rng.randint(1000, 30000)) * number(part.get("scale", 1))
        if "scale_by" in point:
            by = point["scale_by"]
            raw = self.helper(by, lambda: max(1, by["below"] // 7))
            scale *= number(by["scale"] if raw < by["below"] else by["else"])
        return scale

    def absent(self, path, point):
        """Stores a raw value that means "not measured"."""
        kind = point["type"]
        bits = 16 * SIZE[kind]
        what = self.rng.choice(listed(point.get("absent")) or ["nan"])
        if isinstance(what, list):
            what = self.rng.randint(what[0], what[1])
        if what == "nan":
            what = {"float16": 0x7E00, "float32": self.rng.choice([0x7FC00000, 0xFFC00000]), "float64": 0x7FF8 << 48}[kind]
        elif what == "ones":
            what = (1 << bits) - 1
        elif what == "min":
            what = 1 << (bits - 1) if kind.startswith("int") else 0
        elif what == "max":
            what = (1 << (bits - 1)) - 1 if kind.startswith("int") else (1 << bits) - 1
        self.put(point, Bits(what % (1 << bits)))
        self.expected[path] = "absent"

    def choose_absent(self):
        """One point for every way in which this device says "not measured"."""
        groups = {}
        for path, point in self.profile["points"].items():
            at = place(point)
            if path in KEEP or at in self.helpers or at in self.shared or "values" in point:
                continue
            kind = point.get("type", "")
            if "absent" in point:
                groups.setdefault(kind + str(point["absent"]), []).append(path)
            elif kind.startswith("float"):
                groups.setdefault("nan", []).append(path)
        return {self.rng.choice(paths) for paths in groups.values() if len(paths) > 1}

    def state(self, point):
        """A raw value for a state or a status word."""
        if "values" in point:
            return self.rng.choice([k for k in point["values"] if k] or list(point["values"]))
        if "flags" in point:
            bits = sorted(point["flags"])
            some = set(self.rng.sample(bits, min(3, len(bits)))) | {bits[-1]}
            return sum(1 << b for b in some)
        return self.rng.randint(3, 200)

    def point(self, path, point):
        quantity = path.split("/")[1]
        kind = point.get("type", "bool")
        group = CATALOGUE_ROWS[quantity][0]
        if kind == "text":
            text = "".join(self.rng.choice("ABCDEFGHKLMNPQRSTUVWXYZ23456789") for _ in range(min(2 * point["length"] - 1, 11)))
            self.put(point, text)
            self.expected[path] = text
            return
        if kind == "bool":
            raw = self.rng.randint(0, 1)
            self.put(point, raw)
            self.expected[path] = Fraction(raw)
            return
        if path in self.missing:
            self.absent(path, point)
            return
        scale, offset = self.factor(point), number(point.get("offset", 0))
        plus = Fraction(0)
        for part in listed(point.get("plus")):
            part_scale = number(part.get("scale", 1))
            raw = self.helper(part, lambda: carried(part["type"], Fraction(self.rng.uniform(900, 4000)) / abs(part_scale)))
            plus += raw * part_scale
        bank, address = place(point)
        for _ in range(100):
            raw, negative = self.raws.get((bank, address, kind)), False
            fresh = raw is None
            if fresh:
                raw = PINNED.get((self.name, address))
            if raw is None and group == "STATE":
                raw = self.state(point)
            if raw is None and path == "total/energy":
                raw = large_raw(self.rng, kind)
            if raw is None:
                value = Fraction(wish(self.rng, path, kind, signed(kind) or "sign" in point, "sign" in point, self.single))
                value = value.limit_denominator(1000000)
                if "sign" in point:
                    negative, value = value < 0, abs(value)
                raw = carried(kind, (value - offset) / scale)
            value = raw * scale + offset + plus
            if "sign" in point:
                negative = negative and value != 0
                value = -value if negative else value
            if not fresh or group == "STATE" or value not in self.values:
                break
        else:
            raise ValueError("%s: %s has no value of its own" % (self.name, path))
        if "sign" in point:
            sign = point["sign"]
            self.put(sign, sign["negative"] if negative else 1 - min(1, sign["negative"]))
        if fresh:
            self.put(point, raw)
            # every exchange of words and bytes must show
            wire = [self.words[bank, address + i] for i in range(SIZE[kind])]
            assert group == "STATE" or len(set(wire)) == len(wire) or SIZE[kind] == 4, (self.name, path)
        low, high = CATALOGUE_ROWS[quantity][2:4]
        assert low <= value <= high, "%s: %s is %s" % (self.name, path, value)
        self.values.add(value)
        self.expected[path] = value

    def identify(self):
        for part in self.profile.get("identify", []):
            bank, address = place(part)
            if all((bank, address + i) in self.words for i in range(SIZE[part["type"]])):
                raw = self.raws.get((bank, address, part["type"]))
                if raw is not None and not isinstance(raw, Bits):
                    assert raw == part["equals"] if "equals" in part else part["between"][0] <= raw <= part["between"][1], (self.name, part, raw)
                continue
            self.put(part, part["equals"] if "equals" in part else part["between"][0])

    def build(self):
        points = self.profile["points"]
        self.missing = self.choose_absent()
        for path, point in points.items():
            self.point(path, point)
        self.identify()

    def blocks(self, bank, limit, gap):
        """Reads that cover every register in use: (address, count)."""
        starts = {}  # first register of a value -> one past its last
        for (b, address, kind), _ in self.raws.items():
            if b == bank and kind != "text":
                starts[address] = max(starts.get(address, 0), address + SIZE[kind])
        used = sorted(a for b, a in self.words if b == bank)
        inside = {a for first, end in starts.items() for a in range(first + 1, end)}
        for p in self.profile["points"].values():
            if p.get("type") == "text" and place(p)[0] == bank:
                inside |= set(range(place(p)[1] + 1, place(p)[1] + p["length"]))
        runs = []
        for a in used:
            if runs and a - runs[-1][1] <= gap:
                runs[-1][1] = a + 1
            else:
                runs.append([a, a + 1])
        for first, end in runs:
            while first < end:
                last = min(end, first + limit)
                while last < end and last in inside:
                    last -= 1
                yield first, last - first
                first = last

    def exchanges(self):
        """Requests and what pymodbus answers."""
        noise = random.Random(self.seed + "/noise")
        stores = {}
        for bank in BANKS:
            wide = [noise.randint(0, 1) if bank in ("coil", "discrete") else noise.randint(1, 0xFFFE) for _ in range(65536)]
            for (b, address), word in self.words.items():
                if b == bank:
                    wide[address] = word
            stores[bank] = ModbusSequentialDataBlock(0, wide)
        context = ModbusSlaveContext(hr=stores["holding"], ir=stores["input"], co=stores["coil"], di=stores["discrete"], zero_mode=True)
        limits = self.profile.get("limits", {})
        gap = limits.get("gap", 8)
        for bank in BANKS:
            function, request = REQUEST[bank]
            limit = limits.get("bits", 2000) if bank in ("coil", "discrete") else limits.get("registers", 125)
            for address, count in self.blocks(bank, limit, gap):
                ask = bytes([function]) + request(address, count).encode()
                answer = ServerDecoder().decode(ask).execute(context)
                yield ask.hex(), (bytes([answer.function_code]) + answer.encode()).hex()


def writes(profile):
    """For each state of each point that can be switched: path, number, request and answer by pymodbus."""
    zeros = ModbusSequentialDataBlock(0, [0] * 65536)
    context = ModbusSlaveContext(hr=zeros, co=ModbusSequentialDataBlock(0, [False] * 65536), zero_mode=True)
    for path, point in profile["points"].items():
        write = point.get("write")
        if write is None:
            continue
        write = {} if write == "same" else write
        bank, address = place(write) if "coil" in write or "holding" in write else place(point)
        for state, word in point["values"].items():
            if word not in write.get("codes", {word: state}):
                continue
            code = write.get("codes", {word: state})[word]
            request = WriteSingleCoilRequest(address, bool(code)) if bank == "coil" else WriteSingleRegisterRequest(address, code)
            ask = bytes([request.function_code]) + request.encode()
            answer = ServerDecoder().decode(ask).execute(context)
            yield path, state, ask.hex(), (bytes([answer.function_code]) + answer.encode()).hex()


def plain(value):
    """A decimal number without exponent, at most 15 digits that count."""
    if isinstance(value, str):
        return value
    if value.denominator == 1:
        return str(value.numerator)
    places = max(0, 15 - len(str(abs(value.numerator) // value.denominator)))
    shifted = round(abs(value) * 10 ** places)
    digits = str(shifted).rjust(places + 1, "0")
    text = digits[:len(digits) - places] + "." + digits[len(digits) - places:]
    return ("-" if value < 0 else "") + text.rstrip("0").rstrip(".")


def profiles():
    found = {}
    for file in sorted(os.listdir(PROFILES)):
        if file.endswith(".yaml"):
            with open(os.path.join(PROFILES, file), encoding="utf-8") as f:
                profile = expand(yaml.safe_load(f))
            assert profile["profile"] + ".yaml" == file, file
            found[profile["profile"]] = profile
    names = list(found) + [a for p in found.values() for a in p.get("aliases", [])]
    assert len(set(names)) == len(names), "a name or alias is used twice"
    return found


def captures(profile):
    device = Device(profile)
    device.build()
    head = "# %s: %s; made by make.py with python3-pymodbus, seed %s\n"
    cap = head % (device.name, "request PDU > answer PDU", device.seed)
    cap += "".join("%s > %s\n" % pair for pair in device.exchanges())
    points = head % (device.name, "points that must come out", device.seed)
    points += "".join("%s %s\n" % (path, plain(device.expected[path])) for path in profile["points"])
    files = {device.name + ".cap": cap, device.name + ".points": points}
    switched = list(writes(profile))
    if switched:
        files[device.name + ".writes"] = "# %s: path, state, request PDU > answer PDU; made by make.py with python3-pymodbus\n" % device.name + \
            "".join("%s %d %s > %s\n" % one for one in switched)
    return files


def devices_page(found):
    """docs/devices.md"""
    out = ["# Supported Modbus devices", "",
           "Made by `tests/captures/make.py` from the profiles in `profiles/modbus/`; do not edit.",
           "`confirmed` is the number of independent sources that agree on an address, the median over the points. Nothing was tried on hardware",
           "unless a note says so. Lists that are known but not usable are named in `profiles/modbus/README.md`.", "",
           "%d profiles, %d names, %d points." % (len(found), sum(1 + len(p.get("aliases", [])) for p in found.values()),
                                                   sum(len(p["points"]) for p in found.values())), "",
           "| profile | vendor | model | points | confirmed |", "|---|---|---|---|---|"]
    for name, p in found.items():
        names = ", ".join("`%s`" % n for n in [name] + p.get("aliases", []))
        out.append("| %s | %s | %s | %d | %d |" % (names, p["vendor"], p["model"], len(p["points"]), p["confirmed"]))
    out += ["", "## Notes", ""]
    for name, p in found.items():
        if p.get("notes"):
            out.append("**%s** %s" % (name, p["title"]))
            out.append("")
            out += ["- %s" % n for n in p["notes"]]
            out.append("")
    return "\n".join(out).rstrip() + "\n"


def main(arguments):
    found = profiles()
    if "--list" in arguments:
        sys.stdout.write(devices_page(found))
        return 0
    check = "--check" in arguments
    names = [a for a in arguments if not a.startswith("-")] or list(found)
    wanted = {}
    for name in names:
        for file, text in captures(found[name]).items():
            wanted[os.path.join(HERE, file)] = text
    if names == list(found):
        wanted[DEVICES] = devices_page(found)
    bad = 0
    for file, text in wanted.items():
        if check:
            try:
                with open(file, encoding="utf-8") as f:
                    same = f.read() == text
            except OSError:
                same = False
            if not same:
                print("%s is not what make.py writes" % os.path.relpath(file, TOP))
                bad += 1
        else:
            with open(file, "w", encoding="utf-8") as f:
                f.write(text)
    if names == list(found):
        for file in sorted(os.listdir(HERE)):
            if file.startswith("sunspec-"):
                continue  # make_sunspec.py's
            if file.endswith((".cap", ".points", ".writes")) and os.path.join(HERE, file) not in wanted:
                print("%s belongs to no profile" % file)
                bad += 1
    print("%d profiles, %d files, %d wrong" % (len(names), len(wanted), bad))
    return 1 if bad else 0


CATALOGUE_ROWS = catalogue()

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
