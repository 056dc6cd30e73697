"""MIBs of others over the demo's devices: read and switched by programs that know only these."""

import pytest

from daemon_client import SLOW, wait_for
from snmp_tools import SNMP_UPS, snmp_ups, tool, udp_port, values, walk

PHYSICAL = ".1.3.6.1.2.1.47.1.1.1.1"
SENSOR = ".1.3.6.1.2.1.99.1.1.1"
POWER = ".1.3.6.1.2.1.229.1.2.1"
UPS = ".1.3.6.1.2.1.33.1"
APC = ".1.3.6.1.4.1.318.1.1"
GEIST = ".1.3.6.1.4.1.21239.5.2.3"


class House:
    def __init__(self, daemon, **more):
        self.port = udp_port()
        self.daemon = daemon({
            "history": {"enabled": False},
            "lines": {"air": {"kind": "sim"}},
            "devices": {"pdu-a": {"line": "air", "profile": "sim-pdu-24", "every": "1 s"},
                        "dc-1": {"line": "air", "profile": "sim-supply", "every": "1 s"}},
            "snmp": {"enabled": True, "port": self.port, "listen": "127.0.0.1"},
            "communities": {"read": {"community": "public", "access": "view"},
                            "write": {"community": "crowbar-7", "access": "control"}}, **more})
        wait_for(lambda: all(point["quality"] == "good" for point in self.daemon.points("pdu-a/*", "dc-1/*").values()),
                 15 * SLOW, lambda: f"readings: {self.daemon.log}")

    def walk(self, root):
        return walk(root, port=self.port)

    def set(self, oid, number):
        return tool("snmpset", oid, "i", str(number), port=self.port, community="crowbar-7")


def column(cells, entry, number):
    """Index -> value of one column."""
    head = f"{entry}.{number}."
    return {oid.removeprefix(head): value for oid, value in cells.items() if oid.startswith(head)}


@pytest.fixture
def house(daemon):
    return House(daemon, snmp_tables={"apc": "pdu-a", "geist": "pdu-a"})


def test_sensors_say_what_the_api_says(house):
    names = column(house.walk(PHYSICAL), PHYSICAL, 7)
    classes = column(house.walk(PHYSICAL), PHYSICAL, 5)
    parents = column(house.walk(PHYSICAL), PHYSICAL, 4)
    assert set(parents.values()) - {"0"} <= set(names)  # everything hangs in something that is there
    numbers = {path: point for path, point in house.daemon.points("pdu-a/*", "dc-1/*").items()
               if isinstance(point["value"], (int, float))}
    by_path = {name: index for index, name in names.items()}
    sensors = house.walk(SENSOR)
    status, types = column(sensors, SENSOR, 5), column(sensors, SENSOR, 1)
    assert set(types) == {index for index, kind in classes.items() if kind == "8"}
    assert set(status.values()) == {"1"}
    # what stays the same from one reading to the next
    for path in ("pdu-a/outlet-3/state", "dc-1/input-1/state", "pdu-a/outlet-23/current"):
        index = by_path[path]
        scaled = int(column(sensors, SENSOR, 4)[index]) / 10 ** int(column(sensors, SENSOR, 3)[index])
        assert scaled == pytest.approx(numbers[path]["value"], abs=0.5), path
    assert types[by_path["dc-1/battery/voltage"]] == "4" and types[by_path["dc-1/mains/voltage"]] == "3"
    power = house.walk(POWER)
    watts = int(column(power, POWER, 1)[by_path["pdu-a/total/real-power"]])
    assert watts == pytest.approx(numbers["pdu-a/total/real-power"]["value"], rel=0.5)


def test_a_silent_device_has_no_numbers(daemon):
    house = House(daemon)
    assert house.daemon.put("devices.dc-1.enabled", "false").status == 200
    sensors = house.walk(SENSOR)
    names = column(house.walk(PHYSICAL), PHYSICAL, 7)
    gone = {index for index, name in names.items() if name.startswith("dc-1/")}
    shown = column(sensors, SENSOR, 4)
    assert not gone & set(shown) and all(column(sensors, SENSOR, 5)[index] != "1" for index in gone & set(
        column(sensors, SENSOR, 5)))
    cells = house.walk(UPS)
    assert cells.get(UPS + ".4.1.0") != "5"  # a device that is off is not on battery


