"""Each card, with the answers of the household."""

from dataclasses import dataclass, field

from smartyp1.json_types import JsonDict

from . import (
    house,
    house_bill,
    house_medium,
    house_now,
    house_plan,
    house_quality,
    house_today,
    house_what_if,
    house_where,
    house_year,
)


@dataclass
class Placed:
    """A card of a view, with its configuration."""

    name: str
    answers: JsonDict
    config: JsonDict = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The name of its element."""
        return f"smarty-p1-{self.name}"

    def __str__(self) -> str:
        """Return the name of the card's test."""
        return "-".join([self.name, *map(str, self.config.values())])


def views() -> dict[str, list[Placed]]:
    sums, bills = house_now.sums(), house_bill.bills()
    live = {"smarty_p1/live": house_now.charging()}
    quality = house_quality.answers()
    media = house_medium.answers(house_medium.gas(), house_medium.water(), house_medium.heat())
    return {
        "now": [
            Placed("now", live | sums),
            Placed("so-far", sums),
            Placed("today", live | house_today.answers()),
            Placed("where", house_where.answers()),
            Placed("plan", house_plan.evening()),
        ],
        "bill": [Placed("bill", bills), Placed("months", bills)],
        "year": [Placed("year", house_year.answers()), Placed("what-if", house_what_if.answers())],
        "others": [
            Placed("gas-water-heat", media, {"meter": meter})
            for meter in (house_medium.GAS, house_medium.WATER, house_medium.HEAT)
        ],
        "quality": [
            Placed("quality", quality, {"part": part})
            for part in ("voltage", "supply", "interruptions", "limits")
        ],
    }


def cards() -> dict[str, Placed]:
    """Return each card of the house, and special states, by name."""
    three = house_now.three_meters()
    return {str(card): card for view in views().values() for card in view} | {
        "feeding": Placed("now", {"smarty_p1/live": house_now.feeding()}),
        "above": Placed("now", {"smarty_p1/live": house.live(values=house.values(power_net=19.9))}),
        "wrong key": Placed("now", {"smarty_p1/live": house_now.failing("wrong_key")}),
        "silent": Placed("now", {"smarty_p1/live": house_now.silent()}),
        "three meters": Placed("now", three),
        "meter of the bill": Placed("bill", three | house_bill.bills(), {"chooser": True}),
        "no meter": Placed("now", {"smarty_p1/meters": {"meters": []}}),
        "no right": Placed("now", {"smarty_p1/live": house.gone("unauthorized")}),
    }
