"""Runs of points, one line of a profile for many registers (docs/profiles.md), written out one by one.

The second reading of that rule, beside the program's: what is made or compared here never saw src/driver/profile_run.c.
"""
import re


def shifted(write, by):
    """What is written for the point of a run that lies so many addresses on."""
    if not isinstance(write, dict):
        return write
    return {key: value + by if key in ("coil", "holding") else
            {word: shifted(code, by) for word, code in value.items()} if key == "codes" else value
            for key, value in write.items()}


def expand(profile):
    """The profile with every run replaced by its points, in their order."""
    points = {}
    for path, point in profile["points"].items():
        match = re.fullmatch(r"(.*-)(\d+)\.\.(\d+)(/.*)?", path)
        if not match:
            points[path] = point
            continue
        first, last, step = int(match[2]), int(match[3]), point.get("step", 1)
        bank = next(b for b in ("holding", "input", "coil", "discrete") if b in point)
        width = max(1, int(re.sub(r"\D", "", point.get("type", "")) or 16) // 16)
        for index, number in enumerate(range(first, last + 1, step)):
            one = {key: value for key, value in point.items() if key not in ("step", "stride")}
            one[bank] = point[bank] + index * point.get("stride", width)
            if "write" in point:
                one["write"] = shifted(point["write"], index * point.get("stride", width))
            name = match[1] + str(number) + (match[4] or "")
            assert name not in points, "%s: %s twice" % (profile["profile"], path)
            points[name] = one
    return dict(profile, points=points)
