"""The price file of the tests: prices of 2025 and 2026, apart from the integration's own file."""

from collections.abc import Iterable

FIRST_YEAR = 2025
# Each price of 2025 and of 2026; None where none was published.
FIXED = {
    3: (11.11, 7.42),
    7: (19.27, 12.84),
    12: (29.46, 19.61),
    17: (39.65, 26.39),
    27: (60.03, 39.94),
    43: (92.64, 61.62),
    70: (147.66, 98.20),
    100: (208.80, 138.85),
    150: (None, 206.60),
    200: (None, 274.35),
}
METER = {40: (5.90, 5.72), 63: (11.72, 8.69), 120: (36.41, 29.60)}
VARIABLE, SURCHARGE = (0.0759, 0.0510), (0.1139, 0.0765)
LEVIES = """
[levies.electricity_tax]
per = "kWh"
names = { en = "Electricity tax", fr = "Taxe sur l'électricité", de = "Stromsteuer", lb = "Stroumsteier", pt = "Imposto sobre a eletricidade" }
A = [
  { from = 2025-01-01, until = 2025-12-31, value = 0.0010 },
  { from = 2026-01-01, until = 2026-12-31, value = 0.0010 },
]

[levies.compensation]
per = "kWh"
names = { en = "Compensation mechanism", fr = "Mécanisme de compensation", de = "Ausgleichsmechanismus", lb = "Kompensatiounsmechanismus", pt = "Mecanismo de compensação" }
A = [
  { from = 2025-01-01, until = 2025-12-31, value = -0.0376, is_private = true },
  { from = 2026-01-01, until = 2026-12-31, value = -0.0010 }, # cancels the tax
  { from = 2026-08-01, until = 2026-12-31, value = -0.0371, ends = "state_aid" },
]
"""  # noqa: E501 - a table of TOML is one line


def price_file(
    variable: Iterable[float] = VARIABLE, surcharge: Iterable[float] = SURCHARGE, levies: str = ""
) -> str:
    """Return a price file with these prices of each year, and with further levies."""
    return "\n".join(
        [
            "[prices]",
            "vat = [{ from = 2025-01-01, value = 0.08 }]",
            f"variable = {_by_year(variable)}",
            f"surcharge = {_by_year(surcharge)}",
            "[prices.fixed]",
            *(f"{kw} = {_by_year(values)}" for kw, values in FIXED.items()),
            "[prices.meter]",
            *(f"{ampere} = {_by_year(values)}" for ampere, values in METER.items()),
            LEVIES,
            levies,
        ]
    )


def _by_year(values: Iterable[float | None]) -> str:
    lines = (
        f"{{ from = {year}-01-01, until = {year}-12-31, value = {value} }}"
        for year, value in enumerate(values, FIRST_YEAR)
        if value is not None
    )
    return f"[{', '.join(lines)}]"


PRICES = price_file()
