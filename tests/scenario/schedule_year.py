#!/usr/bin/env python3
"""What a year of schedules must come to, told by another calendar: Python's zoneinfo, minute by minute.

usage: schedule_year.py ZONE YEAR SITE.yaml > TABLE

Walks over the year in steps of a minute of UTC and looks what a clock on the wall shows: whoever's minute appears there for
the first time of the day, or is jumped over, begins or ends then. A heap of what was said last gives the state of each target.
Lines, in the order of time (seconds since 1970):
    TIME event SCHEDULE begin|end
    TIME state TARGET on|off SCHEDULE window|at|end
The site file is read line by line: one schedule each, as test_schedule_year.c writes it.
"""
import re
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
RANK = {"window": 0, "at": 1, "end": 2}


class Rule:
    def __init__(self, name, keys):
        self.name = name
        self.action = keys["action"]
        self.state = {"on": True, "off": False}.get(self.action)
        self.begin = minutes(keys["from"])
        self.end = minutes(keys["to"]) if keys.get("to") else None
        self.targets = keys["targets"].split(", ")
        self.days = {DAYS.index(day) for day in keys["days"].split(" ")}


def minutes(text):
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def read_rules(path):
    rules = []
    for line in open(path):
        match = re.match(r"  (\S+): \{(.*)\}$", line)
        if match:
            keys = dict(re.findall(r"(\w+): '([^']*)'", match[2]))
            rules.append(Rule(match[1], keys))
    return sorted(rules, key=lambda rule: rule.name)


def local_minutes(zone, first, last):
    """(utc seconds, list of (date ordinal, minute)) that the wall shows for the first time or jumps over."""
    at = datetime.fromtimestamp(first, timezone.utc).astimezone(zone).replace(tzinfo=None) - timedelta(minutes=1)
    highest = at
    for second in range(first, last, 60):
        shown = datetime.fromtimestamp(second, timezone.utc).astimezone(zone).replace(tzinfo=None)
        fresh = []
        while highest < shown:
            highest += timedelta(minutes=1)
            fresh.append((highest.toordinal(), highest.hour * 60 + highest.minute))
        yield second, fresh


class Target:
    def __init__(self):
        self.said = []  # (time, rank, tie, name, state, kind, begin)

    def now(self):
        windows = [entry for entry in self.said if entry[5] == "window"]
        best = None
        for entry in self.said:
            if entry[5] == "end" and windows:
                continue
            key = (-entry[0], entry[1], entry[2], entry[3])
            if best is None or key < best[0]:
                best = (key, entry)
        return best and (best[1][4], best[1][3], best[1][5])


def main():
    zone, year = ZoneInfo(sys.argv[1]), int(sys.argv[2])
    rules = read_rules(sys.argv[3])
    first = int(datetime(year, 1, 1, tzinfo=timezone.utc).timestamp())
    last = int(datetime(year + 1, 1, 1, tzinfo=timezone.utc).timestamp())
    targets = {name: Target() for rule in rules for name in rule.targets}
    told, ends, out = {}, {}, []

    # When each minute of each day is: windows need their end when they begin.
    when = {}
    for second, fresh in local_minutes(zone, first - 20 * 86400, last + 3 * 86400):
        for moment in fresh:
            when[moment] = second
    at_second = {}
    for (day, minute), second in when.items():
        for rule in rules:
            if minute != rule.begin or (day + 6) % 7 not in rule.days:
                continue
            end = second
            if rule.end is not None:
                place = (day + (rule.end < rule.begin), rule.end)
                if rule.end == 1440:
                    place = (day + 1, 0)
                if place not in when:
                    continue
                end = when[place]
                if end <= second:
                    continue
                at_second.setdefault(end, []).append((0, rule, second, end))
            at_second.setdefault(second, []).append((1, rule, second, end))

    for second in sorted(at_second):
        if second >= last:
            break
        for order, rule, begin, end in sorted(at_second[second], key=lambda item: (item[0], item[1].name)):
            if second >= first:
                out.append((second, 0, f"{second} event {rule.name} {'begin' if order else 'end'}"))
            if rule.state is None:
                continue
            for name in rule.targets:
                said = targets[name].said
                said[:] = [entry for entry in said if entry[3] != rule.name]
                if order == 0:
                    said.append((second, RANK["end"], begin, rule.name, not rule.state, "end", begin))
                elif rule.end is None:
                    said.append((second, RANK["at"], 0, rule.name, rule.state, "at", begin))
                else:
                    said.append((second, RANK["window"], end, rule.name, rule.state, "window", begin))
        for name, target in sorted(targets.items()):
            state = target.now()
            if state and state != told.get(name):
                told[name] = state
                if second >= first:
                    out.append((second, 1, f"{second} state {name} {'on' if state[0] else 'off'} {state[1]} {state[2]}"))
    for line in sorted(out):
        print(line[2])


main()
