"""Sentence that names the older published prices of an amount, and the aids that have ended.

frontend/src/sentences/older-prices.ts makes the same sentence for the cards.
"""

from datetime import date

from homeassistant.core import HomeAssistant

from ...lib.prices.published_prices import OlderPrices
from ...user_requests.user_locale import UserLocale

_KINDS = {"grid": "older_grid", "levies": "older_levies", "vat": "older_vat"}
_AIDS = {"state_aid": "state_aid_ended"}


async def async_older_prices_sentence(
    hass: HomeAssistant, older: OlderPrices, locale: UserLocale
) -> str:
    """Return the sentence in the user's language.

    For example: "Grid charges of 2026; the State's aid ended on 2026-12-31; nothing newer is known
    to this version."
    """
    texts = {_KINDS[kind]: until for kind, until in sorted(older.until.items())}
    both = {texts.get("older_grid"), texts.get("older_levies")}
    if len(both) == 1 and None not in both:
        until = texts.pop("older_grid")
        del texts["older_levies"]
        texts = {"older_grid_and_levies": until, **texts}
    said = [(key, {"period": _period(until)}) for key, until in texts.items()]
    said += [(_AIDS[aid], {"day": locale.day(day)}) for aid, day in older.ended.items()]
    said.append(("nothing_newer", {}))
    parts = [
        await locale.async_text(hass, f"exceptions.{key}.message", **placeholders)
        for key, placeholders in said
    ]
    sentence = locale.punctuated(";").join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _period(until: date) -> str:
    """Return the year that ends on `until`, or the month if no year ends then."""
    is_year = (until.month, until.day) == (12, 31)
    return f"{until:%Y}" if is_year else f"{until:%m/%Y}"
