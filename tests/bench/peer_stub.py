#!/usr/bin/env python3
"""The simplest gateway there can be, with mbusd's options: shows that `bench.py --peer` works where mbusd is not installed.

    peer_stub.py -p DEVICE -s BAUD -P PORT [what else mbusd takes, which changes nothing]
"""
import getopt
import os
import select
import socket
import struct
import sys
import threading
import time
import tty

GAP = 0.00175  # serial line guide 2.5.1.1, above 19200 baud


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def ask(fd, frame, wait):
    """The unit's PDU, or None."""
    time.sleep(GAP)
    os.write(fd, frame + crc(frame))
    data, end = b"", time.monotonic() + wait
    while (left := end - time.monotonic()) > 0 and select.select([fd], [], [], left)[0]:
        data += os.read(fd, 300)
        if len(data) >= 5 and data[-2:] == crc(data[:-2]):
            return data[1:-2]
    return None


def serve(client, bus, lock):
    with client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        while part := client.recv(4096):
            data += part
            while len(data) >= 8 and len(data) >= 6 + (length := struct.unpack_from(">H", data, 4)[0]):
                head, frame, data = data[:4], data[6:6 + length], data[6 + length:]
                with lock:
                    pdu = ask(bus, frame, 0.3)
                pdu = pdu or bytes([frame[1] | 0x80, 0x0B])
                client.sendall(head + struct.pack(">HB", len(pdu) + 1, frame[0]) + pdu)


def main():
    options = dict(getopt.getopt(sys.argv[1:], "hdL:v:c:p:s:m:tr:y:Y:A:P:C:N:R:W:T:b")[0])
    bus, lock = os.open(options["-p"], os.O_RDWR | os.O_NOCTTY), threading.Lock()
    tty.setraw(bus)
    with socket.create_server((options.get("-A", "127.0.0.1"), int(options["-P"]))) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, bus, lock), daemon=True).start()


if __name__ == "__main__":
    main()
