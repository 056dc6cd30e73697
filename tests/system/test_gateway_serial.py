"""The gateway's serial side: busbar as a slave on a line of its own, and damage on the line below.

Numbers in brackets are rows of the list of fault tests in docs/coverage.md; rows are those of the demands there.
"""

import contextlib
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
import tty

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

from daemon_client import SLOW, free_port, run, tcp_line, wait_for
from field_devices import Cable, Unit

UNREACHABLE, SILENT, NOT_ALLOWED = 0x0A, 0x0B, 0x01


def crc(data):
    """Appendix B of the serial line guide, bit by bit."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def frame(unit, pdu):
    return bytes([unit]) + pdu + crc(bytes([unit]) + pdu)


def read(address, count, function=3):
    return struct.pack(">BHH", function, address, count)


def board(offset):
    one = Unit()
    one.setValues(3, 0, [offset + i for i in range(400)])
    return one


def registers(answered):
    assert not answered.isError(), answered
    return answered.registers


class Master:
    """One end of the panel's line, used byte by byte."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)

    def say(self, data):
        os.write(self.fd, data)

    def hear(self, seconds):
        """All that comes until nothing has come for so long."""
        data = b""
        while select.select([self.fd], [], [], seconds)[0]:
            data += os.read(self.fd, 300)
        return data

    def ask(self, unit, pdu):
        """The answer's PDU."""
        self.say(frame(unit, pdu))
        data, end = b"", time.monotonic() + 10 * SLOW
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                data += os.read(self.fd, 300)
            if len(data) > 4 and data[-2:] == crc(data[:-2]):
                assert data[0] == unit
                return data[1:-2]
        raise AssertionError(f"no answer, only {data.hex()}")

    def close(self):
        os.close(self.fd)


@pytest.fixture
def panel(daemon, cable, clean):
    """house(lines, routes, rules) → (house, the master's end of the line): busbar is the slave at the other end."""
    def start(lines, routes, rules=None, devices=None, **more):
        near, far = cable.ends
        house = daemon({"lines": lines, "devices": devices or {}, "gateway_rules": rules or {},
                        "gateways": {"panel": {"kind": "rtu", "port": str(near), "baud": 115200, "routes": routes, **more}}})
        wait_for(lambda: house.get("/gateways")[0]["clients_connected"] == 1, 10 * SLOW, "the panel's port")
        master = Master(far)
        clean.callback(master.close)
        time.sleep(0.05)  # the slave begins to listen behind a silence
        return house, master

    return start


def serial_client(clean, path):
    one = ModbusSerialClient(str(path), framer=ModbusRtuFramer, baudrate=115200, timeout=3 * SLOW, retries=0)
    assert one.connect()
    clean.callback(one.close)
    return one


def network_client(clean, port, framer):
    one = ModbusTcpClient("127.0.0.1", port=port, framer=framer, timeout=5 * SLOW, retries=0)
    assert one.connect()
    clean.callback(one.close)
    return one


def test_all_pairs_of_transport(daemon, simulate, serve, tmp_path, clean):
    """Row 28: a serial line and a network line below, a serial line and a network port above, by pymodbus and mbpoll."""
    bus, cable = tmp_path / "rs485", Cable(tmp_path, "panel")
    clean.callback(cable.close)
    near, far = cable.ends
    simulate("--pty", bus, "--baud", 115200, "--meter", "sdm630@1")
    server, ports = serve({1: board(3000)}), (free_port(), free_port())
    routes = "1-9 bus-1, 11-19 bus-2/1"
    daemon({"lines": {"bus-1": {"kind": "modbus-rtu", "port": str(bus), "baud": 115200}, "bus-2": tcp_line(server.port)},
            "gateways": {"tcp": {"port": ports[0], "listen": "127.0.0.1", "routes": routes},
                         "stream": {"kind": "rtu-over-tcp", "port": ports[1], "listen": "127.0.0.1", "routes": routes},
                         "panel": {"kind": "rtu", "port": str(near), "baud": 115200, "routes": routes}}})
    clients = (network_client(clean, ports[0], ModbusSocketFramer), network_client(clean, ports[1], ModbusRtuFramer))
    serial = serial_client(clean, far)
    with contextlib.closing(socket.create_connection(("127.0.0.1", ports[1]), timeout=5 * SLOW)) as bare:
        for unit, told in ((1, frame(1, b"\xab\x01")), (11, frame(11, b"\xab\x01")), (99, frame(99, b"\xab\x01"))):
            question = frame(unit, b"\x2b\x0e\x01\x00")  # identification: no rule says where such a frame ends, its check sum does
            for part in (question[:3], question[3:]):
                bare.sendall(part)
                time.sleep(0.05)
            assert bare.recv(100) == told
    for one in (*clients, serial):
        voltage, = struct.unpack(">f", struct.pack(">2H", *registers(one.read_input_registers(0, 2, slave=1))))
        assert 200 < voltage < 260
        assert registers(one.read_holding_registers(7, 3, slave=11)) == [3007, 3008, 3009]
    serial.close()
    for where in (["-m", "tcp", "-p", str(ports[0]), "127.0.0.1"], ["-m", "rtu", "-b", "115200", "-P", "even", str(far)]):
        told = subprocess.run(["mbpoll", "-a", "11", "-t", "4", "-r", "8", "-c", "2", "-1", *where], capture_output=True, text=True,
                              timeout=30 * SLOW)
        assert "3007" in told.stdout and "3008" in told.stdout, told.stdout + told.stderr


