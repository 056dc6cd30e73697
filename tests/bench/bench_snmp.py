"""Figures of the SNMP agent: CPU of a GET and of a variable of a GETBULK, beside Debian's snmpd on its own tables; a walk by snmpbulkwalk.

CPU is the scheduler's count of the whole process (schedstat), less what it takes without questions in the same time. The client is a socket that
sends prepared packets one after the other and reads each answer: each must be without an error and as long as it should be.
"""

import os
import pathlib
import random
import shutil
import socket
import subprocess
import time

from bench_rig import Daemon, Process, SITE, median, require, runs_text

COMMUNITY = b"bench-word"
OBJECTS = (1, 3, 6, 1, 4, 1, 32473, 1, 1)
POINT_NUMBER = OBJECTS + (4, 1, 8)
# snmpd's own tables that have many rows or are cheap: views of its access control (a row a line of its settings), its modules, what it is
SNMPD_TABLES = {"vacmViewTreeFamilyType": (1, 3, 6, 1, 6, 3, 16, 1, 5, 2, 1, 4), "nsModuleModes": (1, 3, 6, 1, 4, 1, 8072, 1, 2, 1, 1, 5),
                "sysORDescr": (1, 3, 6, 1, 2, 1, 1, 9, 1, 3)}
VIEWS = 1000
REPEAT = 40
WALK_MOST_ROWS = 3000


# ---- packets (X.690) -----------------------------------------------------------------------------


