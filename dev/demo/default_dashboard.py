"""Set-up of the integration's dashboard as the default dashboard of the demo's user."""

from .client import Client

URL_PATH = "dashboard-smarty"
_STRATEGY = {"type": "custom:smarty-p1"}


async def add_overview(client: Client) -> None:
    """Add the integration's dashboard, and make it the user's default dashboard."""
    dashboards = await client.command("lovelace/dashboards/list")
    if any(dashboard["url_path"] == URL_PATH for dashboard in dashboards):
        return
    await client.command(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title="Smarty",
        icon="mdi:meter-electric",
        mode="storage",
        show_in_sidebar=True,
        require_admin=False,
    )
    await client.command("lovelace/config/save", url_path=URL_PATH, config={"strategy": _STRATEGY})
    stored = await client.command("frontend/get_user_data", key="core")
    await client.command(
        "frontend/set_user_data",
        key="core",
        value={**(stored["value"] or {}), "default_panel": URL_PATH},
    )
