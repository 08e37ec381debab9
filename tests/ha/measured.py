"""Quarter-hours that a meter has measured, without as many telegrams."""

from collections.abc import Iterable
from datetime import timedelta

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.lib.history.month_file_lines import HEADER
from custom_components.smarty_p1.lib.history.month_file_reader import RowReader
from custom_components.smarty_p1.lib.history.quarter_hour import QuarterHour
from custom_components.smarty_p1.lib.history.register_amounts import Amounts
from custom_components.smarty_p1.lib.history.spans import Span, SpanKind


def as_span(quarter: QuarterHour, number: int = 1) -> Span:
    """Return a quarter-hour as a span of a row."""
    fed_kwh = quarter.exported_kwh
    reactive = (quarter.reactive_imported_kvarh, quarter.reactive_exported_kvarh)
    amounts = Amounts(
        quarter.mean_kw * 250,
        (fed_kwh or 0.0) * 1000,
        fed_kwh is not None,
        *(None if each is None else each * 1000 for each in reactive),
    )
    end = quarter.start + timedelta(minutes=15)
    return Span(quarter.start, end, SpanKind.QUARTER_HOUR, amounts.rounded(), number=number)


def measure(entry: MockConfigEntry, quarters: Iterable[QuarterHour]) -> None:
    """Let the meter of an entry have measured quarter-hours, and store them."""
    meter = entry.runtime_data.records.household
    history = meter.meter.history
    for quarter in quarters:
        history._add(history.segments[0], as_span(quarter))
    meter.set_leneda_days(meter.leneda)
    entry.runtime_data.records.quarter_hours.append(meter.meter.take_new())


def replace_month(entry: MockConfigEntry, name: str, lines: Iterable[str]) -> None:
    """Let the meter of an entry know nothing of a month but some lines.

    A line has the start of a quarter-hour, and its four energies.
    """
    meter = entry.runtime_data.records.household
    history = meter.meter.history
    text = HEADER
    for number, (start, *energies) in enumerate((line.split(",") for line in lines), 1):
        text += f"{start},,{','.join(energies)},,,{number}\n"
    reader = RowReader({name: text.encode()})
    assert not reader.damaged
    history.row.months.update(reader.row.months)
    meter.set_leneda_days(meter.leneda)
