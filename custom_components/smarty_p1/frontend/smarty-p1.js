/**
 * The dashboard "Smarty": a strategy that makes views out of the entities of this integration.
 *
 * Entities are found by their translation keys, whatever they are called; each view is a table of
 * sections, each section a table of cards, each card made of the keys it shows. What a meter does
 * not send has no entity and no card; what is disabled is named at the end of its section.
 */

const PLATFORM = "smarty_p1";
const STRATEGY = "smarty-p1";

// --- Texts ------------------------------------------------------------------------------------

const LANGUAGES = ["en", "de", "fr", "lb", "pt"];
const TEXTS = {
  description: [
    "Power, quarter-hours, costs, gas, water and supply quality of your smart meter",
    "Leistung, Viertelstunden, Kosten, Gas, Wasser und Spannungsqualität deines Smart Meters",
    "Puissance, quarts d'heure, coûts, gaz, eau et qualité de la tension de votre compteur",
    "Leeschtung, Véierelstonnen, Käschten, Gas, Waasser a Spannungsqualitéit vun Ärem Smart Meter",
    "Potência, quartos de hora, custos, gás, água e qualidade da tensão do seu contador",
  ],
  now: ["Now", "Jetzt", "Maintenant", "Elo", "Agora"],
  bill: ["Bill", "Rechnung", "Facture", "Rechnung", "Fatura"],
  others: ["Gas, water, heat", "Gas, Wasser, Wärme", "Gaz, eau, chaleur", "Gas, Waasser, Wäermt", "Gás, água, calor"],
  boards: ["Other meters", "Weitere Zähler", "Autres compteurs", "Aner Compteuren", "Outros contadores"],
  quality: ["Quality", "Qualität", "Qualité", "Qualitéit", "Qualidade"],
  power: ["Power", "Leistung", "Puissance", "Leeschtung", "Potência"],
  quarter: ["Quarter-hour", "Viertelstunde", "Quart d'heure", "Véierelstonn", "Quarto de hora"],
  imported: ["Imported", "Bezogen", "Prélevé", "Bezunn", "Importada"],
  exported: ["Exported", "Eingespeist", "Injecté", "Agespeist", "Exportada"],
  today: ["Today", "Heute", "Aujourd'hui", "Haut", "Hoje"],
  hours: ["Last 24 hours", "Letzte 24 Stunden", "24 dernières heures", "Lescht 24 Stonnen", "Últimas 24 horas"],
  month: ["This month", "Dieser Monat", "Ce mois-ci", "Dëse Mount", "Este mês"],
  months: ["By month", "Nach Monaten", "Par mois", "No Méint", "Por mês"],
  limit: [
    "of {kW} kW reference power", "von {kW} kW Referenzleistung", "sur {kW} kW de puissance de référence",
    "vun {kW} kW Referenzleeschtung", "de {kW} kW de potência de referência",
  ],
  reference: ["Reference power", "Referenzleistung", "Puissance de référence", "Referenzleeschtung", "Potência de referência"],
  price: ["Energy price", "Energiepreis", "Prix de l'énergie", "Energiepräis", "Preço da energia"],
  voltage: ["Voltage and current", "Spannung und Strom", "Tension et intensité", "Spannung a Stroum", "Tensão e corrente"],
  supply: ["Supply", "Versorgung", "Alimentation", "Versuergung", "Fornecimento"],
  meter: ["Meter and reception", "Zähler und Empfang", "Compteur et réception", "Compteur an Empfang", "Contador e receção"],
  disabled: [
    "Not shown because disabled:", "Nicht angezeigt, weil deaktiviert:", "Non affiché, car désactivé :",
    "Net ugewisen, well desaktivéiert:", "Não apresentado por estar desativado:",
  ],
  enable: ["Enable", "Aktivieren", "Activer", "Aktivéieren", "Ativar"],
  missing: ["Not entered yet:", "Noch nicht eingegeben:", "Pas encore saisi :", "Nach net aginn:", "Ainda não indicado:"],
  classes: [
    "What each reference power would have cost in {n} months (fixed part and surcharge, without VAT)",
    "Was jede Referenzleistung in {n} Monaten gekostet hätte (fester Teil und Zuschlag, ohne MwSt.)",
    "Ce que chaque puissance de référence aurait coûté en {n} mois (part fixe et frais de dépassement, hors TVA)",
    "Wat all Referenzleeschtung an {n} Méint kascht hätt (feste Bestanddeel an Zouschlag, ouni TVA)",
    "O que cada potência de referência teria custado em {n} meses (parte fixa e custo de ultrapassagem, sem IVA)",
  ],
  measured: [
    "{share}% of this month measured", "{share} % dieses Monats gemessen", "{share} % de ce mois mesurés",
    "{share} % vun dësem Mount gemooss", "{share} % deste mês medidos",
  ],
  since: [
    "{share}% of this month measured, fixed prices since {date}", "{share} % dieses Monats gemessen, feste Preise seit {date}",
    "{share} % de ce mois mesurés, prix fixes depuis le {date}", "{share} % vun dësem Mount gemooss, fest Präisser zanter {date}",
    "{share} % deste mês medidos, preços fixos desde {date}",
  ],
  same: [
    "About the same: another reference power would save less than 5 EUR a year.",
    "Ungefähr gleich: Eine andere Referenzleistung würde weniger als 5 EUR im Jahr sparen.",
    "À peu près pareil : une autre puissance de référence économiserait moins de 5 EUR par an.",
    "Ongeféier d'selwecht: Eng aner Referenzleeschtung géif manner wéi 5 EUR am Joer spueren.",
    "Mais ou menos o mesmo: outra potência de referência pouparia menos de 5 EUR por ano.",
  ],
  options: ["Options", "Optionen", "Options", "Optiounen", "Opções"],
  nothing: ["No meter yet", "Noch kein Zähler", "Pas encore de compteur", "Nach kee Compteur", "Ainda sem contador"],
  add: ["Add a meter", "Zähler hinzufügen", "Ajouter un compteur", "Compteur dobäisetzen", "Adicionar um contador"],
};

