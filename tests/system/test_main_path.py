"""A reading's way with real programs: cable, ser2net, Home Assistant, bill, card in a browser."""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from dev.leneda.export_file import export
from dev.simulator import Server
from dev.testing.real_programs import RecordingMeter, program, serial_cable, until
from tests.browser.dashboard import shows_cards
from tests.browser.household import browser_running, household
from tests.browser.steps import add_dashboard
from tests.system.browser import BROWSERS
from tests.system.gateway import Gateway
from tests.system.home import Home

KEY = bytes.fromhex("3B00D1C25A6E4F7788990A1B2C3D4E5F")
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
# EUR/kWh, EUR/month: of the contract, so they hold in any month.
ENERGY, VARIABLE, FIXED = (Decimal(price) for price in ("0.1463", "0.0501", "12.34"))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def last_month() -> tuple[datetime, int]:
    """Return the beginning of the last whole month, and its number of quarter-hours."""
    end = datetime.now(LUXEMBOURG).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begin = (end - timedelta(days=1)).replace(day=1)
    return begin, round((end.timestamp() - begin.timestamp()) / 900)


async def test_a_reading_goes_from_the_cable_to_the_bill_on_a_card(tmp_path: Path) -> None:
    meter, cable = RecordingMeter(1, KEY), tmp_path / "cable"
    gateway = Gateway([cable], tmp_path)
    begin, count = last_month()
    async with (
        Server([meter], interval=1) as line,
        serial_cable(cable, line.ports[0]),
        gateway.serving(),
        Home(tmp_path, meter) as home,
        browser_running(program(*BROWSERS)) as browser,
    ):
        entry = await home.add_meter(gateway.url(1), KEY)
        prices = {"network_fixed_price": float(FIXED), "network_variable_price": float(VARIABLE)}
        await home.set_options(
            reference_power="7", energy_price=float(ENERGY), network_prices=prices
        )
        await until(home.shows_last_telegram)

        # The platform's file of a month at 0.4 kW.
        path = tmp_path / "config" / "www" / "month.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(export(begin.isoformat(), ["0.400"] * count))
        await home.call(entry, "import_quarter_hours", path=str(path))
        bill = await home.call(entry, "get_bill", month=f"{begin:%Y-%m}")
        lines = {line["name"]: line for line in bill["lines"]}
        kwh = Decimal("0.1") * count
        expected = {
            "energy": cents(kwh * ENERGY),
            "network_fixed": FIXED,
            "network_variable": cents(kwh * VARIABLE),
        }
        amounts = {name: Decimal(str(line["amount"])) for name, line in lines.items()}
        assert amounts.items() >= expected.items()
        net = sum(amounts.values())
        total = net + cents(net * Decimal("0.08"))
        assert [Decimal(str(bill[name])) for name in ("net", "total")] == [net, total]

        async with household(home.client.url, browser) as who:
            await add_dashboard(who)
            await who.opens("/dashboard-smarty/bill")

            euros = total.quantize(Decimal(1), ROUND_HALF_UP)

            async def shows_month() -> object:
                _, months = await shows_cards(who, "bill", "months")
                return re.search(rf"To pay (< )?\S+ € {euros} €", months.text)

            await until(shows_month)
            assert not who.errors
