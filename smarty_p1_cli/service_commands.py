"""Commands `gateway` and `collect`. They run until stopped and need optional libraries."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from .parser import PROGRAM, UsageError, shown

type _Work = Coroutine[object, object, None]


def add_services(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands `gateway` and `collect` to the parser."""
    gateway = commands.add_parser(
        "gateway", help="publish what ports send on an MQTT broker, decoded or as it came"
    )
    gateway.add_argument(
        "--config", metavar="FILE", type=Path, required=True, help="what to read and where to go"
    )
    gateway.add_argument("--check", action="store_true", help="only check the file")
    gateway.set_defaults(run=_run_gateway)

    collect = commands.add_parser(
        "collect", help="verify sealed frames of a NATS cluster, and store their values"
    )
    collect.add_argument(
        "--config", metavar="FILE", type=Path, required=True, help="what to read and where to go"
    )
    collect.add_argument("--check", action="store_true", help="only check the file and the store")
    collect.set_defaults(run=_run_collect)


def _run_gateway(arguments: argparse.Namespace) -> int:
    def start(service: ModuleType, config: object) -> _Work | None:
        return None if arguments.check else _run_service(service, config)

    return _serve(arguments, "smarty_p1_gateway", "the gateway", "gateway", start)


def _run_collect(arguments: argparse.Namespace) -> int:
    def start(service: ModuleType, config: object) -> _Work:
        if arguments.check:
            checking: _Work = service.check(config)
            return checking
        return _run_service(service, config)

    return _serve(arguments, "smarty_p1_fleet", "the collector", "fleet", start)


def _run_service(service: ModuleType, config: object) -> _Work:
    work: _Work = service.run(config)
    return work


def _serve(
    arguments: argparse.Namespace,
    module: str,
    name: str,
    extra: str,
    start: Callable[[ModuleType, object], _Work | None],
) -> int:
    # Import only here, because the libraries of a service are optional dependencies.
    try:
        errors = import_module("smarty_p1_gateway")
        service = import_module(module)
    except ModuleNotFoundError as err:
        msg = f"{name} needs {err.name}: install smarty-p1 with its extra [{extra}]"
        raise UsageError(msg) from None
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        config = service.read_config(arguments.config)
        work = start(service, config)
        new_loop = partial(service.new_loop, config) if hasattr(service, "new_loop") else None
        if work is not None:
            asyncio.run(work, loop_factory=new_loop)
    except errors.UnavailableError as err:
        # A service manager restarts the service after status 1, because a restart may help. Status
        # 2 means that the configuration is wrong, and a restart cannot help.
        print(f"{PROGRAM}: {shown(str(arguments.config))}: {err}", file=sys.stderr)
        return 1
    except errors.ConfigError as err:
        msg = f"{shown(str(arguments.config))}: {err}"
        raise UsageError(msg) from None
    return 0
