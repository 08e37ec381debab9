/** Strategy of the dashboard "Smarty": builds the views and cards for the existing meters. */

import { memoize } from "./data/memoize.ts";
import { lastOf } from "./built-in-replacements.ts";
import { boardSections } from "./pulse-tank-sections.ts";
import { pageLocale } from "./base-card.ts";
import { STRATEGY } from "./card-types-and-elements.ts";
import { type Meters, metersOf } from "./data/meter-feed.ts";
import { type Hass, ownEntities } from "./hass.ts";
import { findLocale, loadLocale } from "./text-loader.ts";
import { type CommonKey, type Locale, localDay } from "./locale.ts";
import texts from "./texts/strategy.json" with { type: "json" };
import type { Meter } from "./data/websocket-types.ts";

/**
 * Longest wait for the list of meters, in ms. If the list comes later, the dashboard at first lacks the view for gas
 * and water.
 */
const MAX_WAIT_MS = 3_000;
/** Kinds of meters on the M-Bus, in display order. */
const KINDS = ["gas", "water", "heat"] as const;

/**
 * Show the what-if card only if the first reading is at least this old (300 days), because the card's estimate needs
 * readings of about a year.
 */
const MIN_WHAT_IF_AGE_MS = 300 * 86_400_000;

type Card = Record<string, unknown>;
interface View {
  title: string;
  path?: string;
  [option: string]: unknown;
}

const card = (name: string, options: Card = {}): Card => ({ type: `custom:smarty-p1-${name}`, ...options });
/** Option of a card that takes the whole width of a section. */
const FULL = { grid_options: { columns: "full" } };
/** Return cards of half the width. A last one without a card beside it takes the whole width, so that no row has a hole. */
const halves = (...cards: Card[]): Card[] => (cards.length % 2 ? [...cards.slice(0, -1), { ...lastOf(cards), ...FULL }] : cards);
/** Return a section two columns wide, so that its cards stand side by side on a wide screen. */
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
  media.sort((a, b) => place(a) - place(b));
  const kinds = KINDS.filter((kind) => media.some(({ type }) => kindOf(type) === kind));
  const boards = boardSections(hass, locale, metersOf(hass.connection).pulseReaders);
  if (!media.length && !boards.length) return [];
  // The tabs have only titles. If a tab had an icon, Home Assistant would show the icon without the title, or both in a
  // wide tab. The titles are short, because on a phone the tabs scroll sideways.
  const title = kinds.map((kind) => locale.text(texts, kind)).join("/");
  const cards = halves(...media.map(({ entry_id, meter }) => card("gas-water-heat", { entry_id, meter })));
  const sections = [...(cards.length ? [section(...cards)] : []), ...boards];
  // Boards are other meters only beside a meter.
  return [view(title || (meters.length ? locale.text(texts, "boards") : "Smarty"), "others", ...sections)];
}

// Largest number of views so far. The frontend fails if the view that is open disappears. So hidden views replace the
// views that are no longer needed.
let mostViews = 0;
/** Meters of the last generated dashboard; undefined until a dashboard is generated. */
let shownMeters: string | undefined;
/** Language of the last generated dashboard; undefined if its texts were not loaded. */
let shownLanguage: string | undefined;

/** Return whether nothing is known from before today. The card "so-far" then has little to show. */
const isFirstDay = ({ list, now }: Meters): boolean => Boolean(list?.length) && list!.every(({ known_since: since }) => !since || localDay(now) <= localDay(since));

/** Return a text that changes if other cards are needed. */
const layoutKey = (meters: Meters): string => {
  const { list, pulseReaders } = meters;
  return JSON.stringify([isFirstDay(meters), list?.map(({ entry_id, source, media, has_limits }) => [entry_id, source, has_limits, media.map(({ meter }) => meter)]), pulseReaders.map(({ entry_id, device_id }) => [entry_id, device_id])]);
};

/** Return the registry entries of this integration. Home Assistant replaces `entities` and `devices` at any change. */
const registryOf = memoize((entities: Hass["entities"], devices: Hass["devices"]): string => {
  const own = ownEntities(entities);
  return JSON.stringify([own, own.map(({ device_id }) => devices[device_id ?? ""])]);
});

