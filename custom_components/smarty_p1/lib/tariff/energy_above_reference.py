"""Energy above each reference power. Energy above the contract's one costs a surcharge."""

from collections.abc import Sequence

from .contract import REFERENCE_POWERS
from .month import ClassExcess
from .register_rises import DECIMALS

_MIN_CLASS_WH = REFERENCE_POWERS[0] * 250


def above_each(energy_wh: float, own_kw: float | None) -> dict[float, ClassExcess]:
    """Return the excess of a quarter-hour's energy over each reference power that it exceeds.

    The keys are reference powers in kW. `own_kw` is the contract's reference power. If the tariff
    has no such reference power, `own_kw` is always a key, even without an excess.
    """
    return above_classes([energy_wh], own_kw)


def above_classes(energies_wh: Sequence[float], own_kw: float | None) -> dict[float, ClassExcess]:
    """Return the excess of several quarter-hours over each reference power that one exceeds.

    The keys and `own_kw` have the same meaning as in `above_each`.
    """
    excesses: dict[float, ClassExcess] = {}
    if not energies_wh:
        return excesses
    if max(energies_wh) > _MIN_CLASS_WH:
        for reference_kw in REFERENCE_POWERS:
            above = _above_one(energies_wh, reference_kw)
            if not above.quarter_hours:
                break
            excesses[reference_kw] = above
    if own_kw is not None and own_kw not in REFERENCE_POWERS:
        excesses[own_kw] = _above_one(energies_wh, own_kw)
    return excesses


def _above_one(energies_wh: Sequence[float], kw: float) -> ClassExcess:
    excesses_wh = [wh - kw * 250 for wh in energies_wh if wh > kw * 250]
    return ClassExcess(len(excesses_wh), round(sum(excesses_wh), DECIMALS))
