"""Frames of a Shelly's RPC protocol: JSON texts of requests, answers and notifications."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..json_types import JsonDict
from .device_identity import shelly_id
from .shelly_methods import RpcError, RpcResult

MAX_FRAME_BYTES = 4096
_MAX_NAME_CHARS = 128
_MAX_DIGITS = 9


def shelly_json(value: Any) -> str:  # noqa: ANN401 - JSON has no type of its own
    """Return `value` as JSON without blanks. Every float has two decimals.

    Some batteries cannot read numbers in another form, and reject `-0.00`. So `-0.00` becomes
    `0.00`.
    """
    match value:
        case float():
            text = f"{value:.2f}"
            return "0.00" if text == "-0.00" else text
        case Mapping():
            pairs = (f"{json.dumps(key)}:{shelly_json(item)}" for key, item in value.items())
            return f"{{{','.join(pairs)}}}"
        case list():
            return f"[{','.join(map(shelly_json, value))}]"
        case _:
            return json.dumps(value)


@dataclass(frozen=True, slots=True)
class RpcFrame:
    """Frame of a request.

    The answer repeats `id` and `source`. `component` is the number of the requested component.
    """

    method: str
    id: int | str | None
    source: str | None
    component: int = 0


def read_rpc_frame(data: bytes | str) -> RpcFrame | None:
    """Return the request in the frame `data`. Return None if the frame is invalid."""
    if len(data) > MAX_FRAME_BYTES:
        return None
    try:
        content = json.loads(data)
    except ValueError, RecursionError:
        return None
    match content:
        case {"method": str(method)}:
            component = component_of(content.get("params"))
            frame = RpcFrame(method, content.get("id"), content.get("src"), component)
            return frame if _can_be_echoed(frame) else None
        case _:
            return None


def component_of(params: object) -> int:
    """Return the number of the component in a request's parameters.

    Return 0 if the number is missing, and -1 if it is invalid.
    """
    # `int` refuses a text of thousands of digits. A meter has only component 0, so a long number
    # need not be exact.
    number = params.get("id", 0) if isinstance(params, Mapping) else 0
    if isinstance(number, str) and number.isascii() and number[:_MAX_DIGITS].isdecimal():
        number = int(number[:_MAX_DIGITS])
    return number if type(number) is int else -1


def _can_be_echoed(frame: RpcFrame) -> bool:
    """Return whether the answer can repeat the id and the source of `frame`.

    Both must be valid and short. A valid id is an int, a str or None. A valid source is a str or
    None.
    """
    request_id, source = frame.id, frame.source
    if type(request_id) is int:
        request_id = str(request_id)
    return all(
        text is None or (isinstance(text, str) and len(text) <= _MAX_NAME_CHARS)
        for text in (request_id, source)
    )


def answer_frame(
    frame: RpcFrame, serial: str, answer: Callable[[RpcFrame], RpcResult]
) -> tuple[int, str]:
    """Return the answer to a frame: a status code of HTTP, and the JSON text.

    `answer` is called with the frame. It returns the result or raises RpcError.
    """
    head: JsonDict = {"id": frame.id, "src": shelly_id(serial)}
    if frame.source is not None:
        head["dst"] = frame.source
    try:
        return 200, shelly_json(head | {"result": answer(frame)})
    except RpcError as err:
        return err.code, shelly_json(head | {"error": {"code": err.code, "message": err.message}})


def notification(serial: str, to: str, status: RpcResult, timestamp: float) -> str:
    """Return the JSON text of a notification that tells the client `to` the values in `status`."""
    return shelly_json(
        {
            "src": shelly_id(serial),
            "dst": to,
            "method": "NotifyStatus",
            "params": {"ts": timestamp, **status},
        }
    )
