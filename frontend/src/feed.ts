/**
 * What one page knows of its meters: one subscription a meter for all cards that look at it, and each
 * answer asked once for all of them.
 *
 * Nothing is asked while no card is in view. A meter that is reloaded, disabled or restarted, and a
 * connection that breaks, end in the same place: what was known stays, and it is asked again.
 */

import type { Connection, Unsubscribe } from "./hass.ts";
import { addDays, dayStart, localDay, QUARTER_HOUR_MS } from "./locale.ts";
import { QuestionQueue, use } from "./question-queue.ts";
import type { Commands, Live, Meter } from "./wire.ts";

const RETRY_S = [1, 2, 4, 8, 16, 30];
/** Until the integration has counted the last telegram of a quarter-hour. */
const LATE_MS = 15_000;
/** Answers of so many questions are kept: whoever turns over the days of a year asks many. */
const MAX_ANSWERS = 40;
/** After so long without a touch, a tablet on a wall shows the present again. */
const UNTOUCHED_MS = 600_000;

let touchedAt = 0;
let isWatched = false;

/** From the first choice on: a page on which nothing is chosen has nothing to watch. */
function watchTouches(): void {
  touchedAt = Date.now();
  if (isWatched) return;
  isWatched = true;
  const touched = () => (touchedAt = Date.now());
  for (const type of ["pointerdown", "keydown", "wheel"]) window.addEventListener(type, touched, { capture: true, passive: true });
}

type Listener = () => void;

