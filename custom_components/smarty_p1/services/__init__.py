"""Actions of the integration."""

from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers import service

from ..const import DOMAIN
from . import best_start, bill, leneda_import, outlook, plan, quarter_hours, telegram, what_if
from .unlogged_refusals import without_log_line


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions.

    The actions that return energies and costs are open to every user who may read the meter's
    entities. All other actions are only for administrators and automations, for these reasons:

    - A telegram also contains serial numbers, messages of the grid operator and unknown data.
    - The import and the removal of quarter-hours change stored data.
    """
    only = SupportsResponse.ONLY
    optional = SupportsResponse.OPTIONAL
    for name, action, schema, response in (
        ("get_telegram", telegram.get_telegram, telegram.SCHEMA, only),
        (
            "import_quarter_hours",
            leneda_import.import_quarter_hours,
            leneda_import.IMPORT_SCHEMA,
            optional,
        ),
        (
            "remove_imported_quarter_hours",
            leneda_import.remove_imported_quarter_hours,
            leneda_import.REMOVE_SCHEMA,
            optional,
        ),
    ):
        service.async_register_admin_service(
            hass, DOMAIN, name, without_log_line(action), schema, response
        )
    for name, action, schema in (
        ("get_bill", bill.get_bill, bill.BILL_SCHEMA),
        ("compare_reference_powers", bill.compare_reference_powers, bill.COMPARISON_SCHEMA),
        ("get_quarter_hours", quarter_hours.get_quarter_hours, quarter_hours.SCHEMA),
        ("get_outlook", outlook.get_outlook, outlook.SCHEMA),
        ("get_best_start", best_start.get_best_start, best_start.SCHEMA),
        ("get_plan", plan.get_plan, plan.SCHEMA),
        ("what_if", what_if.what_if, what_if.SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, without_log_line(action), schema, only)
