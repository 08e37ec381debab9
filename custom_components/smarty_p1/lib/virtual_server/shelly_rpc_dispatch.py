"""RPC methods of the virtual Shelly for its HTTP, WebSocket and UDP connections."""

import time
from collections.abc import Callable
from functools import partial

from ..virtual.clients import PollRateExceededError, Question
from ..virtual.meter_values import MeterValues
from ..virtual.shelly_json_rpc import notification
from ..virtual.shelly_methods import (
    TOO_MANY,
    UNAVAILABLE,
    RequestContext,
    RpcError,
    RpcResult,
    Shelly,
    em_status,
    em_unknown,
    emdata_status,
    is_missing,
)
from ..virtual.virtual_meter import Unavailable, VirtualMeter

_QUESTIONS = {"EM.GetStatus": Question.EM_STATUS, "Shelly.GetStatus": Question.SHELLY_STATUS}
_OVER_UDP = {"EM.GetStatus": Question.UDP, "Shelly.GetStatus": Question.UDP_STATUS}


class ShellyRpc:
    """RPC methods of the virtual Shelly. A client is identified by its address."""

    def __init__(self, meter: VirtualMeter, now: Callable[[], float]) -> None:
        self._meter = meter
        self._now = now
        self._shelly = Shelly(meter.serial)
        self._started = now()

    @property
    def serial(self) -> str:
        """Return the serial number of the virtual meter."""
        return self._meter.serial

    def answer(
        self, address: str, method: str, component: int = 0, *, is_udp: bool = False
    ) -> RpcResult:
        """Return the result of an RPC method.

        Raises RpcError if the method or the component does not exist, if there are no recent
        values, or if the client sends too many requests.
        """
        now = self._now()
        question = (_OVER_UDP if is_udp else _QUESTIONS).get(method, Question.OTHER)
        if is_missing(method, component):
            # The component does not exist, so the answer will be an error without values. So do not
            # count this request as a poll of the power.
            question = Question.OTHER
        values: Callable[[], MeterValues]
        try:
            if question is Question.OTHER:
                self._meter.note_question(address, question, now, is_udp=is_udp)
                values = partial(self._meter.values, now)
            else:
                values = partial(self._meter.answer_question, address, question, now)
            context = RequestContext(values, int(time.time()), int(now - self._started), component)
            return self._shelly.answer(method, context)
        except Unavailable:
            raise RpcError(UNAVAILABLE, "No values of now") from None
        except PollRateExceededError:
            raise RpcError(TOO_MANY, "Asked too often") from None

    def note_other(self, address: str) -> None:
        """Count a message that is not an RPC request. Raises PollRateExceededError."""
        self._meter.note_question(address, Question.OTHER, self._now())

    def outdated_notification(self, to: str) -> str:
        """Return a notification to the client `to` in which all values are unknown."""
        return notification(self.serial, to, {"em:0": em_unknown()}, time.time())

    def notification(self, address: str, to: str, *, has_energy: bool) -> str:
        """Return a notification that tells a client the values of the last telegram.

        `address` is the client's IP address, and `to` is the name that the client has given. Raises
        Unavailable or RpcError.
        """
        try:
            values = self._meter.push(address, self._now())
        except PollRateExceededError:
            raise Unavailable from None
        status = {"em:0": em_status(values)}
        if has_energy:
            status["emdata:0"] = emdata_status(values)
        return notification(self.serial, to, status, time.time())