/** Tells all listeners once a frame, however much has come. */
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

  tell(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    requestAnimationFrame(() => {
      this.#isPending = false;
      for (const listener of [...this.#all]) listener();
    });
  }
}

/** What begins with the first listener, ends with the last one, and begins anew with a new connection and after a failure. */
abstract class Heard {
  protected readonly connection: Connection;
  protected readonly listeners = new Listeners();
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  protected abstract begin(): void;
  protected abstract end(): void;
  /** There is another connection. */
  protected abstract beginAnew(): void;

  /** Be told of whatever is new, until the function that is returned is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      this.connection.addEventListener("ready", this.#again);
      this.begin();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size) return;
      this.connection.removeEventListener("ready", this.#again);
      this.end();
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

  readonly #again = (): void => this.beginAnew();
}

interface Answer {
  value?: unknown;
  error?: string;
  /** What it was asked for; asked again when that is another one. */
  period: string;
  isPending: boolean;
  tries: number;
  retryAt: number;
  /** Whether it holds as long as its period, also after a time in which nobody listened. */
  isLasting: boolean;
}

export interface Known<T> {
  readonly value?: T | undefined;
  /** A code of `docs/websocket.md`, or "not_answered". */
  readonly error?: string | undefined;
}

/** One meter. */
export class Feed extends Heard {
  /** The last message, also while none comes. */
  live: Live | undefined;
  /** Since when nothing has come: when `live` came, or somebody began to listen, by the clock of this page. */
  #liveAt = 0;
  /** By how much the clock of this page is ahead of Home Assistant's, by the last telegram that came as it was read. */
  #aheadMs = 0;
  #isFollowing = false;
  /** What the cards of a view show together: a month (2026-11), a day (2026-11-21). */
  readonly shown: { month?: string | undefined; day?: string | undefined } = {};
  #dayEnds = 0;
  #return: ReturnType<typeof setTimeout> | undefined;
  readonly #entryId: string;
  readonly #queue: QuestionQueue;
  readonly #answers = new Map<string, Answer>();
  #subscription: Promise<Unsubscribe> | undefined;
  #run = 0;

  constructor(connection: Connection, entryId: string, queue: QuestionQueue) {
    super(connection);
    this.#entryId = entryId;
    this.#queue = queue;
  }

  /** The present by the clock of Home Assistant, in ms since 1970: that of a tablet may be minutes off. */
  get now(): number {
    return Date.now() - this.#aheadMs;
  }

  /** How long nothing has come. */
  get silenceMs(): number {
    return Date.now() - this.#liveAt;
  }

  protected begin(): void {
    // While nobody listened, nothing could come.
    this.#liveAt = Date.now();
    this.#open();
  }

  protected end(): void {
    this.#close();
    // What is looked at again later may be old by then.
    this.#forgetPeriods();
  }

  /** Let all cards of this meter show another day or month, for as long as somebody is there. */
  show(what: Partial<Feed["shown"]>): void {
    Object.assign(this.shown, what);
    watchTouches();
    this.#dayEnds = dayStart(addDays(localDay(new Date()), 1)).getTime();
    this.#returnLater();
    this.listeners.tell();
  }

  #returnLater(): void {
    clearTimeout(this.#return);
    if (!this.shown.day && !this.shown.month) return;
    const left = () => Math.min(touchedAt + UNTOUCHED_MS, this.#dayEnds) - Date.now();
    this.#return = setTimeout(() => {
      if (left() > 0) return this.#returnLater();
      Object.assign(this.shown, { day: undefined, month: undefined });
      this.listeners.tell();
    }, left());
  }

  /** Return what is known, and ask for it once a quarter-hour, or as often as `period` changes. */
  get<C extends keyof Commands>(
    command: C,
    takes: Commands[C]["takes"],
    period = this.quarterHour,
    isLasting = false,
  ): Known<Commands[C]["answers"]> {
    const key = JSON.stringify([command, takes]);
    let answer = this.#answers.get(key);
    if (!answer) {
      answer = { period: "", isPending: false, tries: 0, retryAt: 0, isLasting };
    }
    // What was looked at longest ago is forgotten first: a year is not asked anew for many days.
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    use(answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS) this.#answers.delete(oldest!);
    // The first message says which quarter-hour it is: what is asked before would be asked twice.
    if (!this.live) return answer as Known<Commands[C]["answers"]>;
    const isStale = answer.period !== period && Date.now() >= answer.retryAt;
    if (isStale && !answer.isPending) void this.#ask(answer, { type: command, ...takes }, period);
    return answer as Known<Commands[C]["answers"]>;
  }

  /** What changes once a quarter-hour, when the last one has been counted. */
  get quarterHour(): string {
    const running = this.live?.quarter_hour?.start;
    return running ?? String(Math.floor((Date.now() - LATE_MS) / QUARTER_HOUR_MS));
  }

  async #ask(answer: Answer, message: object, period: string): Promise<void> {
    answer.isPending = true;
    try {
      const value = await this.#queue.ask({ ...message, entry_id: this.#entryId }, answer);
      if (value !== undefined) {
        Object.assign(answer, { value, tries: 0, period });
        delete answer.error;
      }
    } catch (error) {
      answer.error = codeOf(error);
      answer.retryAt = Date.now() + 1000 * (RETRY_S[answer.tries] ?? 30);
      answer.tries += 1;
      setTimeout(() => this.listeners.tell(), answer.retryAt - Date.now() + 50);
    }
    answer.isPending = false;
    this.listeners.tell();
  }

  protected beginAnew(): void {
    // Of the connection that was lost: on the new one its number may be that of another.
    this.#subscription = undefined;
    this.#close();
    this.#forgetPeriods();
    this.#open();
  }

  #forgetPeriods(): void {
    for (const answer of this.#answers.values()) {
      Object.assign(answer, { tries: 0, retryAt: 0 });
      if (!answer.isLasting) answer.period = "";
    }
  }

  #open(): void {
    const run = ++this.#run;
    this.#isFollowing = false;
    const message = { type: "smarty_p1/live", entry_id: this.#entryId };
    // By default, a renewal that is refused would be dropped without a word.
    const options = { resubscribe: false };
    const subscription = this.connection.subscribeMessage<Live>(
      (live) => run === this.#run && this.#tell(live),
      message,
      options,
    );
    this.#subscription = subscription;
    subscription.then(
      () => run === this.#run && this.succeeded(),
      (error: unknown) => run === this.#run && this.#later(codeOf(error)),
    );
  }

  #close(): void {
    this.#run += 1;
    this.stopTrying();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    // One that has failed, or whose connection is gone, has nothing to be ended.
    subscription?.then((unsubscribe) => unsubscribe()).catch(() => undefined);
  }

  #tell(live: Live): void {
    const wasGone = this.live?.gone;
    const [before, received] = [this.live?.received_at, live.received_at].map((time) => Date.parse(time ?? ""));
    // The first message tells what is known already, which may be old.
    if (this.#isFollowing && received! > before!) this.#aheadMs = Date.now() - received!;
    this.#isFollowing = true;
    // What was read last stays, while nothing is read.
    this.live = live.gone ? { ...this.live, ...live } : live;
    this.#liveAt = Date.now();
    if (live.gone || wasGone) this.#forgetPeriods();
    // After it nothing comes any more: whoever may see the meter again is told by asking.
    if (live.state === "unauthorized") {
      this.#close();
      this.#later(live.state);
    }
    this.listeners.tell();
  }

  #later(code: string): void {
    this.#subscription = undefined;
    if (code === "unauthorized") this.live = { state: "unauthorized", obstacle: null, remedy: null, gone: true };
    this.tryLater(() => this.#open());
    this.listeners.tell();
  }
}

