/** The dashboard "Smarty": puts the cards together, whatever meters there are. */

import { boardSections } from "./boards.ts";
import { pageLocale } from "./card.ts";
import { metersOf } from "./feed.ts";
import type { Hass } from "./hass.ts";
import { spoken, spokenSoon } from "./languages.ts";
import type { Locale } from "./locale.ts";
import texts from "./texts/strategy.json" with { type: "json" };
import type { Meter } from "./wire.ts";

export const STRATEGY = "smarty-p1";
/** So long the meters are waited for: without them there is no view of gas and water yet. */
const PATIENCE_MS = 3_000;
/** The kinds of meters on the M-Bus, in the order in which they are shown. */
const KINDS = ["gas", "water", "heat"] as const;

/** About a year: what a battery would be worth can be said of 300 days. */
const YEAR_MS = 300 * 86_400_000;

type Card = Record<string, unknown>;
interface View {
  title: string;
  path?: string;
  [option: string]: unknown;
}

const card = (name: string, options: Card = {}): Card => ({ type: `custom:smarty-p1-${name}`, ...options });
/** Cards side by side where there is the place for it. */
const section = (...cards: Card[]): object => ({ type: "grid", column_span: 2, cards });
const view = (title: string, path: string, ...sections: object[]): View => ({
  type: "sections",
  title,
  path,
  max_columns: 2,
  sections,
});

function kindOf(type: string): (typeof KINDS)[number] | undefined {
  return KINDS.find((kind) => type.includes(kind)) ?? (type.startsWith("cooling") ? "heat" : undefined);
}

function mediaView(locale: Locale, meters: Meter[], hass: Hass): View[] {
  const media = meters.flatMap(({ entry_id, media }) => media.map((medium) => ({ entry_id, ...medium })));
  const place = ({ type }: { type: string }) => {
    const kind = kindOf(type);
    return kind ? KINDS.indexOf(kind) : KINDS.length;
  };
  media.sort((one, other) => place(one) - place(other));
  const kinds = KINDS.filter((kind) => media.some(({ type }) => kindOf(type) === kind));
  const boards = boardSections(hass, locale);
  if (!media.length && !boards.length) return [];
  // Short: five tabs are to fit on a phone.
  const names = kinds.map((kind) => locale.text(texts, kind));
  const title = names.map((name, index) => (index ? name.toLocaleLowerCase(locale.language) : name)).join("/");
  const cards = media.map(({ entry_id, meter }) => card("medium", { entry_id, meter }));
  const sections = [...(cards.length ? [section(...cards)] : []), ...boards];
  return [view(title || locale.text(texts, "boards"), "others", ...sections)];
}

// How many views there were: the frontend fails where the one that is open is no more.
let mostViews = 0;
/** The meters that the last dashboard was made of; undefined before there was one. */
let shownMeters: string | undefined;
let shownLocale: Locale | undefined;

const idsOf = (meters: Meter[] | undefined): string =>
  JSON.stringify(meters?.map(({ entry_id, media }) => [entry_id, media.map(({ meter }) => meter)]) ?? null);

/** What the dashboard is made of, of all entities and devices: each renaming of a lamp makes others of these. */
let known: { entities: Hass["entities"]; devices: Hass["devices"]; registry: string } | undefined;

function registryOf({ entities, devices }: Hass): string {
  if (known?.entities !== entities || known.devices !== devices) {
    const own = Object.values(entities).filter(({ platform }) => platform === "smarty_p1");
    const registry = JSON.stringify([own, own.map(({ device_id }) => devices[device_id ?? ""])]);
    known = { entities, devices, registry };
  }
  return known.registry;
}

export class SmartyDashboard extends HTMLElement {
  /** What the dialog for a new dashboard begins with. */
  static getCreateSuggestions(): object {
    return { title: "Smarty", icon: "mdi:meter-electric" };
  }

  /**
   * Whether the dashboard is to be made anew: asked at each change of any state.
   *
   * It is, too, where the frontend gave up waiting for this module and shows an error instead, and
   * where the meters were not known in time.
   */
  static shouldRegenerate(_config: object, before: Hass, hass: Hass): boolean {
    if (shownMeters === undefined) return true;
    if (before.language !== hass.language || registryOf(before) !== registryOf(hass)) return true;
    const { list } = metersOf(hass.connection);
    if (list !== undefined && idsOf(list) !== shownMeters) return true;
    // Its texts came late.
    const locale = spoken(hass.locale, hass.language);
    return locale !== undefined && locale.language !== shownLocale?.language;
  }

  static async generate(_config: object, hass: Hass): Promise<object> {
    const [locale, meters] = await Promise.all([
      spokenSoon(hass.locale, hass.language),
      metersOf(hass.connection).known(PATIENCE_MS),
    ]);
    shownMeters = idsOf(meters);
    shownLocale = locale;
    const media = mediaView(locale, meters ?? [], hass);
    // Boards alone are no reason to speak of electricity; before anything is known, everything is.
    const isElectric = !meters || meters.length > 0 || !media.length;
    const t = (key: keyof (typeof texts)["en"]) => locale.text(texts, key);
    const chooser = { chooser: true };
    const hasYear = (meters?.length ?? 1) > 0;
    const isYearKnown = meters?.some(({ known_since }) => known_since && Date.now() - Date.parse(known_since) > YEAR_MS);
    const views: View[] = [
      ...(isElectric ? [view(t("now"), "now", section(...(hasYear ? [card("now"), card("so-far"), card("today")] : [card("now")])))] : []),
      ...(hasYear
        ? [
            view(t("bill"), "bill", section(card("bill", chooser), card("months"))),
            view(t("year"), "year", section(card("year", chooser), ...(isYearKnown ? [card("battery")] : []))),
          ]
        : []),
      ...media,
      ...(hasYear
        ? [
            view(
              t("quality"),
              "quality",
              section(
                card("quality", { part: "voltage", ...chooser }),
                card("quality", { part: "supply" }),
                card("quality", { part: "interruptions" }),
              ),
            ),
          ]
        : []),
    ];
    mostViews = Math.max(mostViews, views.length);
    while (views.length < mostViews) {
      const { path: _path, ...first } = views[0]!;
      views.push({ ...first, visible: false });
    }
    return { title: "Smarty", views };
  }
}

/** What the dialog for a new dashboard offers. */
export const offer = {
  type: STRATEGY,
  strategyType: "dashboard",
  name: "Smarty",
  // Read whenever the dialog is shown: the language may have changed since the page was loaded.
  get description(): string {
    return pageLocale().text(texts, "description");
  },
};
