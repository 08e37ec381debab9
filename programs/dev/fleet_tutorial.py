"""Test of the tutorial in docs/fleet.md.

It runs the commands of the tutorial, and checks that the linked pages of Prometheus show values.
"""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

from dev.checkout import PYTHON_PATH
from dev.ports import is_free
from dev.release import GIT, REPOSITORY, ROOT, run
from smartyp1.json_types import JsonDict

_SECTION = "Try it on one machine"
_PAGE = "programs/docs/fleet.md"
# Address of Prometheus in the tutorial. Links in the tutorial lead to pages at this address.
_PROMETHEUS = "http://127.0.0.1:9090"
_PART = re.compile(
    r"^(?P<indent> *)```sh\n(?P<commands>.*?)^(?P=indent)```$"
    rf"|\]\((?P<address>{re.escape(_PROMETHEUS)}/[^)\s]*)\)",
    re.MULTILINE | re.DOTALL,
)
# TCP ports that the programs of the tutorial use. They must be free before and afterwards.
_PORTS = (
    *(*range(4222, 4225), *range(6222, 6225), *range(8222, 8225)),
    *(7777, 8428, 8429, 9090, 9093, 9210),
    *(*range(9107, 9110), *range(20001, 20007)),
)
_MAX_SECONDS = 600
_TIMEOUT_S = 240.0
_SPAN_S, _STEP_S = 60, 10


class PathError(Exception):
    """Error that ends the test."""


def main() -> int:
    """Run the tutorial, and return the exit status.

    For each page, the script of the tutorial calls this program again, with the option `--look`.
    This call only waits until the page shows values.
    """
    parser = argparse.ArgumentParser(
        prog="programs/scripts/fleet_tutorial",
        description=f"Run the commands of {_PAGE}, '{_SECTION}', as they stand there, with a fresh"
        " clone of what is committed here, and look where it says to look. The exit status is 1"
        " when a command fails, when there is nothing to see, when all of it takes more than"
        f" {_MAX_SECONDS // 60} minutes, or when something still runs after the last command.",
    )
    parser.add_argument("--look", metavar="ADDRESS", help=argparse.SUPPRESS)
    address = parser.parse_args().look
    try:
        return _look(address) if address else _walk()
    except PathError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1


def _walk() -> int:
    if taken := _taken():
        raise PathError(f"other programs use the ports {taken}")
    script = _script_of(run(GIT, "show", f"HEAD:{_PAGE}"))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fleet-tutorial-") as folder:
        status, remains = _run(script, Path(folder))
    took = time.monotonic() - started
    print(f"\n{took:.0f} s, load {os.getloadavg()[0]:.1f}, status {status}")
    if remains:
        print(f"after the last command, these ports are in use: {remains}")
    return int(bool(status or remains or took > _MAX_SECONDS))


def _script_of(page: str) -> str:
    """Return a bash script that runs the tutorial, and ends at the first command that fails."""
    [section] = re.findall(rf"^## {_SECTION}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    look = [
        "env",
        f"PYTHONPATH={PYTHON_PATH}",
        sys.executable,
        "-P",
        "-m",
        "dev.fleet_tutorial",
        "--look",
    ]
    parts = [*_PART.finditer(section)]
    lines = ["set -e"]
    for number, part in enumerate(parts, start=1):
        lines.append(f"printf '\\n--- {number} of {len(parts)}, after %s s\\n' $SECONDS")
        commands = (part["commands"] or "").splitlines()
        lines += [line.removeprefix(part["indent"]) for line in commands]
        lines += [shlex.join([*look, part["address"]])] if part["address"] else []
    return "\n".join(lines) + "\n"


def _run(script: str, folder: Path) -> tuple[int, list[int]]:
    """Run `script` in `folder`. Return its exit status, and the ports that are in use at its end.

    Finally, kill all processes that the script has left in its process group.
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BASH_ENV")
    } | {
        # The tutorial clones the repository from its published address. With these settings, git
        # uses this checkout instead.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY,
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
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _taken() -> list[int]:
    return [port for port in _PORTS if not is_free(port)]


def _look(url: str) -> int:
    """Wait until the page `url` shows values, and print them. Return 0."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not (shown := _series_on(url)):
        if time.monotonic() > deadline:
            raise PathError(
                f"nothing to see within {_TIMEOUT_S:.0f} s: {urllib.parse.unquote(url)}"
            )
        time.sleep(1)
    for series in shown:
        value = series.get("value") or series["values"][-1]
        print("seen:", json.dumps(series["metric"], sort_keys=True), value[1], flush=True)
    return 0


def _series_on(url: str) -> list[JsonDict]:
    """Return the series in the graph of the page `url` of Prometheus, [] while values are missing.

    A graph must cover the last _SPAN_S seconds, with a value every _STEP_S seconds.
    """
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    now = time.time()
    span = {"start": f"{now - _SPAN_S}", "end": f"{now}", "step": f"{_STEP_S}"}
    is_table = query["g0.tab"] == "1"
    asked = {"query": query["g0.expr"], **({} if is_table else span)}
    kind = "query" if is_table else "query_range"
    answer = _get(f"/api/v1/{kind}?{urllib.parse.urlencode(asked)}")
    series: list[JsonDict] = json.loads(answer)["data"]["result"] if answer else []
    is_long = is_table or all(len(row["values"]) > _SPAN_S / _STEP_S for row in series)
    return series if is_long else []


def _get(path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{_PROMETHEUS}{path}", timeout=10) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise PathError(f"{error.url}: {error.code}") from None
    except OSError:
        # Prometheus may still be starting. So treat a failed connection as an empty answer.
        return b""


if __name__ == "__main__":
    sys.exit(main())