function text(language, key) {
  const index = LANGUAGES.indexOf((language ?? "en").split("-")[0]);
  return TEXTS[key][Math.max(index, 0)];
}

// --- What there is: devices and their entities ------------------------------------------------

const phases = (key) => ["l1", "l2", "l3"].map((phase) => `${key}_${phase}`);
// The index of a meter on the M-Bus has its kind as translation key. They are shown in this order.
const KINDS = {
  gas: "mdi:fire", water: "mdi:water", cold_water: "mdi:water", hot_water: "mdi:water-thermometer",
  very_hot_water: "mdi:water-thermometer", waste_water: "mdi:water-sync", heat: "mdi:radiator",
  heat_inlet: "mdi:radiator", heat_cooling: "mdi:hvac", heat_cost_allocator: "mdi:radiator",
  cooling: "mdi:snowflake", cooling_inlet: "mdi:snowflake", compressed_air: "mdi:air-filter",
  electricity: "mdi:lightning-bolt", garbage: "mdi:trash-can", unknown: "mdi:counter",
  pulse_energy: "mdi:led-on", tank_level: "mdi:storage-tank",
};

/** What is known of entities: all of the registry, or, where that is refused, what is enabled. */
async function readEntities(hass) {
  try {
    return await hass.callWS({ type: "config/entity_registry/list" });
  } catch {
    return Object.values(hass.entities);
  }
}

