"""Sensors for the connection to a meter and the reception of its telegrams."""

from typing import Any

from ..failure_detection import METER_OBSTACLES, Condition, FailureState
from ..meter.meter_reader import Reception
from ..p1.rejection_reasons import Reason
from .entity_description import DIAGNOSTIC, TOTAL_INCREASING, SensorSpec


def _rejected(reception: Reception) -> int:
    return reception.rejections.total() + reception.other_meters.total()


def _rejected_by_reason(reception: Reception) -> dict[str, int]:
    reasons = {reason.value: reception.rejections[reason] for reason in Reason}
    return {**reasons, "other_meter": reception.other_meters.total()}


CONNECTION = SensorSpec[Condition](
    key="connection",
    device_class="enum",
    options=(FailureState.WAITING.value, FailureState.RECEIVING.value, *METER_OBSTACLES),
    entity_category=DIAGNOSTIC,
    value_fn=lambda condition: (condition.obstacle or condition.state).value,
)
RECEPTION_SENSORS: tuple[SensorSpec[Reception], ...] = (
    SensorSpec(
        key="telegrams_received",
        state_class=TOTAL_INCREASING,
        entity_category=DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda reception: reception.telegrams,
    ),
    SensorSpec(
        key="telegrams_rejected",
        state_class=TOTAL_INCREASING,
        entity_category=DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_rejected,
        attributes_fn=_rejected_by_reason,
    ),
)
STATUS_SENSORS: tuple[SensorSpec[Any], ...] = (CONNECTION, *RECEPTION_SENSORS)
"""All sensors that need no reading."""
