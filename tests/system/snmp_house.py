"""A daemon with an SNMP agent, and Net-SNMP's programs to ask it with."""

import os
import re
import socket
import subprocess
import threading

import pytest

from daemon_client import ROOT, SLOW, unit, wait_for
from snmp_tools import udp_port

OBJECTS = ".1.3.6.1.4.1.32473.1.1"
DEVICES, POINTS, OUTLETS = f"{OBJECTS}.2.1", f"{OBJECTS}.4.1", f"{OBJECTS}.5.1"
IN_PACKETS = ".1.3.6.1.2.1.11.1.0"
SYS_NAME, ENGINE_ID, BOOTS = ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.6.3.10.2.1.1.0", ".1.3.6.1.6.3.10.2.1.2.0"
MIBS = ["-M", f"{ROOT}/tests/mib:{ROOT}/mib", "-m", "BUSBAR-MIB"]
AUTHS = {"md5": "MD5", "sha-1": "SHA", "sha-224": "SHA-224", "sha-256": "SHA-256", "sha-384": "SHA-384",
         "sha-512": "SHA-512"}
PRIVACIES = {"none": None, "aes-128": "AES", "aes-192": "AES-192", "aes-256": "AES-256", "aes-192-c": "AES-192-C",
             "aes-256-c": "AES-256-C"}
LOOK, ACT = ["-v2c", "-c", "only-looks"], ["-v2c", "-c", "may-switch"]

SITE = {
    "site": {"name": "Snmp house", "contact": "kim@example.net", "location": "Cellar"},
    "lines": {"air": {"kind": "sim"}},
    "devices": {"pdu": unit("air", 1, "sim-pdu-24"), "m": unit("air", 2, "sim-meter")},
    "outlets": {"pdu/outlet-2": {"critical": True}, "pdu/outlet-3": {"lock": True}},
    "communities": {"look": {"community": "only-looks"},
                    "act": {"community": "may-switch", "access": "control", "networks": "127.0.0.0/8"},
                    "far": {"community": "from-afar", "networks": "192.0.2.0/24"},
                    "nobody": {"community": "shut-out", "access": "none"}},
    "snmp_users": {"kim": {"access": "control", "auth_passphrase": "a phrase of kim", "privacy_passphrase": "another one"},
                   "vera": {"access": "user", "auth": "sha-512", "auth_passphrase": "a phrase of vera"},
                   "far": {"access": "view", "auth_passphrase": "a phrase of far", "networks": "192.0.2.0/24"},
                   "gone": {"access": "none", "auth_passphrase": "a phrase of gone"}},
}


def user(name, auth, phrase, privacy=None, second=None):
    """Options of a user of version 3."""
    words = ["-v3", "-u", name, "-l", "authPriv" if privacy else "authNoPriv", "-a", auth, "-A", phrase]
    return words + (["-x", privacy, "-X", second or phrase] if privacy else [])


KIM = user("kim", "SHA-256", "a phrase of kim", "AES", "another one")
VERA = user("vera", "SHA-512", "a phrase of vera", "AES")


class Asker:
    """Net-SNMP's programs against one port; tools leave nothing behind but in `folder`."""

    def __init__(self, folder, port):
        self.port = port
        self.env = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "SNMPCONFPATH": str(folder), "MIBS": ""}

    def tool(self, name, who, *words, options=(), patience=5 * SLOW, output="-Oqn"):
        return subprocess.run([name, *who, output, "-r", "1", "-t", str(patience), *options, f"127.0.0.1:{self.port}", *words],
                              capture_output=True, text=True, timeout=120, env=self.env)

    def get(self, who, *oids, **more):
        """OID -> value as text."""
        return pairs(self.tool("snmpget", who, *oids, **more))

    def walk(self, who, root, name="snmpbulkwalk", **more):
        return pairs(self.tool(name, who, root, options=["-Cc"], **more))

    def set(self, who, *words, **more):
        return self.tool("snmpset", who, *words, **more)

    def refused(self, who, words, oid=SYS_NAME):
        """There is no value, and the program says so in these words; silence is not waited for long."""
        result = self.tool("snmpget", who, oid, options=["-r", "0"], patience=0.3 if words == "Timeout" else 10 * SLOW)
        assert result.returncode and words in result.stderr + result.stdout, (who, result)


class Relay:
    """Stands between a program and the agent, keeps what passes, and may lose answers."""

    def __init__(self, port):
        self.agent = ("127.0.0.1", port)
        self.near, self.far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.near.bind(("127.0.0.1", 0))
        self.far.settimeout(3 * SLOW)
        self.port = self.near.getsockname()[1]
        self.asked, self.answered, self.lose = [], [], 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            question, client = self.near.recvfrom(65536)
            self.asked.append(question)
            if (answer := self.exchange(question)) is None:
                continue
            self.answered.append(answer)
            if self.lose:
                self.lose -= 1
            else:
                self.near.sendto(answer, client)

    def exchange(self, question):
        self.far.sendto(question, self.agent)
        try:
            return self.far.recv(65536)
        except TimeoutError:
            return None


def pairs(result):
    assert result.returncode == 0, result.stderr + result.stdout
    lines = [line.split(" ", 1) for line in result.stdout.splitlines() if line.startswith(".1")]
    lines = [line for line in lines if "at this OID" not in line[-1]]
    return {line[0]: line[1].strip('"') if len(line) > 1 else "" for line in lines}


def text_of(word):
    """What is not plain ASCII, the programs print in hexadecimal."""
    return bytes.fromhex(word).decode() if re.fullmatch("(?:[0-9A-F]{2} )+", word) else word


def block(tag, content):
    """One thing of X.690, of less than 128 octets."""
    return bytes([tag, len(content)]) + content


def message(community, kind, name, most=b"\0"):
    """A message of v2c about one variable: GET 0xa0, GETNEXT 0xa1, GETBULK 0xa5 with at most so many repetitions."""
    bindings = block(0x30, block(0x30, block(6, bytes(name)) + b"\5\0"))
    pdu = block(kind, block(2, b"\7") + block(2, b"\0") + block(2, most) + bindings)
    return block(0x30, block(2, b"\1") + block(4, community) + pdu)


MANY = message(b"only-looks", 0xA5, (43, 6, 1), b"\x7f\xff\xff\xff")  # all that there is, two thousand million times


def house_of(daemon, site, **snmp):
    port = udp_port()
    one = daemon({**site, "snmp": {"enabled": True, "port": port, "listen": "127.0.0.1", **snmp}})
    one.asker = Asker(one.folder, port)
    return one


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One for all tests that leave it as they found it."""
    from daemon_client import Daemon
    folders = iter(range(100))
    one = house_of(lambda site: Daemon(tmp_path_factory.mktemp(f"house-{next(folders)}"), site), SITE)
    one.wait_good("pdu/outlet-24/state")
    wait_for(lambda: one.asker.tool("snmpget", KIM, SYS_NAME).returncode == 0, 15 * SLOW, one.log)
    yield one
    one.close()


@pytest.fixture
def asker(house):
    return house.asker


def everything_good(house):
    return wait_for(lambda: (points := house.points("*")) and all(p["quality"] == "good" for p in points.values()) and points,
                    15 * SLOW, "all points good")


def outlet(asker, path, column):
    oid = next(oid for oid, value in asker.walk(LOOK, f"{OUTLETS}.1").items() if value == path)
    return oid.replace(f"{OUTLETS}.1.", f"{OUTLETS}.{column}.", 1)


def read_one(asker, who, oid):
    return asker.get(who, oid)[oid]