def test_rights_refusals_and_silence(panel, serve):
    """A panel has the rights of its gateway's name; units that are not routed are another slave's business."""
    server = serve({1: board(100)})
    house, master = panel({"bus-1": tcp_line(server.port), "gone": tcp_line(free_port())}, "1-4 bus-1, 50 gone, 9 @nothing",
                          {"set": {"gateway": "panel", "functions": "6", "registers": "10-19"}, "lan": {"clients": "127.0.0.1", "functions": "write"}},
                          devices={"nothing": {"line": "gone", "profile": "eastron-sdm630"}})
    assert master.ask(1, read(5, 2)) == b"\x03\x04" + struct.pack(">2H", 105, 106)
    assert master.ask(1, struct.pack(">BHH", 6, 10, 7)) == struct.pack(">BHH", 6, 10, 7)
    assert master.ask(1, struct.pack(">BHH", 6, 20, 7)) == b"\x86\x02"
    assert master.ask(1, struct.pack(">BHHB2s", 16, 10, 1, 2, b"\0\7")) == bytes([0x90, NOT_ALLOWED])  # the other rule is the network's
    assert master.ask(50, read(5, 2)) == bytes([0x83, UNREACHABLE])
    assert master.ask(9, read(2, 1, function=4)) == b"\x04\x02\0\0"  # a quality of busbar's own
    master.say(frame(77, read(5, 2)))
    assert master.hear(0.5) == b""
    # The other slave's answer, and what looks like a question to us in it, are not for us.
    master.say(frame(77, b"\x03\x08" + frame(1, read(5, 1))))
    assert master.hear(0.5) == b""
    assert master.ask(1, read(10, 1)) == b"\x03\x02\0\7"
    shown, = house.get("/gateways")
    assert shown["kind"] == "rtu" and shown["port"] is None and shown["listen"].endswith(" 115200 8E1")
    assert shown["counts"]["requests"] == 7 and shown["counts"]["writes"] == 1
    event, = wait_for(lambda: house.get("/events?kind=gateway-write")["events"], 10 * SLOW, "the event")
    assert event["actor"] == "panel" and event["object"] == "bus-1 unit 1"


def test_noise_stray_bytes_and_echo(panel, serve):
    """[13] What is damaged is not answered; the next whole question is, also behind stray bytes and with our own echo on the line."""
    unit = board(0)
    _, master = panel({"bus-1": tcp_line(serve({1: unit}).port)}, "bus-1", {"all": {"functions": "write"}})
    question, wanted = frame(1, read(3, 1)), b"\x03\x02\0\3"
    for damaged in (question[:5], question[:-1] + b"\0", b"\xff" * 300, frame(1, b"\x83\x02"), question[2:]):
        master.say(damaged)
        assert master.hear(0.15) == b"", damaged.hex()
        assert master.ask(1, read(3, 1)) == wanted
    master.say(b"\0" + question)
    assert master.hear(0.5)[1:-2] == wanted
    for echo in range(3):
        answer = master.ask(1, read(echo, 1))
        master.say(frame(1, answer))  # an adaptor that hears itself
        assert master.hear(0.05) == b""  # 3.5 characters of silence before the next question (2.5.1.1), however busy the machine
    asked = len(unit.asked)
    write, unheard = struct.pack(">BHH", 6, 8, 1), 0
    for turn in range(15):  # an echo comes at once; one that a busy machine holds up is a question
        assert master.ask(1, write) == write
        master.say(frame(1, write))
        unheard += master.hear(0.2) == b""
        if unheard == 3:
            break
    assert unheard == 3
    assert sum(function == 6 for _, function, _, _ in unit.asked[asked:]) == 2 * (turn + 1) - unheard
    master.hear(0.5)  # what a busy machine has held up
    for count in (0, 1, 3, 255):  # application protocol 6.12: a byte count that is not that of the registers
        assert master.ask(1, struct.pack(">BHHB2s", 16, 10, 1, count, b"\0\7")) == b"\x90\x03"
    assert master.ask(1, read(8, 1)) == b"\x03\x02\0\1"