@pytest.mark.skipif(not SNMP_UPS, reason="no snmp-ups")
def test_the_well_known_ups_driver_reads_a_supply(house, tmp_path):
    read = snmp_ups(tmp_path, house.port, "ietf")
    points = house.daemon.points("dc-1/*")
    assert read["ups.mfr"] == "busbar" and read["ups.model"] == "Simulated DC supply"
    assert read["device.type"] == "ups"
    on_battery = points["dc-1/mains/voltage"]["value"] < 5
    assert read["ups.status"].split()[0] == ("OB" if on_battery else "OL")
    assert float(read["battery.charge"]) == pytest.approx(points["dc-1/battery/charge"]["value"], abs=1.5)
    assert float(read["battery.voltage"]) == pytest.approx(points["dc-1/battery/voltage"]["value"], abs=0.5)
    assert float(read["battery.runtime"]) == pytest.approx(points["dc-1/battery/runtime"]["value"], rel=0.5, abs=120)
    if not on_battery:
        assert float(read["input.voltage"]) == pytest.approx(points["dc-1/mains/voltage"]["value"], abs=10)
        assert float(read["input.frequency"]) == pytest.approx(50, abs=1)


@pytest.mark.skipif(not SNMP_UPS, reason="no snmp-ups")
def test_the_well_known_pdu_driver_reads_outlets(house, tmp_path):
    house.set(f"{APC}.12.3.3.1.1.4.2", 2)
    wait_for(lambda: house.daemon.point("pdu-a/outlet-2/state")["value"] == 0, 10 * SLOW, "that it is off")
    read = snmp_ups(tmp_path, house.port, "apc_pdu")
    assert read["outlet.count"] == "24" and read["device.type"] == "pdu"
    assert read["outlet.1.status"] == "on" and read["outlet.2.status"] == "off"
    assert read["outlet.3.desc"] == "Web server 1"


def test_each_makers_numbers_switch_the_right_way(house):
    """Off by one table, on again by another; what all of them read is the same outlet."""
    tables = {  # where to write, off, on; where to read, off, on
        "sPDU": (f"{APC}.4.4.2.1.3", 2, 1, f"{APC}.4.4.2.1.3", "2", "1"),
        "rPDU": (f"{APC}.12.3.3.1.1.4", 2, 1, f"{APC}.12.3.5.1.1.4", "2", "1"),
        "rPDU2": (f"{APC}.26.9.2.4.1.5", 2, 1, f"{APC}.26.9.2.3.1.5", "1", "2"),
        "Geist": (f"{GEIST}.5.1.6", 4, 2, f"{GEIST}.5.1.4", "2", "1"),
    }

    def states(outlet):
        return {name: values(tool("snmpget", f"{row[3]}.{outlet}", port=house.port))[f"{row[3]}.{outlet}"]
                for name, row in tables.items()}

    names = list(tables)
    for outlet, name in enumerate(names, 5):
        house.set(f"{tables[name][0]}.{outlet}", tables[name][1])
        wait_for(lambda outlet=outlet: states(outlet) == {one: tables[one][4] for one in names}, 10 * SLOW,
                 lambda outlet=outlet, name=name: f"off by {name}: {states(outlet)}")
        back = names[(names.index(name) + 1) % len(names)]
        house.set(f"{tables[back][0]}.{outlet}", tables[back][2])
        wait_for(lambda outlet=outlet: states(outlet) == {one: tables[one][5] for one in names}, 10 * SLOW,
                 lambda outlet=outlet, back=back: f"on by {back}: {states(outlet)}")
    assert house.daemon.point("pdu-a/outlet-9/state")["value"] == 1


def test_who_may_only_look_does_not_switch_and_rules_hold(daemon):
    house = House(daemon, snmp_tables={"apc": "pdu-a"}, outlets={"pdu-a/outlet-1": {"critical": True}})
    with pytest.raises(RuntimeError, match="noAccess|authorizationError|notWritable"):
        tool("snmpset", f"{APC}.12.3.3.1.1.4.2", "i", "2", port=house.port)
    with pytest.raises(RuntimeError, match="inconsistentValue"):
        house.set(f"{APC}.12.3.3.1.1.4.1", 2)  # would have to be confirmed
    with pytest.raises(RuntimeError, match="wrongValue"):
        house.set(f"{APC}.12.3.3.1.1.4.2", 9)
    assert house.daemon.point("pdu-a/outlet-1/state")["value"] == 1
    assert house.daemon.point("pdu-a/outlet-2/state")["value"] == 1


def test_tables_come_and_go_with_the_settings(daemon):
    house = House(daemon)
    state = f"{GEIST}.5.1.4.1"
    assert "No Such" in tool("snmpget", state, port=house.port)
    assert house.daemon.put("snmp_tables.geist", "pdu-a").status == 200
    assert values(tool("snmpget", state, port=house.port))[state] == "1"
    assert house.daemon.put("snmp_tables.geist", "").status == 200
    assert "No Such" in tool("snmpget", state, port=house.port)
