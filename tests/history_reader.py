"""A reader of the history file, written from docs/history-format.md alone: an independent check of what C writes.

`readings(db)` yields (series, ms, quality, value) of every reading with a date, `rows(db, level)` the rows of minutes
(1) to years (5). Every check sum is verified. Slow and simple on purpose.
"""

import collections

WRAP = (1 << 64) - 1
MINUTE, HOUR, DAY, MONTH, YEAR = range(1, 6)
GOOD = 1
Row = collections.namedtuple("Row", "series level time count least greatest total first last lost until")


class Damaged(Exception):
    pass


def signed(number):
    number &= WRAP
    return number - (1 << 64) if number >> 63 else number


def unzigzag(code):
    return code >> 1 ^ -(code & 1)


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class Bytes:
    def __init__(self, data, place=0):
        self.data, self.place = data, place

    def byte(self):
        if self.place >= len(self.data):
            raise Damaged("cut")
        self.place += 1
        return self.data[self.place - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed_varint(self):
        return unzigzag(self.varint())

    def rest(self):
        return self.data[self.place:]


class Bits:
    """Lowest first."""

    def __init__(self, data, place=0):
        self.number, self.length, self.place = int.from_bytes(data, "little"), 8 * len(data), 8 * place
        self.number >>= self.place
        self.window = 0

    def take(self, count):
        value = self.number & (1 << count) - 1
        self.number >>= count
        self.place += count
        if self.place > self.length:
            raise Damaged("cut")
        return value

    def gamma(self):
        width = 0
        while self.take(1):
            width += 1
        return (1 << width) + self.take(width) - 1

    def rice(self, k):
        quotient = 0
        while quotient < 24 and self.take(1):
            quotient += 1
        return self.take(64) if quotient == 24 else quotient << k | self.take(k)


# ---- columns ---------------------------------------------------------------------------------------------------------

PREDICTORS = [("value", 1), ("mean", 2), ("mean", 3), ("mean", 4), ("mean", 6), ("drift", 8), ("drift", 16), ("change", 1),
              ("change mean", 8), ("change mean", 16), ("change mean", 64)]


class Predictor:
    def __init__(self, number, first, start):
        self.kind, self.window = PREDICTORS[number]
        self.smooth = self.kind in ("mean", "drift", "change mean")
        self.changes = self.kind.startswith("change")
        self.last, self.drift, self.average = first, 0, 8 << start
        self.estimate = 0 if self.changes else signed(first << 8) if self.smooth else first
        self.seen = 0 if self.changes else 1

    def context(self):
        a = self.average | 4
        octave = a.bit_length() - 1
        part = self.estimate >> 6 & 3 if self.kind == "change mean" else a >> (octave - 2) & 3
        place = (octave - 2) * 4 + part
        if self.kind == "change mean":
            return place if place < 20 else 16 + min(place // 4, 13) - 1
        return place if place < 56 else 52 + place % 4

    def next(self, code):
        guess = signed(self.estimate + self.drift + 128) >> 8 if self.smooth else self.estimate
        if self.changes:
            guess += self.last
        value = signed(guess + unzigzag(code))
        size = min(code, 65535)
        jump = size * 16 > 5 * self.average + 64
        if jump:
            size = 3 * self.average >> 4
        self.average += (size * 16 - self.average) >> 4
        what = signed(value - self.last) if self.changes else value
        self.last = value
        if not self.smooth:
            self.estimate = what
            return value
        off = signed((what << 8) - self.estimate)
        if jump or self.seen == 0:
            self.estimate, self.seen = signed(self.estimate + off), 1
            return value
        if self.kind == "drift":
            self.drift = signed(self.drift + (signed(off - self.drift + 16) >> 5))
        self.seen = min(self.seen + 1, self.window)
        gain = (512 + self.seen) // (2 * self.seen)
        self.estimate = signed(self.estimate + (signed(off * gain + 128) >> 8))
        return value


def read_tables(bits, predictor):
    """Which table each context has, and the tables: for each of 2048 slots (token, share, sum of shares below)."""
    contexts = 29 if PREDICTORS[predictor][0] == "change mean" else 56
    of = [0]
    for _ in range(1, contexts):
        of.append(of[-1] + bits.take(1))
    tables = []
    for _ in range(of[-1] + 1):
        token, width, slots = -1, 7, []
        while len(slots) < 2048:
            token += bits.gamma() + 1
            width += unzigzag(bits.gamma())
            share = (1 << width) + bits.take(width)
            slots += [(token, share, len(slots))] * share
        tables.append(slots)
    return of, tables


def read_segment(source, words, low_bytes, predictor, count, of, tables):
    data, at = source.data, source.place
    stream = [data[at + 2 * i] | data[at + 2 * i + 1] << 8 for i in range(words)]
    at += 2 * words
    state = int.from_bytes(data[at:at + 4], "little")
    low = Bits(data[at + 4:at + 4 + low_bytes])
    source.place = at + 4 + low_bytes
    out, used = [predictor.last], 0
    for _ in range(count - 1):
        slot = state & 2047
        token, share, before = tables[of[predictor.context()]][slot]
        state = share * (state >> 11) + slot - before
        if state < 65536:
            state = state << 16 | stream[used]
            used += 1
        if token < 16:
            code = token
        else:
            width = token // 4 - 2
            code = (4 | token & 3) << width | low.take(width)
        out.append(predictor.next(code))
    if state != 65536 or used != words or (low.place + 7) // 8 != low_bytes:
        raise Damaged("a segment does not end as it should")
    return out


def read_column(source, count):
    """`count` numbers; the source stands behind them."""
    if count == 0:
        return []
    head = source.byte()
    kind, n = head & 15, head >> 4
    if kind == 0:
        first = source.signed_varint()
        slope = source.signed_varint() if n else 0
        return [signed(first + i * slope) for i in range(count)]
    parameter, first = source.byte(), source.signed_varint()
    if kind == 1:
        length = source.varint()
        bits = Bits(source.data[source.place:source.place + length])
        source.place += length
        predictor = Predictor(n, first, min(parameter + 1, 16))
        return [first] + [predictor.next(bits.rice(parameter)) for _ in range(count - 1)]
    if kind != 2:
        raise Damaged(f"kind {kind}")
    bits = Bits(source.data, source.place)
    of, tables = read_tables(bits, n)
    source.place = (bits.place + 7) // 8
    directory = []
    for begin in range(0, count, 4096):
        words, low = source.varint(), source.varint()
        start = signed(first + (source.signed_varint() if begin else 0))
        directory.append((words, low, start, min(4096, count - begin)))
    out = []
    for words, low, start, length in directory:
        out += read_segment(source, words, low, Predictor(n, start, parameter), length, of, tables)
    return out


# ---- blobs -----------------------------------------------------------------------------------------------------------

def open_blob(blob, key, version):
    stored = int.from_bytes(blob[1:5], "little")
    if blob[0] != version or crc32c(key.to_bytes(8, "little", signed=True) + blob[:1] + blob[5:]) != stored:
        raise Damaged(f"key {key}")
    return Bytes(blob, 5)


def read_runs(source, base, count):
    times, qualities = [base + source.varint()], []
    while len(times) < count:
        distance, often = source.varint(), source.varint()
        for _ in range(often):
            times.append(times[-1] + distance)
    while len(qualities) < count:
        run = source.varint()
        qualities += [run & 3] * (run >> 2)
    if len(times) != count or len(qualities) != count:
        raise Damaged("runs")
    return times, qualities


def join(times, qualities, values):
    values = iter(values)
    return [(time, quality, next(values) if quality == GOOD else 0) for time, quality in zip(times, qualities)]


def read_row(blob, key):
    source = open_blob(blob, key, 1)
    source.varint()  # monotonic time
    series, out = 0, []
    for _ in range(source.varint()):
        head = source.varint()
        series += (head >> 2) + 1
        out.append((series, head & 3, source.signed_varint() if head & 3 == GOOD else 0))
    return out


def read_block(blob, key):
    source = open_blob(blob, key, 1)
    times, qualities = read_runs(source, (key >> 24) * 3600000, source.varint())
    good = qualities.count(GOOD)
    if good == 0:
        return join(times, qualities, [])
    head = source.varint()
    mode, k = head & 3, head >> 2
    values, change = [source.signed_varint()], 0
    if mode != 1 and good > 1:
        change = source.signed_varint()
        values.append(signed(values[0] + change))
    bits = Bits(source.rest())
    while len(values) < good:
        if mode == 1:
            change = unzigzag(bits.rice(k))
        elif mode == 2:
            change += unzigzag(bits.rice(k))
        values.append(signed(values[-1] + change))
    return join(times, qualities, values)


def read_span(blob, key):
    source = open_blob(blob, key, 2)
    times, qualities = read_runs(source, (key & 0xFFFFFFFF) * 60000, source.varint())
    return join(times, qualities, read_column(source, qualities.count(GOOD)))


def read_rows(blob, key):
    base, level, series = (key & 0xFFFFFFFF) * 60000, key >> 56, key >> 32 & 0xFFFFFF
    source = open_blob(blob, key, 3)
    head = source.varint()
    until = base + source.varint()  # the last row may be of a part of its stretch
    count, counter = head >> 1, head & 1
    columns = [read_column(source, count) for _ in range(9 if counter else 7)]
    out, before = [], 0
    for figures in zip(*columns):
        time, readings = base + figures[0], figures[1]
        if counter:
            first = signed(before + figures[2])
            last = signed(first + figures[3])
            least, greatest = signed(first + figures[4]), signed(last + figures[5])
            mean = signed(first + (signed(last - first) >> 1) + figures[6])
            total, lost = mean * readings + figures[7], figures[8]
            before = last
        else:
            mean = figures[2]
            least, greatest, last = (signed(mean - figures[3]), signed(mean + figures[4]), signed(mean + figures[5]))
            total, lost = mean * readings + figures[6], 0
            first = last
        out.append(Row(series, level, time, readings, least, greatest, total, first, last, lost, until))
    return out


# ---- the file --------------------------------------------------------------------------------------------------------

def readings(db):
    for key, blob in db.execute("SELECT time, row FROM tick ORDER BY time"):
        for series, quality, value in read_row(blob, key):
            yield series, key, quality, value
    for key, blob in db.execute("SELECT key, row FROM block ORDER BY key"):
        for time, quality, value in read_block(blob, key):
            yield key & 0x3FFFF, time, quality, value
    for key, blob in db.execute("SELECT key, row FROM piece WHERE key < ? ORDER BY key", (1 << 56,)):
        for time, quality, value in read_span(blob, key):
            yield key >> 32 & 0xFFFFFF, time, quality, value


def rows(db, level):
    for key, blob in db.execute("SELECT key, row FROM piece WHERE key >> 56 = ? ORDER BY key", (level,)):
        yield from read_rows(blob, key)


def series(db):
    for number, path, quantity, decimals, total in db.execute("SELECT number, path, quantity, decimals, sum FROM series"):
        if crc32c(f"{number} {quantity} {decimals} {path}".encode()) != total:
            raise Damaged(f"series {number}")
        yield number, path, quantity, decimals
