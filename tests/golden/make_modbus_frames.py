#!/usr/bin/python3
"""Makes modbus_frames.txt: what python3-pymodbus, an independent codec, puts on the wire.

Needs Debian's python3-pymodbus (3.0). Run it by hand when a case is added, and commit the result:

    tests/golden/make_modbus_frames.py > tests/golden/modbus_frames.txt

Nothing in it comes from busbar's own encoder; tests/unit/wire/test_modbus_golden.c reads it.
"""

import random
import struct

from pymodbus import bit_read_message as bit_read
from pymodbus import bit_write_message as bit_write
from pymodbus import register_read_message as registers
from pymodbus import register_write_message as register_write
from pymodbus.constants import Endian
from pymodbus.factory import ClientDecoder
from pymodbus.framer.rtu_framer import ModbusRtuFramer
from pymodbus.framer.socket_framer import ModbusSocketFramer
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.pdu import ExceptionResponse

RTU = ModbusRtuFramer(ClientDecoder())
TCP = ModbusSocketFramer(ClientDecoder())

# Fixed, so that a second run gives the same file.
RANDOM = random.Random(20240229)

# In pymodbus' payload builder, byte order is that inside a register, word order that of registers.
ORDERS = {
    "ABCD": (Endian.Big, Endian.Big),
    "CDAB": (Endian.Big, Endian.Little),
    "BADC": (Endian.Little, Endian.Big),
    "DCBA": (Endian.Little, Endian.Little),
}


def hexed(data):
    return data.hex().upper() or "-"


def frames(message, unit, transaction):
    """PDU, RTU frame and TCP frame of one message."""
    message.unit_id = unit
    message.protocol_id = 0
    pdu = bytes([message.function_code]) + message.encode()
    rtu = RTU.buildPacket(message)
    # Set after the serial frame: building that one overwrites it with the unit.
    message.transaction_id = transaction
    tcp = TCP.buildPacket(message)
    assert rtu[1:-2] == pdu and tcp[7:] == pdu
    return f"{unit} {transaction} {hexed(pdu)} {hexed(rtu)} {hexed(tcp)}"


def bits(count):
    return [RANDOM.random() < 0.5 for _ in range(count)]


def packed(values):
    data = bytearray((len(values) + 7) // 8)
    for i, value in enumerate(values):
        data[i // 8] |= int(value) << (i % 8)
    return bytes(data)


def words(count):
    return [RANDOM.randrange(0x10000) for _ in range(count)]


def where():
    return RANDOM.randrange(1, 248), RANDOM.randrange(0x10000)


def pair(function, address, count, value, data, request, answer, answer_data):
    """One line for the request, one for its answer."""
    fields = f"{function} {address} {count} {value}"
    unit, transaction = where()
    print(f"request {fields} {hexed(data)} {frames(request, unit, transaction)}")
    print(f"answer {fields} {hexed(answer_data)} {frames(answer, unit, transaction)}")


def reads():
    for count in (1, 2, 7, 8, 9, 19, 1999, 2000):
        for function, ask, reply in (
            (1, bit_read.ReadCoilsRequest, bit_read.ReadCoilsResponse),
            (2, bit_read.ReadDiscreteInputsRequest, bit_read.ReadDiscreteInputsResponse),
        ):
            address, values = RANDOM.randrange(0x10000 - count), bits(count)
            data = packed(values)
            pair(function, address, count, 0, b"", ask(address, count), reply(values), data)
    for count in (1, 2, 10, 60, 124, 125):
        for function, ask, reply in (
            (3, registers.ReadHoldingRegistersRequest, registers.ReadHoldingRegistersResponse),
            (4, registers.ReadInputRegistersRequest, registers.ReadInputRegistersResponse),
        ):
            address, values = RANDOM.randrange(0x10000 - count), words(count)
            data = struct.pack(f">{count}H", *values)
            pair(function, address, count, 0, b"", ask(address, count), reply(values), data)


def writes():
    for on in (True, False):
        address = RANDOM.randrange(0x10000)
        pair(5, address, 1, 0xFF00 if on else 0, b"", bit_write.WriteSingleCoilRequest(address, on),
             bit_write.WriteSingleCoilResponse(address, on), b"")
    for value in (0, 1, 0x1234, 0xFFFF):
        address = RANDOM.randrange(0x10000)
        pair(6, address, 1, value, b"", register_write.WriteSingleRegisterRequest(address, value),
             register_write.WriteSingleRegisterResponse(address, value), b"")
    for count in (1, 8, 10, 17, 1968):
        address, values = RANDOM.randrange(0x10000 - count), bits(count)
        pair(15, address, count, 0, packed(values),
             bit_write.WriteMultipleCoilsRequest(address, values),
             bit_write.WriteMultipleCoilsResponse(address, count), b"")
    for count in (1, 2, 60, 123):
        address, values = RANDOM.randrange(0x10000 - count), words(count)
        pair(16, address, count, 0, struct.pack(f">{count}H", *values),
             register_write.WriteMultipleRegistersRequest(address, values),
             register_write.WriteMultipleRegistersResponse(address, count), b"")


def exceptions():
    for function in (1, 2, 3, 4, 5, 6, 15, 16, 43):
        for code in (1, 2, 3, 4, 6, 10, 11):
            message = ExceptionResponse(function, code)
            print(f"exception {function} {code} {frames(message, *where())}")


def number(kind, bits_, value, name):
    for order, (byte_order, word_order) in ORDERS.items():
        builder = BinaryPayloadBuilder(byteorder=byte_order, wordorder=word_order)
        getattr(builder, f"add_{bits_}bit_{kind}")(value)
        # build() gives the bytes of each register in the order in which they are sent.
        shown = repr(value) if isinstance(value, float) else value
        print(f"value {name} {order} {shown} {hexed(b''.join(builder.build()))}")


def values():
    for bits_ in (16, 32, 64):
        for value in (0, 1, 0x1234, 2 ** (bits_ - 1), 2**bits_ - 1, RANDOM.randrange(2**bits_)):
            number("uint", bits_, value, f"uint{bits_}")
        half = 2 ** (bits_ - 1)
        for value in (0, 1, -1, half - 1, -half, -RANDOM.randrange(2**15)):
            number("int", bits_, value, f"int{bits_}")
        for value in (0.0, 1.0, -2.0, 0.333251953125, 230.125, -0.0078125, 65504.0):
            number("float", bits_, value, f"float{bits_}")
    for value in (22.274, 1.1, -9.87654321e-200):
        number("float", 64, value, "float64")


def main():
    print("# Made by make_modbus_frames.py with pymodbus 3.0; do not edit.")
    print("# request FUNCTION ADDRESS COUNT VALUE DATA UNIT TRANSACTION PDU RTU TCP")
    print("# answer, fields of its request first: FUNCTION ADDRESS COUNT VALUE DATA ... as above")
    print("# exception FUNCTION CODE UNIT TRANSACTION PDU RTU TCP")
    print("# value TYPE ORDER NUMBER BYTES")
    reads()
    writes()
    exceptions()
    values()


if __name__ == "__main__":
    main()
