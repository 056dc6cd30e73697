#!/usr/bin/python3
"""Compares every profile with the register list it was made from, facts/NAME.csv.

    check_facts.py            compare, print a count, exit 1 if anything differs
    check_facts.py --mutate   also change every point in turn and see that each change is noticed

Bank, address, type, word order, scale in catalogue units, sign and helper registers must be those of the
list; every row must be used or carry a reason. Where a profile differs on purpose it stands in EXCEPTIONS.
"""
import copy
import csv
import os
import re
import statistics
import sys
from fractions import Fraction

import yaml

from profile_runs import expand

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PROFILES = os.path.join(TOP, "profiles", "modbus")
FACTS = os.path.join(HERE, "facts")
CATALOGUE = os.path.join(TOP, "src", "model", "quantity.def")

# unit in a list -> (catalogue unit, factor)
UNITS = {
    "V": ("V", 1), "A": ("A", 1), "W": ("W", 1), "VA": ("VA", 1), "var": ("var", 1), "Hz": ("Hz", 1), "%": ("%", 1),
    "kWh": ("kWh", 1), "kvarh": ("kvarh", 1), "kVAh": ("kVAh", 1), "Ah": ("Ah", 1), "h": ("h", 1), "deg": ("°", 1), "degC": ("°C", 1),
    "Wh": ("kWh", Fraction(1, 1000)), "varh": ("kvarh", Fraction(1, 1000)), "VAh": ("kVAh", Fraction(1, 1000)), "": ("", 1),
}
TYPES = {"bits16": "uint16", "bits32": "uint32"}
ORDERS = {  # order by device default and number of registers
    "ABCD": {1: "AB", 2: "ABCD", 4: "ABCDEFGH"}, "CDAB": {1: "AB", 2: "CDAB", 4: "GHEFCDAB"},
    "BADC": {1: "BA", 2: "BADC", 4: "BADCFEHG"}, "DCBA": {1: "BA", 2: "DCBA", 4: "HGFEDCBA"},
}
CURRENT_RATIO = {"holding": 4608, "type": "uint16", "below": 5000, "scale": Fraction(1, 100), "else": 1}
TWO_WORDS = "whole part and 65536ths are two rows of the list and one fixed-point number"

# (profile, path, field): (what the profile has instead, reason)
EXCEPTIONS = {
    ("carlo-gavazzi-em24", "total/phase-sequence", "type"): ("uint16", "a state is not negative; -1 is 65535"),
    ("carlo-gavazzi-em24-e1", "total/phase-sequence", "type"): ("uint16", "a state is not negative; -1 is 65535"),
    ("dzg-dvh4013", "total/real-power", "unit"): ("W", "the source calls it power in W, the unit in the list is a slip"),
    ("dzg-dvh4013", "total/real-power", "plus"): (Fraction(-1, 10), "exported power is taken off; the unit in the list is a slip"),
    ("siemens-pac2200", "total/energy", "row"): ("total/energy-tariff-1", "801 is tariff 1, the total is both tariffs"),
    ("siemens-pac2200", "total/energy-export", "row"): ("total/energy-export-tariff-1", "809 is tariff 1, the total is both tariffs"),
    ("siemens-pac2200", "total/energy", "plus row"): ("total/energy-tariff-2", "the total is both tariffs"),
    ("siemens-pac2200", "total/energy-export", "plus row"): ("total/energy-export-tariff-2", "the total is both tariffs"),
    ("morningstar-tristar-mppt", "0", "helper type"): ("uint32", TWO_WORDS),
    ("morningstar-tristar-mppt", "2", "helper type"): ("uint32", TWO_WORDS),
}
for phase in ("phase-a", "phase-b", "phase-c", "total"):
    EXCEPTIONS["siemens-pac3200", phase + "/apparent-power", "unit"] = ("VA", "the list has V, a slip")
    for quantity in ("real-power", "reactive-power"):
        EXCEPTIONS["saia-burgess-ale3", phase + "/" + quantity, "scale"] = (Fraction(10), "a count is 0.01 kW; the list divides by 100 and calls it W")

