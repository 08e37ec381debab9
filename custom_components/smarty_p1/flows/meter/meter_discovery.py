"""Dialog steps for ports that Home Assistant discovers. The user enters only the keys."""

import re
from itertools import chain
from typing import Any, cast

from homeassistant.config_entries import SOURCE_IGNORE, ConfigFlow, ConfigFlowResult
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from ...const import CONF_SERVICE
from ...coordinator import has_telegrams
from ...coordinator.entry_types import known_meters
from ...lib.json_types import JsonDict, JsonMapping
from ..dialog_base import DialogSteps
from ..form import Input
from ..ports_in_use import async_entry_at, async_lasting_name
from .moved_gateway import follow
from .port_key_and_found_meter import MeterForm, MeterSteps

# "P1" as a word, in these spellings: P1, p1-meter, P1_port, p1port, meterp1, MyP1Cable. The
# patterns in the manifest also match names such as esp12, HP1102 and P1S. This pattern refuses
# these names.
_SAYS_P1 = re.compile(
    r"""(?: (?<![A-Za-z0-9])[Pp]1 | (?<=[a-z])P1 | (?<=meter)p1 )
        (?: (?![A-Za-z0-9]) | (?=[A-Z][a-z]) | (?=port|meter|reader|gateway|cable|kabel|usb) )
        | (?i:smarty|dsmr)""",
    re.VERBOSE,
)
# Zeroconf properties that describe a service. The manifest lists the same properties.
_TELLING_PROPERTIES = ("product", "name", "description", "model")
# URL scheme for each sequence of protocol layers that a gateway announces. Gateways with other
# layers are refused.
_SCHEMES = {("tcp",): "socket", ("telnet", "tcp"): "rfc2217"}
_MAX_NAME_CHARS = 64
# Anybody on the network can announce any number of ports and addresses, so both are limited. An
# announced port beyond the limit can be added by hand.
_MAX_DIALOGS = 32
_MAX_ADDRESSES = 16
# Key of the addresses that are stored in the context of a dialog and in the data of an ignored
# port.
_ADDRESSES = "addresses"


def _says_p1(*texts: str | None) -> bool:
    return any(text and _SAYS_P1.search(text) for text in texts)


def _addresses_in(stored: JsonMapping) -> set[str]:
    """Return the addresses in the context of a dialog, or in the data of an ignored port."""
    return set(stored.get(_ADDRESSES, ()))


def _urls(info: ZeroconfServiceInfo) -> list[str]:
    """Return the URLs of an announced port, the best URL first.

    Return [] if the protocol of the port is unknown.
    """
    stack = str(info.properties.get("gensiostack") or "tcp").lower()
    layers = re.sub(r"\([^)]*\)", "", stack).replace(" ", "").split(",")
    scheme = _SCHEMES.get(tuple(layers))
    if scheme is None or not info.port:
        return []
    ips = [info.ip_address, *info.ip_addresses]
    hosts = [f"[{ip}]" if ip.version == 6 else str(ip) for ip in ips]  # noqa: PLR2004
    name = info.hostname.rstrip(".")
    hosts = [*hosts[: _MAX_ADDRESSES - 2], name, name.removesuffix(".local")]
    return [f"{scheme}://{host}:{info.port}" for host in dict.fromkeys(hosts)]


