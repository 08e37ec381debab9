"""Shell commands, in order, that install the generated files and start the programs."""

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .fleet_description import FleetInputs
from .hosts import bracketed
from .monitoring import watching_arguments
from .program_configs import vmauth_arguments
from .templates import fill, read_documented

# Marks in the template: a line with "+" is only for the first installation, and a line with "-"
# only for later changes.
_FIRST, _LATER = "+", "-"


@dataclass(frozen=True, slots=True)
class Part:
    """Folder of files for one machine, with commands for the first and for later installations."""

    folder: str
    heading: str
    first: Sequence[str]
    later: Sequence[str]


def parts_of(fleet: FleetInputs, directory: Path, *, has_keys: bool) -> list[Part]:
    """Return the folders of all programs, in the order in which the programs are started.

    `has_keys` says whether each collector already has a key for each meter.
    """
    place = "here" if fleet.is_here else "elsewhere"
    blocks = read_documented("templates/steps.txt").removeprefix("[").split("\n[")
    sections = dict(block.split("]\n", 1) for block in blocks)

    def part(kind: str, folder: str, host: str = "", **values: object) -> Part:
        own = folder.partition("-")[2]
        text = fill(
            sections[f"{kind} {place}"],
            name=folder,
            own=own,
            folder=shlex.quote(str(directory / folder)),
            host=host or own,
            target=bracketed(host or own),
            **values,
        )
        heading, *lines = text.splitlines()
        commands = [line for line in lines if line]
        first, later = (
            [line[2:] for line in commands if not line.startswith(mark)]
            for mark in (_LATER, _FIRST)
        )
        return Part(folder, heading[2:], first, later)

    has_tls = fleet.store.has_tls
    watching = watching_arguments(fleet, str(directory / "prometheus"))
    return [
        *(part("node", node.name, node.host) for node in fleet.nodes),
        part(
            "store",
            "store",
            fleet.store.host,
            vmauth=vmauth_arguments(fleet, directory / "store"),
            certificate=" store/store.pem store/store.key" if has_tls else "",
            metric="store/smarty_p1_store.prom" if has_tls else None,
        ),
        *(
            part("collector", f"collector-{collector.name}", editor=None if has_keys else "editor")
            for collector in fleet.collectors
        ),
        *(part("gateway", f"gateway-{gateway.name}") for gateway in fleet.gateways),
        part("prometheus", "prometheus", fleet.watch, **watching),
        *(part("listener", f"listener-{name}") for name in fleet.listeners),
    ]


def tell(parts: Iterable[Part], is_new: Callable[[Part], bool]) -> str:
    """Return all commands as one text: `part.first` if `is_new(part)`, otherwise `part.later`."""
    return "".join(
        f"\n# {number}. {part.heading}\n"
        + "".join(f"{line}\n" for line in (part.first if is_new(part) else part.later))
        for number, part in enumerate(parts, start=1)
    )
