"""Figures of the Modbus gateway: what it adds to the wire, how much of the line its clients get, what dead units, clients that
hang up and garbage cost them.

`--peer PATH` names mbusd (or a program with its options): the same is then asked of it in the same run, and told in the note.

The wire is a pseudo-terminal on which meter-sim takes the time of each character (8N1) and the standard's 3.5 characters before
it answers. The line's limit is what these times and the silence before each request leave.
"""

import os
import random
import select
import socket
import struct
import subprocess
import time
import tty

from bench_rig import SITE, Daemon, Process, Simulator, Stream, flat_site, free_ports, median, port_is_free, require, runs_text, share

COUNT = 10  # registers of each question
QUESTION, ANSWER = 8, 5 + 2 * COUNT  # bytes on the wire


def wire_s(baud):
    """Seconds of one transaction: question, silence, answer, silence before the next (over 19200 baud fixed, 2.5.1.1)."""
    character = 10 / baud
    gap = 1750e-6 if baud > 19200 else 3.5 * character
    return (QUESTION + ANSWER) * character + 2 * gap, gap


def frame(transaction, unit, address):
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, 4, address, COUNT)


def crc(data):
    """CRC-16 of Modbus, bit by bit (2.5.1.2)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


class Bus(Process):
    """meter-sim on a pseudo-terminal with the pace of a serial line."""

    def __init__(self, rig, baud, units=4):
        name = f"bus-{len(rig.open)}"
        self.path, self.control_path = rig.folder / name, rig.folder / f"control-{name}"
        super().__init__(rig, [rig.build / "tests/devices/meter-sim", "--control", self.control_path, "--pty", self.path,
                               "--baud", baud, "--meter", f"sdm630@1-{units}"], stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line.strip() == b"ready":
                break
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(rig.folder / f"answers-{self.pid}"))
        self.socket.settimeout(5)

    def command(self, text):
        self.socket.sendto(text.encode(), str(self.control_path))
        answer = self.socket.recv(300).decode()
        require(answer.startswith("ok"), f"meter-sim on '{text}': {answer}")

    def close(self):
        super().close()
        self.socket.close()


class Client:
    """Asks one unit again and again, one question at a time."""

    def __init__(self, port, unit, address=0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unit, self.address, self.number = unit, address, 0
        self.answered = self.refused = self.wrong = 0
        self.data = b""

    def ask(self):
        self.number = (self.number + 1) % 65536
        self.asked = time.perf_counter()
        self.socket.sendall(frame(self.number, self.unit, self.address))

    def take(self):
        """True when the answer is whole."""
        part = self.socket.recv(4096)
        require(part, "the gateway hung up")
        self.data += part
        if len(self.data) < 9 or len(self.data) < 6 + struct.unpack_from(">H", self.data, 4)[0]:
            return False
        transaction, _, length, unit, function = struct.unpack_from(">HHHBB", self.data)
        self.wrong += transaction != self.number or unit != self.unit or len(self.data) != 6 + length
        self.refused += function == 0x84
        self.answered += function == 4
        self.data = b""
        return True


def drive(clients, seconds, meanwhile=lambda now: None):
    """All ask for so long; each asks anew when it is answered."""
    poll, by_fd = select.epoll(), {client.socket.fileno(): client for client in clients}
    for fd, client in by_fd.items():
        poll.register(fd, select.EPOLLIN)
        client.answered = client.refused = 0
        client.ask()
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        meanwhile(now - began)
        for fd, _ in poll.poll(0.01):
            if by_fd[fd].take():
                by_fd[fd].ask()
    took = time.perf_counter() - began
    for client in clients:
        client.rate = client.answered / took
    for client in clients:  # what is still on its way
        while not client.take():
            pass
    poll.close()


def rate(clients, seconds, meanwhile=lambda now: None):
    """Answers a second of all of them."""
    drive(clients, seconds, meanwhile)
    return sum(client.rate for client in clients)


class House:
    """A bus, a daemon with a gateway in front of it that polls nothing itself, and clients."""

    def __init__(self, rig, baud, more="", timeout_ms=300):
        self.bus = rig.start(Bus, baud)
        self.port = free_ports(3)  # the last two are the daemon's
        site = SITE + (f"lines:\n  bus: {{kind: modbus-rtu, port: {self.bus.path}, baud: {baud}, parity: none, timeout_ms: {timeout_ms}}}\n"
                       f"gateways:\n  main: {{port: {self.port}, listen: 127.0.0.1, routes: bus, clients: 1024}}\n" + more)
        self.daemon = rig.start(Daemon, site)
        self.probe = Client(self.port, 1)
        drive([self.probe], 0.5)
        require(self.probe.answered, "no answer through the gateway")

    def clients(self, count, spread=True):
        """Each with questions of its own, so that nothing is merged."""
        return [Client(self.port, 1 + i % 4 if spread else 1, 2 * (i // 4) if spread else 0) for i in range(count)]


class Peer:
    """mbusd in front of a bus of its own, as it is fastest within the standard: no repetition, the shortest pause that keeps the
    3.5 characters (its millisecond and two characters more)."""

    def __init__(self, rig, baud):
        self.bus, self.port = rig.start(Bus, baud), free_ports(1)
        self.daemon = rig.start(Process, [rig.peer, "-d", "-L", "-", "-v", 0, "-p", self.bus.path, "-s", baud, "-m", "8n1", "-A", "127.0.0.1",
                                          "-P", self.port, "-C", 128, "-N", 0, "-R", 2, "-W", 300, "-T", 0], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while port_is_free(self.port):
            require(time.monotonic() < end and self.daemon.process.poll() is None, f"{rig.peer} does not listen: {self.daemon.last_words()}")
            time.sleep(0.05)
        self.probe = Client(self.port, 1)
        drive([self.probe], 0.5)
        require(self.probe.answered, f"no answer through {rig.peer}")

    clients = House.clients


class Bare:
    """The least that a gateway can do, in front of a bus of its own: what the machine itself takes (gateway_loop.c)."""

    def __init__(self, rig):
        self.bus, self.port = rig.start(Bus, 115200), free_ports(1)
        self.daemon = rig.start(Process, [rig.build / "tests/bench/gateway_loop", self.bus.path, self.port], stdout=subprocess.PIPE)
        require(self.daemon.process.stdout.readline() == b"ready\n", "gateway_loop did not start")
        self.probe = Client(self.port, 1)
        drive([self.probe], 0.5)
        require(self.probe.answered, "no answer through gateway_loop")

    clients = House.clients


class Wire:
    """The same bus asked without anything in between."""

    def __init__(self, rig, baud):
        self.fd = os.open(rig.start(Bus, baud).path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        asked = struct.pack(">BBHH", 1, 4, 0, COUNT)
        self.asked = asked + crc(asked)

    def seconds(self):
        """From a question to the last byte of its answer."""
        began, data = time.perf_counter(), b""
        os.write(self.fd, self.asked)
        while len(data) < ANSWER:
            data += os.read(self.fd, 300)
        return time.perf_counter() - began


def latency(rig):
    """gateway.added_p50_ms, gateway.added_p99_ms: in turns with the bare wire."""
    count = 100 if rig.quick else 400
    house, wire, least = House(rig, 115200), Wire(rig, 115200), Bare(rig)
    peer = Peer(rig, 115200) if rig.peer else None
    middle, late, bare, shaky, beside, loop_middle, loop_late = [], [], [], [], [], [], []

    def through(client):
        client.ask()
        while not client.take():
            pass
        return time.perf_counter() - client.asked

    def measure():
        times, alone, others, loops = [], [], [], []
        for _ in range(count):
            time.sleep(0.004)  # the silence before a question is over
            times.append(through(house.probe))
            alone.append(wire.seconds())
            loops.append(through(least.probe))
            if peer:
                others.append(through(peer.probe))
        bare.append(median(alone))
        shaky.append(1000 * (share(alone, 0.99) - median(alone)))
        if peer:
            beside.append(1000 * (median(others) - median(alone)))
        middle.append(1000 * (median(times) - median(alone)))
        late.append(1000 * (share(times, 0.99) - median(alone)))
        loop_middle.append(1000 * (median(loops) - median(alone)))
        loop_late.append(1000 * (share(loops, 0.99) - median(alone)))

    rig.repeat(measure)
    os.close(wire.fd)
    note = (f"{count} readings of {COUNT} registers a run, 115200 baud, one client, less the median on the bare wire "
            f"({1000 * median(bare):.2f} ms, whose 99th percentile is {median(shaky):.2f} ms above); a loop that only forwards {median(loop_middle):.2f} ms in the middle, "
            f"{median(loop_late):.2f} ms at the 99th percentile; " + (f"the peer's median {median(beside):.2f} ms; " if peer else ""))
    yield "gateway.added_p50_ms", median(middle), note + runs_text(middle)
    yield "gateway.added_p99_ms", median(late), note + runs_text(late)


def limit_of(rig, baud):
    """Transactions a second on the bare wire, with the standard's silence before each: what a line can do here."""
    wire, gap = Wire(rig, baud), wire_s(baud)[1]
    return 1 / (median([wire.seconds() for _ in range(100)]) + gap)


