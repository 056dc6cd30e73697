"""Fixtures of the tests that run the real daemon. Everything that a test starts ends with it."""

import contextlib
import signal

import pytest

from daemon_client import Daemon, free_port
from field_devices import Cable, Script, Server, Simulator


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds; left out under sanitizers")
    config.addinivalue_line("markers", "long: begins first, so that the others need not wait for it at the end")
    # A shell's background job ignores SIGINT, and so would every program that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def shared_fixtures(item):
    """Names of the fixtures that this test shares with others of its file."""
    found = item._fixtureinfo.name2fixturedefs.items()
    return sorted(name for name, definitions in found if definitions[-1].scope == "module" and definitions[-1].baseid)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items):
    """For pytest-xdist's `--dist loadgroup`: tests that share a running daemon stay together and in their order, as if
    run one after the other; all others go to whichever worker is free."""
    for item in items:
        if shared := shared_fixtures(item):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}:{'+'.join(shared)}"))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)  # stable


@pytest.fixture
def clean():
    """Things with close() or stop(), ended in the opposite order, every one of them."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def daemon(tmp_path, clean):
    """daemon(site, ...) starts one; the next one of the same test gets a folder of its own."""
    started = []

    def start(site, **options):
        folder = tmp_path / f"house-{len(started)}"
        folder.mkdir()
        one = Daemon(folder, site, **options)
        started.append(one)
        clean.callback(one.close)
        return one

    return start


@pytest.fixture
def simulate(tmp_path, clean):
    started = []

    def start(*arguments):
        one = Simulator(tmp_path, *arguments, name=f"sim-{len(started)}")
        started.append(one)
        clean.callback(one.stop)
        return one

    return start


@pytest.fixture
def serve(clean):
    """serve({unit: Unit}) starts a pymodbus server."""
    def start(units, **options):
        one = Server(units, **options)
        clean.callback(one.stop)
        return one

    return start


@pytest.fixture
def script(clean):
    def start(answer, **options):
        one = Script(answer, **options)
        clean.callback(one.close)
        return one

    return start


@pytest.fixture
def cable(tmp_path, clean):
    one = Cable(tmp_path)
    clean.callback(one.close)
    return one


@pytest.fixture
def port():
    return free_port()
