"""What is wrong on a bus is found and said; frames are recorded and leave in forms that others read."""

import json
import os
import pty
import select
import shutil
import subprocess
import termios
import threading
import time
import tty

import pytest

from daemon_client import BUILD, SLOW, tcp_line, unit, wait_for
from field_devices import SDM630_IMAGE, Unit, float_words

SPEEDS = {termios.B9600: 9600, termios.B19200: 19200, termios.B4800: 4800, termios.B38400: 38400,
          termios.B115200: 115200, termios.B57600: 57600, termios.B2400: 2400, termios.B1200: 1200}


def crc(frame):
    """Bit by bit, as the standard's appendix B has it."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def whole(frame):
    return frame + crc(frame)


def at_wrong_speed(frame, says, hears):
    """What a receiver at `hears` baud makes of 8N1 characters at `says` baud, sampled in the middle of its bits."""
    bits = [bit for byte in frame for bit in [0, *(byte >> i & 1 for i in range(8)), 1]]
    step, at, heard = says / hears, 0.0, bytearray()
    level = lambda time: bits[int(time)] if time < len(bits) else 1
    while at < len(bits):
        if level(at):
            at += step / 16
            continue
        heard.append(sum(level(at + (1.5 + i) * step) << i for i in range(8)))
        at += (9.5 if level(at + 9.5 * step) else 9) * step
    return bytes(heard)


class Bus:
    """Units on a pseudo-terminal: `answers(unit, answer)` turns what one device says into what is heard."""

    def __init__(self, answers, baud=None):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path, self.slave = os.ttyname(slave), slave
        self.answers, self.baud = answers, baud
        self.asked = []  # (unit, speed of the port)
        self.ended = False
        self.registers = {address + i: word for address, value in SDM630_IMAGE.values()
                          for i, word in enumerate(float_words(value))}
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def speed(self):
        return SPEEDS[termios.tcgetattr(self.slave)[5]]

    def serve(self):
        buffer = b""
        while not self.ended:
            if not select.select([self.master], [], [], 0.05)[0]:
                buffer = b""
                continue
            buffer += os.read(self.master, 1000)
            while len(buffer) >= 8:
                frame, buffer = buffer[:8], buffer[8:]
                if crc(frame[:6]) == frame[6:]:
                    self.answer(frame)

    def answer(self, frame):
        number, function = frame[0], frame[1]
        address, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        words = b"".join(self.registers.get(address + i, 0).to_bytes(2, "big") for i in range(count))
        speed = self.speed()
        self.asked.append((number, speed))
        said = whole(bytes([number, function, len(words)]) + words)
        for heard in self.answers(number, said):
            if self.baud and speed != self.baud:
                heard = at_wrong_speed(heard, self.baud, speed)
            os.write(self.master, heard)
            time.sleep(0.02)

    def close(self):
        self.ended = True
        self.thread.join(5)
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def bus(clean):
    def start(answers=lambda number, said: [said], **options):
        one = Bus(answers, **options)
        clean.callback(one.close)
        return one
    return start


def serial_line(bus, **more):
    return {"kind": "modbus-rtu", "port": bus.path, "baud": 9600, "timeout_ms": 200, **more}


def doctor(house, line="bus"):
    return next(found for found in house.get("/doctor")["lines"] if found["name"] == line)


def findings(house, line="bus"):
    return {(finding["kind"], finding["unit"]): finding for finding in doctor(house, line)["findings"]}


def record(house, line, seconds=2):
    answer = house.local("POST", f"/api/v1/lines/{line}/trace", {"seconds": seconds})
    assert answer.status == 204, answer.body
    wait_for(lambda: not house.get(f"/lines/{line}/trace?after=1000000")["recording"], 30 * SLOW, "the end of it")


def download(house, line, query):
    answer = house.local("GET", f"/api/v1/lines/{line}/trace?{query}")
    assert answer.status == 200, answer.body
    return answer.body


def test_two_units_with_one_address(daemon, bus):
    """The second one's values differ; it answers 20 ms after the first."""
    def twice(number, said):
        other = whole(said[:3] + bytes(byte ^ 0x21 for byte in said[3:-2]))
        return [said, other] if number == 7 else [said]

    house = daemon({"lines": {"bus": serial_line(bus(twice))},
                    "devices": {"a": unit("bus", 7, every="200 ms"), "b": unit("bus", 8, every="200 ms")}})
    found = wait_for(lambda: findings(house).get(("duplicate-address", 7)), 30 * SLOW, "two devices are found")
    assert found["weight"] == "certain" and found["device"] == "a"
    assert "Two devices answer as unit 7" in found["what"] and "second answers" in found["evidence"]
    assert "address of its own" in found["way_out"]
    assert not any(number == 8 for _, number in findings(house))
    told = house.cli("doctor", "bus").stdout
    assert f"certain: unit 7 (a): {found['what']}" in told and "second answers" in told and found["way_out"] in told
    unit_8, = [row.split() for row in told.splitlines() if row.split()[:2] == ["8", "b"]]
    assert int(unit_8[2]) >= int(unit_8[3]) > 0 and unit_8[4:9] == ["0"] * 5 and unit_8[-1] == "ms"
    wrong = house.cli("doctor", "buss")
    assert wrong.returncode == 1 and 'there is no line "buss"' in wrong.stderr
    line = doctor(house)
    assert next(one for one in line["units"] if one["unit"] == 7)["recent"]["doubles"] >= 3
    assert line["load_percent"]["poll"] > 0 and line["load_percent"]["gateway"] == 0
    histogram = next(one for one in line["units"] if one["unit"] == 8)["latency"]
    assert sum(bucket["count"] for bucket in histogram) > 0
    assert all(later["to_ms"] == 2 * former["to_ms"] or abs(later["to_ms"] - 2 * former["to_ms"]) < 0.002
               for former, later in zip(histogram, histogram[1:]))


