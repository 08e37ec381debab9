/**
 * What one page knows of its meters: one subscription a meter for all cards that look at it, and each
 * answer asked once for all of them.
 *
 * Nothing is asked while no card is in view. A meter that is reloaded, disabled or restarted, and a
 * connection that breaks, end in the same place: what was known stays, and it is asked again.
 */

import type { Connection, Unsubscribe } from "./hass.ts";
import type { Commands, Live, Meter } from "./wire.ts";

const RETRY_S = [1, 2, 4, 8, 16, 30];
const QUARTER_HOUR_MS = 900_000;
/** Until the integration has counted the last telegram of a quarter-hour. */
const LATE_MS = 15_000;
/** Answers of so many questions are kept: whoever turns over the days of a year asks many. */
const MOST_ANSWERS = 40;

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

interface Answer {
  value?: unknown;
  error?: string;
  /** What it was asked for; asked again when that is another one. */
  period: string;
  isPending: boolean;
  tries: number;
  retryAt: number;
}

export interface Known<T> {
  readonly value?: T | undefined;
  /** A code of `docs/websocket.md`, or "not_answered". */
  readonly error?: string | undefined;
}

/** One meter. */
export class Feed {
  /** The last message, also while none comes. */
  live: Live | undefined;
  /** Since when nothing has come: when `live` came, or somebody began to listen, by the clock of this page. */
  liveAt = 0;
  /** By how much the clock of this page is ahead of Home Assistant's, by the last telegram that came as it was read. */
  #aheadMs = 0;
  #isFollowing = false;
  /** What the cards of a view show together: a month (2026-11), a day (2026-11-21). */
  readonly shown: { month?: string | undefined; day?: string | undefined } = {};
  readonly #connection: Connection;
  readonly #entryId: string;
  readonly #listeners = new Listeners();
  readonly #answers = new Map<string, Answer>();
  #subscription: Promise<Unsubscribe> | undefined;
  #run = 0;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, entryId: string) {
    this.#connection = connection;
    this.#entryId = entryId;
  }

  /** The present by the clock of Home Assistant, in ms since 1970: that of a tablet may be minutes off. */
  get now(): number {
    return Date.now() - this.#aheadMs;
  }

  /** Be told of whatever is new, until the function that is returned is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      // While nobody listened, nothing could come.
      this.liveAt = Date.now();
      this.#connection.addEventListener("ready", this.#again);
      this.#open();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size) return;
      this.#connection.removeEventListener("ready", this.#again);
      this.#close();
      // What is looked at again later may be old by then.
      this.#forgetPeriods();
    };
  }

  /** Let all cards of this meter show another day or month. */
  show(what: Partial<Feed["shown"]>): void {
    Object.assign(this.shown, what);
    this.#listeners.tell();
  }

  /** Return what is known, and ask for it once a quarter-hour, or as often as `period` changes. */
  get<C extends keyof Commands>(
    command: C,
    takes: Commands[C]["takes"],
    period = this.quarterHour,
  ): Known<Commands[C]["answers"]> {
    const key = JSON.stringify([command, takes]);
    let answer = this.#answers.get(key);
    if (!answer) {
      answer = { period: "", isPending: false, tries: 0, retryAt: 0 };
    }
    // What was looked at longest ago is forgotten first: a year is not asked anew for many days.
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_ANSWERS) this.#answers.delete(oldest!);
    // The first message says which quarter-hour it is: what is asked before would be asked twice.
    if (!this.live) return answer as Known<Commands[C]["answers"]>;
    const isStale = answer.period !== period && Date.now() >= answer.retryAt;
    if (isStale && !answer.isPending && this.#listeners.size) void this.#ask(answer, { type: command, ...takes }, period);
    return answer as Known<Commands[C]["answers"]>;
  }

  /** What changes once a quarter-hour, when the last one has been counted. */
  get quarterHour(): string {
    const running = this.live?.quarter_hour?.start;
    return running ?? String(Math.floor((Date.now() - LATE_MS) / QUARTER_HOUR_MS));
  }

  async #ask(answer: Answer, message: object, period: string): Promise<void> {
    answer.isPending = true;
    const connection = this.#connection;
    try {
      answer.value = await connection.sendMessagePromise({ ...message, entry_id: this.#entryId });
      delete answer.error;
      answer.tries = 0;
      answer.period = period;
    } catch (error) {
      answer.error = codeOf(error);
      answer.retryAt = Date.now() + 1000 * (RETRY_S[answer.tries] ?? 30);
      answer.tries += 1;
      setTimeout(() => this.#listeners.tell(), answer.retryAt - Date.now() + 50);
    }
    answer.isPending = false;
    this.#listeners.tell();
  }

  readonly #again = (): void => {
    // Of the connection that was lost: on the new one its number may be that of another.
    this.#subscription = undefined;
    this.#close();
    this.#forgetPeriods();
    this.#open();
  };

  #forgetPeriods(): void {
    for (const answer of this.#answers.values()) Object.assign(answer, { period: "", tries: 0, retryAt: 0 });
  }

  #open(): void {
    const run = ++this.#run;
    this.#isFollowing = false;
    const message = { type: "smarty_p1/live", entry_id: this.#entryId };
    // By default, a renewal that is refused would be dropped without a word.
    const options = { resubscribe: false };
    const subscription = this.#connection.subscribeMessage<Live>(
      (live) => run === this.#run && this.#tell(live),
      message,
      options,
    );
    this.#subscription = subscription;
    subscription.then(
      () => run === this.#run && (this.#tries = 0),
      (error: unknown) => run === this.#run && this.#later(codeOf(error)),
    );
  }

  #close(): void {
    this.#run += 1;
    clearTimeout(this.#retry);
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
    this.liveAt = Date.now();
    if (live.gone || wasGone) this.#forgetPeriods();
    // After it nothing comes any more: whoever may see the meter again is told by asking.
    if (live.state === "unauthorized") {
      this.#close();
      this.#later(live.state);
    }
    this.#listeners.tell();
  }

  #later(code: string): void {
    this.#subscription = undefined;
    if (code === "unauthorized") this.live = { state: "unauthorized", obstacle: null, remedy: null, gone: true };
    this.#retry = setTimeout(() => this.#open(), 1000 * (RETRY_S[this.#tries] ?? 30));
    this.#tries += 1;
    this.#listeners.tell();
  }
}