def test_who_asks_anew_hears_no_old_answer(panel, serve):
    """[31] An answer that comes when the master has given up belongs to nobody."""
    slow = board(0)
    slow.delay = 0.4
    _, master = panel({"bus-1": tcp_line(serve({1: slow}).port, timeout_ms=5000)}, "bus-1", answer_within="10 s")
    for address in (5, 6, 7):
        master.say(frame(1, read(address, 1)))
        assert master.hear(0.1) == b""
    assert master.ask(1, read(8, 1)) == b"\x03\x02\0\x08"
    assert master.hear(1) == b""


def test_an_answer_that_is_too_late_is_kept_back(panel, serve):
    slow = board(0)
    slow.delay = 0.5
    _, master = panel({"bus-1": tcp_line(serve({1: slow}).port, timeout_ms=5000)}, "bus-1", answer_within="200 ms")
    master.say(frame(1, read(5, 1)))
    assert master.hear(1.5) == b""
    slow.delay = 0
    assert master.ask(1, read(6, 1)) == b"\x03\x02\0\x06"


def test_broadcasts(panel, tmp_path, clean):
    """Serial guide 2.2 and 2.4.1: unit 0 is for all and answered by none; only writes that a rule allows go on."""
    lower = Cable(tmp_path, "bus")
    clean.callback(lower.close)
    ours, theirs = lower.ends
    house, master = panel({"bus-1": {"kind": "modbus-rtu", "port": str(ours), "baud": 115200}}, "bus-1",
                          {"set": {"functions": "6", "registers": "10-19"}})
    slaves = Master(theirs)
    clean.callback(slaves.close)
    write = frame(0, struct.pack(">BHH", 6, 10, 77))
    for said in (frame(0, read(1, 1)), frame(0, struct.pack(">BHH", 6, 20, 1)), write):
        master.say(said)
        assert master.hear(0.3) == b""
    heard = slaves.hear(0.5)
    assert heard == write, heard.hex()
    event, = wait_for(lambda: house.get("/events?kind=gateway-write")["events"], 10 * SLOW, "the event")
    assert event["object"] == "bus-1 all units" and event["text"].endswith(": done")


def test_settings_change_while_the_master_asks(daemon, serve, cable, clean):
    """Other routes leave the port open, another speed opens it anew."""
    near, far = cable.ends
    server = serve({1: board(0), 2: board(500)})

    def site(routes, baud):
        return {"lines": {"bus-1": tcp_line(server.port)},
                "gateways": {"panel": {"kind": "rtu", "port": str(near), "baud": baud, "routes": routes}}}

    house = daemon(site("bus-1", 115200))
    wait_for(lambda: house.get("/gateways")[0]["clients_connected"] == 1, 10 * SLOW, "the port")
    master = Master(far)
    clean.callback(master.close)
    time.sleep(0.05)
    assert master.ask(1, read(5, 1)) == b"\x03\x02\0\x05"
    house.write_site(site("1 bus-1/2", 115200))
    house.reload()
    assert master.ask(1, read(5, 1)) == b"\x03\x02" + struct.pack(">H", 505)
    assert house.get("/gateways")[0]["accepted"] == 1
    house.write_site(site("1 bus-1/2", 9600))
    house.reload()
    wait_for(lambda: house.get("/gateways")[0]["listen"].endswith(" 9600 8E1") and house.get("/gateways")[0]["clients_connected"] == 1,
             10 * SLOW, "the new speed")
    time.sleep(0.1)
    assert master.ask(1, read(6, 1)) == b"\x03\x02" + struct.pack(">H", 506)


