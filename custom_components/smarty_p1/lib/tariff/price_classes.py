"""Classes of the published prices: reference powers, sizes of meters, categories of the levies."""

REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
"""Reference powers of the tariff, in kW."""
METER_SIZES = (40, 63, 120)
"""Price classes of meters. The number is the smallest current of the class, in ampere."""
CONSUMER_CATEGORIES = ("A", "B")
"""Categories of the levies: A up to 25,000 kWh a year, B above."""