def rates(rig):
    """gateway.rate_ratio_N, gateway.cpu_us, gateway.cpu_ratio_bare."""
    house, limit, least = House(rig, 115200), limit_of(rig, 115200), Bare(rig)
    peer = Peer(rig, 115200) if rig.peer else None
    if peer:
        peer.probe.socket.close()  # it takes 128 clients at most

    def load(house, clients):
        """Answers a second, microseconds of its processor for each."""
        before = house.daemon.cpu_seconds()
        found = rate(clients, rig.seconds(4))
        return found, 1e6 * (house.daemon.cpu_seconds() - before) / (found * rig.seconds(4))

    def besides(count):
        if not peer:
            return ""
        clients = peer.clients(count)
        found, cost = load(peer, clients)
        for client in clients:
            client.socket.close()
        return f"the peer {found / limit:.2f} and {cost:.0f} us; "

    for count in (1, 8, 32, 128):
        clients, used, others, bare = house.clients(count), [], least.clients(count), []

        def measure():
            found, cost = load(house, clients)
            used.append(cost)
            if count == 32:
                bare.append(load(least, others)[1])
            return found / limit

        runs, other = rig.repeat(measure), besides(count)
        require(not sum(client.wrong for client in clients), "wrong answers")
        yield (f"gateway.rate_ratio_{count}", median(runs), f"of {limit:.1f} transactions/s on the bare wire at 115200 baud (by arithmetic {1 / wire_s(115200)[0]:.1f}), {count} "
               f"clients with questions of their own; " + other + runs_text(runs))
        if count == 32:
            note = f"user and system time a transaction, 32 clients; a loop that only forwards {median(bare):.0f} us; "
            yield "gateway.cpu_us", median(used), note + runs_text(used)
            ratios = [mine / loop for mine, loop in zip(used, bare)]
            yield "gateway.cpu_ratio_bare", median(ratios), "to that of a loop that only forwards, in turns; " + runs_text(ratios)
        for client in clients + others:
            client.socket.close()


