"""The Modbus gateway against clients that are not ours (pymodbus, mbpoll) and clients that misbehave.

Numbers in brackets are rows of the list of fault tests in docs/coverage.md.
"""

import contextlib
import random
import socket
import struct
import subprocess
import time

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

from daemon_client import SLOW, free_port, run, tcp_line, wait_for
from field_devices import Unit

UNREACHABLE, SILENT, NOT_ALLOWED, NOT_THESE = 0x0A, 0x0B, 0x01, 0x02


@pytest.fixture
def client(clean):
    def connect(port, framer=ModbusSocketFramer):
        one = ModbusTcpClient("127.0.0.1", port=port, framer=framer, timeout=5 * SLOW, retries=0)
        assert one.connect()
        clean.callback(one.close)
        return one

    return connect


@pytest.fixture
def raw(clean):
    """A bare connection: what goes over it is the test's business."""
    def connect(port):
        one = socket.create_connection(("127.0.0.1", port), timeout=5 * SLOW)
        clean.enter_context(one)
        return one

    return connect


def request(transaction, number, pdu):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, number) + pdu


def read_holding(address, count):
    return struct.pack(">BHH", 3, address, count)


def answer(connection):
    """(transaction, unit, PDU) of the next answer; None at the end."""
    head = receive(connection, 7)
    if head is None:
        return None
    transaction, protocol, length, number = struct.unpack(">HHHB", head)
    assert protocol == 0
    return transaction, number, receive(connection, length - 1)