EEEE = [[0x7FFF0000, 0x7FFFFFFF]]
SENTINELS = {  # profile: {type or path: absent}
    "abb-b23": {"uint16": ["ones"], "uint32": ["ones"], "uint64": ["ones"], "int16": ["max"], "int32": ["max"], "int64": ["max"]},
    "carlo-gavazzi-em111": {"int32": EEEE, "int16": [0x7FFF], "uint16": [0x7FFF]},
    "carlo-gavazzi-em24": {"int32": EEEE, "int16": [0x7FFF]},
    "carlo-gavazzi-em24-e1": {"int32": EEEE, "int16": [0x7FFF]},
    "carlo-gavazzi-em340": {"int32": EEEE, "int16": [0x7FFF]},
    "ime-conto-d4-pd": {"int32": ["max", "ones"]},
    "schneider-iem3155": {"int64": ["min"]},
    "victron-vm-3p75ct": {"uint32": ["ones"], "line-ab/voltage": ["ones"], "line-bc/voltage": ["ones"], "line-ca/voltage": ["ones"], "total/phase-sequence": [0xFF]},
    "victron-vm-3p5a": {"uint32": ["ones"], "line-ab/voltage": ["ones"], "line-bc/voltage": ["ones"], "line-ca/voltage": ["ones"], "total/phase-sequence": [0xFF]},
    "morningstar-tristar-mppt": {"total/temperature": [0x80], "sensor-1/temperature": [0x80]},
}


def exact(x):
    return Fraction(repr(x)) if isinstance(x, float) else Fraction(x)


def listed(x):
    return [] if x is None else x if isinstance(x, list) else [x]


def place(spec):
    for bank in ("holding", "input", "coil", "discrete"):
        if bank in spec:
            return bank, spec[bank]
    return None, None


def units_of_catalogue():
    found = {}
    with open(CATALOGUE, encoding="utf-8") as f:
        for line in f:
            m = re.match(r'QUANTITY\(\s*\d+,\s*\w+,\s*"([^"]+)",\s*\w+,\s*"([^"]*)"', line)
            if m:
                found[m.group(1)] = m.group(2)
    for order in range(2, 64):  # made by a macro there
        found["harmonic-voltage-%d" % order] = found["harmonic-current-%d" % order] = "%"
    return found


def read_facts(name):
    with open(os.path.join(FACTS, name + ".csv"), encoding="utf-8") as f:
        return list(csv.DictReader(line for line in f if not line.startswith("#")))


def bank_of(row):
    return {"3": "holding", "3/4": "holding", "4": "input", "2": "discrete"}.get(row["function"], "coil")


def written(point):
    """`write:` of a profile in the words of the list: "same", or the place if it is another, and the code of each state."""
    write = point.get("write")
    if not isinstance(write, dict):
        return write
    words = []
    if "holding" in write or "coil" in write:
        words.append("%s %d" % place(write))
    # on and off are true and false to this reader of YAML
    words += ["%s=%d" % ({True: "on", False: "off"}.get(word, word), code) for word, code in write["codes"].items()]
    return " ".join(words)