def block(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else bytes([0x82, length >> 8, length & 255])
    return bytes([tag]) + head + content


def number(value):
    return block(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid_bytes(oid):
    out = bytearray([oid[0] * 40 + oid[1]])
    for sub in oid[2:]:
        part = [sub & 127]
        while sub := sub >> 7:
            part.append(sub & 127 | 128)
        out += bytes(reversed(part))
    return bytes(out)


def packet(kind, oid, third=0):
    """A GET (0xa0), GETNEXT (0xa1) or GETBULK (0xa5, `third` repetitions) of one variable."""
    binding = block(0x30, block(6, oid_bytes(oid)) + b"\x05\x00")
    pdu = block(kind, number(1) + number(0) + number(third) + block(0x30, binding))
    return block(0x30, number(1) + block(4, COMMUNITY) + pdu)


def enter(data, at):
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 128:
        count = length & 127
        length, at = int.from_bytes(data[at:at + count], "big"), at + count
    return tag, at, at + length


def read_oid(data):
    out, sub = [data[0] // 40, data[0] % 40], 0
    for byte in data[1:]:
        sub = sub << 7 | byte & 127
        if not byte & 128:
            out.append(sub)
            sub = 0
    return tuple(out)


def variables(answer):
    """[(identifier, tag of the value)] of an answer without an error."""
    _, at, _ = enter(answer, 0)
    for _ in range(2):  # version, community
        _, _, at = enter(answer, at)
    _, at, _ = enter(answer, at)
    for field in range(3):
        _, begin, at = enter(answer, at)
        require(field != 1 or answer[begin:at] == b"\0", f"an answer with error {answer[begin:at].hex()}")
    _, at, end = enter(answer, at)
    found = []
    while at < end:
        _, begin, at = enter(answer, at)
        _, oid, oid_end = enter(answer, begin)
        found.append((read_oid(answer[oid:oid_end]), answer[oid_end]))
    return found


def udp_port():
    """One that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Asker:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(5)

    def ask(self, question):
        self.socket.send(question)
        try:
            return self.socket.recv(65536)
        except TimeoutError:
            require(False, "no answer within 5 s")

    def column(self, oid):
        """Identifiers of all cells of a column."""
        found, at = [], oid
        while len(found) < WALK_MOST_ROWS:
            for name, tag in variables(self.ask(packet(0xA5, at, REPEAT))):
                if tag == 0x82 or name[:len(oid)] != oid:
                    return found
                found.append(name)
                at = name
        return found


# ---- what is measured ----------------------------------------------------------------------------


def cpu_us(process):
    """Time that all threads of a process have run (proc(5), schedstat)."""
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1000


class Cost:
    """CPU of an agent for each thing asked for."""

    def __init__(self, process, asker):
        self.process, self.asker = process, asker
        begin, before = time.monotonic(), cpu_us(process)
        time.sleep(1)
        self.idle = (cpu_us(process) - before) / (time.monotonic() - begin)  # us a second

    def each(self, questions, things):
        """us for each of `things` that an answer holds."""
        begin, before, count = time.monotonic(), cpu_us(self.process), 0
        for question in questions:
            answer = self.asker.ask(question)
            count += things(answer)
        spent = cpu_us(self.process) - before - self.idle * (time.monotonic() - begin)
        return spent / count


def count_one(answer):
    require(len(answer) > 30, "an answer without a value")
    return 1


def count_all(answer):
    return len(variables(answer))


def questions(kind, cells, count, third=0):
    dice = random.Random(1)
    prepared = [packet(kind, cell, third) for cell in cells]
    return [dice.choice(prepared) for _ in range(count)]


def site(port, pdus):
    devices = "".join(f"  pdu-{i}: {{line: air, unit: {i + 1}, profile: sim-pdu-24, every: 60 s}}\n" for i in range(pdus))
    return (SITE + f"history: {{enabled: false}}\nsnmp: {{enabled: true, port: {port}, listen: 127.0.0.1}}\n"
            f"communities: {{bench: {{community: {COMMUNITY.decode()}}}}}\nlines: {{air: {{kind: sim}}}}\ndevices:\n{devices}")


def own_agent(rig, pdus):
    port = udp_port()
    daemon = rig.start(Daemon, site(port, pdus))
    daemon.wait_until_online()
    time.sleep(1)
    return daemon, Asker(port), port


class Snmpd(Process):
    def __init__(self, rig):
        program = shutil.which("snmpd", path="/usr/sbin:/usr/bin")
        require(program, "there is no snmpd (Debian package snmpd)")
        self.port, folder = udp_port(), rig.folder / "snmpd"
        folder.mkdir(exist_ok=True)
        views = "".join(f"view bench{i} included .1.3.6.1.4.1.{i + 1}\n" for i in range(VIEWS))
        (folder / "conf").write_text(f"agentaddress udp:127.0.0.1:{self.port}\nrocommunity {COMMUNITY.decode()} 127.0.0.1\n{views}")
        environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
        super().__init__(rig, [program, "-f", "-C", "-c", folder / "conf", "-Lf", folder / "log", "-p", folder / "pid"], env=environment,
                         stdout=subprocess.DEVNULL)
        time.sleep(2)
        require(self.process.poll() is None, f"snmpd did not start: {self.last_words()}")


class Column:
    """A column of an agent's table, and what reading it has cost in each run."""

    def __init__(self, cost, asker, name, oid):
        self.cost, self.name, self.cells, self.gets, self.bulks = cost, name, asker.column(oid), [], []
        require(self.cells, f"{name} has no rows")

    def measure(self):
        self.gets.append(self.cost.each(questions(0xA0, self.cells, 4000), count_one))
        starts = self.cells[:max(1, len(self.cells) - REPEAT)]
        self.bulks.append(self.cost.each(questions(0xA5, starts, 800, REPEAT), count_all))


def costs(rig):
    """The agents take turns: how dear waking up is changes from minute to minute."""
    daemon, asker, _ = own_agent(rig, 5)
    snmpd = rig.start(Snmpd)
    own = Column(Cost(daemon, asker), asker, "busbarPointNumber", POINT_NUMBER)
    require(len(own.cells) >= 1000, f"only {len(own.cells)} points have a number")
    asker = Asker(snmpd.port)
    cost = Cost(snmpd, asker)
    theirs = [Column(cost, asker, name, oid) for name, oid in SNMPD_TABLES.items()]
    rig.repeat(lambda: [column.measure() for column in (own, *theirs)])
    best_get = min(theirs, key=lambda column: median(column.gets))
    best_bulk = min(theirs, key=lambda column: median(column.bulks))
    ratios = [mine / other for mine, other in zip(own.gets, best_get.gets)]
    note = "; ".join(f"snmpd {column.name} ({len(column.cells)} rows): GET {median(column.gets):.1f} us, GETBULK {median(column.bulks):.2f} us "
                     "a variable" for column in theirs)
    yield "snmp.get_cpu_us", median(own.gets), f"{len(own.cells)} rows, {runs_text(own.gets)}"
    yield "snmp.get_cpu_ratio_snmpd", median(ratios), f"in turns, {runs_text(ratios)}; {note}"
    yield "snmp.bulk_cpu_us_per_var", median(own.bulks), \
        f"{len(own.cells)} rows, {runs_text(own.bulks)}; snmpd's best {median(best_bulk.bulks):.2f} ({best_bulk.name})"


def walk(rig):
    """All of BUSBAR-MIB over two PDUs of 24 outlets, start of the program included."""
    _, _, port = own_agent(rig, 2)
    root = "." + ".".join(map(str, OBJECTS))
    command = ["snmpbulkwalk", "-v2c", "-c", COMMUNITY.decode(), "-m", "", "-Cr50", "-On", f"127.0.0.1:{port}", root]
    times = []
    for _ in range(4 * rig.runs):
        begin = time.monotonic()
        result = subprocess.run(command, capture_output=True, text=True)
        times.append(1000 * (time.monotonic() - begin))
        lines = len(result.stdout.splitlines())
        require(result.returncode == 0 and lines > 4000, f"the walk found {lines} variables: {result.stderr[:100]}")
    yield "snmp.walk_48_outlets_ms", median(times), f"{lines} variables, {min(times):.0f} to {max(times):.0f} ms"
