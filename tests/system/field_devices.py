"""What busbar is wired to in these tests: pymodbus' servers, the meter simulator, pseudo-terminals."""

import asyncio
import atexit
import logging
import os
import pathlib
import signal
import socket
import struct
import subprocess
import threading
import time

from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

from daemon_client import BUILD, free_port, wait_for

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

# Eastron SDM630 Modbus V2, "Modbus Protocol Implementation", table of input registers: parameter numbers as
# wire addresses, IEEE 754 with the high word first. The numbers are made up and exact in 32 bits.
SDM630_IMAGE = {
    "phase-a/voltage": (0, 230.5), "phase-b/voltage": (2, 231.25), "phase-c/voltage": (4, 229.75),
    "phase-a/current": (6, 5.5), "phase-b/current": (8, 0.125), "phase-c/current": (10, 12.0),
    "phase-a/real-power": (12, 1200.5), "phase-b/real-power": (14, -20.25), "phase-c/real-power": (16, 2700.0),
    "phase-a/power-factor": (30, 0.9375),
    "total/real-power": (52, 3880.25), "total/frequency": (70, 50.0625),
    "total/energy": (72, 123456.5), "total/energy-export": (74, 78.25),
    "line-ab/voltage": (200, 399.5), "line-bc/voltage": (202, 400.25), "line-ca/voltage": (204, 398.75),
    "neutral/current": (224, 6.25), "phase-a/energy": (346, 41000.5), "phase-c/energy-export": (356, 11.0),
}


def float_words(value):
    """Two registers, as pymodbus encodes them."""
    builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=Endian.Big)
    builder.add_32bit_float(value)
    return builder.to_registers()


def words_float(words):
    return struct.unpack(">f", struct.pack(">2H", *words))[0]


class Unit(ModbusSlaveContext):
    """Registers of one unit. Notes when it was asked; may take its time, or refuse some addresses."""

    def __init__(self, size=400):
        zeros = lambda: ModbusSequentialDataBlock(0, [0] * size)
        super().__init__(di=zeros(), co=zeros(), hr=zeros(), ir=zeros(), zero_mode=True)
        self.asked = []  # (wall time, function, address, count)
        self.delay = 0
        self.refused = lambda function, address, count: False

    def validate(self, fc_as_hex, address, count=1):
        return not self.refused(fc_as_hex, address, count) and super().validate(fc_as_hex, address, count)

    def getValues(self, fc_as_hex, address, count=1):
        self.asked.append((time.time(), fc_as_hex, address, count))
        time.sleep(self.delay)
        return super().getValues(fc_as_hex, address, count)

    def put_float(self, address, value, function=4):
        self.setValues(function, address, float_words(value))

    @classmethod
    def sdm630(cls):
        unit = cls()
        for address, value in SDM630_IMAGE.values():
            unit.put_float(address, value)
        return unit


class Server:
    """A pymodbus server in a thread of its own, on a TCP port or a serial port."""

    def __init__(self, units, *, port=0, serial=None, rtu=False):
        # Not any port: one that nobody else gets while this server is stopped and started again.
        self.units, self.port, self.serial, self.rtu = units, port or free_port(), serial, rtu
        self.start()

    def start(self):
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        assert self.started.wait(10)

    def serve(self):
        asyncio.set_event_loop(self.loop)
        self.task = self.loop.create_task(self.main())
        try:
            self.loop.run_until_complete(self.task)
        except asyncio.CancelledError:
            pass
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.01))
        self.loop.close()

    async def main(self):
        context = ModbusServerContext(self.units, single=False)
        if self.serial:
            server = ModbusSerialServer(context, framer=ModbusRtuFramer, port=str(self.serial), baudrate=19200,
                                        ignore_missing_slaves=True)
            await server.start()
            self.started.set()
            try:
                await asyncio.sleep(3600)
            finally:
                await server.shutdown()
            return
        server = ModbusTcpServer(context, framer=ModbusRtuFramer if self.rtu else ModbusSocketFramer,
                                 address=("127.0.0.1", self.port), allow_reuse_address=True,
                                 ignore_missing_slaves=True)
        served = asyncio.ensure_future(server.serve_forever())
        await server.serving
        self.port = server.server.sockets[0].getsockname()[1]
        self.started.set()
        try:
            await served
        finally:
            for handler in list(server.active_connections.values()):
                handler.transport.abort()
            await server.server_close()

    def stop(self):
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.task.cancel)
            self.thread.join(10)
            assert not self.thread.is_alive()


class Cable:
    """A null-modem cable between two pseudo-terminals, by socat."""

    def __init__(self, folder, name="cable"):
        self.ends = folder / f"{name}-a", folder / f"{name}-b"
        self.process = subprocess.Popen(
            ["socat", *(f"pty,raw,echo=0,link={end}" for end in self.ends)], stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        wait_for(lambda: all(end.exists() for end in self.ends), 5, "socat's pseudo-terminals")

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)


def ports_of(meter_sim):
    """The TCP ports at which meter-sim says that it listens; it is ready then."""
    ports = []
    for line in meter_sim.stdout:
        words = line.split()
        if words[0] == "ready":
            break
        if words[1] in ("tcp", "rtu-tcp"):
            ports.append(int(words[2].rsplit(":", 1)[1]))
    assert meter_sim.poll() is None
    return ports


class Simulator:
    """meter-sim as a process, and its control socket."""

    def __init__(self, folder, *arguments, name="sim"):
        self.folder, self.name = pathlib.Path(folder), name
        self.arguments = arguments
        self.start()

    def start(self):
        self.path = self.folder / f"{self.name}-control"
        self.process = subprocess.Popen([BUILD / "tests/devices/meter-sim", "--control", self.path,
                                         *map(str, self.arguments)], stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.ports = ports_of(self.process)
        own = self.folder / f"{self.name}-answers"
        own.unlink(missing_ok=True)
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.control.bind(str(own))
        self.control.settimeout(5)

    @property
    def port(self):
        return self.ports[0]

    def ok(self, command):
        """Tells it something; it must agree."""
        self.control.sendto(command.encode(), str(self.path))
        answer = self.control.recv(300).decode()
        assert answer.startswith("ok"), f"{command}: {answer}"
        return answer

    def count(self, name):
        return int(dict(word.split("=") for word in self.ok("stats").split()[1:])[name])

    def stop(self):
        self.control.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(5) == 0
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.control.close()


class Script:
    """A TCP server whose answers a function writes: bytes in, bytes out (or None for silence)."""

    def __init__(self, answer, port=0):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.links, self.accepted = [], 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.links.append(link)
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        try:
            while data := link.recv(4096):
                if self.answer and (reply := self.answer(data)):
                    link.sendall(reply)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        for link in self.links:
            link.close()


def unplug(link):
    """Removes the name of a pseudo-terminal, as udev does; the other end goes with its process."""
    if os.path.islink(link):
        os.unlink(link)
