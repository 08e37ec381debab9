"""Action that records an anonymous capture of a meter's port and writes it to a file.

Recording takes up to an hour, so no call waits for it. One call starts the recording, and a repair
issue reports its end. Then an administrator reviews the capture, and writes or discards it.
"""

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..coordinator.meter_capture import MAX_CAPTURE_MINUTES, CaptureRefusedError, MeterCapture
from ..lib.capture.summary import CaptureSummary
from ..lib.json_types import JsonDict
from ..user_requests.request_fields import whole_number_up_to
from .meter_of_call import METER, invalid, telegrams_of

ATTR_STEP = "step"
ATTR_MINUTES = "minutes"
ATTR_KEEP_MESSAGE_FORMS = "keep_message_forms"
SCHEMA = vol.Schema(
    {
        **METER,
        vol.Required(ATTR_STEP): vol.In(["start", "show", "write", "discard"]),
        vol.Optional(ATTR_MINUTES, default=MAX_CAPTURE_MINUTES): whole_number_up_to(
            MAX_CAPTURE_MINUTES
        ),
        vol.Optional(ATTR_KEEP_MESSAGE_FORMS, default=False): cv.boolean,
    }
)


async def capture_telegrams(call: ServiceCall) -> ServiceResponse:
    """Start, show, write or discard a capture. Return the state of the capture.

    Raises ServiceValidationError if the meter does not exist, the step is not possible now, no
    readings come, or the file cannot be written.
    """
    coordinator = telegrams_of(call)
    current = coordinator.source.capture
    title = coordinator.config_entry.title
    try:
        match call.data[ATTR_STEP]:
            case "start":
                current.check_free()
                # A meter without readings gives no capture. So refuse the capture now. Otherwise,
                # the user would wait an hour for an empty capture.
                if coordinator.latest is None or not coordinator.last_update_success:
                    raise coordinator.explain(ServiceValidationError)
                current.start(
                    call.data[ATTR_MINUTES],
                    keeps_message_forms=call.data[ATTR_KEEP_MESSAGE_FORMS],
                )
            case "write":
                path, summary = await current.async_write()
                return {"state": "written", "path": str(path), **_told(summary)}
            case "discard":
                current.discard()
    except CaptureRefusedError as err:
        raise invalid(translation_key=err.reason, title=title) from None
    except OSError as err:
        raise invalid(
            translation_key="capture_not_written",
            path=str(current.folder),
            error=str(err.strerror),
        ) from None
    return _state(current)


def _state(current: MeterCapture) -> JsonDict:
    if ready := current.review():
        return {"state": "ready", **_told(ready.summary)}
    if not current.is_running:
        return {"state": "none"}
    size = current.recording.size if current.recording else 0
    return {"state": "recording", "minutes_left": current.minutes_left, "size": size}


def _told(summary: CaptureSummary) -> JsonDict:
    fields = summary._asdict()
    objects = {name: list(fields.pop(name)) for name in ("kept", "scaled", "moved", "changed")}
    return {
        **fields,
        "seconds": round(summary.seconds),
        "last_telegram": list(summary.last_telegram),
        "replaced": {name.value: count for name, count in summary.replaced.items()},
        "objects": objects,
    }
