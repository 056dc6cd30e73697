"""The simulator in tests/devices, looked at from outside with plain sockets.

System tests and benches of the daemon trust it, so it is tested on its own: that its meters agree
with physics, that faults are what they claim to be, and that lines survive what tests do to them.
"""

import math
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import pytest

from daemon_client import free_port
from field_devices import ports_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("BUSBAR_BUILD", ROOT / "build")) / "tests/devices/meter-sim"


def crc(data):
    """CRC-16 bit by bit, as the serial line guide defines it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


class Refused(Exception):
    pass


def registers(pdu, function):
    if pdu[0] == function | 0x80:
        raise Refused(pdu[1])
    assert pdu[0] == function and pdu[1] == len(pdu) - 2
    return struct.unpack(f">{pdu[1] // 2}H", pdu[2:])


class Tcp:
    """A Modbus TCP client of a dozen lines."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=2)
        self.transaction = 0

    def send(self, unit, pdu):
        self.transaction += 1
        head = struct.pack(">HHHB", self.transaction, 0, len(pdu) + 1, unit)
        self.socket.sendall(head + pdu)

    def receive(self):
        head = self.take(7)
        transaction, protocol, length, unit = struct.unpack(">HHHB", head)
        assert protocol == 0
        return transaction, unit, self.take(length - 1)

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def ask(self, unit, pdu):
        self.send(unit, pdu)
        transaction, answered, pdu = self.receive()
        assert (transaction, answered) == (self.transaction, unit)
        return pdu

    def read(self, unit, function, address, count):
        pdu = struct.pack(">BHH", function, address, count)
        return registers(self.ask(unit, pdu), function)

    def write(self, unit, address, words):
        pdu = struct.pack(">BHHB", 16, address, len(words), 2 * len(words))
        answer = self.ask(unit, pdu + struct.pack(f">{len(words)}H", *words))
        if answer[0] & 0x80:
            raise Refused(answer[1])
        assert answer == pdu[:5]

    def silent(self, seconds=0.3):
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b"never"
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(2)


class Control:
    def __init__(self, path, own):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(own))
        self.socket.settimeout(2)
        self.path = str(path)

    def __call__(self, command):
        self.socket.sendto(command.encode(), self.path)
        return self.socket.recv(300).decode()

    def ok(self, command):
        assert self(command).startswith("ok"), command


class Simulator:
    def __init__(self, folder, *arguments):
        self.path = folder / "control"
        self.process = subprocess.Popen(
            [PROGRAM, "--control", self.path, *arguments], stdout=subprocess.PIPE, text=True)
        self.ports = ports_of(self.process)
        self.control = Control(self.path, folder / "answers")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(5) == 0


@pytest.fixture
def simulate(tmp_path):
    started = []

    def start(*arguments):
        started.append(Simulator(tmp_path, *arguments))
        started[-1].links = [b for a, b in zip(arguments, arguments[1:]) if a == "--pty"]
        return started[-1]

    yield start
    for simulator in started:
        simulator.close()
        assert not simulator.path.exists()
        assert not any(os.path.islink(link) for link in simulator.links)


def floats(words):
    data = struct.pack(f">{len(words)}H", *words)
    return struct.unpack(f">{len(words) // 2}f", data)


def number(words, at, count, signed=False, low_first=False):
    part = words[at:at + count]
    if low_first:
        part = part[::-1]
    return int.from_bytes(struct.pack(f">{count}H", *part), "big", signed=signed)


