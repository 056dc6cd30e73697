#!/usr/bin/python3
"""Makes the SunSpec model files of this folder from the model definitions of the SunSpec Alliance.

    make.py FOLDER      FOLDER holds model_*.json of https://github.com/sunspec/models (Apache-2.0, see LICENSE)

What is ours is the table below: which point of a model is which component and quantity of busbar. Offsets, types, scale
factors, symbols and sentinels come from the definitions. Models that share a layout share a file; each definition that is
there is compared with the first.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {  # SunSpec type: (type of a profile, what means "not implemented"), as in the SunSpec information model specification
    "int16": ("int16", "min"), "uint16": ("uint16", "ones"), "count": ("uint16", None), "acc16": ("uint16", "0"),
    "int32": ("int32", "min"), "uint32": ("uint32", "ones"), "acc32": ("uint32", "0"),
    "int64": ("int64", "min"), "uint64": ("uint64", "ones"), "acc64": ("uint64", "0"),
    "enum16": ("uint16", "ones"), "enum32": ("uint32", "ones"),
    # with its highest bit set a bit field says nothing, whatever the others are
    "bitfield16": ("uint16", "[0x8000, ones]"), "bitfield32": ("uint32", "[0x80000000, ones]"),
    "float32": ("float32", None), "float64": ("float64", None),
}
KILO, PERCENT, SLOW = {"scale": 0.001}, {"scale": 0.01}, {"every": "slow"}
PHASES = (("A", "a"), ("B", "b"), ("C", "c"))


def phases(pattern, path, extra=None):
    """PhVph% -> phase-?/voltage, for three phases"""
    return [(pattern.replace("%", up), path.replace("?", low), extra) for up, low in PHASES]


METER = [("A", "total/current", None), *phases("Aph%", "phase-?/current"),
         ("PhV", "total/voltage-average", None), *phases("PhVph%", "phase-?/voltage"),
         *[(name + pair, "line-%s/voltage" % pair.lower(), None)
           for name in ("PPVph", "PhVph") for pair in ("AB", "BC", "CA")],
         ("Hz", "total/frequency", None),
         ("W", "total/real-power", None), *phases("Wph%", "phase-?/real-power"),
         ("VA", "total/apparent-power", None), *phases("VAph%", "phase-?/apparent-power"),
         ("VAR", "total/reactive-power", None), *phases("VARph%", "phase-?/reactive-power"),
         ("TotWhImp", "total/energy", KILO), *phases("TotWhImpPh%", "phase-?/energy", KILO),
         ("TotWhExp", "total/energy-export", KILO), *phases("TotWhExpPh%", "phase-?/energy-export", KILO),
         ("TotVAhImp", "total/apparent-energy", KILO),
         ("TotVArhImpQ1+TotVArhImpQ2", "total/reactive-energy", KILO),
         ("TotVArhExpQ3+TotVArhExpQ4", "total/reactive-energy-export", KILO),
         ("Evt", "total/fault", None)]
METER_PF = [("PF", "total/power-factor", PERCENT), *phases("PFph%", "phase-?/power-factor", PERCENT)]
METER_PF_FLOAT = [("PF", "total/power-factor", None), *phases("PFph%", "phase-?/power-factor")]
INVERTER = [("A", "total/current", None), *phases("Aph%", "phase-?/current"),
            *[("PPVph" + pair, "line-%s/voltage" % pair.lower(), None) for pair in ("AB", "BC", "CA")],
            *phases("PhVph%", "phase-?/voltage"),
            ("W", "total/real-power", None), ("Hz", "total/frequency", None),
            ("VA", "total/apparent-power", None), ("VAr", "total/reactive-power", None),
            ("PF", "total/power-factor", PERCENT), ("WH", "total/energy", KILO),
            ("DCA", "supply/current", None), ("DCV", "supply/voltage", None), ("DCW", "supply/real-power", None),
            ("TmpCab", "total/temperature", None), ("TmpSnk", "sensor-1/temperature", None),
            ("TmpTrns", "sensor-2/temperature", None), ("TmpOt", "sensor-3/temperature", None),
            ("St", "total/state", None), ("Evt1", "total/fault", None)]
COMBINER = [("DCA", "total/current", None), ("DCV", "total/voltage", None), ("DCAhr", "total/charge-throughput", None),
            ("Tmp", "total/temperature", None), ("Evt", "total/fault", None)]
COMBINER_INPUT = [("InDCA", "circuit-1/current", None), ("InDCAhr", "circuit-1/charge-throughput", None),
                  ("InEvt", "circuit-1/fault", None)]


def der_phase(line, low, pair, lines):
    return [("WL" + line, "phase-%s/real-power" % low, None), ("VAL" + line, "phase-%s/apparent-power" % low, None),
            ("VarL" + line, "phase-%s/reactive-power" % low, None), ("PFL" + line, "phase-%s/power-factor" % low, None),
            ("AL" + line, "phase-%s/current" % low, None), ("VL" + lines, "line-%s/voltage" % pair, None),
            ("VL" + line, "phase-%s/voltage" % low, None), ("TotWhInjL" + line, "phase-%s/energy" % low, KILO)]


MODELS = [
    # ids, role, apart, points, points of each repeated block
    ((101, 102, 103), "inverter", False, INVERTER, []),
    ((111, 112, 113), "inverter", False, INVERTER, []),
    ((120,), "inverter", False, [("AhrRtg", "battery/capacity", SLOW)], []),
    ((122,), "inverter", False, [("ActWh", "total/energy", KILO), ("ActVAh", "total/apparent-energy", KILO)], []),
    ((160,), "inverter", False, [],
     [("DCA", "input-1/current", None), ("DCV", "input-1/voltage", None), ("DCW", "input-1/real-power", None),
      ("DCWH", "input-1/energy", KILO), ("Tmp", "input-1/temperature", None), ("DCSt", "input-1/state", None),
      ("DCEvt", "input-1/fault", None)]),
    ((201, 202, 203, 204), "meter", True, METER + METER_PF, []),
    ((211, 212, 213, 214), "meter", True, METER + METER_PF_FLOAT, []),
    ((307,), "sensor", False,
     [("TmpAmb", "sensor-1/temperature", None), ("RH", "sensor-1/humidity", None),
      ("Pres", "sensor-1/pressure", {"scale": 100}), ("WndSpd", "sensor-1/airflow", None)], []),
    ((401,), "combiner", False, COMBINER, COMBINER_INPUT),
    ((403,), "combiner", False, COMBINER, COMBINER_INPUT),
    ((501,), "supply", True,
     [("OutA", "total/current", None), ("OutV", "total/voltage", None), ("OutW", "total/real-power", None),
      ("OutWh", "total/energy", KILO), ("Tmp", "total/temperature", None), ("InA", "input-1/current", None),
      ("InV", "input-1/voltage", None), ("InW", "input-1/real-power", None), ("InWh", "input-1/energy", KILO),
      ("Stat", "total/state", None)], []),
    ((701,), "inverter", False,
     [("W", "total/real-power", None), ("VA", "total/apparent-power", None), ("Var", "total/reactive-power", None),
      ("PF", "total/power-factor", None), ("A", "total/current", None), ("LNV", "total/voltage-average", None),
      ("Hz", "total/frequency", None), ("TotWhInj", "total/energy", KILO), ("TotWhAbs", "mains/energy", KILO),
      ("TotVarhInj", "total/reactive-energy", KILO), ("TotVarhAbs", "mains/reactive-energy", KILO),
      ("TmpCab", "total/temperature", None), ("TmpSnk", "sensor-1/temperature", None),
      ("TmpTrns", "sensor-2/temperature", None), ("TmpOt", "sensor-3/temperature", None),
      ("TmpAmb", "sensor-4/temperature", None), ("TmpSw", "sensor-5/temperature", None),
      ("InvSt", "total/state", None), ("Alrm", "total/fault", None),
      *der_phase("1", "a", "ab", "1L2"), *der_phase("2", "b", "bc", "2L3"), *der_phase("3", "c", "ca", "3L1")], []),
    ((713,), "battery", False,
     [("WHAvail", "battery/stored-energy", KILO), ("SoC", "battery/charge", None), ("SoH", "battery/health", None),
      ("Sta", "battery/state", None)], []),
    ((714,), "inverter", False,
     [("DCA", "supply/current", None), ("DCW", "supply/real-power", None)],
     [("DCA", "input-1/current", None), ("DCV", "input-1/voltage", None), ("DCW", "input-1/real-power", None),
      ("DCWhInj", "input-1/energy", KILO), ("Tmp", "input-1/temperature", None), ("DCSta", "input-1/state", None),
      ("DCAlrm", "input-1/fault", None)]),
    ((802,), "battery", False,
     [("AHRtg", "battery/capacity", SLOW), ("SoC", "battery/charge", None), ("SoH", "battery/health", None),
      ("V", "battery/voltage", None), ("A", "battery/current", None), ("W", "battery/real-power", None),
      ("ChaSt", "battery/charging", None), ("State", "battery/state", None), ("Evt1", "battery/fault", None)], []),
    ((803,), "battery", False,
     [("StrVAvg", "battery/voltage", None), ("ModTmpAvg", "battery/temperature", None)],
     [("StrSoC", "circuit-1/charge", None), ("StrSoH", "circuit-1/health", None), ("StrA", "circuit-1/current", None),
      ("StrModTmpAvg", "circuit-1/temperature", None), ("StrSt", "circuit-1/status", None),
      ("StrEvt1", "circuit-1/fault", None)]),
    ((804,), "battery", True,
     [("SoC", "battery/charge", None), ("SoH", "battery/health", None), ("V", "battery/voltage", None),
      ("A", "battery/current", None), ("ModTmpAvg", "battery/temperature", None), ("Evt1", "battery/fault", None)], []),
    ((805,), "battery", True,
     [("SoC", "battery/charge", None), ("SoH", "battery/health", None), ("V", "battery/voltage", None),
      ("CellTmpAvg", "battery/temperature", None)], []),
    ((807,), "battery", False, [("TmpAvg", "battery/temperature", None)],
     [("ModSoC", "circuit-1/charge", None), ("ModV", "circuit-1/voltage", None)]),
]


def layout(definition):
    """name -> (offset from the ID register, point), of the fixed part and of the first repeated block, and the block's
    begin and length"""
    group = definition["group"]
    fixed, block, offset = {}, {}, 0
    for point in group["points"]:
        fixed[point["name"]] = (offset, point)
        offset += point["size"]
    begin, groups = offset, group.get("groups", [])
    for point in groups[0]["points"] if groups else []:
        block[point["name"]] = (offset, point)
        offset += point["size"]
    return fixed, block, begin, offset - begin


SERVED = (201, 211, 713, 802)  # what busbar's own values are shown as: their registers must be known one by one


def types(definition):
    """All points behind ID and L by type, with how many follow each other."""
    found = []
    for point in definition["group"]["points"][2:]:
        if found and found[-1][0] == point["type"]:
            found[-1][1] += 1
        else:
            found.append([point["type"], 1])
    return "[%s]" % ", ".join(name if count == 1 else "%s x %d" % (name, count) for name, count in found)


def word(symbol):
    text = re.sub(r"^M_EVENT_", "", symbol).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def flow(items):
    return "{%s}" % ", ".join("%s: %s" % pair for pair in items)


def decimal(number):
    return ("%.10f" % number).rstrip("0").rstrip(".")


def line(names, path, extra, points, fixed):
    """One point of a model file; None when this model lacks it."""
    names = names.split("+")
    if any(name not in points for name in names):
        return None
    offset, point = points[names[0]]
    kind, absent = TYPES[point["type"]]
    extra = dict(extra or {})
    items = [("holding", offset), ("type", kind)]
    factor = point.get("sf")
    if isinstance(factor, int):
        extra["scale"] = extra.get("scale", 1) * 10.0 ** factor
    if "scale" in extra:
        items.append(("scale", decimal(extra["scale"])))
    if isinstance(factor, str):
        items.append(("scale_register", flow([("holding", fixed[factor][0]), ("type", "int16"), ("kind", "power_of_ten")])))
    if len(names) > 1:
        assert all(points[name][1].get("sf") == factor for name in names), "one scale factor for the sum"
        items.append(("plus", flow([("holding", points[names[1]][0]), ("type", kind), ("scale", decimal(extra["scale"]))])))
    symbols = [(s["value"], word(s["name"])) for s in point.get("symbols", [])
               if not re.search(r"RESERVED|OEM", s["name"], re.I)]
    if symbols and path.endswith(("/state", "/fault", "/status", "/charging")):
        items.append(("flags" if point["type"].startswith("bitfield") else "values", flow(symbols)))
    if absent:
        items.append(("absent", "[%s]" % absent))
    if point["type"] == "acc64" and path.endswith("energy"):
        items.append(("rollover", str(2 ** 63)))
    if "every" in extra:
        items.append(("every", extra["every"]))
    return "%s: %s" % (path, flow(items))


def lines(table, points, fixed, indent):
    made = [line(names, path, extra, points, fixed) for names, path, extra in table]
    made = [text for text in made if text]
    width = max([text.index(": ") for text in made], default=0) + 1
    return "".join("%s%s %s\n" % (indent, (text[:text.index(": ")] + ":").ljust(width), text[text.index(": ") + 2:])
                   for text in made)


def make(folder, ids, role, apart, table, block_table):
    found = {}
    for number in ids:
        path = os.path.join(folder, "model_%d.json" % number)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                found[number] = json.load(f)
    if not found:
        print("no definition of %s: left as it is" % (ids,), file=sys.stderr)
        return
    bodies = {}
    for number, definition in found.items():
        fixed, block, begin, length = layout(definition)
        body = "points:\n" + lines(table, fixed, fixed, "  ") if table else ""
        if block_table:
            body += "repeat:\n  first: %d\n  length: %d\n  points:\n" % (begin, length)
            body += lines(block_table, block, fixed, "    ")
        bodies[number] = body
    first = min(found)
    for number, body in bodies.items():
        assert body == bodies[first], "model %d is laid out otherwise than %d" % (number, first)
    with open(os.path.join(HERE, "model-%d.yaml" % ids[0]), "w", encoding="utf-8") as f:
        f.write("# made by make.py; addresses count from the model's ID register\n")
        f.write("sunspec: [%s]\n" % ", ".join(str(number) for number in ids))
        f.write("title: %s\n" % re.sub(r"[^A-Za-z0-9 ()-]", "", found[first]["group"].get("label", "")))
        f.write("role: %s\n" % role)
        f.write("source: sunspec/models json/model_%d.json, Apache-2.0\n" % first)
        f.write("apart: %s\n" % ("true" if apart else "false"))
        if first in SERVED:
            f.write("types: %s\n" % types(found[first]))
        f.write(bodies[first])


for entry in MODELS:
    make(sys.argv[1], *entry)