def test_the_port_goes_and_comes_back(daemon, serve, tmp_path, clean):
    """The panel's adaptor is pulled out: told, and in use again when it is there."""
    server, folder = serve({1: board(0)}), tmp_path / "wires"
    folder.mkdir()
    first = Cable(folder)
    clean.callback(first.close)
    house = daemon({"lines": {"bus-1": tcp_line(server.port)},
                    "gateways": {"panel": {"kind": "rtu", "port": str(first.ends[0]), "baud": 115200, "routes": "bus-1"}}})
    wait_for(lambda: house.get("/gateways")[0]["clients_connected"] == 1, 10 * SLOW, "the port")
    first.close()
    problem = wait_for(lambda: house.get("/gateways")[0]["problem"], 10 * SLOW, "the problem")
    assert str(first.ends[0]) in problem
    for end in first.ends:
        with contextlib.suppress(FileNotFoundError):
            end.unlink()
    second = Cable(folder)
    clean.callback(second.close)
    wait_for(lambda: house.get("/gateways")[0]["clients_connected"] == 1, 10 * SLOW, "the port again")
    master = Master(second.ends[1])
    clean.callback(master.close)
    time.sleep(0.05)
    assert master.ask(1, read(5, 1)) == b"\x03\x02\0\x05"


def test_mistakes_in_settings_are_named(tmp_path):
    def complaint(*records):
        site = tmp_path / "site.yaml"
        site.write_text("lines: {bus-1: {kind: modbus-rtu, port: /dev/ttyS1}}\ngateways:\n"
                        + "".join(f"  g{i}: {{{record}, routes: bus-1}}\n" for i, record in enumerate(records)))
        told = run("check", site)
        return told.stderr + told.stdout

    assert "needs the path of its serial port" in complaint("kind: rtu, port: 1502")
    assert 'number of a TCP port, 1 to 65535, not "/dev/ttyS2"' in complaint("port: /dev/ttyS2")
    assert '"bus-1" of lines uses this port already' in complaint("kind: rtu, port: /dev/ttyS1")
    assert '"g0" of gateways uses this port already' in complaint("kind: rtu, port: /dev/ttyS2", "kind: rtu, port: /dev/ttyS2")
    assert '"g0" of gateways listens on port 1502 already' in complaint("port: 1502", "port: 1502, listen: 127.0.0.1")
    assert '"g0" of gateways listens on port 1502 already' in complaint("port: 1502", "kind: rtu-over-tcp")
    assert "listens on port" not in complaint("port: 1502", "port: 1502, enabled: false", "port: 1503", "kind: rtu, port: /dev/ttyS2")
    assert "listens on port" not in complaint("port: 1502, listen: 127.0.0.1", "port: 1502, listen: 127.0.0.2")
    assert "uses this port" not in complaint("kind: rtu, port: /dev/ttyS2", "kind: rtu, port: /dev/ttyS3", "port: 1502")


# ---- noise on the line below -----------------------------------------------------------------------


class NoisyCable:
    """Between busbar's port and the bus: each byte is another one with the given probability. Counts what it does."""

    def __init__(self, bus, share, chance):
        self.share, self.chance = share, chance
        self.questions = self.damaged = 0
        self.hurt = False  # this exchange
        self.near, slave = os.openpty()
        tty.setraw(slave)
        self.path, self.slave = os.ttyname(slave), slave
        self.far = os.open(bus, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.far)
        self.stop, self.wake = os.pipe()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def spoil(self, data):
        spoilt = bytes(byte ^ self.chance.randint(1, 255) if self.chance.random() < self.share else byte for byte in data)
        if spoilt != data and not self.hurt:
            self.damaged += 1
            self.hurt = True
        return spoilt

    def carry(self):
        while True:
            ready, _, _ = select.select([self.near, self.far, self.stop], [], [])
            if self.stop in ready:
                return
            if self.near in ready:
                question = os.read(self.near, 300)
                self.questions += 1
                self.hurt = False
                os.write(self.far, self.spoil(question))
            if self.far in ready:
                os.write(self.near, self.spoil(os.read(self.far, 300)))

    def close(self):
        os.write(self.wake, b".")
        self.thread.join(10)
        for fd in (self.near, self.slave, self.far, self.stop, self.wake):
            os.close(fd)


