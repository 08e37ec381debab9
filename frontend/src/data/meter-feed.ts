/**
 * Data of the meters on one page. All cards of a meter share one live subscription, and one answer for each request.
 *
 * Requests are sent only while a card is in view. After a reload, a restart or a lost connection the old values stay
 * on screen, and the feed asks again.
 */

import type { Connection, Unsubscribe } from "../hass.ts";
import { Clock } from "./clock.ts";
import { LastHour } from "./last-hour.ts";
import { addDays, addMonths, QUARTER_HOUR_MS } from "../locale.ts";
import { RequestQueue, recordUse } from "./request-queue.ts";
import { returnToToday } from "./return-to-today.ts";
import type { Commands, Live, Meter, Plan, Time } from "./websocket-types.ts";

const RETRY_S = [1, 2, 4, 8, 16, 30];
/**
 * Time in ms after the end of a quarter-hour. By then, the integration has received and counted the last telegram of
 * this quarter-hour.
 */
const COUNTING_DELAY_MS = 15_000;
/**
 * Maximum number of cached answers of a meter. Without a limit, a user who looks at many days would fill the memory.
 */
const MAX_ANSWERS = 40;
/**
 * Time in ms for which a list of meters counts as new. While it is new, the cards of an opened view do not request it
 * again.
 */
const MAX_LIST_AGE_MS = 5_000;
const MINUTE_MS = 60_000;
/** Time in ms without a message from which on no reading moves the curve of the last hour. */
const MIN_SILENCE_MS = 20_000;
/** Time in ms for which `prepare` keeps a feed open, until the first card uses the feed. */
const PREPARED_MS = 10_000;

/** Return the number of seconds for which a reading counts as current. */
export const freshFor = (meter: Meter | undefined): number => meter?.fresh_for ?? 60;

type Listener = () => void;

/** Set of listeners. They are called at most once per animation frame, however many messages arrive. */
class Listeners {
  readonly #all = new Set<Listener>();
  #isPending = false;

  get size(): number {
    return this.#all.size;
  }

  add(listener: Listener): void {
    this.#all.add(listener);
  }

  delete(listener: Listener): void {
    this.#all.delete(listener);
  }