def receive(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            return None
        data += part
    return data


def board(offset):
    """A unit whose holding register N holds offset + N."""
    one = Unit()
    one.setValues(3, 0, [offset + i for i in range(400)])
    return one


def house_of(daemon, lines, gateways, rules=None, devices=None):
    return daemon({"lines": lines, "devices": devices or {}, "gateways": gateways, "gateway_rules": rules or {}})


def gateway(port, routes, **more):
    return {"port": port, "listen": "127.0.0.1", "routes": routes, **more}


def registers(answered):
    assert not answered.isError(), answered
    return answered.registers


# ---- routes, kinds, rules ------------------------------------------------------------------------


def test_same_unit_on_two_buses_behind_one_port(daemon, serve, client):
    """Row 27 of the demands: units 1 of two buses are units 1 and 101 of the gateway."""
    first, second, port = serve({1: board(1000)}), serve({1: board(2000), 2: board(2500)}), free_port()
    house_of(daemon, {"bus-1": tcp_line(first.port), "bus-2": tcp_line(second.port)},
             {"main": gateway(port, "1-31 bus-1, 101-131 bus-2/1")})
    one = client(port)
    assert registers(one.read_holding_registers(5, 3, slave=1)) == [1005, 1006, 1007]
    assert registers(one.read_holding_registers(5, 1, slave=101)) == [2005]
    assert registers(one.read_holding_registers(399, 1, slave=102)) == [2899]
    assert one.read_holding_registers(0, 1, slave=60).exception_code == UNREACHABLE
    assert one.read_holding_registers(400, 1, slave=1).exception_code == 2  # the unit's own word


def test_serial_frames_over_tcp_and_mbpoll(daemon, simulate, client, tmp_path):
    """Row 28: a serial bus behind both kinds of port; another client of ours is Debian's mbpoll."""
    bus, ports = tmp_path / "rs485", (free_port(), free_port())
    simulate("--pty", bus, "--baud", 115200, "--meter", "sdm630@1-2")
    house_of(daemon, {"bus-1": {"kind": "modbus-rtu", "port": str(bus), "baud": 115200}},
             {"tcp": gateway(ports[0], "bus-1"), "rtu": gateway(ports[1], "bus-1", kind="rtu-over-tcp")})
    for port, framer in zip(ports, (ModbusSocketFramer, ModbusRtuFramer)):
        words = registers(client(port, framer).read_input_registers(0, 2, slave=2))
        assert 200 < struct.unpack(">f", struct.pack(">2H", *words))[0] < 260
    told = subprocess.run(["mbpoll", "-m", "tcp", "-p", str(ports[0]), "-a", "1", "-t", "3:float", "-B", "-r", "1", "-c", "1",
                           "-1", "127.0.0.1"], capture_output=True, text=True, timeout=20 * SLOW)
    voltage = float(told.stdout.split("[1]:")[1].split()[0])
    assert 200 < voltage < 260, told.stdout


def test_writes_need_a_rule_and_are_journalled(daemon, serve, client):
    """Row 24: readings are free, writes only where a rule allows; each is in the event log."""
    server, port = serve({1: board(0)}), free_port()
    house = house_of(daemon, {"bus-1": tcp_line(server.port)}, {"main": gateway(port, "bus-1")},
                     {"setpoints": {"functions": "6, 16", "registers": "100-119", "clients": "127.0.0.0/8"},
                      "not-these": {"functions": "read", "registers": "300-310", "allow": False}})
    one = client(port)
    assert registers(one.read_holding_registers(100, 1, slave=1)) == [100]
    assert one.write_register(99, 7, slave=1).exception_code == NOT_THESE
    assert one.write_registers(118, [1, 2, 3], slave=1).exception_code == NOT_THESE
    assert one.write_coil(100, True, slave=1).exception_code == NOT_ALLOWED
    assert one.read_holding_registers(295, 6, slave=1).exception_code == NOT_THESE
    assert server_value(one, 99) == 99
    assert not one.write_registers(118, [41, 42], slave=1).isError()
    assert registers(one.read_holding_registers(118, 2, slave=1)) == [41, 42]
    events = wait_for(lambda: house.get("/events?kind=gateway-write")["events"], 5 * SLOW, "the event")
    assert len(events) == 1 and events[0]["object"] == "bus-1 unit 1" and events[0]["origin"] == "127.0.0.1"
    assert "2 from 118" in events[0]["text"] and events[0]["text"].endswith(": done")


def server_value(one, address):
    return registers(one.read_holding_registers(address, 1, slave=1))[0]


def test_rules_change_while_clients_stay(daemon, serve, client):
    server, port = serve({1: board(0)}), free_port()
    site = {"lines": {"bus-1": tcp_line(server.port)}, "gateways": {"main": gateway(port, "bus-1")}}
    house = daemon(site)
    one = client(port)
    assert one.write_register(5, 7, slave=1).exception_code == NOT_ALLOWED
    house.write_site(site | {"gateway_rules": {"all": {"functions": "write"}}})
    house.reload()
    assert not one.write_register(5, 7, slave=1).isError()
    house.write_site(site | {"lines": {"bus-2": tcp_line(server.port)}, "gateways": {"main": gateway(port, "bus-2/1")}})
    house.reload()
    assert one.write_register(5, 8, slave=1).exception_code == NOT_ALLOWED
    assert server_value(one, 5) == 7


# ---- what is asked once ----------------------------------------------------------------------------


def test_equal_reads_are_asked_once(daemon, serve, raw):
    """Twenty clients ask a slow unit the same: one question on the wire for those that wait."""
    slow, port = board(0), free_port()
    slow.delay = 0.3
    server = serve({1: slow})
    house_of(daemon, {"bus-1": tcp_line(server.port, timeout_ms=2000)}, {"main": gateway(port, "bus-1")})
    clients = [raw(port) for _ in range(20)]
    for number, one in enumerate(clients):
        one.sendall(request(number, 1, read_holding(7, 2)))
    for number, one in enumerate(clients):
        assert answer(one) == (number, 1, b"\x03\x04\x00\x07\x00\x08")
    assert 1 <= len(slow.asked) <= 2


def test_young_answers_are_given_again_and_writes_forget_them(daemon, serve, client):
    """Row 25: as old as the rule allows, never older than a write."""
    one_unit, port = board(0), free_port()
    server = serve({1: one_unit})
    house_of(daemon, {"bus-1": tcp_line(server.port)}, {"main": gateway(port, "bus-1")},
             {"young": {"functions": "read", "max_age": "1 h"}, "write": {"functions": "write"}})
    one = client(port)
    registers(one.read_holding_registers(0, 10, slave=1))
    registers(one.read_holding_registers(0, 10, slave=1))
    asked = len(one_unit.asked)
    one_unit.setValues(3, 4, [999])
    assert registers(one.read_holding_registers(3, 3, slave=1)) == [3, 4, 5]
    assert len(one_unit.asked) == asked
    assert not one.write_register(3, 77, slave=1).isError()
    assert registers(one.read_holding_registers(3, 3, slave=1)) == [77, 999, 5]


def test_an_unanswered_write_ends_what_was_remembered(daemon, serve, client, raw):
    """Row 25: nobody said that it was written, but it was: what was read while it waited is not told any more."""
    unit, port = board(0), free_port()
    unit.delay = 0.3
    server = serve({1: unit})
    house_of(daemon, {"bus-1": tcp_line(server.port, timeout_ms=700 * SLOW)}, {"main": gateway(port, "bus-1")},
             {"young": {"functions": "read", "max_age": "1 h"}, "write": {"functions": "write"}})
    one, reads, writes = client(port), raw(port), raw(port)
    assert registers(one.read_holding_registers(20, 1, slave=1)) == [20]  # from here on answers are remembered
    reads.sendall(request(1, 1, read_holding(0, 1)))
    wait_for(lambda: len(unit.asked) == 2, 5 * SLOW, "the reading", 0.001)
    unit.delay = 1.2 * SLOW
    writes.sendall(request(2, 1, struct.pack(">BHH", 6, 0, 9)))
    assert answer(reads) == (1, 1, b"\x03\x02\0\0")
    assert answer(writes) == (2, 1, bytes([0x86, SILENT]))
    unit.delay = 0
    told = wait_for(lambda: (lambda said: None if said.isError() else said)(one.read_holding_registers(0, 1, slave=1)), 10 * SLOW, "an answer", 0.1)
    assert told.registers == [9]


def test_another_line_behind_a_name_knows_nothing_of_the_old_one(daemon, serve, client):
    """Row 25: the settings send the line elsewhere: what was read from the bus before is not what stands there now."""
    near, far, port = serve({1: board(0)}), serve({1: board(1000)}), free_port()
    rules = {"young": {"functions": "read", "max_age": "1 h"}}
    site = {"lines": {"bus-1": tcp_line(near.port)}, "gateways": {"main": gateway(port, "bus-1")}, "gateway_rules": rules}
    house = daemon(site)
    one = client(port)
    for _ in range(2):  # from the second on answers are remembered
        assert registers(one.read_holding_registers(5, 1, slave=1)) == [5]
    house.reload(site | {"lines": {"bus-1": tcp_line(far.port)}})
    assert registers(one.read_holding_registers(5, 1, slave=1)) == [1005]


# ---- misbehaviour ----------------------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_order(daemon, serve, raw):
    """[14] Twelve at once, more than are taken at a time: every answer in its turn, with its own number, also around writes."""
    server, port = serve({1: board(0), 2: board(500)}), free_port()
    house_of(daemon, {"bus-1": tcp_line(server.port)}, {"main": gateway(port, "bus-1")}, {"all": {"functions": "write"}})
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance, one, held, expected, data = random.Random(seed), raw(port), {}, [], b""
    for number in range(60):
        where, address = chance.choice((1, 2)), chance.randrange(4)
        if chance.random() < 0.3:
            held[where, address] = chance.randrange(65536)
            pdu = struct.pack(">BHH", 6, address, held[where, address])
            expected.append((number, where, pdu))
        else:
            pdu = read_holding(address, 1)
            value = held.get((where, address), address + (500 if where == 2 else 0))
            expected.append((number, where, struct.pack(">BBH", 3, 2, value)))
        data += request(number, where, pdu)
    one.sendall(data)
    assert [answer(one) for _ in expected] == expected


def test_a_request_byte_by_byte_and_what_is_no_modbus(daemon, serve, raw):
    """[14] Slow typing is served; HTTP is turned away at once; a half request does not stay for ever."""
    server, port = serve({1: board(0)}), free_port()
    house_of(daemon, {"bus-1": tcp_line(server.port)}, {"main": gateway(port, "bus-1")})
    typed, browser, half = raw(port), raw(port), raw(port)
    browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        assert browser.recv(100) == b""
    half.sendall(request(1, 1, read_holding(0, 1))[:9])
    for byte in request(9, 1, read_holding(3, 1)):
        typed.sendall(bytes([byte]))
        time.sleep(0.01)
    assert answer(typed) == (9, 1, b"\x03\x02\x00\x03")
    half.settimeout(15 * SLOW)
    assert half.recv(100) == b""


def test_who_hangs_up_asks_nothing_any_more(daemon, serve, raw):
    """[14] Requests of clients that left never reach the unit."""
    slow, port = board(0), free_port()
    slow.delay = 0.2
    server = serve({1: slow})
    house_of(daemon, {"bus-1": tcp_line(server.port, timeout_ms=3000)}, {"main": gateway(port, "bus-1")})
    stays = raw(port)
    stays.sendall(request(1, 1, read_holding(0, 1)))
    wait_for(lambda: slow.asked, 5 * SLOW, "the first question")
    for number in range(30):
        with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as leaves:
            leaves.sendall(request(number, 1, read_holding(100 + number, 1)))
    time.sleep(0.1)
    stays.sendall(request(2, 1, read_holding(1, 1)))
    assert answer(stays)[0] == 1 and answer(stays)[0] == 2
    asked = [address for _, _, address, _ in slow.asked]
    assert asked[0] == 0 and asked[-1] == 1 and len(asked) <= 4, asked


def test_what_is_written_is_journalled_whatever_becomes_of_it(daemon, simulate, serve, client, raw):
    """Row 24: a client that writes and hangs up leaves a trace; what was never sent is not said to have been."""
    slow, port = board(0), free_port()
    slow.delay = 0.3
    server, sim = serve({1: slow}), simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@2")
    house = house_of(daemon, {"bus-1": tcp_line(server.port, timeout_ms=3000), "bus-2": tcp_line(sim.port, timeout_ms=100)},
                     {"main": gateway(port, "1 bus-1, 2 bus-2")}, {"all": {"functions": "write"}})
    with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as leaves:
        leaves.sendall(request(1, 1, struct.pack(">BHH", 6, 7, 8)) + request(2, 1, struct.pack(">BHH", 6, 9, 9)))
        wait_for(lambda: slow.asked, 5 * SLOW, "the write")
    texts = lambda: [event["text"] for event in house.get("/events?kind=gateway-write")["events"]]
    wait_for(texts, 5 * SLOW, "the event")
    sim.ok("silence 2")
    one = client(port)
    wait_for(lambda: one.write_register(5, 5, slave=2) and any("not sent" in text for text in texts()), 20 * SLOW, "a write held back")
    first, *others = reversed(texts())
    assert first == ("bus-1 unit 1: function 6 (write single register), 1 from 7: "
                     "the client left before the answer: it may have been written")
    assert {text.split(": ", 2)[2] for text in others} == {"no answer: it may have been written", "not sent: the unit is silent"}
    assert [address for _, function, address, _ in slow.asked if function == 6] == [7]


def test_a_dead_unit_is_told_at_once_and_found_again(daemon, simulate, client):
    """Rows 20 and 21: after two questions in vain a dead unit costs nobody its time-out; it is back within 10 s."""
    sim, port = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1-2"), free_port()
    house_of(daemon, {"bus-1": tcp_line(sim.port, timeout_ms=200, in_flight=1)}, {"main": gateway(port, "bus-1")})
    sim.ok("silence 2")
    one = client(port)
    assert registers(one.read_input_registers(0, 2, slave=1))
    for _ in range(2):
        assert one.read_input_registers(0, 2, slave=2).exception_code == SILENT
    begin = time.monotonic()
    for _ in range(20):
        assert one.read_input_registers(0, 2, slave=2).exception_code == SILENT
        assert registers(one.read_input_registers(0, 2, slave=1))
    assert time.monotonic() - begin < 1.5 * SLOW
    sim.ok("clear 2")
    wait_for(lambda: not one.read_input_registers(0, 2, slave=2).isError(), 12 * SLOW, "unit 2", 0.2)


def test_idle_clients_and_garbage_do_not_keep_others_out(daemon, serve, raw, client):
    """[14] 200 idle connections and a full table: a new client is served, who was silent longest goes."""
    server, port = serve({1: board(0)}), free_port()
    house = house_of(daemon, {"bus-1": tcp_line(server.port)}, {"main": gateway(port, "bus-1", clients=200)})
    idle = [raw(port) for _ in range(200)]
    begin = time.monotonic()
    assert registers(client(port).read_holding_registers(3, 1, slave=1)) == [3]
    assert time.monotonic() - begin < 1 * SLOW
    idle[0].settimeout(5 * SLOW)
    assert idle[0].recv(1) == b""
    shown, = house.get("/gateways")
    assert shown["clients_connected"] == 200 and shown["counts"]["answered"] >= 1 and shown["routes"] == "bus-1"
    told = house.cli("gateway").stdout.splitlines()
    assert told[0] == f"main: modbus-tcp on 127.0.0.1 port {port}, to bus-1"
    assert told[1].startswith("  200 connected, 201 came, 0 turned away; 1 requests, 1 answered") and len(told) == 202
    assert sum("has not asked" in row for row in told) == 199 and sum(row.endswith("0 under way: 1 requests, 1 answered") for row in told) == 1


# A bit that flips is told by the serial line's CRC alone; under TCP the cable's own sums see it.
LIES = ["late", "wrong-unit", "wrong-function", "truncate", "flip", "garbage", "echo", "exception", "silence"]


@pytest.mark.long
@pytest.mark.parametrize("medium", ["serial", "tcp"])
def test_nobody_gets_anothers_data(daemon, simulate, raw, tmp_path, medium):
    """Row 31, and [13] seen from a client: while units answer late, for others, half or damaged, every answer is the one to
    its question, or an exception. Each question has a count and a place of its own, and each place a value of its own."""
    bus, port = tmp_path / "rs485", free_port()
    if medium == "serial":
        # An answer that comes after twice the time-out cannot be told from the next one's: no number on the wire says whose
        # it is. The simulator's come after 1.3 times 200 ms, which leaves a busy machine 140 ms.
        sim = simulate("--pty", bus, "--baud", 115200, "--meter", "sdm630@1-4", "--timeout-ms", 200)
        line = {"kind": "modbus-rtu", "port": str(bus), "baud": 115200, "timeout_ms": 200, "retries": 0}
    else:
        sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1-4")
        line = tcp_line(sim.port, timeout_ms=60, retries=0)
    house_of(daemon, {"bus-1": line}, {"main": gateway(port, "bus-1")})
    places = {0: "phase-a/voltage", 2: "phase-b/voltage", 4: "phase-c/voltage", 6: "phase-a/current", 8: "phase-b/current",
              10: "phase-c/current"}
    truth = {}
    for number in range(1, 5):
        for place, path in places.items():
            truth[number, place] = struct.pack(">f", 100 * number + place + 0.5)
            sim.ok(f"set {number} {path} {100 * number + place + 0.5}")
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance, clients, said, errors = random.Random(seed), [raw(port) for _ in range(4)], 0, 0
    lies = LIES if medium == "serial" else [lie for lie in LIES if lie != "flip"] + ["wrong-tid"]
    deadline, turn = time.monotonic() + 30 * SLOW, 0
    while said < 200 or errors < 10:  # who is silent a while is not asked for a while
        assert time.monotonic() < deadline, (said, errors)
        turn += 1
        liar = chance.randint(1, 4)
        lie = chance.choice(lies) if chance.random() < 0.4 else None
        if lie:
            sim.ok(f"{lie} {liar} times={chance.randint(1, 2)}")
        asked = {}
        for number, one in enumerate(clients):
            asked[one] = (turn * 10 % 65536 + number, chance.randint(1, 4), chance.choice(list(places)))
            transaction, where, place = asked[one]
            one.sendall(request(transaction, where, struct.pack(">BHH", 4, place, 2)))
        for one, (transaction, where, place) in asked.items():
            got = answer(one)
            assert got[:2] == (transaction, where)
            if got[2][0] & 0x80:
                errors += 1
                assert got[2][0] == 0x84 and len(got[2]) == 2
            else:
                said += 1
                assert got[2] == b"\x04\x04" + truth[where, place], (turn, where, place, lie, liar)
        sim.ok(f"clear {liar}")
        time.sleep(0.01)
    print(f"{said} answers, {errors} exceptions")


def test_line_down_is_no_path(daemon, client):
    port = free_port()
    house_of(daemon, {"bus-1": tcp_line(free_port())}, {"main": gateway(port, "bus-1")})
    assert client(port).read_holding_registers(0, 1, slave=1).exception_code == UNREACHABLE


def test_a_gateway_that_vanishes_and_returns(daemon, serve, raw, client):
    """N3: eight clients share the one connection to another make's gateway. While it is away they hear that there is no way, at
    once and in order, the units of the other line go on, and when it is back nobody has to connect anew."""
    far, near, port = serve({1: board(1000)}), serve({1: board(2000)}), free_port()
    house = house_of(daemon, {"far": tcp_line(far.port), "near": tcp_line(near.port)}, {"main": gateway(port, "1-9 far, 11-19 near/1")})
    clients, local = [raw(port) for _ in range(8)], client(port)

    def ask(number):
        for place, one in enumerate(clients):
            one.sendall(request(number + place, 1, read_holding(place, 1)))
        return [answer(one) for one in clients]

    right = [(struct.pack(">BBH", 3, 2, 1000 + place)) for place in range(8)]
    assert ask(100) == [(100 + place, 1, right[place]) for place in range(8)]
    far.stop()
    # What was under way when it went may have been carried out, or not: that unit is silent then.
    wait_for(lambda: {pdu for _, _, pdu in ask(200)} == {bytes([0x83, UNREACHABLE])}, 20 * SLOW, "the line to be down")
    assert registers(local.read_holding_registers(5, 1, slave=11)) == [2005]
    begin = time.monotonic()
    assert {pdu for _, _, pdu in ask(300)} == {bytes([0x83, UNREACHABLE])}
    assert time.monotonic() - begin < 1 * SLOW
    far.start()
    wait_for(lambda: [pdu for _, _, pdu in ask(400)] == right, 20 * SLOW, "the gateway again", 0.2)
    assert house.get("/gateways")[0]["accepted"] == 9


def test_mistakes_in_settings_are_named(tmp_path):
    def complaint(**keys):
        site = tmp_path / "site.yaml"
        record = {"port": 1502, "routes": "bus-1"} | keys
        site.write_text("lines: {bus-1: {kind: modbus-tcp, host: 127.0.0.1}}\ngateways:\n  main: {"
                        + ", ".join(f'{key}: "{value}"' for key, value in record.items()) + "}\n")
        return run("check", site).stderr + run("check", site).stdout

    assert 'there is no line "bus-2"; did you mean bus-1?' in complaint(routes="1-5 bus-2")
    assert '"1-300" is no unit' in complaint(routes="1-300 bus-1")
    assert "unit 5 leads to two places" in complaint(routes="1-5 bus-1, 5-6 bus-1/9")
    assert "would go past unit 247" in complaint(routes="1-10 bus-1/240")
    assert "is no route" in complaint(routes="1-5 bus-1/x")
    assert "address of this machine" in complaint(listen="lan")


# ---- busbar's own registers ------------------------------------------------------------------------


def own_house(daemon, rules=None):
    port = free_port()
    house = daemon({"lines": {"air": {"kind": "sim"}}, "devices": {"pdu": {"line": "air", "profile": "sim-pdu-24", "every": "1 s"}},
                    "gateways": {"main": gateway(port, "200 @pdu")}, "gateway_rules": rules or {}})
    house.wait_state("pdu", "online")
    return house, port


def test_own_values_as_registers(daemon, client):
    """Every point of a PDU as float and as integer with quality and age, against the API."""
    house, port = own_house(daemon)
    one, listed = client(port), house.get("/registers/pdu")
    assert len(listed) > 50 and len({row["register"] for row in listed}) == len(listed)
    for row in random.sample(listed, 40) + [row for row in listed if row["path"].endswith("total/energy")]:
        before = house.points(row["path"])[row["path"]]
        words = registers(one.read_input_registers(row["register"], 4, slave=200))
        whole = registers(one.read_holding_registers(row["register"], 4, slave=200))
        value, = struct.unpack(">f", struct.pack(">2H", *words[:2]))
        integer, = struct.unpack(">i", struct.pack(">2H", *whole[:2]))
        after = house.points(row["path"])[row["path"]]
        if before["quality"] != "good":
            assert value != value and integer == -2**31 and words[2] != 1
            continue
        assert words[2] == 1 and words[3] <= 3
        numbers = [float(point["value"]) for point in (before, after)]
        slack = 1.01 * 10 ** -row["decimals"] + max(map(abs, numbers)) * 1e-6
        assert min(numbers) - slack <= value <= max(numbers) + slack, row
        assert min(numbers) - slack <= integer * 10 ** -row["decimals"] <= max(numbers) + slack, row
    absent = registers(one.read_input_registers(512 * 9 + 4, 4, slave=200))  # no battery here
    assert absent[2:] == [0, 65535] and (absent[0] & 0x7FC0) == 0x7FC0


def test_outlets_as_coils(daemon, client):
    """Coil 16 is outlet 1: written only where a rule allows, by the one door, and read back."""
    house, port = own_house(daemon, {"switch": {"functions": "write", "units": "200"}})
    one = client(port)
    assert one.read_coils(16, 3, slave=200).bits[:3] == [True, True, True]
    assert not one.write_coil(17, False, slave=200).isError()
    wait_for(lambda: one.read_coils(17, 1, slave=200).bits[0] is False, 10 * SLOW, "outlet 2 off")
    assert one.read_discrete_inputs(16, 3, slave=200).bits[:3] == [True, False, True]
    assert one.read_coils(11, 1, slave=200).exception_code == 2
    assert one.write_coil(15, True, slave=200).exception_code == 2
    assert one.write_register(0, 1, slave=200).exception_code == 1
    assert not one.write_coils(16, [False, True, False], slave=200).isError()
    wait_for(lambda: one.read_coils(16, 3, slave=200).bits[:3] == [False, True, False], 20 * SLOW, "three outlets")
    commands = house.get("/commands")
    assert {command["actor"] for command in commands} == {"gateway main"}
    assert {command["origin"] for command in commands} == {"127.0.0.1"}
