"""Division of a telegram's power among batteries. All shares together never exceed this power."""

from .load_forecast import LoadForecast


class Handout:
    """Power of the last telegram, divided among batteries. Each battery takes only its own share.

    When the next telegram comes, the load forecast gets the sum of the powers that the batteries
    took.
    """

    def __init__(self) -> None:
        self._forecast = LoadForecast()
        self._watts = 0.0
        self._part = 1.0
        self._taken: dict[str, float] = {}

    def renew(self, watts: float | None) -> None:
        """Start to divide `watts`, the power of the next telegram. It is None if unknown."""
        handed_out = self._watts * self._part * sum(self._taken.values())
        self._watts = watts or 0.0
        self._part = self._forecast.part(self._watts, handed_out)
        self._taken = {}

    def take(self, name: str, requested: float, share: float) -> float:
        """Return the part of the power (0 to 1) that a battery gets now, and count it as used.

        The battery gets the `requested` part, but no more than the unused rest of its `share`. Both
        numbers are from 0 to 1. `name` is the name of the share.
        """
        taken = self._taken.get(name, 0.0)
        granted = max(0.0, min(requested, share - taken, 1 - sum(self._taken.values())))
        self._taken[name] = taken + granted
        return granted * self._part
