/** Sections of the dashboard for pulse readers and tanks, mostly of built-in cards. */

import { type Hass, ownEntities } from "./hass.ts";
import type { Locale } from "./locale.ts";
import type { Meter } from "./data/websocket-types.ts";
import texts from "./texts/strategy.json" with { type: "json" };

type Card = Record<string, unknown>;

const WIDE = { columns: 12 };
const ICONS: Record<string, string> = { pulse_energy: "mdi:led-on", tank_level: "mdi:storage-tank" };

/**
 * Return a section for each pulse reader and tank with enabled entities, sorted by device name. `readers` are the pulse
 * readers whose power can be shown by a card of this integration.
 */
export function boardSections(hass: Hass, locale: Locale, readers: readonly Meter[]): object[] {
  const boards = new Map<string, Map<string, string>>();
  for (const { translation_key: key, device_id: device, entity_id, hidden } of ownEntities(hass.entities)) {
    if (!key || !device || hidden) continue;
    boards.set(device, (boards.get(device) ?? new Map<string, string>()).set(key, entity_id));
  }
  const name = (device: string) => hass.devices[device]?.name_by_user ?? hass.devices[device]?.name ?? "";
  return [...boards]
    .filter(([device, keys]) => !hass.devices[device]?.disabled_by && Object.keys(ICONS).some((key) => keys.has(key)))
    .sort(([a], [b]) => name(a).localeCompare(name(b)))
    .map(([device, keys]) => section(name(device), keys, locale, readers.find(({ device_id }) => device_id === device)));
}

function section(name: string, keys: Map<string, string>, locale: Locale, reader: Meter | undefined): object {
  const [kind, icon] = Object.entries(ICONS).find(([key]) => keys.has(key))!;
  const cards: Card[] = [{ type: "heading", heading: name, icon, heading_style: "title" }];
  const add = (key: string, build: (entity: string) => Card) => {
    const entity = keys.get(key);
    if (entity) cards.push({ grid_options: WIDE, ...build(entity) });
  };
  const tile = (options: Card = {}) => (entity: string): Card => ({ type: "tile", entity, name: { type: "entity" }, ...options });
  if (kind === "tank_level") {
    add(kind, tile({ features: [{ type: "bar-gauge", min: 0, max: 100 }] }));
    add("tank_volume", tile());
    add(kind, (entity) => ({ type: "history-graph", entities: [entity], hours_to_show: 168 }));
    return { type: "grid", cards };
  }
  if (reader) cards.push({ grid_options: WIDE, type: "custom:smarty-p1-now", entry_id: reader.entry_id });
  else add("pulse_power", tile({ features: [{ type: "trend-graph", hours_to_show: 1 }] }));
  add(kind, tile());
  for (const [period, title] of [["day", "today"], ["month", "month"]] as const) {
    const text = locale.text(texts, title);
    add(kind, (entity) => ({ type: "statistic", entity, name: text, stat_type: "change", period: { calendar: { period } } }));
  }
  for (const [period, days_to_show] of [["day", 14], ["month", 365]] as const) {
    const chart = { type: "statistics-graph", period, days_to_show, stat_types: ["change"], chart_type: "bar", hide_legend: true };
    add(kind, (entity) => ({ ...chart, entities: [entity] }));
  }
  return { type: "grid", cards };
}