/** Return the devices of the integration, sorted by name, each with its entities by key. */
async function readDevices(hass) {
  const rows = await readEntities(hass);
  const localizeDevice = await hass.loadBackendTranslation("device", PLATFORM);
  const localize = await hass.loadBackendTranslation("entity", PLATFORM);
  const devices = new Map();
  for (const row of rows) {
    const { id, name, name_by_user: ownName, via_device_id: via, disabled_by: isDisabled } =
      hass.devices[row.device_id] ?? {};
    if (row.platform !== PLATFORM || !row.translation_key || !id || isDisabled) continue;
    if (!devices.has(id)) devices.set(id, { id, via, ownName, name: ownName ?? name ?? "", entities: new Map() });
    const [domain] = row.entity_id.split(".");
    // What the user calls it; else a name in the language of the user, not in that of the server.
    const ownLabel = "original_name" in row && row.name;
    const label = localize(`component.${PLATFORM}.entity.${domain}.${row.translation_key}.name`);
    const key = domain === "sensor" ? row.translation_key : `${domain}.${row.translation_key}`;
    devices.get(id).entities.set(key, {
      entity: row.entity_id,
      name: ownLabel || label || row.original_name || row.name || undefined,
      isDisabled: Boolean(row.disabled_by),
      isHidden: Boolean(row.hidden_by || row.hidden),
    });
  }
  for (const device of devices.values()) {
    device.kind = Object.keys(KINDS).find((kind) => device.entities.has(kind));
    // As entities are; the serial number ends its name in every language.
    const serial = device.name.split(" ").at(-1);
    const label = localizeDevice(`component.${PLATFORM}.device.${device.kind}.name`, { serial });
    if (device.via && !device.ownName) device.name = label || device.name;
    // One on the M-Bus may have no index; one that has no kind is the electricity meter itself.
    if (device.via) device.kind ??= "unknown";
  }
  return [...devices.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** The reference powers in kW by the entity that says them; kept while a meter is away. */
const referencePowers = new Map();
const saysNow = (hass, entity) =>
  hass.states[entity]?.attributes.reference_power ?? referencePowers.get(entity);

function referencePower(hass, device) {
  const { entity } = device.entities.get("binary_sensor.demand_will_exceed") ?? {};
  if (entity) referencePowers.set(entity, saysNow(hass, entity));
  return referencePowers.get(entity);
}

// --- Cards: the keys each is made of, and how -------------------------------------------------

const WIDE = { columns: 12 };
const THIRD = { columns: 4 };
const HAS_NUMBER = { condition: "numeric_state", above: -1 };
const HAS_NONE = { condition: "state", state: ["unknown", "unavailable"] };
const when = (condition, { entity }) => ({ visibility: [{ ...condition, entity }] });

const card = (keys, build) => ({ keys, build });
const tile = (key, options) =>
  card([key], ([shown]) => ({ type: "tile", ...shown, grid_options: WIDE, ...options }));
const trend = (key) => tile(key, { features: [{ type: "trend-graph", hours_to_show: 1 }] });
const phaseTiles = (key) =>
  phases(key).map((each) =>
    tile(each, { name: each.slice(-2).toUpperCase(), vertical: true, grid_options: THIRD }));
const list = (...keys) =>
  card(keys, (entities) => ({ type: "entities", entities, grid_options: WIDE }));
const history = (hours_to_show, ...keys) =>
  card(keys, (entities) => ({ type: "history-graph", entities, hours_to_show, grid_options: WIDE }));
const bars = (period, days, ...keys) =>
  card(keys, (entities) => ({
    type: "statistics-graph", entities, period, days_to_show: days, stat_types: ["change"],
    chart_type: "bar", hide_legend: entities.length === 1, grid_options: WIDE,
  }));
const sum = (period, key, title) =>
  card([key], ([{ entity }]) => ({
    type: "statistic", entity, name: title, stat_type: "change", period: { calendar: { period } },
  }));

/** The current quarter-hour: a gauge that turns red at the limit, with words for no number. */
const gauge = (limit, title) => [
  card(["demand_running"], ([{ entity }]) => ({
    type: "gauge", entity, name: title, min: 0, max: limit * 1.5, needle: true,
    segments: [
      { from: 0, color: "var(--success-color)" },
      { from: limit * 0.8, color: "var(--warning-color)" },
      { from: limit, color: "var(--error-color)" },
    ],
    grid_options: WIDE,
    ...when(HAS_NUMBER, { entity }),
  })),
  card(["demand_running"], ([shown]) => ({ type: "tile", ...shown, grid_options: WIDE, ...when(HAS_NONE, shown) })),
];

/** How much of the month the total knows, and from which day its fixed prices count. */
const measured = (t, { language }) =>
  card(["cost_total"], ([{ entity }]) => {
    const date = Intl.DateTimeFormat(language, { day: "2-digit", month: "2-digit" }).formatToParts();
    const format = date.map(({ type, value }) => ({ day: "%d", month: "%m" })[type] ?? value).join("");
    const share = `{{ (state_attr("${entity}", "measured_share") * 100) | round }}`;
    const known = (key) => t(key).replace("{share}", share);
    return {
      ...markdown(`{% set since = state_attr("${entity}", "since") -%}
{% if since -%} ${known("since").replace("{date}", `{{ (since | as_datetime | as_local).strftime("${format}") }}`)}
{% else -%} ${known("measured")} {% endif %}`),
      ...when(HAS_NUMBER, { entity }),
    };
  });

/** A table of what each class would have cost, once a whole month is known; one's own is bold. */
const classTable = (title, same, own, { language }) =>
  card(["cheapest_reference_power"], ([{ entity }]) => ({
    type: "markdown",
    content: `${title.replace("{n}", `{{ (state_attr("${entity}", "months") or []) | count }}`)}

| kW | EUR |
| --: | --: |
{% for kw, cost in (state_attr("${entity}", "classes") or {}).items() if cost is not none -%}
{% set own = "**" if kw == "${own}" else "" -%}
{% set amount = "%.2f" | format(cost) | replace(".", "${(0.5).toLocaleString(language)[1]}") -%}
| {{ own ~ kw ~ own }} | {{ own ~ amount ~ own }} |
{% endfor %}
{% if state_attr("${entity}", "about_the_same") and states("${entity}") | float != ${own ?? 0} %}${same}{% endif %}`,
    grid_options: WIDE,
    ...when(HAS_NUMBER, { entity }),
  }));

const markdown = (content) => ({ type: "markdown", content, text_only: true, grid_options: WIDE });
const heading = (title, icon, heading_style = "title") =>
  ({ type: "heading", heading: title, icon, heading_style });
const caption = (title, ...keys) => card(keys, () => heading(title, undefined, "subtitle"));

// --- Sections and views -----------------------------------------------------------------------

/** The sections of one device; `style` is that of their headings. */
class Sections {
  constructor(hass, device, style) {
    Object.assign(this, { hass, device, style });
    this.t = (key) => text(hass.language, key);
  }

  /** Return a section of the cards that have something to show, none if there is nothing. */
  section(title, icon, cards, hint) {
    const { entities } = this.device;
    const shown = [];
    const disabled = new Set();
    for (const { keys, build } of cards.flat()) {
      const found = keys.map((key) => entities.get(key)).filter(Boolean);
      found.filter((each) => each.isDisabled).forEach((each) => disabled.add(each));
      const usable = found.filter((each) => !each.isDisabled && !each.isHidden);
      if (usable.length) shown.push(build(usable.map(({ entity, name }) => ({ entity, name }))));
    }
    // Only administrators can follow these hints.
    const hints = [hint, disabled.size && this.disabledHint([...disabled])];
    if (this.hass.user?.is_admin) shown.push(...hints.filter(Boolean).map(markdown));
    if (!shown.length) return [];
    return [{ type: "grid", cards: [heading(title, icon, this.style), ...shown] }];
  }

  disabledHint(entities) {
    const names = entities.map(({ name, entity }) => name ?? entity).join(", ");
    const link = `/config/entities?device=${this.device.id}`;
    return `${this.t("disabled")} ${names}. [${this.t("enable")}](${link})`;
  }

  /** Name an option while it is what keeps the second of two entities away. */
  optionHint(option, present, absent) {
    const { device: { entities }, t } = this;
    if (!entities.has(present) || entities.has(absent)) return undefined;
    const link = `/config/integrations/integration/${PLATFORM}`;
    return `${t("missing")} ${t(option)}. [${t("options")}](${link})`;
  }

  now() {
    const { t } = this;
    const limit = referencePower(this.hass, this.device);
    return [
      ...this.section(t("power"), "mdi:flash", [
        trend("power_net"),
        phaseTiles("power_net"),
        history(12, "power_net"),
      ]),
      ...this.section(t("quarter"), "mdi:timer-sand", [
        limit ? gauge(limit, t("limit").replace("{kW}", limit.toLocaleString(this.hass.language))) : tile("demand_running"),
        tile("demand_available"),
        tile("binary_sensor.demand_will_exceed"),
        history(24, "demand_last"),
        list("demand_last", "demand_peak"),
      ], this.optionHint("reference", "demand_running", "demand_available")),
      ...this.section(t("today"), "mdi:calendar-today", [
        sum("day", "energy_imported", t("imported")),
        sum("day", "energy_exported", t("exported")),
        caption(t("hours"), "energy_imported", "energy_exported"),
        bars("hour", 1, "energy_imported", "energy_exported"),
        list("energy_imported", "energy_exported"),
      ]),
    ];
  }

  bill() {
    const { hass, device, t } = this;
    return [
      ...this.section(t("month"), "mdi:invoice-text-outline", [
        tile("cost_total"),
        measured(t, hass),
        tile("cost_month_end"),
        list("cost_energy", "cost_network", "demand_excess_cost", "feed_in"),
        list("price_import", "price_export"),
        sum("month", "energy_imported", t("imported")),
        sum("month", "energy_exported", t("exported")),
      ], this.optionHint("price", "energy_imported", "price_import")),
      ...this.section(t("reference"), "mdi:speedometer", [
        tile("cheapest_reference_power"),
        list("saving_per_year", "demand_peak", "peak_last_month", "peak_12_months",
          "quarter_hours_above", "demand_excess_energy"),
        classTable(t("classes"), t("same"), referencePower(hass, device), hass),
      ]),
      ...this.section(t("months"), "mdi:calendar-month", [
        bars("month", 365, "cost_total"),
        bars("month", 365, "energy_imported", "energy_exported"),
      ]),
    ];
  }

  others() {
    const { device: { name, kind }, t } = this;
    const level = { features: [{ type: "bar-gauge", min: 0, max: 100 }] };
    const counted = [
      ["flow_rate", "power", "pulse_power"].map(trend),
      tile(kind),
      sum("day", kind, t("today")),
      sum("month", kind, t("month")),
      bars("day", 14, kind),
      bars("month", 365, kind),
    ];
    const tank = [tile(kind, level), tile("tank_volume"), history(168, kind)];
    return this.section(name, KINDS[kind], kind === "tank_level" ? tank : counted);
  }

  quality() {
    const { t } = this;
    return [
      ...this.section(t("voltage"), "mdi:sine-wave", [
        phaseTiles("voltage"),
        history(24, ...phases("voltage")),
        phaseTiles("current"),
      ]),
      ...this.section(t("supply"), "mdi:transmission-tower", [
        list("breaker", "relay_1", "relay_2", "power_threshold"),
        list("power_failures", ...phases("voltage_sags"), ...phases("voltage_swells")),
      ]),
      ...this.section(t("meter"), "mdi:meter-electric", [
        tile("event.message", { state_content: ["state", "text"] }),
        list("verification", "telegrams_received", "telegrams_rejected", "clock_offset"),
      ]),
    ];
  }
}

const COLUMNS = 3;
const view = (title, path, sections) => ({ type: "sections", title, path, max_columns: COLUMNS, sections });

/** Return a view of all meters; where there are several, each under its name. */
function viewOfMeters(t, name, meters) {
  const sections = meters.flatMap((meter) => {
    const own = meter[name]();
    if (meters.length < 2 || !own.length) return own;
    const title = heading(meter.device.name, "mdi:meter-electric");
    return [{ type: "grid", column_span: COLUMNS, cards: [title] }, ...own];
  });
  return view(t(name), name, sections);
}

function firstSteps(t, isAdmin) {
  const link = `[${t("add")}](/config/integrations/dashboard/add?domain=${PLATFORM})`;
  const cards = [heading(t("nothing"), "mdi:meter-electric"), ...(isAdmin ? [markdown(link)] : [])];
  return view("Smarty", "smarty", [{ type: "grid", cards }]);
}

let mostViews = 0;

class SmartyDashboard extends HTMLElement {
  /** What the dialog for a new dashboard begins with. */
  static getCreateSuggestions() {
    return { title: "Smarty", icon: "mdi:meter-electric" };
  }

  /** Return whether the dashboard is to be made anew: asked at each change of any state. */
  static shouldRegenerate(_config, before, hass) {
    return ["entities", "devices", "language"].some((name) => before[name] !== hass[name])
      || [...referencePowers].some(([entity, power]) => saysNow(hass, entity) !== power);
  }

  static async generate(_config, hass) {
    const t = (key) => text(hass.language, key);
    const devices = await readDevices(hass);
    const electricity = devices.filter(({ kind }) => !kind);
    const style = electricity.length > 1 ? "subtitle" : "title";
    const meters = electricity.map((device) => new Sections(hass, device, style));
    const order = Object.keys(KINDS);
    const others = devices
      .filter(({ kind }) => kind)
      .sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
    const ofOthers = others.flatMap((device) => new Sections(hass, device).others());
    const views = [
      viewOfMeters(t, "now", meters),
      viewOfMeters(t, "bill", meters),
      view(t(others.some(({ via }) => via) ? "others" : "boards"), "others", ofOthers),
      viewOfMeters(t, "quality", meters),
    ].filter(({ sections }) => sections.length);
    if (!views.length) views.push(firstSteps(t, hass.user?.is_admin));
    // The frontend fails where the view that is open is no more: its place is kept.
    mostViews = Math.max(mostViews, views.length);
    while (views.length < mostViews) views.push({ ...views[0], path: undefined, visible: false });
    return { title: "Smarty", views };
  }
}

window.customStrategies ??= [];
window.customStrategies.push({
  type: STRATEGY,
  strategyType: "dashboard",
  name: "Smarty",
  // Read whenever the dialog is shown: the language may have changed since the page was loaded.
  get description() {
    return text(document.querySelector("home-assistant")?.hass?.language, "description");
  },
});

// The frontend puts a registry of its own in place; what was defined before would be lost to it.
await customElements.whenDefined("home-assistant");
customElements.define(`ll-strategy-dashboard-${STRATEGY}`, SmartyDashboard);
