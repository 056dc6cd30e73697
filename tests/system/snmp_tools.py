"""Net-SNMP's programs and NUT's driver, as Debian packs them, in folders of their own."""

import os
import re
import shutil
import socket
import subprocess

from daemon_client import SLOW, free_port, wait_for

SNMPTRAPD = shutil.which("snmptrapd", path="/usr/sbin:/sbin:/usr/bin")
SNMP_UPS = shutil.which("snmp-ups", path="/lib/nut:/usr/lib/nut")
NO_MIBS = ["-M", "", "-m", ""]


class Trapd:
    """snmptrapd on a port of its own; `configuration` are lines of its file."""

    def __init__(self, folder, configuration, port=None):
        self.folder = folder / "trapd"
        self.folder.mkdir(exist_ok=True)
        self.port = port or free_port()
        self.out = self.folder / "out"
        (self.folder / "conf").write_text("\n".join(configuration) + "\n")
        self.start()

    def start(self):
        # one line each: security, enterprise, generic, specific, variables
        self.process = subprocess.Popen(
            [SNMPTRAPD, "-f", "-Lf", self.out, "-OQUn", "-C", "-c", self.folder / "conf", *NO_MIBS,
             f"--persistentDir={self.folder}", "-F", "T|%P|%N|%w|%q|%v\\n", f"127.0.0.1:{self.port}"],
            stdout=open(self.folder / "err", "ab"), stderr=subprocess.STDOUT,
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(self.folder)})
        wait_for(self.listens, 15 * SLOW, lambda: f"snmptrapd's port; {(self.folder / 'err').read_text()}")

    def listens(self):
        assert self.process.poll() is None, (self.folder / "err").read_text()
        wanted = f"0100007F:{self.port:04X}"
        with open("/proc/net/udp") as table:
            return any(line.split()[1] == wanted for line in table)

    @property
    def log(self):
        return self.out.read_text(errors="replace") if self.out.exists() else ""

    def traps(self):
        """Those that came: who (what snmptrapd says of the sender), v1's numbers, variables by their OIDs."""
        found = []
        for part in re.split(r"^T\|", self.log, flags=re.MULTILINE)[1:]:
            security, enterprise, generic, specific, variables = part.split("|", 4)
            pairs = re.findall(r"(\.1\.3[.\d]*) = (.*?)(?=\t\.1\.3|\n\Z|\Z)", variables, re.DOTALL)
            found.append({"who": security, "v1": (enterprise, generic, specific),
                          "variables": {name: value.strip().strip('"') for name, value in pairs}})
        return found

    def wait(self, condition, what, seconds=15):
        return wait_for(lambda: next((one for one in self.traps() if condition(one)), None), seconds * SLOW,
                        lambda: f"{what}; came: {self.log[-3000:]}")

    def stop(self):
        self.process.terminate()
        self.process.wait(10 * SLOW)


def tool(name, *words, port, community="public", version="2c", retries=5, folder=None):
    """Output of snmpget and the like; raises with what it says when it fails."""
    environment = {**os.environ, **({"SNMP_PERSISTENT_DIR": str(folder)} if folder else {})}
    result = subprocess.run([name, f"-v{version}", "-c", community, "-OQUn", *NO_MIBS, "-t", str(2 * SLOW), "-r", str(retries),
                             f"127.0.0.1:{port}", *words], capture_output=True, text=True, timeout=60, env=environment)
    if result.returncode or result.stderr:
        raise RuntimeError(result.stdout + result.stderr)
    return result.stdout


def values(text):
    """OID -> value as the tools write it."""
    return {name: value.strip().strip('"') for name, value in re.findall(r"^(\.1\.[.\d]+) = ?(.*)$", text, re.MULTILINE)}


def walk(root, port, **more):
    return values(tool("snmpbulkwalk", root, port=port, **more))


def snmp_ups(folder, port, mibs, **variables):
    """What NUT's driver reads, once, without a daemon."""
    environment = {**os.environ, "NUT_CONFPATH": str(folder), "NUT_STATEPATH": str(folder)}
    (folder / "ups.conf").write_text("")
    words = [f"port=127.0.0.1:{port}", "community=public", "snmp_version=v2c", f"mibs={mibs}"]
    options = [part for word in words for part in ("-x", word)]
    result = subprocess.run([SNMP_UPS, "-s", "ups", "-d", "1", "-u", "root", *options], capture_output=True, text=True,
                            timeout=60 * SLOW, env=environment)
    read = dict(line.split(": ", 1) for line in result.stdout.splitlines() if re.match(r"[a-z]+\.[\w.]+: ", line))
    assert read, result.stdout + result.stderr
    return read


def udp_port():
    """A free port for UDP."""
    while True:
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