class DiscoverySteps(DialogSteps[MeterSteps]):
    """Dialog steps for a discovered port.

    There is at most one dialog for each port, even if the port is announced under many names. There
    is no dialog for a port that an entry already uses, or that the user has ignored.
    """

    _offered: MeterForm

    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Offer a port that a gateway announces on the network."""
        info = discovery_info
        name = info.name.removesuffix(f".{info.type}")
        urls = _urls(info)
        if not urls or not _says_p1(name, *map(info.properties.get, _TELLING_PROPERTIES)):
            return self.flow.async_abort(reason="not_p1_port")
        if await self._async_follow_service(info.name, urls):
            return self.flow.async_abort(reason="already_configured")
        return await self._async_offer(info.name, name, urls, service=info.name)

    async def async_step_usb(self, discovery_info: UsbServiceInfo) -> ConfigFlowResult:
        """Offer a USB cable that was plugged in."""
        description = discovery_info.description
        if not description or not _says_p1(description):
            return self.flow.async_abort(reason="not_p1_port")
        port = await async_lasting_name(self.hass, discovery_info.device)
        return await self._async_offer(port, description, [port])

    async def async_step_discovery_confirm(self, user_input: Input = None) -> ConfigFlowResult:
        """Ask for the keys of the meter."""
        return await self.following.async_ask_meter(user_input, self._offered)

    async def async_step_ignore(self, user_input: JsonDict) -> ConfigFlowResult:
        """Ignore a discovered port under all names of its addresses."""
        result = await ConfigFlow.async_step_ignore(self.flow, user_input)
        for dialog in self.flow._async_in_progress():  # noqa: SLF001 - made for its subclasses
            if dialog["context"].get("unique_id") == self.flow.unique_id:
                result["data"] = {_ADDRESSES: sorted(_addresses_in(dialog["context"]))}
        return result

    async def _async_offer(
        self, unique_id: str, name: str, urls: list[str], *, service: str | None = None
    ) -> ConfigFlowResult:
        port = urls[0]
        for url in urls:
            if await async_entry_at(self.hass, url):
                return self.flow.async_abort(reason="already_configured")
        # The meter's serial number is unknown until a telegram comes. So the dialog has the name of
        # the service or port as its unique id.
        await self.flow.async_set_unique_id(unique_id)
        # A port has the same addresses by any protocol.
        addresses = sorted({url.rpartition("://")[2].lower() for url in urls})
        self.flow._abort_if_unique_id_configured({_ADDRESSES: addresses})  # noqa: SLF001
        if reason := self._reason_to_abort(set(addresses)):
            return self.flow.async_abort(reason=reason)
        cast("dict[str, Any]", self.flow.context)[_ADDRESSES] = addresses
        self._offered = MeterForm(
            step_id="discovery_confirm",
            port=port,
            service=service,
            placeholders={"name": name[:_MAX_NAME_CHARS], "present_port": port},
        )
        self.flow.context["title_placeholders"] = {"name": f"{name} ({port})"}
        return await self.async_step_discovery_confirm()

    def _reason_to_abort(self, addresses: set[str]) -> str | None:
        """Return why a port is not offered: another name of it was offered or ignored before."""
        for entry in self.flow._async_current_entries(include_ignore=True):  # noqa: SLF001
            if entry.source == SOURCE_IGNORE and addresses & _addresses_in(entry.data):
                return "already_configured"
        dialogs = self.flow._async_in_progress(include_uninitialized=True)  # noqa: SLF001
        offered = [found for dialog in dialogs if (found := _addresses_in(dialog["context"]))]
        is_offered = not addresses.isdisjoint(chain.from_iterable(offered))
        return "already_in_progress" if is_offered or len(offered) >= _MAX_DIALOGS else None

    async def _async_follow_service(self, service: str, urls: list[str]) -> bool:
        """Return whether the discovered gateway belongs to an entry, so that no dialog is needed.

        `service` is the gateway's name, and `urls` are its addresses. If the entry of a meter reads
        one of `urls`, store `service` in the entry. If an entry has `service` but reads none of
        `urls`, the gateway may have a new address. Then look for the entry's meter at the first of
        `urls`.
        """
        for url in urls:
            reader = await async_entry_at(self.hass, url)
            # Skip entries of pulse readers and tank sensors, because they do not read a meter.
            if (
                reader
                and has_telegrams(reader)
                and reader.data.get(CONF_SERVICE, service) == service
            ):
                self.hass.config_entries.async_update_entry(
                    reader, data={**reader.data, CONF_SERVICE: service}
                )
                return True
        for entry in known_meters(self.hass):
            if entry.data.get(CONF_SERVICE) == service:
                follow(self.hass, entry, urls[0])
                return True
        return False
