"""Commands `gateway` and `collect`. They run until stopped and need optional libraries."""

import argparse
import asyncio
import logging
from functools import partial
from pathlib import Path

from .parser import Commands, config_errors, import_optional


def add_services(commands: Commands) -> None:
    """Add the commands `gateway` and `collect` to the parser."""
    for command, module, name, extra, text, of_check in (
        (
            *("gateway", "smarty_p1_gateway", "the gateway", "gateway"),
            "publish what ports send on an MQTT broker, decoded or as it came",
            "only check the file",
        ),
        (
            *("collect", "smarty_p1_fleet", "the collector", "fleet"),
            "verify sealed frames of a NATS cluster, and store their values",
            "only check the file and the store",
        ),
    ):
        parser = commands.add_parser(command, help=text)
        parser.add_argument(
            "--config",
            metavar="FILE",
            type=Path,
            required=True,
            help="what to read and where to go",
        )
        parser.add_argument("--check", action="store_true", help=of_check)
        parser.set_defaults(run=partial(_serve, module=module, name=name, extra=extra))


def _serve(arguments: argparse.Namespace, *, module: str, name: str, extra: str) -> int:
    # Import only here, because the libraries of a service are optional dependencies.
    # A service manager restarts the service after status 1, because a restart may help. Status 2
    # means that the configuration is wrong, and a restart cannot help.
    service = import_optional(module, f"{name} needs", extra)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    with config_errors(f"{name} needs", extra, arguments.config):
        config = service.read_config(arguments.config)
        run = getattr(service, "check", None) if arguments.check else service.run
        new_loop = partial(service.new_loop, config) if hasattr(service, "new_loop") else None
        if run:
            asyncio.run(run(config), loop_factory=new_loop)
    return 0