  notify(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    requestAnimationFrame(() => {
      this.#isPending = false;
      for (const listener of [...this.#all]) listener();
    });
  }
}

/**
 * Subscription shared by its listeners: starts with the first, stops with the last, restarts after a reconnect or an
 * error.
 */
export abstract class SharedSubscription {
  protected readonly connection: Connection;
  protected readonly listeners = new Listeners();
  /** Whether the connection was lost after the last message. */
  isLost = false;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #subscription: Promise<Unsubscribe> | undefined;
  /** Whether `#subscription` is fulfilled. */
  #isSubscribed = false;
  #run = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  protected abstract start(): void;

  protected stop(): void {
    this.unsubscribe();
  }

  /** Subscribe again on a new connection. */
  protected abstract restart(): void;

  /** Call the listener at every change until the returned function is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      this.connection.addEventListener("ready", this.#onReady);
      this.connection.addEventListener("disconnected", this.#onLost);
      this.start();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size) return;
      this.connection.removeEventListener("ready", this.#onReady);
      this.connection.removeEventListener("disconnected", this.#onLost);
      this.stop();
    };
  }

  protected tryLater(again: () => void): void {
    clearTimeout(this.#retry);
    if (this.listeners.size) this.#retry = setTimeout(again, 1000 * (RETRY_S[this.#tries] ?? 30));
    this.#tries += 1;
  }

  protected stopTrying(): void {
    clearTimeout(this.#retry);
  }

  protected succeeded(): void {
    this.#tries = 0;
  }

  /** Subscribe to a command. `refuse` takes the code of an error. */
  protected subscribe<M>(message: object, receive: (message: M) => void, refuse: (code: string) => void): void {
    const run = ++this.#run;
    this.#isSubscribed = false;
    // With `resubscribe`, the frontend would itself subscribe again after a reconnect. If the integration refused this
    // subscription, the frontend would not tell the feed. So the feed subscribes again itself.
    const options = { resubscribe: false };
    const subscription = this.connection.subscribeMessage<M>((message) => run === this.#run && receive(message), message, options);
    this.#subscription = subscription;
    subscription.then(
      () => {
        if (run !== this.#run) return;
        this.#isSubscribed = true;
        this.succeeded();
      },
      (error: unknown) => {
        if (run !== this.#run) return;
        this.#subscription = undefined;
        refuse(codeOf(error));
      },
    );
  }

  protected unsubscribe(): void {
    this.#run += 1;
    this.stopTrying();
    // If the subscription failed, or the connection was lost, there is nothing to unsubscribe. So ignore the error.
    this.#subscription?.then((unsubscribe) => unsubscribe()).catch(() => undefined);
    this.#subscription = undefined;
  }

  /** End the subscription of a lost connection. */
  protected leaveConnection(): void {
    // Drop the old subscription without a message, because its id can belong to another subscription on the new
    // connection. A subscription that is not yet fulfilled waits for the new connection, so `unsubscribe` has to end it.
    if (this.#isSubscribed) this.#subscription = undefined;
    this.unsubscribe();
  }

  readonly #onReady = (): void => this.restart();

  readonly #onLost = (): void => {
    this.isLost = true;
    this.listeners.notify();
  };
}

interface Answer {
  value?: unknown;
  error?: string;
  /**
   * Period for which the answer was requested, for example a quarter-hour. In another period, the answer is requested
   * again.
   */
  period: string;
  isPending: boolean;
  tries: number;
  /** Time of the next attempt in ms since the page was opened. */
  retryAt: number;
  /**
   * Whether the answer stays valid for its period even if all cards have left the view, or if the connection was lost.
   */
  isLasting: boolean;
}

export interface Reply<T> {
  readonly value?: T | undefined;
  /** Error code of `docs/websocket.md`, or "not_answered". */
  readonly error?: string | undefined;
}

/** Live messages and cached answers of one meter. */
export class MeterFeed extends SharedSubscription {
  /** The last live message; stays until the next message arrives. */
  live: Live | undefined;
  /**
   * Time of the last message, or of the first listener if this listener came later. In ms since 1970. `silenceMs` is
   * the time since `#liveAt`.
   */
  #liveAt = 0;
  #isFollowing = false;
  /** The user's choice, shared by all cards: a day such as 2026-10-21, and its month 2026-10. Both are undefined for the present. */
  readonly shown: { month?: string | undefined; day?: string | undefined } = {};
  #lastHour: LastHour | undefined;
  #stopReturn = (): void => undefined;
  readonly #entryId: string;
  readonly #queue: RequestQueue;
  readonly #clock: Clock;
  readonly planFeed: PlanFeed;
  readonly #answers = new Map<string, Answer>();
  /**
   * Number of calls of `#forgetPeriods`. If it has changed during a request, the answer to this request may be
   * outdated.
   */
  #forgotten = 0;

  constructor(connection: Connection, entryId: string, queue: RequestQueue, clock: Clock) {
    super(connection);
    this.#entryId = entryId;
    this.#queue = queue;
    this.#clock = clock;
    this.planFeed = new PlanFeed(connection, entryId);
  }

  /**
   * The power of the last hour, until now; empty until the answer has arrived. Only the meter of a drawn curve keeps it.
   */
  get lastHour(): LastHour {
    const hour = (this.#lastHour ??= new LastHour(this.now));
    const { value } = this.ask("smarty_p1/last_hour", {}, "hour");
    if (value) hour.load(value);
    // Each reading moves the hour. In a silence, the time moves it; before, this would only draw the curve more often.
    if (this.silenceMs > MIN_SILENCE_MS) hour.moveTo(this.now);
    return hour;
  }

  /** The present in ms since 1970, by Home Assistant's clock. */
  get now(): number {
    return this.#clock.now;
  }

  /** Time of the last reading in ms since 1970, by Home Assistant's clock; NaN without a reading. */
  get readAt(): number {
    return Date.parse(this.live?.received_at ?? "");
  }

  /** Time since the last message, in ms. */
  get silenceMs(): number {
    return this.now - this.#liveAt;
  }

  /**
   * Return whether the last telegram is too old to be current, the connection is lost, or the meter is not being read.
   */
  isOld(meter: Meter | undefined): boolean {
    return this.isLost || Boolean(this.live?.gone) || this.now - this.readAt > freshFor(meter) * 1000;
  }

  protected start(): void {
    // Without a listener, no message could arrive. So when the first listener comes, act as if the last message had
    // just arrived.
    this.#liveAt = this.now;
    this.#open();
  }

  protected override stop(): void {
    super.stop();
    // Without a listener, nothing keeps the answers up to date. So request them again for the next listener.
    this.#forgetPeriods();
  }

  /**
   * Show another day or month in all cards of this meter, until they return to the present. Of a month, the card of a day shows the
   * last one, unless it shows one of this month.
   */
  show(date: string | undefined): void {
    const { day } = this.shown;
    const month = date?.slice(0, 7);
    const isOfMonth = month !== undefined && date === month;
    const lastDay = () => addDays(`${addMonths(month!, 1)}-01`, -1);
    this.shown.day = !isOfMonth ? date : day?.startsWith(month) ? day : lastDay();
    this.shown.month = month;
    this.#stopReturn();
    if (date) this.#stopReturn = returnToToday(this.#clock, () => this.show(undefined));
    this.listeners.notify();
  }

  /**
   * Return the cached answer. It has no value until the first response has arrived. If `period` is not the period for
   * which the cached answer was requested, request the answer again. By default, `period` is the running quarter-hour.
   */
  ask<C extends keyof Commands>(
    command: C,
    takes: Commands[C]["takes"],
    period = this.quarterHour,
    isLasting = false,
  ): Reply<Commands[C]["answers"]> {
    const key = JSON.stringify([command, takes]);
    const answers = this.#answers;
    const answer = answers.get(key) ?? { period: "", isPending: false, tries: 0, retryAt: 0, isLasting };
    // The cache drops the first answer of the map when it is full. Move this answer to the end, so that the first one
    // is always the answer that was not used for the longest time.
    answers.delete(key);
    answers.set(key, answer);
    recordUse(answer);
    const [oldest] = answers.keys();
    if (answers.size > MAX_ANSWERS) answers.delete(oldest!);
    // The first message of a subscription can change `period`. An answer requested before this message would then have
    // to be requested again. So send no request before the first message.
    if (!this.#isFollowing) return answer as Reply<Commands[C]["answers"]>;
    const isStale = answer.period !== period && performance.now() >= answer.retryAt;
    if (isStale && !answer.isPending) void this.#request(answer, { type: command, ...takes }, period);
    return answer as Reply<Commands[C]["answers"]>;
  }

  /**
   * Key of the running quarter-hour. The key changes when the integration can answer requests about the previous
   * quarter-hour, and when a new month has its first bill.
   */
  get quarterHour(): string {
    const running = this.live?.quarter_hour;
    return running ? running.start + running.month : this.quarterNow;
  }

  /** Key of the minute of the last reading, for answers that include it. While the meter is silent, the key stays. */
  get readMinute(): string {
    return this.quarterHour + Math.floor(this.readAt / MINUTE_MS);
  }

  /** Key of the present quarter-hour. It also changes while the meter is silent. */
  get quarterNow(): string {
    return String(Math.floor((this.now - COUNTING_DELAY_MS) / QUARTER_HOUR_MS));
  }

  async #request(answer: Answer, message: object, period: string): Promise<void> {
    answer.isPending = true;
    const forgotten = this.#forgotten;
    try {
      const value = await this.#queue.ask({ ...message, entry_id: this.#entryId }, answer);
      if (value !== undefined) {
        // If the answers have become outdated in the meantime, leave the period empty, so that a card asks again.
        const isOutdated = forgotten !== this.#forgotten && !answer.isLasting;
        Object.assign(answer, { value, tries: 0, period: isOutdated ? "" : period });
        delete answer.error;
      }
    } catch (error) {
      answer.error = codeOf(error);
      const wait = 1000 * (RETRY_S[answer.tries] ?? 30);
      answer.retryAt = performance.now() + wait;
      answer.tries += 1;
      setTimeout(() => this.listeners.notify(), wait + 50);
    }
    answer.isPending = false;
    this.listeners.notify();
  }

  protected restart(): void {
    this.leaveConnection();
    this.#forgetPeriods();
    this.#open();
  }

  #forgetPeriods(): void {
    this.#forgotten += 1;
    for (const answer of this.#answers.values()) {
      Object.assign(answer, { tries: 0, retryAt: 0 });
      if (!answer.isLasting) answer.period = "";
    }
  }

  #open(): void {
    this.#isFollowing = false;
    const message = { type: "smarty_p1/live", entry_id: this.#entryId };
    this.subscribe<Live>(message, (live) => this.#receive(live), (code) => this.#openLater(code));
  }

  #receive(live: Live): void {
    const wasGone = this.live?.gone;
    this.#clock.set(live.now);
    this.#isFollowing = true;
    // While the integration reads no telegrams, its messages have no values. So keep the last values.
    this.live = live.gone ? { ...this.live, ...live } : live;
    this.isLost = false;
    this.#liveAt = this.now;
    this.#lastHour?.add(live);
    // Request the answers again if the meter is not read now, or was not read before this message. Also request them
    // again if the message has no `received_at`: for a meter without a cable, such a message says that Leneda has sent
    // further days.
    if (live.gone || wasGone || !live.received_at) this.#forgetPeriods();
    // After "unauthorized", the integration sends nothing more. The user may be permitted again later, so subscribe
    // again after a delay.
    if (live.state === "unauthorized") {
      this.unsubscribe();
      this.#openLater(live.state);
    }
    this.listeners.notify();
  }

  #openLater(code: string): void {
    if (code === "unauthorized") this.live = { state: "unauthorized", obstacle: null, remedy: null, gone: true, now: new Date(this.now).toISOString() };
    this.tryLater(() => this.#open());
    this.listeners.notify();
  }
}

/** Plan of a meter's loads. */
export class PlanFeed extends SharedSubscription {
  /** The last plan; stays until the next one arrives. */
  plan: Plan | undefined;
  error: string | undefined;
  readonly #entryId: string;

  constructor(connection: Connection, entryId: string) {
    super(connection);
    this.#entryId = entryId;
  }

  protected start(): void {
    const message = { type: "smarty_p1/plan", entry_id: this.#entryId };
    this.subscribe<Plan>(message, (plan) => (plan.gone ? this.#startLater("unauthorized") : this.#tell(plan)), (code) => this.#startLater(code));
  }

  #startLater(code: string): void {
    this.unsubscribe();
    this.tryLater(() => this.start());
    this.#tell(this.plan, code);
  }

  protected restart(): void {
    this.leaveConnection();
    this.start();
  }

  #tell(plan: Plan | undefined, error?: string): void {
    Object.assign(this, { plan, error, isLost: false });
    this.listeners.notify();
  }
}

interface MetersAnswer {
  now: Time;
  meters: Meter[];
  pulse_readers?: Meter[];
}

/** All meters of one Home Assistant connection. */
export class Meters extends SharedSubscription {
  /** Meters visible to the user; undefined until the list has arrived. */
  list: Meter[] | undefined;
  /** Pulse readers visible to the user. They belong to no list of meters to choose, because only their power is known. */
  pulseReaders: Meter[] = [];
  error: string | undefined;
  readonly #feeds = new Map<string, MeterFeed>();
  readonly #queue = new RequestQueue(this.connection);
  readonly #clock = new Clock();
  #chosen: string | undefined;
  #asking: Promise<void> | undefined;
  /** Time of the last answer in ms since the page was opened. */
  #askedAt = 0;
  /**
   * The `period` of the last call of `refresh`, for each meter. Different meters have different periods. With a single
   * stored period, a call for one meter would differ from the last call for another, and would reload the list.
   */
  readonly #periods = new Map<string, string>();

  feed(entryId: string): MeterFeed {
    let feed = this.#feeds.get(entryId);
    if (!feed) {
      feed = new MeterFeed(this.connection, entryId, this.#queue, this.#clock);
      this.#feeds.set(entryId, feed);
    }
    return feed;
  }

  /** The present in ms since 1970, by Home Assistant's clock. */
  get now(): number {
    return this.#clock.now;
  }

  /** The meter shown by cards without a fixed meter: the user's choice, else the first enabled one. */
  get chosen(): Meter | undefined {
    const { list } = this;
    return list?.find(({ entry_id }) => entry_id === this.#chosen) ?? list?.find(({ state }) => state !== "disabled") ?? list?.[0];
  }

  choose(entryId: string): void {
    this.#chosen = entryId;
    this.listeners.notify();
  }

  protected start(): void {
    if (!this.#isNew) void this.#ask();
  }

  get #isNew(): boolean {
    return this.list !== undefined && performance.now() - this.#askedAt < MAX_LIST_AGE_MS;
  }

  /**
   * Open the feed of a meter before a card is in view, so that the first card shows the power at once. Without `entryId`, it is the
   * chosen meter. Return a function that ends this, if no card has used the feed.
   */
  prepare(entryId?: string | null, onChange: Listener = () => undefined): () => void {
    let isEnded = false;
    let unlisten: Listener | undefined;
    const end = () => {
      isEnded = true;
      unlisten?.();
      unlisten = undefined;
    };
    const open = () => {
      const id = entryId || this.chosen?.entry_id;
      if (id && !isEnded) unlisten = this.feed(id).listen(onChange);
    };
    if (this.list) open();
    else void this.#ask().then(open);
    setTimeout(end, PREPARED_MS);
    return end;
  }

  protected restart(): void {
    void this.#ask();
  }

  /**
   * Request the list of meters, and return it. If the answer takes longer than `withinMs`, return the previous list;
   * undefined if there is none.
   */
  async loadList(withinMs: number): Promise<Meter[] | undefined> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, withinMs));
    await Promise.race([this.#ask(), late]);
    return this.list;
  }

  /**
   * Reload the list if `period` has changed since the last call for this meter, or if the page's clock has jumped.
   * `period` is a text with the meter's state and the running quarter-hour.
   */
  refresh(entryId: string, period: string): void {
    if (this.#clock.hasJumped()) void this.#ask();
    if (period === this.#periods.get(entryId) || !this.listeners.size) return;
    const isFirst = !this.#periods.has(entryId);
    this.#periods.set(entryId, period);
    if (!isFirst || !this.#isNew) void this.#ask();
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    this.stopTrying();
    try {
      const { now, meters, pulse_readers: readers } = await this.connection.sendMessagePromise<MetersAnswer>({ type: "smarty_p1/meters" });
      this.#clock.set(now);
      this.#askedAt = performance.now();
      this.list = meters.map((meter) => keepFeatures(meter, this.list?.find(({ entry_id }) => entry_id === meter.entry_id)));
      this.pulseReaders = readers ?? [];
      this.error = undefined;
      this.succeeded();
    } catch (error) {
      this.error = codeOf(error);
      this.tryLater(() => void this.#ask());
    }
    this.listeners.notify();
  }
}

/**
 * Return the meter with the features that it had before. A meter that is not being read reports no features, but no
 * view may vanish during a reload.
 */
function keepFeatures(meter: Meter, before: Meter | undefined): Meter {
  if (!before || meter.state === "receiving") return meter;
  const { media, phases, feeds_in, connection_kva, known_since } = before;
  return {
    ...meter,
    media: meter.media.length ? meter.media : media,
    phases: meter.phases ?? phases,
    feeds_in: meter.feeds_in ?? feeds_in,
    connection_kva: meter.connection_kva ?? connection_kva,
    known_since: meter.known_since ?? known_since,
  };
}

/** A page may hold two copies of this code if a part was loaded from a second address. They share the meters. */
const METERS = Symbol.for("smarty_p1");

export function metersOf(connection: Connection & { [METERS]?: Meters }): Meters {
  return (connection[METERS] ??= new Meters(connection));
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "not_answered";
}