def test_sdm630(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1")
    tcp = Tcp(sim.ports[0])
    volts, amps, watts, va, var, factor = [
        floats(tcp.read(1, 4, 0, 36))[i:i + 3] for i in range(0, 18, 3)]
    for i in range(3):
        assert 207 < volts[i] < 253
        assert watts[i] == pytest.approx(volts[i] * amps[i] * factor[i], rel=1e-5)
        assert va[i] == pytest.approx(math.hypot(watts[i], var[i]), rel=1e-5)
    total = floats(tcp.read(1, 4, 52, 2))[0]
    assert total == pytest.approx(sum(watts), rel=0.5)
    assert floats(tcp.read(1, 4, 70, 2))[0] == pytest.approx(50, abs=0.2)
    each = floats(tcp.read(1, 4, 346, 6))
    assert sum(each) == pytest.approx(floats(tcp.read(1, 4, 72, 2))[0], abs=0.01)
    assert tcp.read(1, 3, 0xFC02, 1) == (0x70,)


def test_emdx3(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "emdx3@2,solar=200000,ct=1")
    tcp = Tcp(sim.ports[0])
    sim.control.ok("set 2 total/real-power -1234.5")
    assert number(tcp.read(2, 3, 4116, 2), 0, 2) == 123450
    assert tcp.read(2, 3, 4122, 1) == (1,)
    tcp.write(2, 4608, [6000])
    assert number(tcp.read(2, 3, 4116, 2), 0, 2) in (1234, 1235)
    sim.control.ok("set 2 total/energy 5000")
    assert number(tcp.read(2, 3, 4124, 2), 0, 2) == 500  # counts of 10 kWh at this ratio
    assert number(tcp.read(2, 3, 4688, 2), 0, 2) == 5000
    sim.control.ok("set 2 phase-a/voltage 231.25")  # else it is what the sun makes of it at this hour
    assert number(tcp.read(2, 3, 4096, 2), 0, 2) == 231250


def test_abb_sentinels(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "abb-b23@1,phases=1,kwh=123456.78")
    tcp = Tcp(sim.ports[0])
    words = tcp.read(1, 3, 0x5B00, 62)
    assert number(words, 0, 2) == pytest.approx(2300, rel=0.1)
    assert number(words, 2, 2) == 0xFFFFFFFF  # voltage of phase 2, unsigned
    assert number(words, 0x18, 2) == 0x7FFFFFFF  # power of phase 2, signed
    assert words[0x3C] == 0x7FFF
    assert number(tcp.read(1, 3, 0x5000, 4), 0, 4) in (12345678, 12345679)
    sim.control.ok("set 1 total/real-power -50.25")
    assert number(tcp.read(1, 3, 0x5B14, 2), 0, 2, signed=True) == -5025


def test_em340_low_word_first(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "em340@1")
    tcp = Tcp(sim.ports[0])
    sim.control.ok("set 1 phase-b/real-power -7000")
    for function in (3, 4):
        words = tcp.read(1, function, 0, 82)
        assert number(words, 0, 2, low_first=True) == pytest.approx(2300, rel=0.1)
        assert number(words, 20, 2, signed=True, low_first=True) == -70000
        assert words[51] in (499, 500, 501)


def test_pro380_kilowatts(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "pro380@1")
    tcp = Tcp(sim.ports[0])
    sim.control.ok("set 1 total/real-power 4321")
    assert floats(tcp.read(1, 3, 0x5012, 2))[0] == pytest.approx(4.321)
    assert floats(tcp.read(1, 3, 0x5008, 2))[0] == pytest.approx(50, abs=0.2)


def test_sunspec_chain(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sunspec-203@1")
    tcp = Tcp(sim.ports[0])
    assert struct.pack(">2H", *tcp.read(1, 3, 40000, 2)) == b"SunS"
    at, models = 40002, []
    while True:
        model, length = tcp.read(1, 3, at, 2)
        if model == 0xFFFF:
            break
        models.append((model, length, at))
        at += 2 + length
    assert [(model, length) for model, length, _ in models] == [(1, 66), (203, 105)]
    base = models[1][2]
    for watts, exponent in ((1234.5, 0xFFFF), (31999, 0), (123456, 1)):
        sim.control.ok(f"set 1 total/apparent-power {watts}")
        sim.control.ok(f"set 1 total/real-power {watts}")
        raw, = tcp.read(1, 3, base + 18, 1)
        assert tcp.read(1, 3, base + 22, 1) == (exponent,)
        scale = 10 ** struct.unpack(">h", struct.pack(">H", exponent))[0]
        assert raw * scale == pytest.approx(watts, abs=scale)
    name = struct.pack(">16H", *tcp.read(1, 3, 40020, 16))
    assert name.rstrip(b"\0") == b"SunSpec meter 203"


@pytest.mark.parametrize("kind,function,ranges", [
    ("sdm630", 4, [(0, 106), (200, 8), (224, 28), (334, 48)]),
    ("emdx3", 3, [(4096, 112), (4608, 7), (4688, 8)]),
    ("abb-b23", 3, [(0x5000, 24), (0x5460, 24), (0x5B00, 62)]),
    ("em340", 4, [(0, 82)]),
    ("pro380", 3, [(0x5000, 52), (0x6000, 72)]),
    ("sunspec-203", 3, [(40000, 179)]),
])
def test_any_cut_of_the_table(simulate, kind, function, ranges):
    """Registers do not depend on which read they come in, and nothing lies beyond the table."""
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", f"{kind}@1")
    tcp = Tcp(sim.ports[0])
    for address, count in ranges:
        for begin in range(address, address + count, 60):
            some = min(60, address + count - begin)
            for _ in range(5):  # again, if the meter refreshed meanwhile
                block = tcp.read(1, function, begin, some)
                single = tuple(tcp.read(1, function, begin + i, 1)[0] for i in range(some))
                if block == single:
                    break
            assert block == single
        with pytest.raises(Refused, match="2"):
            tcp.read(1, function, address + count - 1, 2)


def test_refusals(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1", "--meter", "emdx3@2")
    tcp = Tcp(sim.ports[0])
    assert tcp.ask(1, b"\x01\0\0\0\1") == b"\x81\x01"
    assert tcp.ask(1, b"\x2b\x0e\1\0") == b"\xab\x01"
    assert tcp.ask(1, b"\x04\xff\xff\0\1") == b"\x84\x02"
    assert tcp.ask(1, b"\x04\0\0\0\0") == b"\x84\x03"
    assert tcp.ask(1, b"\x06\xfc\x02\0\0") == b"\x86\x02"
    assert tcp.ask(99, b"\x04\0\0\0\1") == b"\x84\x0b"
    tcp.write(1, 0x1C, [0x4040, 0])
    assert tcp.read(1, 3, 0x1C, 2) == (0x4040, 0)
    assert tcp.ask(2, b"\x06\x12\x00\x00\x14") == b"\x06\x12\x00\x00\x14"


def test_faults(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "flat@1", "--timeout-ms", "100")
    tcp, ok = Tcp(sim.ports[0]), sim.control.ok
    ask = b"\x03\0\0\0\2"

    ok("silence 1 times=1")
    tcp.send(1, ask)
    assert tcp.silent()
    assert len(tcp.ask(1, ask)) == 6

    ok("exception 1 6")
    assert tcp.ask(1, ask) == b"\x83\x06"
    ok("wrong-function 1")
    assert tcp.ask(1, ask)[0] == 4
    ok("wrong-unit 1")
    tcp.send(1, ask)
    assert tcp.receive()[1] == 2
    ok("wrong-tid 1")
    tcp.send(1, ask)
    assert tcp.receive()[0] == tcp.transaction + 1
    ok("truncate 1 9")
    tcp.send(1, ask)
    assert len(tcp.take(9)) == 9 and tcp.silent()
    ok("garbage 1 30")
    tcp.send(1, ask)
    assert len(tcp.take(30 + 13)) == 43 and tcp.silent(0.1)
    ok("echo 1")
    tcp.send(1, ask)
    assert tcp.take(12)[7:] == ask and len(tcp.take(13)) == 13
    ok("flip 1 1")
    tcp.send(1, ask)
    assert tcp.take(13)[2:4] == b"\xff\xff"

    ok("late 1")
    begin = time.monotonic()
    tcp.ask(1, ask)
    assert 0.13 <= time.monotonic() - begin < 0.5
    ok("clear 1")
    ok("delay 1 50")
    begin = time.monotonic()
    tcp.ask(1, ask)
    assert 0.05 <= time.monotonic() - begin < 0.5
    ok("clear *")

    ok("stop 1")
    tcp.send(1, ask)
    tcp.send(1, ask)
    assert tcp.silent()
    ok("continue 1")
    assert [tcp.receive()[0], tcp.receive()[0]] == [tcp.transaction - 1, tcp.transaction]
    assert len(tcp.ask(1, ask)) == 6


def test_control_errors(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1")
    for command in ("", "nonsense 1", "silence", "silence 9", "set 1 phase-a/voltage",
                    "set 1 phase-z/voltage 1", "unset 1 phase-a/voltage", "delay 1"):
        assert sim.control(command).startswith("error: "), command
    sim.control.ok("set 1 phase-a/voltage 111")
    sim.control.ok("unset 1 phase-a/voltage")
    assert "requests=0" in sim.control("stats")


def test_pins(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1", "--meter", "flat@2")
    tcp = Tcp(sim.ports[0])
    sim.control.ok("set 1 phase-a/voltage 250.5")
    assert floats(tcp.read(1, 4, 0, 2))[0] == 250.5
    sim.control.ok("unset 1")
    time.sleep(0.25)  # until the meter refreshes
    assert floats(tcp.read(1, 4, 0, 2))[0] != 250.5
    sim.control.ok("set 2 register:1 0xBEEF")
    assert tcp.read(2, 3, 0, 3)[1] == 0xBEEF
    assert tcp.read(2, 3, 1, 1) == (0xBEEF,)
    # A counter goes on from where it was let go: how tests exchange a meter.
    sim.control.ok("set 1 phase-a/energy 10")
    tcp.read(1, 4, 346, 2)
    sim.control.ok("unset 1")
    assert 10 <= floats(tcp.read(1, 4, 346, 2))[0] < 10.1


def test_ports_and_units(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--rtu-tcp", "127.0.0.1:0",
                   "--meter", "sdm630@1", "--units", "20")
    tcp = Tcp(sim.ports[0])
    energies = {tcp.read(unit, 4, 72, 2) for unit in range(1, 21)}
    assert len(energies) == 20
    # The other port leads to the same meters.
    with socket.create_connection(("127.0.0.1", sim.ports[1]), timeout=2) as other:
        ask = b"\x05\x04\x00\x48\x00\x02"
        other.sendall(ask + crc(ask))
        answer = other.recv(100)
        assert answer[:3] == b"\x05\x04\x04" and answer[-2:] == crc(answer[:-2])
        assert struct.unpack(">2H", answer[3:7]) in energies


def test_port_range(simulate):
    first = free_port(10)
    sim = simulate("--tcp", f"127.0.0.1:{first}-{first + 9}", "--meter", "sdm630@1")
    assert len(sim.ports) == 10
    clients = [Tcp(port) for port in sim.ports]
    assert len({client.read(1, 4, 72, 2) for client in clients}) == 10
    sim.control.ok(f"exception {sim.ports[3]}:1 4")
    assert clients[3].ask(1, b"\x04\0\0\0\2") == b"\x84\x04"
    assert len(clients[4].ask(1, b"\x04\0\0\0\2")) == 6


def test_connections(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "flat@1")
    port = sim.ports[0]
    tcp, other = Tcp(port), Tcp(port)
    tcp.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ConnectionError):
        tcp.take(1)
    sim.control.ok("drop")
    with pytest.raises(ConnectionError):
        other.take(1)
    sim.control.ok(f"refuse {port}")
    with pytest.raises(ConnectionRefusedError):
        Tcp(port)
    sim.control.ok(f"accept {port}")
    tcp = Tcp(port)
    # Requests in one piece, in bytes, and several at once.
    for _ in range(3):
        tcp.ask(1, b"\x03\0\0\0\2")
    frame = struct.pack(">HHHB", 77, 0, 6, 1) + b"\x03\0\0\0\2"
    for byte in frame:
        tcp.socket.sendall(bytes([byte]))
    assert tcp.receive()[0] == 77
    tcp.socket.sendall(frame * 20)
    assert [tcp.receive()[0] for _ in range(20)] == [77] * 20


def pty_ask(file, request, wait=0.3):
    os.write(file, request)
    answer, end = b"", time.monotonic() + wait
    while time.monotonic() < end and not (len(answer) > 4 and crc(answer[:-2]) == answer[-2:]):
        try:
            answer += os.read(file, 300)
        except BlockingIOError:
            time.sleep(0.002)
    return answer


def test_pty(simulate, tmp_path):
    link = tmp_path / "line"
    sim = simulate("--pty", str(link), "--meter", "sdm630@1", "--meter", "em340@2")
    ask = b"\x01\x04\x00\x00\x00\x06"
    for _ in range(3):  # closed and opened again
        file = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        assert len(pty_ask(file, ask + crc(ask))) == 17
        os.close(file)
    file = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    assert pty_ask(file, b"\x01\x04\x00\x00\x00\x06\xff\xff", 0.1) == b""  # bad CRC
    absent = b"\x63\x04\x00\x00\x00\x06"
    assert pty_ask(file, absent + crc(absent), 0.1) == b""
    other = b"\x01\x2b\x0e\x01\x00"
    assert pty_ask(file, other + crc(other))[:3] == b"\x01\xab\x01"
    os.write(file, b"\x02\x04\x00")  # half a request, then silence
    time.sleep(0.1)
    assert len(pty_ask(file, ask + crc(ask))) == 17
    assert "crc-errors=1" in sim.control("stats")
    os.close(file)
    sim.close()
    assert not link.is_symlink()


def test_pty_pace(simulate, tmp_path):
    link = tmp_path / "line"
    simulate("--pty", str(link), "--baud", "9600", "--meter", "flat@1")
    file = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    ask = b"\x01\x03\x00\x00\x00\x3c"
    begin = time.monotonic()
    assert len(pty_ask(file, ask + crc(ask), 2)) == 125
    # 8 characters there, 3.5 of silence, 125 back, 10 bits each.
    assert 0.140 <= time.monotonic() - begin < 0.3
    os.close(file)


def test_counters_outlive_the_program(simulate, tmp_path):
    kept = tmp_path / "counters"
    arguments = ("--tcp", "127.0.0.1:0", "--counters", str(kept), "--meter", "sdm630@1,load=50")
    first = simulate(*arguments)
    time.sleep(1.2)
    ask = (4, 72, 2)  # total import, kWh
    before, = floats(Tcp(first.ports[0]).read(1, *ask))
    first.close()
    assert any(line.startswith("1 total/energy ") for line in kept.read_text().splitlines())
    kept.write_text(kept.read_text() + "9 total/energy 5\n1 total/voltage 5\nnonsense\n")
    (tmp_path / "answers").unlink()  # of the first one's control
    again = simulate(*arguments)
    after, = floats(Tcp(again.ports[0]).read(1, *ask))
    assert before <= after < before + 1
    again.close()


def test_relay_boards_do_what_they_are_told_and_what_a_test_wants(tmp_path):
    """Three ways to tell a relay to switch; a board that ignores, is late, or loses its power."""
    port, control = free_port(), str(tmp_path / "control")
    program = subprocess.Popen([PROGRAM, "--control", control, "--tcp", f"127.0.0.1:{port}", "--meter", "waveshare-8@1",
                                "--meter", "r4d-16@2", "--meter", "rlh-8@3"], stdout=subprocess.PIPE)
    try:
        for line in program.stdout:
            if line.strip() == b"ready":
                break
        client, wish = Tcp(port), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        wish.bind(str(tmp_path / "answers"))

        def say(text):
            wish.sendto(text.encode(), control)
            assert wish.recv(300) == b"ok"

        coils = struct.pack(">BHH", 1, 0, 8)
        assert client.ask(1, struct.pack(">BHH", 5, 2, 0xFF00)) == struct.pack(">BHH", 5, 2, 0xFF00)
        assert client.ask(1, coils) == bytes([1, 1, 0b100])
        assert client.ask(2, struct.pack(">BHH", 6, 16, 0x0100)) == struct.pack(">BHH", 6, 16, 0x0100)
        assert client.ask(2, struct.pack(">BHH", 3, 16, 1)) == bytes([3, 2, 0, 1])
        assert client.ask(2, struct.pack(">BHH", 3, 1, 2))[0] == 0x83  # one at a time
        assert client.ask(3, struct.pack(">BHH", 6, 0, 2)) == struct.pack(">BHH", 6, 0, 2)
        assert client.ask(3, coils) == bytes([1, 1, 1])
        assert client.ask(3, struct.pack(">BHH", 5, 0, 0))[0] == 0x85  # commands go to registers
        say("ignore 1")
        client.ask(1, struct.pack(">BHH", 5, 2, 0))
        assert client.ask(1, coils) == bytes([1, 1, 0b100])
        say("lag 1 300")
        client.ask(1, struct.pack(">BHH", 5, 2, 0))
        assert client.ask(1, coils) == bytes([1, 1, 0b100])
        time.sleep(0.4)
        assert client.ask(1, coils) == bytes([1, 1, 0])
        say("obey 1")
        client.ask(1, struct.pack(">BHH", 5, 7, 0xFF00))
        assert client.ask(1, coils) == bytes([1, 1, 0b10000000])
        say("power-loss 1")
        assert client.ask(1, coils) == bytes([1, 1, 0])
    finally:
        program.kill()
        program.wait()