/** All meters of one connection. */
export class Meters {
  /** Those that the user may see; undefined until they are known. */
  list: Meter[] | undefined;
  error: string | undefined;
  readonly #connection: Connection;
  readonly #feeds = new Map<string, Feed>();
  readonly #listeners = new Listeners();
  #chosen: string | undefined;
  #asking: Promise<void> | undefined;
  /** Of each meter: two that differ must not ask in turns for ever. */
  readonly #periods = new Map<string, string>();
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  feed(entryId: string): Feed {
    let feed = this.#feeds.get(entryId);
    if (!feed) {
      feed = new Feed(this.#connection, entryId);
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
    this.#listeners.tell();
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#connection.addEventListener("ready", this.#again);
      this.#again();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size) return;
      this.#connection.removeEventListener("ready", this.#again);
      clearTimeout(this.#retry);
    };
  }

  /** Return the list as it is now; undefined if that takes too long. */
  async known(withinMs: number): Promise<Meter[] | undefined> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, withinMs));
    await Promise.race([this.#ask(), late]);
    return this.list;
  }

  /** Ask again when `period`, the state of a meter as its feed knows it, is another one. */
  refresh(entryId: string, period: string): void {
    if (period === this.#periods.get(entryId) || !this.#listeners.size) return;
    this.#periods.set(entryId, period);
    void this.#ask();
  }

  readonly #again = (): void => void this.#ask();

  #ask(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const { meters } = await this.#connection.sendMessagePromise<{ meters: Meter[] }>({ type: "smarty_p1/meters" });
      this.list = meters.map((meter) => described(meter, this.list?.find(({ entry_id }) => entry_id === meter.entry_id)));
      this.error = undefined;
      this.#tries = 0;
    } catch (error) {
      this.error = codeOf(error);
      if (this.#listeners.size) this.#retry = setTimeout(this.#again, 1000 * (RETRY_S[this.#tries] ?? 30));
      this.#tries += 1;
    }
    this.#listeners.tell();
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
