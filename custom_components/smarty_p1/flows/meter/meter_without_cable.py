"""Setup step of a meter without a cable: its account at Leneda."""

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.util import dt as dt_util

from ...const import CONF_CONSUMPTION_POINT, CONF_KIND, KIND_LENEDA, SECTION_LENEDA
from ...coordinator.entry_types import known_meters
from ...lib.history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR, day_start
from ...lib.leneda.measured_and_estimated_rows import LenedaRows, last_whole_day
from ...lib.markdown_text import Verbatim
from ...user_requests.user_locale import async_user_locale
from ..dialog_base import DialogSteps
from ..form import Input
from ..options.leneda_account import account_fields, async_read_new_account
from .contract_and_dashboard_step import ContractAndDashboardSteps


class CablelessMeterSteps(DialogSteps[ContractAndDashboardSteps]):
    """Dialog step that adds a meter without a cable."""

    async def async_step_leneda(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the account at Leneda, and check it with a request. Then ask for the contract."""
        if read := await self.form.async_accept(
            user_input,
            lambda typed: async_read_new_account(self.hass, typed, self.form.inputs),
        ):
            account, days = read
            point = account[CONF_CONSUMPTION_POINT]
            await self._async_claim(point)
            for entry in known_meters(self.hass):
                other = entry.options.get(SECTION_LENEDA, {})
                if other.get(CONF_CONSUMPTION_POINT) == point:
                    return self.flow.async_abort(reason="already_configured")
            known = await self._async_describe_days(days)
            outline = await self._async_text("common.leneda_answered", point=point, known=known)
            shown = {"meter": Verbatim(outline)}
            data = {CONF_KIND: KIND_LENEDA}
            return await self.following.async_ask_of_past(data, account, shown)
        return await self.form.async_show("leneda", account_fields(), last_step=False)

    async def _async_describe_days(self, days: LenedaRows) -> str:
        """Return a text about the newest complete day in `days`. Say if yesterday is missing."""
        texts = []
        locale = await async_user_locale(self.hass)
        last = last_whole_day(days)
        if last:
            rows = [row for row in days if day_start(row.start) == last.start]
            highest = max(rows, key=lambda row: row.kw)
            texts.append(
                await self._async_text(
                    "common.leneda_last_day",
                    day=locale.day(last.start.astimezone(LUXEMBOURG)),
                    kwh=locale.number(f"{last.kwh:.1f}"),
                    kw=locale.number(f"{highest.kw:.1f}"),
                    time=f"{highest.start.astimezone(LUXEMBOURG):%H:%M}",
                )
            )
        yesterday = day_start(day_start(dt_util.utcnow()) - QUARTER_HOUR)
        if last is None or last.start < yesterday:
            texts.append(await self._async_text("common.leneda_nothing_yet"))
        return "\n\n".join(texts)
