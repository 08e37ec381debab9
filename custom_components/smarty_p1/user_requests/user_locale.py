"""Language and number format of the user who looks at a dialog."""

import re
from collections.abc import Container, Iterable
from datetime import date
from typing import NamedTuple, Self

from homeassistant.components.frontend.storage import async_user_store
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import HomeAssistant
from homeassistant.generated.languages import LANGUAGES
from homeassistant.helpers.http import current_request
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..lib.amounts import amount_text
from ..lib.json_types import JsonDict, JsonMapping

_MAX_TAGS = 20
# Languages of Home Assistant whose numbers have a decimal point.
_WITH_POINT = {"ar", "bn", "cy", "en", "es-419", "fa", "ga", "gsw", "he", "hi", "ja", "ko", "ml"}
_WITH_POINT |= {"ta", "te", "th", "ur", "zh"}
# Number formats that a user can choose in the profile. All others follow the language.
_MARKS = {
    "comma_decimal": ".",
    "quote_decimal": ".",
    "none": ".",
    "decimal_comma": ",",
    "space_comma": ",",
}
# Quotation marks, by language. The others have those of English.
_QUOTES = {
    "de": "„{}“",
    "lb": "„{}“",
    "fr": "«\N{NO-BREAK SPACE}{}\N{NO-BREAK SPACE}»",
    "pt": "«{}»",
}
# Notation of a day, by language. The ISO notation of the others is not ambiguous.
_DAYS = {"de": "%d.%m.%Y", "fr": "%d/%m/%Y", "lb": "%d.%m.%Y", "pt": "%d/%m/%Y"}


class UserLocale(NamedTuple):
    """Language of a user, and the decimal mark of the user's numbers."""

    language: str
    decimal_mark: str

    @classmethod
    def of_home_assistant(cls, hass: HomeAssistant) -> Self:
        """Return the locale in which Home Assistant stores names."""
        return cls(hass.config.language, _mark_of(hass.config.language))

    def number(self, text: str) -> str:
        """Return a number that is written with a decimal point as the user writes it."""
        whole, point, fraction = text.partition(".")
        # Points as marks would be ambiguous: `12.345` could be a number with decimals.
        mark = "," if self.decimal_mark == "." else "\N{NO-BREAK SPACE}"
        grouped = re.sub(r"(?<=\d)(?=(\d{3})+$)", mark, whole)
        return grouped + point.replace(".", self.decimal_mark) + fraction

    def amount(self, value: float) -> str:
        """Return an amount as a form takes it: grouped digits could be read in two ways."""
        return amount_text(value, self.decimal_mark)

    def with_unit(self, text: str, unit: str) -> str:
        """Return a number like `number`, with its unit. No line ends between them."""
        return f"{self.number(text)}\N{NO-BREAK SPACE}{unit}"

    def quoted(self, text: str) -> str:
        """Return a text between the quotation marks of the language."""
        return _QUOTES.get(_without_region(self.language), "“{}”").format(text)

    def punctuated(self, sign: str) -> str:
        """Return a colon or semicolon between two texts, with the spaces of the language."""
        is_french = _without_region(self.language) == "fr"
        return f"\N{NO-BREAK SPACE}{sign} " if is_french else f"{sign} "

    def amounts(self, stored: JsonMapping, names: Container[str]) -> JsonDict:
        """Return stored values as a form shows them: numbers in `names` are amounts, so texts."""
        return {
            name: self.amount(value) if name in names and not isinstance(value, str) else value
            for name, value in stored.items()
        }

    def day_of_month(self, day: date) -> str:
        """Return the number of a day in its month. In French, the first has an ordinal number."""
        is_french = _without_region(self.language) == "fr"
        return "1er" if day.day == 1 and is_french else str(day.day)

    def day(self, day: date) -> str:
        """Return a day, or the day of a time, in the notation of the language."""
        return f"{day:{_DAYS.get(_without_region(self.language), '%Y-%m-%d')}}"

    async def async_text(self, hass: HomeAssistant, key: str, **placeholders: object) -> str:
        """Return a text of the integration, with its placeholders filled in.

        An example of `key` is `device.tank.name`.
        """
        texts = await async_get_translations(hass, self.language, key.partition(".")[0], {DOMAIN})
        return texts[f"component.{DOMAIN}.{key}"].format_map(placeholders)


async def async_user_locale(hass: HomeAssistant, user_id: str | None = None) -> UserLocale:
    """Return the locale of a user, or of the user whose request is being answered.

    Home Assistant does not pass the language to a dialog. So look where the frontend looks: first
    in the user's profile, then in the languages of the browser. Without both, return Home
    Assistant's language.
    """
    request = None if user_id else current_request.get()
    if request and (user := request.get(KEY_HASS_USER)):
        user_id = user.id
    chosen: object = (await async_user_store(hass, user_id)).data.get("language") if user_id else {}
    profile = chosen if isinstance(chosen, dict) else {}
    tags = [profile.get("language")]
    if request:
        accepted = request.headers.get("Accept-Language", "").split(",", _MAX_TAGS)
        tags += [tag.partition(";")[0].strip() for tag in accepted[:_MAX_TAGS]]
    language = _first_known([*tags, hass.config.language])
    mark = _MARKS.get(str(profile.get("number_format")), _mark_of(language))
    return UserLocale(language, mark)


def _mark_of(language: str) -> str:
    return "." if {language, _without_region(language)} & _WITH_POINT else ","


def _without_region(language: str) -> str:
    return language.partition("-")[0]


def _first_known(tags: Iterable[object]) -> str:
    """Return the first tag that is a language of Home Assistant, also without its region."""
    candidates = (name for tag in tags for name in (str(tag), _without_region(str(tag))))
    return next((name for name in candidates if name in LANGUAGES), "en")
