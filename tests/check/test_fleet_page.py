"""The path of docs/fleet.md: all of it is what the script runs, and it names what there is."""

import re
import tomllib

import pytest

from dev.fleet_path import PORTS, Part, PathError, read_path, write_script
from dev.simulator import Meter
from tests.check.test_links import ROOT

PAGE = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
PATH = read_path(PAGE)
SECTION = PAGE.partition("\n## Try it on one machine\n")[2].partition("\n## ")[0]
METERS = 6


def test_each_block_and_each_address_of_the_section_is_found() -> None:
    commands = [part.commands for part in PATH if part.commands]
    addresses = [part.address for part in PATH if part.address]
    assert len(commands) * 2 == SECTION.count("```") >= 12
    assert len(addresses) == SECTION.count("http://127.0.0.1") == 3
    # From nothing, to a picture and to the silent meter, and everything is stopped.
    assert "git clone https://github.com/smarty-p1/smarty_p1\n" in commands[0]
    assert "kill $(jobs -p)" in PATH[-1].commands
    # Not a line of them is left out or changed, other than its indent.
    lines = {line.strip() for line in SECTION.splitlines()}
    assert {line.strip() for text in commands for line in text.splitlines()} <= lines


def test_a_block_that_would_not_be_run_is_an_error() -> None:
    for language in ("", "text", "bash"):
        with pytest.raises(PathError, match="a block that is not ```sh: rm -r"):
            read_path(f"## Try it on one machine\n\n```{language}\nrm -r x\n```\n")
    for page in ("## Another\n", "## Try it on one machine\n## Try it on one machine\n"):
        with pytest.raises(PathError, match="must have one section"):
            read_path(page)


def test_the_script_has_the_order_of_the_page() -> None:
    page = (
        "```sh\nnot here\n```\n## Try it on one machine\n"
        "1. Do\n\n   ```sh\n   one\n     two\n   ```\n"
        "\n   [look](http://127.0.0.1:9090/graph?a=%28%29), [not](https://a.b)\n\n```sh\nthree\n```\n"
        "## Then\n```sh\nnot here\n```\n"
    )
    assert read_path(page) == [
        Part("one\n  two"),
        Part(address="http://127.0.0.1:9090/graph?a=%28%29"),
        Part("three"),
    ]
    script = write_script(read_path(page), ["look", "a b"])
    told = [line for line in script.splitlines() if not line.startswith("printf")]
    address = "http://127.0.0.1:9090/graph?a=%28%29"
    assert told == ["set -e", "one", "  two", f"look 'a b' '{address}'", "three"]


def test_the_meters_are_those_that_are_simulated() -> None:
    [made] = re.findall(
        r"<<'END'\n(.*?)^END$", write_script(PATH, ["look"]), re.MULTILINE | re.DOTALL
    )
    gateways = tomllib.loads(made)["gateway"]
    found = [(meter["title"], meter["address"]) for one in gateways for meter in one["meters"]]
    assert found == [
        (Meter(number).system_title.hex().upper(), f"127.0.0.1:{20000 + number}")
        for number in range(1, METERS + 1)
    ]
    assert SECTION.count(f"--meters {METERS} ") == 2
    # The last one falls silent, and where it is is told.
    assert f"--meters {METERS - 1} " in SECTION
    port = gateways[-1]["meters"][-1]["name"]
    assert f'`gateway="{gateways[-1]["name"]}"` and `port="{port}"`' in SECTION


def test_the_ports_that_it_takes_are_named() -> None:
    [told] = re.findall(
        r"the ports ([\d,\s]+?(?:\d+ (?:to|and) [\d,\s]*)+)of this machine", SECTION
    )
    named: set[int] = set()
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", " ".join(told.split())):
        named.update(range(int(first), int(last or first) + 1))
    assert named == set(PORTS)