def size(kind):
    return max(1, int(re.sub(r"\D", "", kind) or 16) // 16)


class Check:
    def __init__(self, units):
        self.units = units
        self.wrong = []
        self.count = 0
        self.excepted = set()

    def same(self, name, path, what, has, wanted):
        self.count += 1
        if has != wanted:
            self.wrong.append("%s %s: %s is %s, the list has %s" % (name, path, what, has, wanted))

    def exception(self, name, path, field, otherwise):
        key = name, path, field
        if key not in EXCEPTIONS:
            return otherwise
        self.excepted.add(key)
        return EXCEPTIONS[key][0]

    def scale_of(self, name, path, row, quantity):
        """What the profile must say about scale: (scale, scale_by, [fixed-point registers])."""
        unit, factor = UNITS.get(self.exception(name, path, "unit", row["unit"]), (None, 1))
        self.same(name, path, "unit of the catalogue", self.units.get(quantity), unit)
        text = row["scale"]
        if text == "0.01|1":
            return Fraction(1), CURRENT_RATIO, []
        if text.startswith("n*"):
            scale, registers = Fraction(1), []
            for part in text.split("*")[1:]:
                if part in ("V_PU", "I_PU"):
                    registers.append((("holding", {"V_PU": 0, "I_PU": 2}[part]), "uint32", "factor", Fraction(1, 65536)))
                elif part.startswith("CT"):  # "CT40/5": the primary current stands in register 40, the secondary is 5 A
                    address, secondary = part[2:].split("/")
                    registers.append((("holding", int(address)), "uint16", "factor", Fraction(1, int(secondary))))
                elif part.startswith("2^"):
                    scale *= Fraction(2) ** int(part[2:])
                else:
                    scale *= Fraction(part)
            return scale, None, registers
        return self.exception(name, path, "scale", Fraction(text or 1) * factor), None, []

    def point(self, name, profile, path, point, row, rows):
        bank, address = place(point)
        self.same(name, path, "bank", bank, bank_of(row))
        self.same(name, path, "address", address, int(row["address"]))
        self.same(name, path, "write", written(point), row.get("write") or None)
        kind = TYPES.get(row["type"], row["type"])
        if kind.startswith("text:"):
            self.same(name, path, "type", (point["type"], point.get("length")), ("text", int(kind[5:])))
            return
        self.same(name, path, "type", point.get("type", "bool"), self.exception(name, path, "type", kind))
        if kind == "bool":
            return
        n = size(kind)
        order = row["order"] if row["order"] and len(row["order"]) == 2 * n else ORDERS[profile["order"]][n]
        self.same(name, path, "order", point.get("order", ORDERS[profile["order"]][n]), order)
        scale, by, registers = self.scale_of(name, path, row, path.split("/")[1])
        self.same(name, path, "scale", exact(point.get("scale", 1)), scale)
        self.same(name, path, "offset and bits", (point.get("offset", 0), point.get("bits")), (0, None))
        has = point.get("scale_by")
        self.same(name, path, "scale_by", has and {k: exact(v) if k in ("scale", "else") else v for k, v in has.items()}, by)
        parts = listed(point.get("scale_register"))
        self.same(name, path, "scale_register", [(place(p), p["type"], p["kind"], exact(p.get("scale", 1))) for p in parts],
                  registers)
        self.same(name, path, "absent", point.get("absent"),
                  SENTINELS.get(name, {}).get(path, SENTINELS.get(name, {}).get(point["type"] if "phase-sequence" not in path else "")))
        self.helpers(name, path, point, rows)

    def helpers(self, name, path, point, rows):
        sign = point.get("sign")
        wanted = [r for r in rows if r["point"] == "sign " + path]
        self.same(name, path, "sign", sign and (place(sign), sign["type"], sign["negative"]),
                  (("holding", int(wanted[0]["address"])), wanted[0]["type"], 1) if wanted else None)
        plus = listed(point.get("plus"))
        other = self.exception(name, path, "plus row", None)
        wanted = [r for r in rows if r["point"] == (other or "plus " + path)]
        expect = []
        for r in wanted:
            scale = Fraction(r["scale"]) * UNITS[r["unit"]][1]
            expect.append((("holding", int(r["address"])), r["type"], self.exception(name, path, "plus", scale)))
        self.same(name, path, "plus", [(place(p), p["type"], exact(p.get("scale", 1))) for p in plus], expect)

    def listed_register(self, name, what, spec, rows):
        bank, address = place(spec)
        found = [r for r in rows if int(r["address"]) == address]
        self.same(name, what, "register %d in the list" % address, bool(found), True)
        if found:
            kind = self.exception(name, str(address), "helper type", found[0]["type"]) if spec["type"] == "uint32" else found[0]["type"]
            self.same(name, what, "type", spec["type"], kind)

    def profile(self, name, profile, rows):
        points = profile["points"]
        by_path = {}
        agrees = []
        for row in rows:
            said = row["point"]
            if said.startswith("-"):
                self.same(name, row["name"], "reason", len(said) > 3, True)
            elif not said.startswith(("sign ", "plus ", "use ")):
                by_path[said] = row
                agrees.append(max(1, int(row["agree"] or 1)))
                self.same(name, said, "in the profile", said in points, True)
            else:
                self.same(name, row["name"], "known role", said.split(" ", 1)[1] in points or said in ("use identify", "use scale"), True)
        for who, path, field in EXCEPTIONS:
            if who == name and field == "row":
                self.same(name, path, "in the profile", path in points, True)
        for path, point in points.items():
            row = by_path.get(self.exception(name, path, "row", path))
            self.same(name, path, "in the list", row is not None, True)
            if row is not None:
                self.point(name, profile, path, point, row, rows)
                for part in listed(point.get("scale_by")) + listed(point.get("scale_register")):
                    self.listed_register(name, path, part, rows)
        for part in profile.get("identify", []):
            self.listed_register(name, "identify", part, rows)
        self.same(name, "profile", "confirmed", profile["confirmed"], statistics.median_low(agrees))


def load():
    found = {}
    for file in sorted(os.listdir(PROFILES)):
        if file.endswith(".yaml"):
            with open(os.path.join(PROFILES, file), encoding="utf-8") as f:
                found[file[:-5]] = expand(yaml.safe_load(f))
    return found


def changes(profile):
    """The profile with one thing wrong at a time."""
    for path, point in profile["points"].items():
        bank, address = place(point)
        number, bit = point.get("type") != "text", bank in ("coil", "discrete")
        for what, change in (
            ("address", {bank: address + 1}),
            ("other address", {bank: address + 2}),
            ("bank", {bank: None, "input" if bank == "holding" else "holding": address}),
            ("type", {"type": "uint32" if point.get("type") == "int32" else "int32"}),
            ("write", {"write": None if "write" in point else "same"}),
            ("scale", {"scale": point.get("scale", 1) * 10} if number and not bit else None),
            ("order", {"order": {1: "BA", 2: "DCBA", 4: "HGFEDCBA"}[size(point["type"])]} if number and not bit else None),
            ("sign", {"sign": None} if "sign" in point else None),
            ("absent", {"absent": None} if "absent" in point else None),
            ("scale_by", {"scale_by": dict(point["scale_by"], below=500)} if "scale_by" in point else None),
            ("scale_register", {"scale_register": None} if "scale_register" in point else None),
            ("plus", {"plus": None} if "plus" in point else None),
            ("no point", {}),
        ):
            if change is None:
                continue
            other = copy.deepcopy(profile)
            if change:
                new = dict(other["points"][path], **change)
                other["points"][path] = {k: v for k, v in new.items() if v is not None}
            else:
                del other["points"][path]
            yield path, what, other


def main(arguments):
    units = units_of_catalogue()
    check = Check(units)
    found = load()
    for file in sorted(os.listdir(FACTS)):
        check.same(file[:-4], "facts", "profile", file[:-4] in found, True)
    for name, profile in found.items():
        check.same(name, "profile", "facts", os.path.exists(os.path.join(FACTS, name + ".csv")), True)
        if os.path.exists(os.path.join(FACTS, name + ".csv")):
            check.profile(name, profile, read_facts(name))
    for key in sorted(set(EXCEPTIONS) - check.excepted):
        check.wrong.append("exception %s is not needed" % (key,))
    for line in check.wrong:
        print(line)
    print("%d profiles, %d points, %d comparisons, %d exceptions, %d wrong" % (
        len(found), sum(len(p["points"]) for p in found.values()), check.count, len(EXCEPTIONS), len(check.wrong)))
    missed = 0
    if "--mutate" in arguments:
        tried = 0
        for name, profile in found.items():
            rows = read_facts(name)
            for path, what, other in changes(profile):
                again = Check(units)
                again.profile(name, other, rows)
                tried += 1
                if not again.wrong:
                    print("%s %s: a change of %s is not noticed" % (name, path, what))
                    missed += 1
        print("%d changes, %d not noticed" % (tried, missed))
    return 1 if check.wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
