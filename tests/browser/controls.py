"""Controls of Home Assistant that texts and pages name: each has one entry, with sign and way.

`test_texts` compares the texts with this table, and `test_controls` opens each entry.
"""

from typing import Literal, NamedTuple

type Sign = Literal["gear", "menu"]

LANGUAGES = ("en", "de", "fr", "lb", "pt")
_ENTRY = "panel.config.integrations.config_entry"
_LOAD, _BATTERY = "config_subentries.load.initiate_flow", "config_subentries.battery.initiate_flow"

SIGNS: dict[Sign, dict[str, str]] = {
    "gear": dict(
        zip(
            LANGUAGES,
            ("gear icon", "Zahnrad", "roue dentée", "Zännrad", "roda dentada"),
            strict=True,
        )
    ),
    "menu": dict.fromkeys(LANGUAGES, "⋮"),
}
"""Words of a sign, by language."""

ICONS: dict[Sign, str] = {"gear": "M12,8A4,4", "menu": "M12,16A2,2"}
"""Begin of the drawing of a sign."""


AUTOMATION = "automation_with_traces"
"""Id of an automation that is there when the controls are opened."""


class Control(NamedTuple):
    """Button that has a sign, and no name that can be seen."""

    sign: Sign
    of: dict[str, tuple[str, ...]]
    """Words that follow the sign, by language."""
    page: str | None
    """Path of the page that has the button. None is the page of the integration."""
    row: str
    """Selector of the part of the page that has the button. The first button there is meant."""
    name: str
    """Key of the name for screen readers: of the frontend, or of the integration with "own."."""
    opens: tuple[str, ...]
    """Keys of the names that are seen then. A text may have one of them behind the sign."""


CONTROLS = (
    Control(
        "gear",
        {
            # Each kind of entry has this button.
            "en": ("of the meter", "of the pulse reader", "of the tank"),
            "de": ("des Zählers",),
            "fr": ("du compteur",),
            "lb": ("vum Compteur",),
            "pt": ("do contador",),
        },
        None,
        "ha-config-entry-row",
        f"{_ENTRY}.configure",
        tuple(
            f"own.options.step.init.menu_options.{page}"
            for page in (
                "contracts",
                "aids",
                "goal_and_messages",
                "plan",
                "gas",
                "sun",
                "other_programs",
                "leneda_file",
                "leneda_account",
                "sidebar",
            )
        ),
    ),
    Control(
        "menu",
        {
            "en": ("of the meter",),
            "de": ("des Zählers",),
            "fr": ("du compteur",),
            "lb": ("vum Compteur",),
            "pt": ("do contador",),
        },
        None,
        "ha-config-entry-row",
        "common.menu",
        (
            f"{_ENTRY}.reload",
            f"{_ENTRY}.download_diagnostics",
            f"{_ENTRY}.reconfigure",
            f"{_ENTRY}.delete",
            "common.disable",
        ),
    ),
    Control(
        "gear",
        {
            "en": ("beside the load",),
            "de": ("neben der Last",),
            "fr": ("à côté de la charge",),
            "lb": ("niewent der Laascht",),
            "pt": ("ao lado da carga",),
        },
        None,
        "ha-config-entry-row",
        f"own.{_LOAD}.reconfigure",
        ("own.config_subentries.load.step.appliance.data.kwh",),
    ),
    Control(
        "menu",
        {"en": ("beside the load",)},
        None,
        "ha-config-sub-entry-row",
        "common.menu",
        (f"{_ENTRY}.rename", f"{_ENTRY}.delete"),
    ),
    Control(
        "gear",
        {
            "en": ("beside the battery",),
            "de": ("neben der Batterie",),
            "fr": ("à côté de la batterie",),
            "lb": ("niewent der Batterie",),
            "pt": ("ao lado da bateria",),
        },
        None,
        "ha-config-entry-row",
        f"own.{_BATTERY}.reconfigure",
        ("own.config_subentries.battery.step.user.data.capacity_kwh",),
    ),
    Control(
        "gear",
        {"en": ("of the entity",)},
        "/history?more-info-entity-id=sensor.smarty_energy_imported",
        "ha-more-info-dialog",
        "dialogs.more_info_control.settings",
        (
            "dialogs.entity_registry.editor.entity_id",
            "dialogs.entity_registry.editor.unit_of_measurement",
        ),
    ),
    Control(
        "menu",
        {"en": ("of the automation",)},
        f"/config/automation/edit/{AUTOMATION}",
        "ha-automation-editor",
        "common.menu",
        ("panel.config.automation.editor.show_trace",),
    ),
    Control(
        "menu",
        {"en": ("of the dashboards",)},
        "/config/lovelace/dashboards",
        "ha-config-lovelace-dashboards",
        "common.menu",
        ("panel.config.lovelace.resources.caption",),
    ),
)

OTHER_SIGNS = {
    "en": ("⋮ of the card", "⋮ *Custom repositories*", "⋮ of its page, *Install another version*"),
}
"""Signs of the project's own cards, and of programs that are not part of Home Assistant."""

_MAIN = "panel.config.dashboard"
WAYS: dict[tuple[str, ...], str] = {
    (f"{_MAIN}.devices.main",): "/config/integrations/dashboard",
    (
        f"{_MAIN}.devices.main",
        "panel.config.helpers.caption",
        "panel.config.helpers.picker.create_helper",
    ): "/config/helpers",
    (f"{_MAIN}.devices.main", "panel.config.entities.caption"): "/config/entities",
    (
        f"{_MAIN}.devices.main",
        "panel.config.integrations.add_integration",
    ): "/config/integrations/dashboard",
    (f"{_MAIN}.automations.main",): "/config/automation/dashboard",
    (f"{_MAIN}.dashboards.main",): "/config/lovelace/dashboards",
    (
        f"{_MAIN}.voice_assistants.main",
        "panel.config.voice_assistants.expose.caption",
    ): "/config/voice-assistants/expose",
    (f"{_MAIN}.tools.main", "panel.config.tools.tabs.actions.title"): "/config/tools/action",
    (
        f"{_MAIN}.tools.main",
        "panel.config.tools.tabs.statistics.title",
    ): "/config/tools/statistics",
    (f"{_MAIN}.system.main", "panel.config.repairs.caption"): "/config/repairs",
    (f"{_MAIN}.system.main", "panel.config.logs.caption"): "/config/logs",
    (f"{_MAIN}.system.main", "panel.config.updates.caption"): "/config/updates",
    (
        f"{_MAIN}.system.main",
        "panel.config.backup.caption",
        "panel.config.backup.overview.new_backup",
    ): "/config/backup/overview",
}
"""Keys of the names that are chosen one after another from the settings on, and where they lead."""

ELSEWHERE = ("Apps", "Marketplace", "Companion app")
"""Settings of other installations: with the supervisor or HACS, and in the app for phones."""