@pytest.mark.long
def test_a_bus_at_another_speed_and_the_trial_that_finds_it(daemon, bus):
    wires = bus(baud=19200)
    site = {"lines": {"bus": serial_line(wires)}, "devices": {"a": unit("bus", 7, every="200 ms")}}
    house = daemon(site)
    found = wait_for(lambda: findings(house).get(("wrong-speed", None)), 30 * SLOW, "the speed is found wrong")
    assert "Try other speeds" in found["way_out"]
    assert house.local("POST", "/api/v1/doctor/trial", {"line": "bus"}).status == 200
    assert house.local("POST", "/api/v1/doctor/trial", {"line": "bus"}).status == 409
    trial = wait_for(lambda: (now := house.get("/doctor/trial"))["state"] != "running" and now, 60 * SLOW, "its end")
    assert trial["state"] == "done" and trial["problem"] is None
    assert [(one["unit"], one["baud"]) for one in trial["answered"]] == [(7, 19200)]
    # Polling goes on as it was: the settings are a person's affair.
    seen = len(wires.asked)
    wait_for(lambda: len(wires.asked) > seen + 3 and wires.asked[-1] == (7, 9600), 20 * SLOW, "polling goes on")
    site["lines"]["bus"]["baud"] = 19200
    house.reload(site)
    house.wait_good("a/total/energy")
    wait_for(lambda: not findings(house), 10 * SLOW, "no finding any more")


def test_who_may_look(daemon, serve):
    server = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1)}})
    assert house.ask("GET", "/api/v1/doctor").status == 200  # viewing is open in this house
    for method, path, body in (("GET", "/lines/gw/trace", None), ("POST", "/lines/gw/trace", {}),
                               ("DELETE", "/lines/gw/trace", None), ("GET", "/doctor/trial", None),
                               ("POST", "/doctor/trial", {"line": "gw"})):
        assert house.ask(method, "/api/v1" + path, body).status in (401, 403), path
    assert house.local("GET", "/api/v1/lines/gw/trace").status == 404  # off unless asked for
    assert house.local("GET", "/api/v1/lines/nowhere/trace").status == 404
    assert house.local("POST", "/api/v1/lines/gw/trace", {"seconds": 0}).status == 400
    answer = house.local("POST", "/api/v1/doctor/trial", {"line": "gw"})
    assert answer.status == 422 and "set in the gateway" in answer.json()["detail"]
    assert house.local("POST", "/api/v1/lines/gw/trace", {"seconds": 60}).status == 204
    assert house.get("/lines/gw/trace")["recording"] and doctor(house, "gw")["recording"]
    assert house.local("GET", "/api/v1/lines/gw/trace?format=capture").status == 422  # of which unit?
    assert house.local("GET", "/api/v1/lines/gw/trace?format=drawing").status == 400
    told = wait_for(lambda: house.get("/events?kind=line-looked")["events"], 30, "it is told")
    assert [event["object"] for event in told] == ["gw"] and "records the frames of gw for 60 s" in told[0]["text"]
    assert house.local("DELETE", "/api/v1/lines/gw/trace").status == 204
    assert not doctor(house, "gw")["recording"]