/** All meters of one connection. */
export class Meters extends Heard {
  /** Those that the user may see; undefined until they are known. */
  list: Meter[] | undefined;
  error: string | undefined;
  readonly #feeds = new Map<string, Feed>();
  readonly #queue = new QuestionQueue(this.connection);
  #chosen: string | undefined;
  #asking: Promise<void> | undefined;
  /** Of each meter: two that differ must not ask in turns for ever. */
  readonly #periods = new Map<string, string>();

  feed(entryId: string): Feed {
    let feed = this.#feeds.get(entryId);
    if (!feed) {
      feed = new Feed(this.connection, entryId, this.#queue);
      this.#feeds.set(entryId, feed);
    }
    return feed;
  }

  /** The meter that cards without one of their own show. */
  get chosen(): Meter | undefined {
    return this.list?.find(({ entry_id }) => entry_id === this.#chosen) ?? this.list?.[0];
  }

  choose(entryId: string): void {
    this.#chosen = entryId;
    this.listeners.tell();
  }

  protected begin(): void {
    void this.#ask();
  }

  protected end(): void {
    this.stopTrying();
  }

  protected beginAnew(): void {
    void this.#ask();
  }

  /** Return the list as it is now; undefined if that takes too long. */
  async known(withinMs: number): Promise<Meter[] | undefined> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, withinMs));
    await Promise.race([this.#ask(), late]);
    return this.list;
  }

  /** Ask again when `period`, the state of a meter as its feed knows it, is another one. */
  refresh(entryId: string, period: string): void {
    if (period === this.#periods.get(entryId) || !this.listeners.size) return;
    this.#periods.set(entryId, period);
    void this.#ask();
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    this.stopTrying();
    try {
      const { meters } = await this.connection.sendMessagePromise<{ meters: Meter[] }>({ type: "smarty_p1/meters" });
      this.list = meters.map((meter) => described(meter, this.list?.find(({ entry_id }) => entry_id === meter.entry_id)));
      this.error = undefined;
      this.succeeded();
    } catch (error) {
      this.error = codeOf(error);
      this.tryLater(() => void this.#ask());
    }
    this.listeners.tell();
  }
}

/** What a meter has is not told while it is not read, and has not changed: no view vanishes while it is loaded anew. */
function described(meter: Meter, before: Meter | undefined): Meter {
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

const known = new WeakMap<Connection, Meters>();

export function metersOf(connection: Connection): Meters {
  let meters = known.get(connection);
  if (!meters) known.set(connection, (meters = new Meters(connection)));
  return meters;
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "not_answered";
}