export class SmartyDashboard extends HTMLElement {
  /** Return the initial title and icon for the dialog "Add dashboard". */
  static getCreateSuggestions(): object {
    return { title: "Smarty", icon: "mdi:meter-electric" };
  }

  /**
   * Return whether the dashboard must be generated again. Home Assistant asks at every state change.
   *
   * Return true also if the frontend shows an error because this module was loaded too late, or if the list of meters
   * arrived too late for the last dashboard.
   */
  static shouldRegenerate(_config: object, before: Hass, hass: Hass): boolean {
    if (shownMeters === undefined) return true;
    if (before.language !== hass.language || registryOf(before.entities, before.devices) !== registryOf(hass.entities, hass.devices)) return true;
    const known = metersOf(hass.connection);
    if (known.list !== undefined && layoutKey(known) !== shownMeters) return true;
    // If the texts of the user's language have arrived after the dashboard was generated without them, generate the
    // dashboard again.
    return findLocale(hass.locale, hass.language)?.language !== shownLanguage;
  }

  static async generate(_config: object, hass: Hass): Promise<object> {
    const [locale, meters] = await Promise.all([
      loadLocale(hass.locale, hass.language),
      metersOf(hass.connection).loadList(MAX_WAIT_MS),
    ]);
    if (meters) metersOf(hass.connection).prepare();
    shownMeters = layoutKey(metersOf(hass.connection));
    shownLanguage = findLocale(hass.locale, hass.language)?.language;
    const media = mediaView(locale, meters ?? [], hass);
    // A home that has only pulse readers or tanks needs no view for electricity. While the meters are unknown, keep
    // this view.
    const isElectric = !meters || meters.length > 0 || !media.length;
    const t = locale.textOf<keyof (typeof texts)["en"] | CommonKey>(texts);
    const chooser = { chooser: true };
    const mayHaveMeter = (meters?.length ?? 1) > 0;
    // Leneda sends only days that have ended. If Leneda is the source of all meters, nothing is known about today. So
    // leave out the card "so-far", and call the first view "Yesterday".
    const isPast = Boolean(meters?.length) && meters!.every(({ source }) => source === "leneda");
    const nowAndSoFar = ["now", "so-far"].map((name) => card(name, isFirstDay(metersOf(hass.connection)) ? FULL : {}));
    const nowCards = isPast ? [...halves(card("now")), card("today")] : [...nowAndSoFar, card("today"), card("where", FULL), card("plan", FULL)];
    const hasWhatIf = meters?.some(({ known_since }) => known_since && metersOf(hass.connection).now - Date.parse(known_since) > MIN_WHAT_IF_AGE_MS);
    const views: View[] = [];
    if (isElectric) views.push(view(t(isPast ? "yesterday" : "now"), "now", section(...(mayHaveMeter ? nowCards : halves(card("now"))))));
    if (mayHaveMeter) {
      const yearCards = [card("year", chooser), ...(hasWhatIf ? [card("what-if", FULL)] : [])];
      views.push(view(t("bill"), "bill", section(card("bill", chooser), card("months"))), view(t("year"), "year", section(...yearCards)));
    }
    views.push(...media);
    if (mayHaveMeter && (!meters || meters.some(({ source }) => source === "port"))) {
      const qualityCards = [card("quality", { part: "voltage", ...chooser }), card("quality", { part: "supply" }), card("quality", { part: "interruptions" })];
      if (meters?.some(({ has_limits }) => has_limits)) qualityCards.push(card("quality", { part: "limits" }));
      views.push(view(t("quality"), "quality", section(...qualityCards)));
    }
    mostViews = Math.max(mostViews, views.length);
    while (views.length < mostViews) {
      const { path: _path, ...hidden } = views[0]!;
      views.push({ ...hidden, visible: false });
    }
    return { title: "Smarty", views };
  }
}

/** Entry of this strategy in the dialog "Add dashboard". */
export const offer = {
  type: STRATEGY,
  strategyType: "dashboard",
  name: "Smarty",
  // The user may change the language after the page was loaded. So the description is a getter.
  get description(): string {
    return pageLocale().text(texts, "description");
  },
};
