"""Digital lines of this machine against the kernel's own gpio-sim: what busbar says is held against what the kernel sees.

Needs root, CONFIG_GPIO_SIM (`modprobe gpio-sim`) and configfs; elsewhere it is skipped and says why. The same through a chip of the
test's own runs everywhere: scenario/gpio."""

import os
import pathlib
import shutil
import subprocess

import pytest

from daemon_client import SLOW, wait_for

CONFIG = pathlib.Path("/sys/kernel/config/gpio-sim")


def missing():
    if os.geteuid() != 0:
        return "making a chip of gpio-sim needs root"
    if not CONFIG.is_dir():
        return f"the kernel has no gpio-sim ({CONFIG}): modprobe gpio-sim, mount configfs"
    return None


@pytest.fixture
def chip():
    """A chip of eight lines: its device, and the folder in which the kernel shows and pulls each line."""
    if reason := missing():
        pytest.skip(reason)
    made = CONFIG / f"busbar-{os.getpid()}"
    bank = made / "bank0"
    made.mkdir()
    try:
        bank.mkdir()
        (bank / "num_lines").write_text("8")
        (made / "live").write_text("1")
        name = (bank / "chip_name").read_text().strip()
        yield f"/dev/{name}", pathlib.Path("/sys/devices/platform") / (made / "dev_name").read_text().strip() / name
    finally:
        (made / "live").write_text("0")
        if bank.is_dir():
            bank.rmdir()
        made.rmdir()


def test_lines_of_the_kernel_are_switched_and_read(daemon, chip):
    device, lines = chip

    def level(number):
        return (lines / f"sim_gpio{number}" / "value").read_text().strip()

    server = daemon({
        "lines": {"pins": {"kind": "gpio", "port": device, "outputs": "1, !2", "inputs": "5"}},
        "devices": {"io": {"line": "pins", "profile": "gpio"}},
    })
    for path in ("io/outlet-1/state", "io/outlet-2/state", "io/input-1/state"):
        server.wait_good(path)
    for action, levels in (("on", ("1", "0")), ("off", ("0", "1"))):  # the second is on when its level is low
        answer = server.local("POST", "/api/v1/commands", {"targets": ["io/outlet-1", "io/outlet-2"], "action": action}).json()
        wait_for(lambda: server.get(f"/commands/{answer['id']}")["state"] == "done", 10 * SLOW, "both to be confirmed")
        assert (level(1), level(2)) == levels
    (lines / "sim_gpio5" / "pull").write_text("pull-up")
    wait_for(lambda: server.point("io/input-1/state")["value"] == 1, 10 * SLOW, "the input to be seen")
    if gpioinfo := shutil.which("gpioinfo"):  # libgpiod's own view: who holds the lines
        shown = subprocess.run([gpioinfo, device], capture_output=True, text=True, check=True).stdout
        assert shown.count("busbar") >= 3, shown
