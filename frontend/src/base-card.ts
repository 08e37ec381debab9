/** Base class of the cards. Handles the meter, its feed while the card is in view, the locale and error states. */

import { memoize } from "./data/memoize.ts";
import { billTexts } from "./sentences/bill.ts";
import { todayTexts } from "./sentences/today.ts";
import { firstEnds } from "./parts/day-quarter-hours.ts";
import type { Field, NewLoad } from "./card-host.ts";
import { lastOf } from "./built-in-replacements.ts";
import { type CSSResultGroup, html, LitElement, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { pageHass } from "./card-types-and-elements.ts";
import { rememberDashboard } from "./data/early-request.ts";
import { type MeterFeed, type Meters, metersOf, type SharedSubscription } from "./data/meter-feed.ts";
import { type Hass, ownEntities } from "./hass.ts";
import { findLocale, missingTextsNote } from "./text-loader.ts";
import { type CommonKey, type Locale, localeOf, type Params, plain, type Texts } from "./locale.ts";
import { applyContainerWidths } from "./parts/container-widths.ts";
import { keepFocus } from "./parts/kept-focus.ts";
import { chooser, shortTitle } from "./parts/meter-chooser.ts";
import { prepareView } from "./parts/paper.ts";
import { rich, smallLine, statusLine, type Table, tableBehind } from "./parts/markup.ts";
import { type Answer, recordUses } from "./data/request-queue.ts";
import { scrollIfShort } from "./parts/scroll-if-short.ts";
import { addToOrder, removeFromOrder, showAnyway, showInOrder, turnOf } from "./data/shown-in-order.ts";
import { whileDrawn } from "./parts/while-drawn.ts";
import { styles } from "./styles.ts";
import type { Meter } from "./data/websocket-types.ts";

export interface CardConfig {
  type: string;
  /**
   * Config entry id of the meter. Without an id, the card shows the meter that the user has chosen in the view, or else
   * the first meter.
   */
  entry_id?: string | null;
  [option: string]: unknown;
}


/**
 * Time in ms for which a text stays in the page for screen readers. After this time, the text is removed, because it
 * only repeats the content of the card. A user who reads on in the page should not hear this content twice.
 */
const SPEECH_MS = 5000;
/** Redraw at this interval, because ages and "last …" times change even if no telegram arrives. */
const REDRAW_INTERVAL_MS = 15_000;
const MIN_SPEECH_INTERVAL_MS = 60_000;
/**
 * A card that is not in view asks once, this time in ms after its view was opened, and for so long. Paper then has its values: while
 * a browser prints, no answer arrives.
 */
const IDLE_MS = 3000;
const ASKING_MS = 15_000;

/** Time in ms for which the choices of a removed card are kept for a new one of the same configuration. */
const KEPT_MS = 30_000;
/**
 * Choices of removed cards by their configurations, such as an open table. Home Assistant makes all cards anew after a lost
 * connection and after a change of the registries.
 */
const keptChoices = new Map<string, object>();

/** Field of a card's form. */
interface FormField {
  name: string;
  label: string;
  help?: string;
  default?: unknown;
  selector: object;
}

/** Return the form of a card: its meter, and further fields. */
export function formOf(...fields: FormField[]): object {
  const all = [{ name: "entry_id", label: pageLocale().common("meter"), selector: { config_entry: { integration: "smarty_p1" } } }, ...fields];
  const find = (name: string): FormField | undefined => all.find((field) => field.name === name);
  return {
    schema: all.map(({ label: _label, help: _help, ...field }: FormField) => field),
    computeLabel: ({ name }: FormField) => find(name)?.label,
    computeHelper: ({ name }: FormField) => find(name)?.help,
  };
}

export abstract class SmartyCard<Key extends string = CommonKey> extends LitElement {
  /** Texts of the card, with its name and description for the list of cards. */
  declare static readonly texts: Texts<"name" | "description">;
  static override styles: CSSResultGroup = styles;
  static override properties: PropertyDeclarations = { config: { state: true }, isTableShown: { type: Boolean, reflect: true, attribute: "has-table" }, isWhyShown: { state: true } };

  declare protected config: CardConfig;
  declare protected isTableShown: boolean;
  declare protected isWhyShown: boolean;
  /** Return the table of the card as it was drawn last. */
  makeTable: (() => Table) | undefined;
  /** Texts and formats of the user. Undefined while the texts are not loaded; until then, the card shows no text. */
  protected locale!: Locale;
  #hass: Hass | undefined;
  #meters: Meters | undefined;
  #feed: MeterFeed | undefined;
  #unlisten: (() => void)[] = [];
  #endPreparation: (() => void) | undefined;
  #observer: IntersectionObserver | undefined;
  /** Answers of the last drawing. */
  #used: ReadonlySet<Answer> = new Set();
  /** Undefined until the page has told it. */
  #isInView: boolean | undefined;
  /** Whether the card asks although it is not in view. */
  #isAsking = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  /** The user's choice, such as a day, at the last call of `announce`; undefined before the first call. */
  #subject: string | undefined;
  #said = "";
  #saidAt = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** Whether the card can show a pulse reader, if its configuration names one. */
  protected get showsPulseReaders(): boolean {
    return false;
  }

  /** Whether the card asks as soon as it is made. A busy page tells a card late that it is in view. */
  protected get isFirst(): boolean {
    return false;
  }

  /** Return the body of the card for a meter. `feed.live` may still be undefined. */
  protected abstract content(meter: Meter, feed: MeterFeed): TemplateResult;

  /** Name of the card for screen readers. */
  get label(): string {
    return this.t("name" as Key);
  }

  /** Return the other feeds whose values the card also shows. */
  protected otherFeeds(): SharedSubscription[] {
    return [];
  }

  static getStubConfig(): object {
    return {};
  }

  static getConfigForm(): object {
    return formOf();
  }

  /**
   * Return the default size in columns and rows of a section. The content decides the height, unless the user chooses a
   * number of rows.
   */
  getGridOptions(): object {
    return { columns: 12, min_columns: 6, rows: "auto", min_rows: 3 };
  }

  getCardSize(): number {
    return 5;
  }

  setConfig(config: CardConfig): void {
    // The form of the card editor stores null for an empty field, so accept null.
    if (!config || (config.entry_id != null && typeof config.entry_id !== "string")) {
      throw new Error("entry_id: the id of a meter, as text");
    }
    this.config = config;
  }

  /** Home Assistant sets `hass` at every state change; redraw only if the locale, language or theme changed. */
  set hass(hass: Hass) {
    const before = this.#hass;
    this.#hass = hass;
    const isSame =
      before && before.locale === hass.locale && before.language === hass.language && before.themes === hass.themes;
    if (before?.connection !== hass.connection) this.#listenWhileInView();
    if (!before && this.isFirst && !document.hidden) {
      rememberDashboard(this.config.entry_id);
      this.#meters = metersOf(hass.connection);
      this.#endPreparation = this.#meters.prepare(this.config.entry_id, this.#update);
    }
    if (!isSame) this.requestUpdate();
  }

  get hass(): Hass | undefined {
    return this.#hass;
  }

  get isAdmin(): boolean {
    return Boolean(this.#hass?.user?.is_admin);
  }

  constructor() {
    super();
    whileDrawn(this, "ha-card", (card) => scrollIfShort(card, card.querySelector(".body")!));
    keepFocus(this, () => JSON.stringify(this.config));
    this.addController({ hostUpdated: showInOrder });
    // The build for new browsers leaves this line out.
    OLD_BROWSERS: applyContainerWidths(this);
  }

  protected override async scheduleUpdate(): Promise<void> {
    const turn = turnOf(this);
    if (turn) await turn;
    super.scheduleUpdate();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // A card that was drawn before still has its choices.
    if (!this.hasUpdated) Object.assign(this, keptChoices.get(JSON.stringify(this.config)));
    this.#observer = new IntersectionObserver((entries) => {
      this.#isInView = lastOf(entries)?.isIntersecting ?? false;
      this.#listenWhileInView();
      showInOrder();
    });
    this.#observer.observe(this);
    document.addEventListener("visibilitychange", this.#listenWhileInView);
    for (const type of ["beforeprint", "afterprint"]) addEventListener(type, this.#print);
    this.#idle = setTimeout(this.#ask, IDLE_MS, true);
    addToOrder(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#keepChoices();
    this.#observer?.disconnect();
    this.#endPreparation?.();
    this.#isInView = undefined;
    this.#isAsking = false;
    clearTimeout(this.#idle);
    removeFromOrder(this);
    document.removeEventListener("visibilitychange", this.#listenWhileInView);
    for (const type of ["beforeprint", "afterprint"]) removeEventListener(type, this.#print);
    this.#listenWhileInView();
  }

  #keepChoices(): void {
    const key = JSON.stringify(this.config);
    const names = [...(this.constructor as typeof SmartyCard).elementProperties.keys()].filter((name) => name !== "config");
    const choices = Object.fromEntries(names.map((name) => [name, this[name as keyof this]]));
    keptChoices.set(key, choices);
    setTimeout(() => keptChoices.get(key) === choices && keptChoices.delete(key), KEPT_MS);
  }

  /** The meter of this card; undefined until the list of meters has arrived. */
  protected get meter(): Meter | undefined {
    const id = this.config?.entry_id;
    const { list, pulseReaders, chosen } = this.#meters ?? {};
    const isMeter = ({ entry_id }: Meter) => entry_id === id;
    return id ? (list?.find(isMeter) ?? (this.showsPulseReaders ? pulseReaders?.find(isMeter) : undefined)) : chosen;
  }

  /** The feed of this card's meter; undefined until the list of meters has arrived. */
  protected get feed(): MeterFeed | undefined {
    const { meter } = this;
    return meter && this.#meters?.feed(meter.entry_id);
  }

  /** All meters, for a card that offers a choice; undefined if the configuration fixes the meter. */
  protected get meters(): Meters | undefined {
    return this.config.entry_id ? undefined : this.#meters;
  }

  /** Whether the user has several meters. The configuration of this card may still name a single meter. */
  protected get isOneOfSeveral(): boolean {
    return (this.#meters?.list?.length ?? 0) > 1;
  }

  protected nameOf(meter: Meter): string {
    return this.hass?.devices[meter.device_id ?? ""]?.name_by_user || shortTitle(meter);
  }

  readonly #listenWhileInView = (): void => {
    for (const unlisten of this.#unlisten) unlisten();
    this.#unlisten = [];
    recordUses(this, false);
    this.#feed = undefined;
    clearInterval(this.#tick);
    if (!this.#hass || !(this.#isInView || this.#isAsking) || document.hidden) return;
    this.#meters = metersOf(this.#hass.connection);
    this.#tick = setInterval(this.#update, REDRAW_INTERVAL_MS);
    this.#unlisten = [this.#meters.listen(this.#update)];
    this.#update();
  };

  /** Ask for a while, unless the card does so already because it is in view. */
  readonly #ask = (isAsking: boolean): void => {
    this.#isAsking = isAsking;
    if (isAsking) this.#idle = setTimeout(this.#ask, ASKING_MS, false);
    else showAnyway(this);
    if (!this.#isInView) this.#listenWhileInView();
  };

  readonly #update = (): void => this.requestUpdate();

  readonly #print = ({ type }: Event): void => prepareView(this, type === "beforeprint");

  /** Switch to the user's language once its texts are loaded. */
  #switchLanguage({ locale, language }: Hass): void {
    const loadedLocale = findLocale(locale, language, this.#update);
    if (!loadedLocale || loadedLocale === this.locale) return;
    this.locale = loadedLocale;
    // The card's language may differ from the page's language, because languages without a translation get English
    // texts.
    this.lang = loadedLocale.language;
    this.dir = "ltr";
  }

  /** Subscribe to the feed of the shown meter; another card of the view may have changed the choice. */
  protected override willUpdate(_changed: PropertyValues): void {
    if (this.#hass) this.#switchLanguage(this.#hass);
    const meter = this.meter;
    if (!meter || !this.#meters || !this.#unlisten.length) return;
    const feed = this.#meters.feed(meter.entry_id);
    const feeds: SharedSubscription[] = [feed, ...this.otherFeeds()];
    if (feed !== this.#feed || feeds.length !== this.#unlisten.length - 1) {
      this.#feed = feed;
      // Subscribe to the new feeds before leaving the old ones. Otherwise, a feed that is in both lists would lose its
      // last listener in between, and stop. Each subscription needs a function of its own, because a feed stores its
      // listeners in a set.
      const ended = this.#unlisten.splice(1);
      this.#unlisten.push(...feeds.map((feed) => feed.listen(() => this.requestUpdate())));
      for (const unlisten of ended) unlisten();
      this.#endPreparation?.();
    }
    if (feed.live) this.#meters.refresh(meter.entry_id, `${feed.live.state} ${feed.quarterHour}`);
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.#hass || !this.config) return nothing;
    if (!this.locale) {
      const { language } = this.#hass;
      return html`<ha-card>
        <div class="body"><p class="small" role="status" lang=${language}>${missingTextsNote(language)}</p></div>
      </ha-card>`;
    }
    const meter = this.meter;
    const feed = this.#feed ?? this.feed;
    const isForbidden = feed?.live?.state === "unauthorized" || feed?.live?.state === "removed";
    this.#used = recordUses(this, this.#unlisten.length > 0);
    const content = meter && feed && !isForbidden ? this.content(meter, feed) : this.#withoutMeter(isForbidden);
    // Without the role "article", screen readers would take the card's header for the header of the page.
    const list = this.#meters?.list ?? [];
    const label = meter && list.length > 1 ? `${this.label}, ${this.nameOf(meter)}` : this.label;
    return html`<ha-card role="article" aria-label=${label}>
      <div class="body">
        ${this.config.chooser && meter ? this.chooser(meter) : nothing}${content}
        <span class="hidden" id="live" aria-live="polite"></span>
      </div>
    </ha-card>`;
  }

  get isWaiting(): boolean {
    const isLacking = ({ value, error }: Answer) => value === undefined && error === undefined;
    return this.#isInView !== false && (this.isUpdatePending || !this.locale || !this.renderRoot.querySelector(".body") || Boolean(this.renderRoot.querySelector(".on-screen")) || [...this.#used].some(isLacking));
  }

  /** Return the chooser of the view's meter; nothing if there is only one meter. */
  protected chooser(meter: Meter, detail: (meter: Meter, feed: MeterFeed) => string = () => ""): TemplateResult | typeof nothing {
    const { meters } = this;
    const list = meters?.list ?? [];
    if (!meters || list.length < 2) return nothing;
    const choices = list.map((choice) => ({
      id: choice.entry_id,
      name: this.nameOf(choice),
      detail: detail(choice, meters.feed(choice.entry_id)),
    }));
    return chooser(this.locale.common("meter"), choices, meter.entry_id, (id) => meters.choose(id));
  }

  #withoutMeter(isForbidden = false): TemplateResult {
    const { list, error } = this.#meters ?? {};
    const t = (key: CommonKey) => this.locale.common(key);
    if (!list) return error ? html`<p class="small" role="status">${t("not_answered")}</p>` : this.#loading();
    if (isForbidden || this.config.entry_id) return statusLine(t("not_allowed"));
    const path = "/config/integrations/dashboard/add?domain=smarty_p1";
    return html`<h2>${t("no_meter")}</h2>
      ${this.isAdmin ? this.link(path, t("add_meter")) : html`<p>${t("not_allowed")}</p>`}`;
  }

  /** Return the line shown while an answer is pending. On paper, it has the name of the card. */
  #loading(): TemplateResult {
    this.locale.prepare();
    const t = (key: CommonKey) => this.locale.common(key);
    return html`<p class="small" role="status"><span class="on-paper">${this.label} · ${t("not_on_paper")}</span><span class="on-screen">${t("loading")}</span></p>`;
  }

  /** Return the line shown while an answer is pending, or the reason why the answer was refused. */
  protected waiting(error?: string): TemplateResult {
    const keys = { not_answered: "not_answered", busy: "not_answered", unreadable: "not_answered", not_loaded: "not_read", no_port: "no_port" } as const;
    const known = keys[error as keyof typeof keys];
    return error ? html`<p class="small" role="status">${known ? this.locale.common(known) : this.nothingYet()}</p>` : this.#loading();
  }

  /** Return when the card will have values: with the first whole quarter-hour, whose end is named if it is known. */
  protected nothingYet(): string {
    const running = this.feed?.live?.quarter_hour;
    if (!running || running.last) return this.locale.common("nothing_yet");
    return this.locale.text(todayTexts, "first", { time: this.locale.time(firstEnds(running)) });
  }

  /** Return a text of the card. */
  protected t(key: Key, params?: Params): string {
    return this.locale.text((this.constructor as typeof SmartyCard).texts as Texts<Key>, key, params);
  }

  /** Return a link to another page of the frontend. A click opens the page without a reload of the frontend. */
  protected link(path: string, text: string): TemplateResult {
    return html`<a href=${path} @click=${(event: MouseEvent) => this.#follow(event, path)}>${text}</a>`;
  }

  /**
   * Return a button that asks for a field of the options here. Where that is not possible, it is a link to the meter's
   * page, and words for the way from there: Home Assistant has no address for a page of the options.
   */
  settings({ entry_id: entryId }: Meter, text: string, field: Field): TemplateResult {
    return html`<smarty-p1-settings .card=${this} .locale=${this.locale} .entryId=${entryId} .field=${field} .text=${text}>
      ${this.#meterLink(entryId, text)}
      <div class="small way">${wayTo(field, this.locale)}</div>
    </smarty-p1-settings>`;
  }

  /**
   * Return a link to a field of the contract that the card lacks. For users who are not administrators, return the place of
   * the field, for an administrator. Without `field`, return nothing.
   */
  toEnter(meter: Meter, field: Field | undefined): TemplateResult | typeof nothing {
    if (!field) return nothing;
    const t = (key: "by_administrator" | "enter_reference" | "enter_prices") => this.locale.text(billTexts, key);
    if (!this.isAdmin) return smallLine(`${t("by_administrator")} ${wayTo(field, this.locale)}`);
    return html`<div>${this.settings(meter, t(field === "reference_power" ? "enter_reference" : "enter_prices"), field)}</div>`;
  }

  /** Return the link to the page on which an administrator adds a load; nothing for other users. */
  protected addLoad({ entry_id: entryId }: Meter, text = this.locale.common("add_load")): TemplateResult | typeof nothing {
    return this.isAdmin ? this.#meterLink(entryId, text) : nothing;
  }

  #meterLink(entryId: string, text: string): TemplateResult {
    return this.link(`/config/integrations/integration/smarty_p1#config_entry=${entryId}`, text);
  }

  #follow(event: MouseEvent, path: string): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate(path);
  }

  /**
   * Return a button with the content `shown`. The button opens the entity with the translation key `key`; without such
   * an entity, return only the content. `value` describes the content for screen readers: "Power 2.1 kW".
   */
  protected moreInfo(key: string, shown: unknown, value: string, deviceId = this.meter?.device_id): TemplateResult {
    const entityId = this.entityOf(key, deviceId);
    if (!entityId) return html`${shown}`;
    const detail = { entityId };
    const open = () => this.dispatchEvent(new CustomEvent("hass-more-info", { bubbles: true, composed: true, detail }));
    return html`<button class="plain" aria-label=${this.locale.common("show_history", { value })} @click=${open}>${shown}</button>`;
  }

  /** Return the id of an entity, by the translation key and the device; undefined without such an entity. */
  protected entityOf(key: string, deviceId: string | null | undefined): string | undefined {
    return this.#hass && entityIds(this.#hass.entities).get(`${key} ${deviceId}`);
  }

  /** Return a button that shows or hides the reasons of an answer. Its name for screen readers has the `title` of the card. */
  protected why(title: string, reasons: () => TemplateResult): TemplateResult {
    const why = this.locale.common("why");
    const turn = () => (this.isWhyShown = !this.isWhyShown);
    return html`<button class="link why" aria-expanded=${Boolean(this.isWhyShown)} aria-label="${why}${this.locale.sign(":")} ${title}" @click=${turn}>${why}</button>${this.isWhyShown ? reasons() : nothing}`;
  }

  /**
   * Return the menu of a card whose table has a name. Lists of controls, as screen readers have them, also have the
   * table itself. It is no tab stop, because the menu is one.
   */
  protected menu(name: string): TemplateResult {
    const isShown = Boolean(this.isTableShown);
    return html`<button class="hidden" tabindex="-1" aria-expanded=${isShown} @click=${this.turnTable}>${this.locale.common("table_of", { name })}</button>
      <smarty-p1-menu .card=${this} .locale=${this.locale} .name=${name} .isTableShown=${isShown}></smarty-p1-menu>`;
  }

  /** Show or hide the table. */
  readonly turnTable = (): void => {
    this.isTableShown = !this.isTableShown;
  };

  /** Return the table of the card if it is shown; the menu also saves its rows. */
  protected table(caption: string, make: () => Table): TemplateResult | typeof nothing {
    this.makeTable = make;
    return this.isTableShown ? tableBehind(caption, make()) : nothing;
  }

  /**
   * Return a sentence with **bold** words. If `isOfBar`, the sentence is about a chosen bar. It is then hidden from
   * screen readers, which already read the same text as the value of the chart.
   */
  protected sentence(text: string, className = "", isOfBar = false): TemplateResult {
    return html`<p class="sentence ${className}" aria-hidden=${isOfBar}>${rich(text)}</p>`;
  }

  /**
   * Let screen readers say a text. If the user's choice (`subject`) has changed since the last call, they say the name
   * of the choice (`title`) and the text at once. If only the text has changed, they say the text at most once a
   * minute, and only if `isNews`. At the first call, they say nothing.
   */
  announce(subject: string, title: string, text: string, isNews = false): void {
    const isFirst = this.#subject === undefined;
    const isChosen = subject !== this.#subject;
    const isDue = isNews && text !== this.#said && performance.now() - this.#saidAt >= MIN_SPEECH_INTERVAL_MS;
    if (!isChosen && !isDue) return;
    this.#subject = subject;
    this.#said = text;
    this.#saidAt = performance.now();
    if (!isFirst) void this.updateComplete.then(() => this.speak(plain([isChosen ? title : "", text].filter(Boolean).join(". ")).replace("..", ".")));
  }

  /** Let screen readers say a text now. */
  speak(text: string): void {
    const live = this.renderRoot.querySelector("#live");
    if (!live) return;
    live.textContent = text;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => (live.textContent = ""), SPEECH_MS);
  }

  /**
   * Return the time of the last telegram for the top right corner: "18:12:30", or "last 18:12:30" if the telegram is
   * old. If the telegram is not of today, add its day.
   */
  protected stamp(feed: MeterFeed): TemplateResult | typeof nothing {
    const time = feed.live?.received_at;
    if (!time) return nothing;
    const shown = this.locale.dayAndTime(time, feed.now, true);
    return html`<small class="number">${feed.isOld(this.meter) ? this.locale.common("last", { time: shown }) : shown}</small>`;
  }
}

/**
 * Return the ids of this integration's entities, by translation key and device. The index is cached, because a home has
 * thousands of entities and every telegram causes lookups.
 */
const entityIds = memoize(
  (entities: Hass["entities"]) => new Map(ownEntities(entities).reverse().map((entity) => [`${entity.translation_key} ${entity.device_id}`, entity.entity_id])),
);

/** Return the way to a field of the options by controls of Home Assistant. */
const isNewLoad = (field: Field): field is NewLoad => field.startsWith("add_");
const wayTo = (field: Field, locale: Locale): string =>
  isNewLoad(field) ? locale.common("add_load") : locale.common(field === "cable" ? "by_menu" : "by_gear", { field: locale.common(`field_${field}`) });

export function navigate(path: string): void {
  history.pushState(null, "", path);
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
}

/** Return the locale for callers without a `hass` object: the forms and the list of cards. */
export function pageLocale(): Locale {
  const hass = pageHass();
  const formats = hass?.locale ?? { language: navigator.language, number_format: "language", time_format: "language", first_weekday: "language" };
  const language = hass?.language;
  return findLocale(formats, language) ?? localeOf(formats, language);
}