@pytest.mark.parametrize("share, count", [(0.001, 250), (0.01, 80)])
def test_damaged_bytes_cost_a_repetition_and_nothing_else(daemon, simulate, tmp_path, clean, share, count):
    """A thousandth and a hundredth of all bytes on the line are damaged: each answer is the right one or says that there is
    none, and for each damaged exchange the line is used once more, and for each time-out a second time (the probe
    that tells a late answer from the next one), at most."""
    bus, port, seed = tmp_path / "rs485", free_port(), random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    sim = simulate("--pty", bus, "--baud", 115200, "--meter", "sdm630@1-3")
    places = {0: "phase-a/voltage", 2: "phase-b/voltage", 6: "phase-a/current"}
    truth = {}
    for number in (1, 2, 3):
        for place, path in places.items():
            truth[number, place] = 100 * number + place + 0.5
            sim.ok(f"set {number} {path} {truth[number, place]}")
    noisy = NoisyCable(bus, 0, chance)
    clean.callback(noisy.close)
    daemon({"lines": {"bus": {"kind": "modbus-rtu", "port": noisy.path, "baud": 115200, "timeout_ms": 200 * SLOW}},
            "gateways": {"main": {"port": port, "listen": "127.0.0.1", "routes": "bus"}}})
    one = network_client(clean, port, ModbusSocketFramer)
    for number in (1, 2, 3):  # known to be there: then a question is repeated once
        registers(one.read_input_registers(0, 2, slave=number))
    noisy.share, noisy.questions, told = share, 0, 0
    for _ in range(count):
        number, place = chance.choice(list(truth))
        answered = one.read_input_registers(place, 2, slave=number)
        if answered.isError():
            assert answered.exception_code == SILENT, answered
            time.sleep(0.3)  # twice in a row, and the unit counts as silent for a quarter of a second
            continue
        told += 1
        assert struct.unpack(">f", struct.pack(">2H", *answered.registers))[0] == truth[number, place]
    print(f"{told} answers to {count} questions, {noisy.damaged} of {noisy.questions} exchanges damaged")
    assert noisy.questions <= count + 2 * noisy.damaged
    assert told > count / 2


@pytest.mark.skipif("BUSBAR_NOISE" not in os.environ, reason="opt-in: BUSBAR_NOISE, a measurement")
@pytest.mark.parametrize("share, count", [(0.001, 3000), (0.01, 600)])
def test_how_long_the_line_stands_still_for_damage(daemon, simulate, tmp_path, clean, share, count):
    """Twelve clients on three units, no two ask the same: what the line loses in all for each damaged exchange."""
    bus, port, chance = tmp_path / "rs485", free_port(), random.Random(4711)
    simulate("--pty", bus, "--baud", 115200, "--meter", "sdm630@1-3")
    noisy = NoisyCable(bus, 0, chance)
    clean.callback(noisy.close)
    daemon({"lines": {"bus": {"kind": "modbus-rtu", "port": noisy.path, "baud": 115200, "timeout_ms": 200}},
            "gateways": {"main": {"port": port, "listen": "127.0.0.1", "routes": "bus"}}})
    clients = [network_client(clean, port, ModbusSocketFramer) for _ in range(12)]

    def ask(number, questions):
        mine = random.Random(number)
        for _ in range(questions):
            clients[number].read_input_registers(number // 3 * 4 + mine.choice((0, 2)), 2, slave=number % 3 + 1)

    def seconds(questions):
        begin = time.monotonic()
        threads = [threading.Thread(target=ask, args=(number, questions // 12)) for number in range(12)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return time.monotonic() - begin

    before = seconds(600) / 600
    noisy.share, noisy.questions, noisy.damaged = share, 0, 0
    took, exchanges, damaged = seconds(count), noisy.questions, noisy.damaged
    noisy.share = 0
    clean_one = (before + seconds(600) / 600) / 2
    lost = (took - count * clean_one) / damaged
    print(f"{damaged} of {exchanges} damaged, {(exchanges - count) / damaged:.2f} exchanges more for each; "
          f"the line lost {1000 * lost:.0f} ms for each, a repetition takes {200 + 1000 * clean_one:.0f}")
    assert lost <= 0.2 + clean_one
