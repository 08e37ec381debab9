"""Test of the tutorial in docs/fleet.md.

It runs the commands of the tutorial, and checks that the linked pages of Prometheus show values.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dev.demo.home_assistant import ROOT

SECTION = "Try it on one machine"
_PAGE = "docs/fleet.md"
_ADDRESS = "https://github.com/smarty-p1/smarty_p1"
# Address of Prometheus in the tutorial. Links in the tutorial lead to pages at this address.
_PROMETHEUS = "http://127.0.0.1:9090"
_PART = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)\n(?P<commands>.*?)^(?P=indent)```$"
    rf"|\]\((?P<address>{re.escape(_PROMETHEUS)}/[^)\s]*)\)",
    re.MULTILINE | re.DOTALL,
)
# TCP ports that the programs of the tutorial use. They must be free.
PORTS = (
    *(*range(4222, 4225), *range(6222, 6225), *range(8222, 8225)),
    *(7777, 8428, 8429, 9090, 9093, 9210),
    *(*range(9107, 9110), *range(20001, 20007)),
)
_MAX_SECONDS = 600
# A graph must cover the last _SPAN_S seconds, with one value every _STEP_S seconds.
_SPAN_S, _STEP_S = 60, 10
_TIMEOUT_S = 240.0


class Part(NamedTuple):
    """Part of the tutorial. It has either a block of commands, or the address of a page to open."""

    commands: str = ""
    address: str = ""


class PathError(Exception):
    """Error that ends the test.

    A port is in use, docs/fleet.md has unexpected content, or a page of Prometheus cannot be opened
    or shows no values.
    """


# --- parsing of the tutorial -------------------------------------------------------------------
def read_path(page: str) -> list[Part]:
    """Return the code blocks and the addresses in the tutorial of the text `page`, in their order.

    Raises PathError if the section with the tutorial is missing or occurs twice. Also raises
    PathError for a code block in a different language than sh, because such a block cannot be
    tested.
    """
    sections = re.findall(rf"^## {SECTION}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if len(sections) != 1:
        msg = f"the page must have one section '{SECTION}'"
        raise PathError(msg)
    parts = []
    for match in _PART.finditer(sections[0]):
        if not match["address"] and match["language"] != "sh":
            msg = f"'{SECTION}' has a block that is not ```sh: {match['commands'].strip()[:60]}"
            raise PathError(msg)
        lines = (match["commands"] or "").splitlines()
        commands = "\n".join(line.removeprefix(match["indent"]) for line in lines)
        parts.append(Part(commands, match["address"] or ""))
    return parts


def write_script(parts: list[Part], look: list[str]) -> str:
    """Return a bash script that runs `parts`, and ends at the first command that fails.

    `look` is the command that checks a page. The script appends the address of the page to it.
    """
    lines = ["set -e"]
    for number, part in enumerate(parts, start=1):
        lines.append(f"printf '\\n--- {number} of {len(parts)}, after %s s\\n' $SECONDS")
        lines.append(part.commands or shlex.join([*look, part.address]))
    return "\n".join(lines) + "\n"


# --- running of the tutorial -------------------------------------------------------------------
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tutorial, and return the exit status.

    For each page, the script of the tutorial calls this program again, with the option `--look`.
    This call only waits until the page shows values.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/fleet_tutorial",
        description=f"Run the commands of {_PAGE}, '{SECTION}', as they stand there, with a fresh"
        " clone of what is committed here, and look where it says to look. The exit status is 1"
        " when a command fails, when there is nothing to see, when all of it takes more than"
        f" {_MAX_SECONDS // 60} minutes, or when something still runs after the last command.",
    )
    parser.add_argument("--look", metavar="ADDRESS", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        if options.look:
            _look(options.look)
            return 0
        return _walk()
    except PathError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1


def _walk() -> int:
    if taken := _taken():
        msg = f"other programs use the ports {taken}"
        raise PathError(msg)
    command = ["/usr/bin/git", "-C", str(ROOT), "show", f"HEAD:{_PAGE}"]
    path = read_path(subprocess.check_output(command, encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="fleet-tutorial-") as folder:
        python = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-P", "-m", "dev.fleet_tutorial"]
        script = write_script(path, [*python, "--look"])
        started = time.monotonic()
        status, remains = _run(script, Path(folder))
        took = time.monotonic() - started
    print(f"\n{took:.0f} s, load {os.getloadavg()[0]:.1f}, status {status}")
    if remains:
        print(f"after the last command, these ports are in use: {remains}")
    return int(bool(status or remains or took > _MAX_SECONDS))


def _run(script: str, folder: Path) -> tuple[int, list[int]]:
    """Run `script` in `folder`. Return its exit status, and the PORTS that are in use at its end.

    Finally, kill all processes that the script has left in its process group.
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BASH_ENV")
    } | {
        # The tutorial clones the repository from its published address. With these settings, git
        # uses this checkout instead.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf",
        "GIT_CONFIG_VALUE_0": _ADDRESS,
    }
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with subprocess.Popen(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        process_group=0,
    ) as process:
        try:
            return process.wait(), _taken()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _taken() -> list[int]:
    taken = []
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                taken.append(port)
    return taken


# --- pages of Prometheus -----------------------------------------------------------------------
def _look(url: str) -> None:
    """Wait until the page `url` shows values, and print them. Raises PathError after _TIMEOUT_S."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not (shown := _ask(url)):
        if time.monotonic() > deadline:
            msg = f"nothing to see within {_TIMEOUT_S:.0f} s: {urllib.parse.unquote(url)}"
            raise PathError(msg)
        time.sleep(1)
    for series in shown:
        value = series.get("value", series.get("values", [["", ""]])[-1])[-1]
        print("seen:", json.dumps(series["metric"], sort_keys=True), value, flush=True)


def _ask(url: str) -> list[dict[str, Any]]:
    """Return the series in the graph of the page `url` of Prometheus, [] while values are missing.

    A page without a graph has no series. For such a page, return a list with one empty series if
    Prometheus answers and no alert fires, otherwise [].
    """
    parts = urllib.parse.urlsplit(url)
    if parts.path != "/graph":
        alerts = json.loads(_get("/api/v1/alerts") or "{}").get("data", {}).get("alerts", [])
        is_firing = any(item["state"] == "firing" for item in alerts)
        return [{"metric": {}}] if _get(parts.path) and not is_firing else []
    query = dict(urllib.parse.parse_qsl(parts.query))
    now = time.time()
    parameters = {
        "query": query["g0.expr"],
        "start": f"{now - _SPAN_S}",
        "end": f"{now}",
        "step": _STEP_S,
    }
    kind = "query" if (is_table := query["g0.tab"] == "1") else "query_range"
    answer = _get(f"/api/v1/{kind}?{urllib.parse.urlencode(parameters)}")
    series: list[dict[str, Any]] = json.loads(answer)["data"]["result"] if answer else []
    is_long = is_table or all(len(item["values"]) > _SPAN_S / _STEP_S for item in series)
    return series if is_long else []


def _get(path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{_PROMETHEUS}{path}", timeout=10) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        msg = f"{error.url}: {error.code}"
        raise PathError(msg) from None
    except OSError:
        # Prometheus may still be starting. So treat a failed connection as an empty answer.
        return b""


if __name__ == "__main__":
    sys.exit(main())