def troubles(rig):
    """Dead units, clients that hang up, garbage: what is left to four live clients."""
    house, seconds = House(rig, 115200), rig.seconds(8)
    house.bus.command("silence 3")
    house.bus.command("silence 4")
    live = [Client(house.port, 1 + i % 2, 2 * (i // 2)) for i in range(4)]

    def ratio(others, meanwhile=lambda now: None):
        before = rate(live, seconds / 2)
        if others:
            drive(live + others, 3)  # until they are known to be silent
        drive(live + others, max(12, seconds) if others else seconds, meanwhile)  # some probes are in it
        return sum(client.rate for client in live) / before

    for count, units in ((1, (3,)), (4, (3, 4, 77, 78))):
        runs = []
        for _ in range(rig.runs):
            dead = [Client(house.port, unit) for unit in units]
            runs.append(ratio(dead))
            for client in dead:
                client.socket.close()
        yield (f"gateway.rate_ratio_{count}_dead", median(runs),
               f"rate of 4 live clients while {count} more ask dead units (time-out 300 ms), from the third second on, to that without; " + runs_text(runs))

    def hang_up(now, done=[0]):
        if now > done[0] / 20 or now < 0.02:
            done[0] = now * 20 + 1
            with socket.create_connection(("127.0.0.1", house.port)) as gone:
                gone.sendall(frame(1, 1, 40))

    runs = [ratio([], hang_up) for _ in range(rig.runs)]
    yield "gateway.rate_ratio_hangups", median(runs), "rate of 4 live clients while 20 a second ask and hang up; " + runs_text(runs)
    bad, chance = [], random.Random(1)

    def garbage(now):
        while len(bad) < min(1000, 1000 * now / (seconds / 2)):
            one = socket.create_connection(("127.0.0.1", house.port))
            one.sendall(chance.randbytes(40) if chance.random() < 0.5 else frame(1, 1, 0)[:7])
            bad.append(one)

    runs = []
    for _ in range(rig.runs):
        bad.clear()
        runs.append(ratio([], garbage))
        for one in bad:
            one.close()
    yield "gateway.rate_ratio_garbage", median(runs), "rate of 4 live clients while 1,000 connections bring garbage and half requests; " + runs_text(runs)
    require(not sum(client.wrong for client in live), "wrong answers")


def late_answers(rig):
    """gateway.wrong_answers: each of 40 questions is answered late, while others ask other places of that unit."""
    house = House(rig, 115200, timeout_ms=50)
    truth = {}
    for unit in range(1, 5):
        for place, path in ((0, "phase-a/voltage"), (2, "phase-b/voltage"), (4, "phase-c/voltage"), (6, "phase-a/current")):
            truth[unit, place] = struct.pack(">f", 100 * unit + place)
            house.bus.command(f"set {unit} {path} {100 * unit + place}")
    clients, wrong, refused, right = [Client(house.port, 1 + i, 0) for i in range(4)], 0, 0, 0
    for turn in range(40):
        house.bus.command(f"late {1 + turn % 4} {50 + 5 * (turn % 8)} times=1")
        for client in clients:
            client.unit, client.address = 1 + turn % 4, 2 * (clients.index(client) % 4)
            client.ask()
        for client in clients:
            data = b""
            while len(data) < 9 or len(data) < 6 + struct.unpack_from(">H", data, 4)[0]:
                data += client.socket.recv(300)
            if data[7] & 0x80:
                refused += 1
            elif data[9:13] == truth[client.unit, client.address] and data[:2] == struct.pack(">H", client.number):
                right += 1
            else:
                wrong += 1
        time.sleep(0.3)
    require(right > 40, f"only {right} answers")
    yield "gateway.wrong_answers", wrong, f"of 160 questions in 40 turns, each with a late answer; {right} right ones, {refused} refused"


def idle(rig):
    """gateway.first_answer_200_idle_ms"""
    house, idle_ones = House(rig, 115200), []
    for _ in range(200):
        idle_ones.append(socket.create_connection(("127.0.0.1", house.port)))

    def measure():
        began = time.perf_counter()
        client = Client(house.port, 1)
        client.ask()
        while not client.take():
            pass
        client.socket.close()
        return 1000 * (time.perf_counter() - began)

    runs = [max(measure() for _ in range(20)) for _ in range(rig.runs)]
    yield "gateway.first_answer_200_idle_ms", median(runs), "connect, ask, answered: the worst of 20 while 200 connections are idle; " + runs_text(runs)


METERS, STREAMS = 1000, 50


def thousand(rig):
    """poll.cpu_percent_1000_units: with history, SNMP, a gateway in use and live streams."""
    simulator = rig.start(Simulator, ["flat@1"], METERS)
    port = free_ports(4)
    more = (f"gateways:\n  main: {{port: {port}, listen: 127.0.0.1, routes: p-{simulator.first}}}\n"
            f"snmp: {{enabled: true, port: {port + 1}, listen: 127.0.0.1}}\n"
            "communities:\n  all: {community: bench-reads, access: view, networks: 127.0.0.1}\n")
    daemon = rig.start(Daemon, flat_site(simulator.first, METERS, history="1 min", more=more))
    daemon.wait_until_online(120)
    points = len(daemon.json("/points"))
    streams = [Stream(daemon, f"?path=u-{simulator.first + 20 * i}-1/*") for i in range(STREAMS)]
    client = Client(port, 1)

    def busy(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            client.ask()
            while not client.take():
                pass
            for stream in streams:
                stream.pump(0.001)
            time.sleep(0.05)

    busy(5)

    def measure():
        before = simulator.requests()
        seconds = rig.seconds(10)
        value = daemon.cpu_percent(seconds, busy)
        asked = (simulator.requests() - before) / seconds
        require(asked > 0.95 * METERS, f"only {asked:.0f} readings a second of {METERS} meters")
        return value

    values = rig.repeat(measure)
    for stream in streams:
        stream.close()
    yield ("poll.cpu_percent_1000_units", median(values),
           f"of one core; {METERS} Modbus TCP meters x 60 registers each second on a connection each, {points} points with those that are "
           f"derived; recorded each minute, SNMP agent on, a gateway client asking, {STREAMS} live streams of a device each; " + runs_text(values))