def test_a_capture_replays_as_a_test(daemon, serve, tmp_path):
    """What was recorded of a meter, put before the same profile by the test of captures, gives the values that the
    meter had: pymodbus served them, busbar recorded them, the driver alone reads them again."""
    server = serve({5: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 5, every="200 ms")}})
    house.wait_good("m/total/energy")
    record(house, "gw")
    (tmp_path / "eastron-sdm630.cap").write_bytes(download(house, "gw", "format=capture&unit=5"))
    values = house.points("m/*")
    for path, (_, value) in SDM630_IMAGE.items():
        assert values[f"m/{path}"]["value"] == pytest.approx(value, rel=0.01), path  # rounded to its decimals
    # The exact numbers are in the capture; total/voltage is made by the engine of the phases, not read.
    measured = {path.removeprefix("m/"): point for path, point in values.items() if path != "m/total/voltage"}
    for path, (_, value) in SDM630_IMAGE.items():
        measured[path]["value"] = value
    points = tmp_path / "eastron-sdm630.points"

    def replay():
        program = BUILD / "tests/unit/test_driver_captures"
        return subprocess.run([program], capture_output=True, text=True, timeout=60 * SLOW,
                              env={**os.environ, "TEST_CAPTURES": f"{tmp_path}/"})

    def write(change=None):
        lines = [f"{path} {point['value'] if point['quality'] == 'good' else point['quality']}"
                 for path, point in measured.items()]
        points.write_text("\n".join(lines).replace(*change or ("", "")) + "\n")

    write()
    again = replay()
    assert again.returncode == 0, again.stdout + again.stderr
    write(("123456.5", "123457.5"))  # and it would tell
    assert replay().returncode != 0


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_wireshark_reads_a_record(daemon, bus, tmp_path):
    """Every answer with its registers; what was damaged is there too, and nothing is malformed."""
    damaged = []

    def sometimes(number, said):
        if number == 8 and len(damaged) < 3:
            damaged.append(said)
            return [said[:4] + bytes([said[4] ^ 0x40]) + said[5:]]
        return [said]

    house = daemon({"lines": {"bus": serial_line(bus(sometimes))},
                    "devices": {"a": unit("bus", 7, every="200 ms"), "b": unit("bus", 8, every="200 ms")}})
    record(house, "bus", 3)
    file = tmp_path / "bus.pcap"
    file.write_bytes(download(house, "bus", "format=pcap"))
    frames = house.get("/lines/bus/trace")["frames"]

    def tshark(*words):
        done = subprocess.run(["tshark", "-n", "-r", file, *words], capture_output=True, text=True, timeout=60 * SLOW)
        assert done.returncode == 0, done.stderr
        return done.stdout

    packets = json.loads(tshark("-T", "json", "-Y", "modbus", "-e", "mbtcp.trans_id", "-e", "mbtcp.unit_id",
                                "-e", "modbus.func_code", "-e", "modbus.regval_uint16", "-e", "modbus.regnum16"))
    read = [packet["_source"]["layers"] for packet in packets]
    wanted = [frame for frame in frames if frame["kind"] in ("sent", "answer")]
    assert len(read) == len(wanted) > 10
    for layers, frame in zip(read, wanted):
        assert int(layers["mbtcp.unit_id"][0]) == frame["unit"]
        assert int(layers["modbus.func_code"][0]) == frame["function"]
        if frame["kind"] == "answer" and frame["number"] > 1:  # of the first one the question may have gone before
            assert [int(value) for value in layers["modbus.regval_uint16"]] == frame["values"]
            # Wireshark joins answers to questions by itself, and comes to the same registers.
            assert int(layers["modbus.regnum16"][0]) == frame["address"]
    assert len(tshark("-Y", "udp.port == 9").splitlines()) == sum(frame["kind"] == "broken" for frame in frames)
    assert tshark("-Y", "_ws.malformed or tcp.analysis.flags or ip.checksum.status == 0") == ""


