"""tshark's Modbus dissectors over mixed traffic of a gateway: no frame of ours may be malformed.

Opt-in, since it needs tshark and the right to capture: BUSBAR_TSHARK_SECONDS=20 here, an hour by `./dev soak`.
"""

import os
import random
import shutil
import struct
import subprocess
import threading
import time

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

from daemon_client import SLOW, free_port, tcp_line, wait_for

SECONDS = float(os.environ.get("BUSBAR_TSHARK_SECONDS", 0))
LIES = ["late", "wrong-unit", "wrong-function", "truncate", "exception", "silence"]

pytestmark = pytest.mark.skipif(not SECONDS or not shutil.which("tshark"), reason="opt-in: BUSBAR_TSHARK_SECONDS and tshark")


def talk(port, framer, seed, until, told):
    """A client that asks everything, writes, and asks for what is not there."""
    chance = random.Random(seed)
    one = ModbusTcpClient("127.0.0.1", port=port, framer=framer, timeout=5 * SLOW, retries=0)
    assert one.connect()
    while time.monotonic() < until:
        unit = chance.choice((1, 2, 3, 60, 200, 201))
        address, count = chance.randrange(0, 300), chance.randint(1, 125)
        what = chance.randrange(6)
        if unit == 201:
            one.read_holding_registers(40000 + chance.randrange(80), chance.randint(1, 60), slave=unit)
        elif what == 0:
            one.read_coils(address, count, slave=unit)
        elif what == 1:
            one.write_registers(address, [chance.randrange(65536) for _ in range(count % 20 + 1)], slave=unit)
        elif what == 2:
            one.write_coil(address, True, slave=unit)
        else:
            one.read_input_registers(address, count, slave=unit)
        told.append(unit)
        time.sleep(0.002)
    one.close()


def tshark(*words):
    done = subprocess.run(["tshark", *map(str, words)], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_no_malformed_frame(daemon, simulate, tmp_path, clean):
    sim, port, stream = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1-3"), free_port(), free_port()
    routes = "1-60 bus, 200 @pdu, 201 sunspec@pdu"
    daemon({"lines": {"bus": tcp_line(sim.port, timeout_ms=100), "air": {"kind": "sim"}},
            "devices": {"pdu": {"line": "air", "profile": "sim-pdu-24"}},
            "gateways": {"main": {"port": port, "listen": "127.0.0.1", "routes": routes},
                         "stream": {"kind": "rtu-over-tcp", "port": stream, "listen": "127.0.0.1", "routes": routes}},
            "gateway_rules": {"all": {"functions": "read, write"}}})
    file, log = tmp_path / "lo.pcapng", tmp_path / "tshark.log"
    with open(log, "w") as errors:
        capture = subprocess.Popen(["tshark", "-q", "-i", "lo", "-w", file, "-f", f"tcp port {port} or tcp port {stream} or tcp port {sim.port}"],
                                   stderr=errors, stdout=errors)
    clean.callback(capture.kill)
    wait_for(lambda: file.exists() and "Capturing" in log.read_text(), 20 * SLOW, "tshark")
    seed, until, told = random.randrange(1 << 30), time.monotonic() + SECONDS, []
    print("seed", seed)
    clients = [threading.Thread(target=talk, args=(where, framer, seed + number, until, told))
               for number, (where, framer) in enumerate(((port, ModbusSocketFramer), (port, ModbusSocketFramer), (stream, ModbusRtuFramer)))]
    for one in clients:
        one.start()
    chance = random.Random(seed)
    while time.monotonic() < until:  # of the bus only busbar's side is ours: what it says to the clients must stay whole
        sim.ok(f"{chance.choice(LIES)} {chance.randint(1, 3)} times=2")
        time.sleep(0.3)
    for one in clients:
        one.join(30 * SLOW)
    time.sleep(1)
    capture.terminate()
    capture.wait(20)
    # The dissector looks through all questions of a conversation for each answer, so an hour of three would take a day.
    read = ["-M", 10000, "-r", file, "-d", f"tcp.port=={port},mbtcp", "-d", f"tcp.port=={sim.port},mbtcp", "-d", f"tcp.port=={stream},mbrtu",
            "-o", "mbrtu.crc_verification:TRUE"]
    ours = f"(tcp.srcport == {port} || tcp.srcport == {stream} || tcp.dstport == {sim.port})"
    answers = tshark(*read, "-Y", f"modbus && {ours}", "-T", "fields", "-e", "modbus.func_code")
    assert len(answers) > len(told), "the dissector saw too few frames"
    bad = tshark(*read, "-Y", f"{ours} && (_ws.malformed || mbtcp.prot_id != 0 || (mbrtu && _ws.expert.severity >= 0x600000))")
    assert not bad, bad[:10]
    print(f"{len(told)} questions, {len(answers)} frames of ours, none malformed")
