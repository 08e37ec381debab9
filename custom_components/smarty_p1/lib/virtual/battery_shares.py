"""Handout of a telegram's value to the batteries, in parts that never add up to more."""

from .load_forecast import LoadForecast


class Handout:
    """Value of the last telegram, in shares that are used up.

    A share belongs to the address of a battery. The sum of the parts handed out is needed to judge
    the next telegram.
    """

    def __init__(self) -> None:
        self._forecast = LoadForecast()
        self._watts = 0.0
        self._part = 1.0
        self._taken: dict[str, float] = {}

    def renew(self, watts: float | None) -> None:
        """Start again with the power of the next telegram in W, None while it is unknown."""
        handed_out = self._watts * self._part * sum(self._taken.values())
        self._watts = watts or 0.0
        self._part = self._forecast.part(self._watts, handed_out)
        self._taken = {}

    def take(self, name: str, wanted: float, share: float) -> float:
        """Return the part of the value that a battery gets now, and count it.

        The battery gets the wanted part, but at most the rest of its share. All parts are from 0
        to 1.
        """
        taken = self._taken.get(name, 0.0)
        granted = max(0.0, min(wanted, share - taken, 1 - sum(self._taken.values())))
        self._taken[name] = taken + granted
        return granted * self._part