def test_the_command_line_records(daemon, serve, tmp_path):
    server = serve({5: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 5, every="200 ms")}})
    house.wait_good("m/total/energy")
    printed = house.cli("trace", "gw", "--seconds", "1")
    assert printed.returncode == 0, printed.stderr
    assert "> sent    unit 5, read input registers" in printed.stdout
    answers = [line for line in printed.stdout.splitlines() if " < answer " in line]
    high, low = float_words(230.5)
    assert any(f": {high} {low} " in line for line in answers)
    for name, start in (("a.pcap", b"\xd4\xc3\xb2\xa1"), ("a.cap", b"# unit 5"), ("a.json", b"{"), ("a.txt", b"20")):
        saved = house.cli("trace", "gw", "--seconds", "1", "--unit", "5", "--output", str(tmp_path / name))
        assert saved.returncode == 0, saved.stderr
        assert (tmp_path / name).read_bytes().startswith(start)
    assert house.local("GET", "/api/v1/lines/gw/trace").status == 404  # forgotten again
    for words in (("gw", "--seconds", "none"), ("gw", "--output", "a.doc"), ("gw", "--output", "a.cap"), ()):
        assert house.cli("trace", *words).returncode == 2
    wrong = house.cli("trace", "nowhere")
    assert wrong.returncode == 1 and 'no line "nowhere"' in wrong.stderr


def test_lamps_on_leds_of_the_machine(daemon, serve, tmp_path):
    """The LED class in a folder of our own: receive and transmit flicker, power and link are lit, all is given back."""
    for name in ("power", "rx", "tx", "link"):
        led = tmp_path / "leds" / name
        led.mkdir(parents=True)
        (led / "brightness").write_text("0\n")
        (led / "max_brightness").write_text("1\n")
        (led / "trigger").write_text("none [mmc0] timer\n")
    lit = lambda name: (tmp_path / "leds" / name / "brightness").read_text().startswith("1")
    server = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="100 ms")},
                    "lamps": {"power": "power", "receive": "rx", "transmit": "tx", "link": "link",
                              "folder": str(tmp_path / "leds")}})
    house.wait_good("m/total/energy")
    for name in ("power", "link"):
        wait_for(lambda: lit(name), 30, f"{name} is lit")
    for name in ("rx", "tx"):
        for state in (True, False, True):
            wait_for(lambda: lit(name) == state, 30, f"{name} flickers", 0.005)
    server.stop()
    wait_for(lambda: not lit("link"), 30, "without its only line link is dark", 0.005)
    house.stop()
    for name in ("power", "rx", "tx", "link"):
        assert (tmp_path / "leds" / name / "brightness").read_text().startswith("0"), name
        assert (tmp_path / "leds" / name / "trigger").read_text().startswith("mmc0"), name


def test_reachability(daemon, serve):
    server = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1)}})
    test = lambda **body: house.local("POST", "/api/v1/reach", body)
    there = test(host="127.0.0.1", port=server.port).json()
    assert there["address"] == "127.0.0.1" and there["name"]["ok"] and there["connect"]["ok"]
    assert there["ping"]["ok"] or "ping_group_range" in there["ping"]["problem"]
    server.stop()
    gone = test(host="127.0.0.1", port=server.port).json()
    assert not gone["connect"]["ok"] and "refused" in gone["connect"]["problem"]
    nameless = test(host="nothing.invalid").json()  # RFC 6761: there is never such a name
    assert nameless["address"] is None and nameless["name"]["problem"] and nameless["ping"] is None
    assert test(host="127.0.0.1", port=0).status == 400 and test(port=7).status == 400
    assert house.ask("POST", "/api/v1/reach", {"host": "127.0.0.1"}).status in (401, 403)
    assert house.ask("GET", "/api/v1/reach/clock").json()["known"] in (True, False)
