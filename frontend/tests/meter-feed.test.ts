import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { Connection } from "../src/hass.ts";
import { type MeterFeed, metersOf } from "../src/data/meter-feed.ts";
import { recordUses } from "../src/data/request-queue.ts";
import type { Live, Meter } from "../src/data/websocket-types.ts";
import { type Series, yearSeries } from "../src/data/year-quarter-hours.ts";

// Periods pass with the clock of the test.
performance.now = () => Date.now();

type Message = { type: string };

/** A Home Assistant. While its connection is not there, messages wait, as in the frontend. */
class Server implements Connection {
  live: Live = { now: "", state: "receiving", obstacle: null, remedy: null };
  answer: unknown = {};
  /** Code with which a subscription is refused. */
  refusal: string | undefined;
  /** Number of refused subscriptions. */
  refused = 0;
  /** Whether requests fail. */
  isFailing = false;
  /** Whether answers wait for `release`. */
  isSlow = false;
  readonly sent: string[] = [];
  readonly subscriptions = new Map<number, (live: Live) => void>();
  readonly #listeners = new Map<string, Set<() => void>>();
  #connected = Promise.withResolvers<void>();
  #released = Promise.withResolvers<void>();
  #last = 0;

  constructor() {
    this.#connected.resolve();
  }

  async sendMessagePromise<T>(message: object): Promise<T> {
    await this.#connected.promise;
    this.sent.push((message as Message).type.slice("smarty_p1/".length));
    const { answer } = this;
    if (this.isFailing) throw { code: "unreadable" };
    if (this.isSlow) await this.#released.promise;
    return answer as T;
  }

  async subscribeMessage<T>(callback: (message: T) => void): Promise<() => void> {
    await this.#connected.promise;
    if (this.refusal) {
      this.refused += 1;
      throw { code: this.refusal };
    }
    const id = ++this.#last;
    this.subscriptions.set(id, callback as (live: Live) => void);
    setImmediate(() => this.subscriptions.has(id) && callback(this.live as T));
    return () => void this.subscriptions.delete(id);
  }

  addEventListener(event: string, callback: () => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(callback));
  }

  removeEventListener(event: string, callback: () => void): void {
    this.#listeners.get(event)?.delete(callback);
  }

  sleep(): void {
    this.subscriptions.clear();
    this.#connected = Promise.withResolvers();
  }

  lose(): void {
    for (const callback of this.#listeners.get("disconnected") ?? []) callback();
  }

  wake(): void {
    this.#connected.resolve();
    for (const callback of this.#listeners.get("ready") ?? []) callback();
  }

  release(): void {
    this.isSlow = false;
    this.#released.resolve();
  }

  async send(live: Live): Promise<void> {
    this.live = live;
    for (const callback of this.subscriptions.values()) callback(live);
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

let server: Server;
let feed: MeterFeed;
let shown: unknown;
const card = {};

function draw(): void {
  recordUses(card, true);
  shown = feed.ask("smarty_p1/days", {}).value;
}

/** Place a card, and return the function that removes it. */
async function place(): Promise<() => void> {
  const unlisten = feed.listen(draw);
  draw();
  await settled();
  return () => {
    unlisten();
    recordUses(card, false);
  };
}

afterEach(() => mock.timers.reset());
beforeEach(() => {
  globalThis.requestAnimationFrame = (callback) => setImmediate(callback, 0) as unknown as number;
  server = new Server();
  feed = metersOf(server).feed("a");
});

test("after a sleep, a meter has one subscription, and none when its card is gone", async () => {
  (await place())();
  await settled();
  server.sleep();
  // The page is shown, and its card is in view before the connection is back.
  const remove = await place();
  server.wake();
  await settled();
  assert.equal(server.subscriptions.size, 1);
  remove();
  await settled();
  assert.equal(server.subscriptions.size, 0);
});

test("a subscription of a lost connection is not ended on the next one", async () => {
  const remove = await place();
  server.sleep();
  server.subscriptions.set(1, () => undefined);
  server.wake();
  await settled();
  // The other subscription with this number, and the new one.
  assert.deepEqual([...server.subscriptions.keys()], [1, 2]);
  remove();
});

test("a meter that the user may not see is gone", async () => {
  server.refusal = "unauthorized";
  const remove = await place();
  assert.deepEqual([feed.live?.state, feed.live?.gone], ["unauthorized", true]);
  remove();
});

test("after a lost connection, the year is not sent again, but its newest quarter-hours are", async () => {
  server.answer = { start: "2025-10-31T23:00:00Z", end: "2026-11-21T00:00:00Z", values: [], past: "1" };
  let year: Series | undefined;
  const draw = () => {
    recordUses(card, true);
    year = yearSeries(feed, {} as Meter).value;
  };
  const unlisten = feed.listen(draw);
  await settled();
  await settled();
  assert.deepEqual(server.sent, ["quarter_hours", "quarter_hours"]);
  const before = year;
  draw();
  assert.equal(year, before);
  server.answer = { ...(server.answer as object), values: [100] };
  server.sleep();
  server.wake();
  await settled();
  await settled();
  assert.deepEqual([server.sent.length, before!.values.length, year!.values.length], [3, 0, 1]);
  unlisten();
  recordUses(card, false);
});

test("what fails is tried again ever less often, and at first again after it has succeeded", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2026-11-21T12:01:00Z") });
  const seconds = async (count: () => number) => {
    const found = [];
    for (let second = 1; second <= 100; second += 1) {
      const before = count();
      await wait(1000);
      if (count() > before) found.push(second);
    }
    return found;
  };
  server.refusal = "not_loaded";
  const remove = await place();
  assert.deepEqual(await seconds(() => server.refused), [1, 3, 7, 15, 31, 61, 91]);
  server.refusal = undefined;
  server.isFailing = true;
  await wait(30_000);
  // A card asks with the next drawing, 50 ms later, and so in the next second here.
  assert.deepEqual(await seconds(() => server.sent.length), [2, 5, 10, 19, 36, 67, 98]);
  server.isFailing = false;
  await wait(30_000);
  assert.deepEqual(await seconds(() => server.sent.length), []);
  server.lose();
  server.subscriptions.clear();
  server.refusal = "not_loaded";
  server.wake();
  await settled();
  assert.deepEqual((await seconds(() => server.refused)).slice(0, 3), [1, 3, 7]);
  remove();
});

test("a card that returns asks once, in the quarter-hour of the first message", async () => {
  const quarterHour = (start: string): Live => ({ ...server.live, quarter_hour: { start } as NonNullable<Live["quarter_hour"]> });
  server.live = quarterHour("2026-11-21T09:00:00Z");
  (await place())();
  server.live = quarterHour("2026-11-21T12:00:00Z");
  const remove = await place();
  assert.deepEqual(server.sent, ["days", "days"]);
  remove();
});

test("answers are requested again when a month has its first bill", async () => {
  const at = (start: string, month: string): Live => ({ ...server.live, received_at: start, quarter_hour: { start, month } as NonNullable<Live["quarter_hour"]> });
  server.live = at("2026-11-30T22:45:00Z", "2026-11");
  const remove = await place();
  await server.send(at("2026-11-30T23:00:00Z", "2026-11"));
  await server.send(at("2026-11-30T23:00:00Z", "2026-12"));
  await server.send(at("2026-11-30T23:00:00Z", "2026-12"));
  assert.deepEqual(server.sent, ["days", "days", "days"]);
  remove();
});

test("an answer for the minute of the last reading is requested again with each minute, but not in a silence", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2026-11-21T12:00:00Z") });
  const at = (time: string): Live => ({ ...server.live, received_at: `2026-11-21T${time}Z`, quarter_hour: { start: "2026-11-21T12:00:00Z" } as NonNullable<Live["quarter_hour"]> });
  server.live = at("12:00:00");
  const draw = () => {
    recordUses(card, true);
    feed.ask("smarty_p1/bill", { months: 1 }, feed.readMinute);
  };
  const unlisten = feed.listen(draw);
  draw();
  await settled();
  const asked = async (time: string, ms: number) => {
    await wait(ms);
    await server.send(at(time));
    return server.sent.length;
  };
  assert.deepEqual([await asked("12:00:10", 10_000), await asked("12:00:50", 40_000), await asked("12:01:00", 10_000), await asked("12:01:00", 600_000)], [1, 1, 2, 2]);
  unlisten();
  recordUses(card, false);
});

test("an answer that was on its way when the meter got new days is asked for again", async () => {
  server.isSlow = true;
  server.answer = "old";
  const remove = await place();
  server.answer = "new";
  await server.send(server.live);
  server.release();
  await settled();
  assert.deepEqual([shown, server.sent], ["new", ["days", "days"]]);
  remove();
});

test("a card without a meter of its own shows one that is read, unless all are disabled or another is chosen", async () => {
  const meters = metersOf(server);
  const show = async (...states: string[]) => {
    server.answer = { meters: states.map((state) => ({ entry_id: state, state, media: [] })) };
    await meters.loadList(1000);
    return meters.chosen?.entry_id;
  };
  assert.equal(await show(), undefined);
  assert.equal(await show("disabled"), "disabled");
  assert.equal(await show("disabled", "failing", "receiving"), "failing");
  meters.choose("disabled");
  assert.equal(meters.chosen?.entry_id, "disabled");
});

test("the feed of the chosen meter is open for ten seconds before a card uses it", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  server.answer = { meters: [{ entry_id: "a", state: "receiving", media: [] }] };
  metersOf(server).prepare();
  await settled();
  assert.deepEqual([server.sent, server.subscriptions.size], [["meters"], 1]);
  mock.timers.tick(10_000);
  await settled();
  assert.equal(server.subscriptions.size, 0);
});

test("the list of meters is asked for again when a meter begins a period, and only while a card listens", async () => {
  const meters = metersOf(server);
  server.answer = { meters: [] };
  const asked = () => server.sent.filter((type) => type === "meters").length;
  meters.refresh("a", "first");
  await settled();
  assert.equal(asked(), 0);
  const unlisten = meters.listen(() => undefined);
  await settled();
  const before = asked();
  for (const period of ["first", "second", "second", "third"]) {
    meters.refresh("a", period);
    await settled();
  }
  assert.equal(asked() - before, 2);
  unlisten();
});

/** Move the clock of the page, and let timers run that are due. */
async function wait(ms: number): Promise<void> {
  mock.timers.tick(ms);
  await settled();
}

test("a reading is old after the seconds of its meter, after a lost connection, and while the meter is gone", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2026-11-21T12:00:00Z") });
  const at = (time: string, changes: object = {}): Live => ({ now: `2026-11-21T${time}Z`, state: "receiving", obstacle: null, remedy: null, received_at: `2026-11-21T${time}Z`, ...changes });
  server.live = at("12:00:00");
  const remove = await place();
  const isOld = (of?: Partial<Meter>) => feed.isOld(of as Meter);
  await wait(60_000);
  assert.deepEqual([isOld(), isOld({ fresh_for: 59 }), feed.silenceMs], [false, true, 60_000]);
  await wait(1);
  assert.deepEqual([isOld(), isOld({ fresh_for: 620 })], [true, false]);
  await server.send(at("12:01:00"));
  assert.deepEqual([isOld(), feed.silenceMs], [false, 0]);
  await server.send(at("12:01:00", { gone: true }));
  assert.equal(isOld(), true);
  await server.send(at("12:01:01"));
  assert.equal(isOld(), false);
  server.lose();
  assert.equal(isOld(), true);
  remove();
});

for (const [page, clock] of [["three days ahead", "2026-11-24T12:00:07Z"], ["six years behind", "2020-11-21T11:58:00Z"], ["right", "2026-11-21T12:00:00Z"]] as const) {
  test(`a page whose clock is ${page} has the time of Home Assistant from the first message on`, async () => {
    mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse(clock) });
    const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);
    const meters = metersOf(server);
    server.answer = { now: "2026-11-21T12:00:00Z", meters: [] };
    await meters.loadList(0);
    assert.deepEqual([meters.now, feed.now], [at("12:00:00"), at("12:00:00")]);
    server.live = { now: "2026-11-21T12:00:03Z", state: "receiving", obstacle: null, remedy: null, received_at: "2026-11-21T11:59:30Z", values: { power_net: 1 } };
    const remove = await place();
    assert.deepEqual([feed.now, feed.silenceMs, feed.isOld(undefined)], [at("12:00:03"), 0, false]);
    // The hour ends with the present before its answer has come.
    assert.deepEqual([feed.lastHour.timeOf(359), feed.lastHour.timeOf(0)], [at("12:00:00"), at("11:00:10")]);
    await wait(10_000);
    assert.deepEqual([feed.now, feed.silenceMs], [at("12:00:13"), 10_000]);
    remove();
  });
}

test("after the clock of the page has been set, Home Assistant's time is asked for once", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2020-11-21T12:00:00Z") });
  mock.method(performance, "now", () => 1000);
  const meters = metersOf(server);
  server.answer = { now: "2026-11-21T12:00:00Z", meters: [] };
  const remove = meters.listen(() => undefined);
  await settled();
  const refreshed = async () => {
    for (const _ of [1, 2]) meters.refresh("a", "receiving");
    await settled();
    return [new Date(meters.now).toISOString(), server.sent.length];
  };
  assert.deepEqual(await refreshed(), ["2026-11-21T12:00:00.000Z", 1]);
  mock.timers.setTime(Date.parse("2026-11-21T11:59:58Z"));
  assert.deepEqual(await refreshed(), ["2026-11-21T12:00:00.000Z", 2]);
  mock.timers.setTime(Date.parse("2026-11-21T12:00:40Z"));
  assert.deepEqual(await refreshed(), ["2026-11-21T12:00:42.000Z", 2]);
  mock.restoreAll();
  remove();
});

test("the curve of the last hour moves without readings only after 20 seconds", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2026-11-21T12:00:00Z") });
  server.live = { ...server.live, received_at: "2026-11-21T12:00:00Z", values: { power_net: 1 } };
  server.answer = { start: "2026-11-21T11:00:10Z", net: Array.from({ length: 360 }, () => 1000), phases: [] };
  const remove = await place();
  recordUses(card, true);
  void feed.lastHour;
  await settled();
  const first = feed.lastHour.timeOf(0);
  await wait(20_000);
  assert.equal(feed.lastHour.timeOf(0), first);
  await wait(10_000);
  assert.equal(feed.lastHour.timeOf(0) - first, 30_000);
  remove();
});

test("a chosen day ends ten minutes after the last touch, and at midnight", async () => {
  const touches: (() => void)[] = [];
  Object.assign(globalThis, { window: { addEventListener: (_: string, touch: () => void) => touches.push(touch) } });
  // 12:00 in Luxembourg.
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2026-11-21T11:00:00Z") });
  feed.show("2026-11-18");
  await wait(599_000);
  touches[0]!();
  await wait(599_000);
  assert.equal(feed.shown.day, "2026-11-18");
  await wait(1_000);
  assert.equal(feed.shown.day, undefined);
  // 23:55.
  mock.timers.setTime(Date.parse("2026-11-21T22:55:00Z"));
  feed.show("2026-10");
  await wait(299_000);
  assert.equal(feed.shown.month, "2026-10");
  await wait(1_000);
  assert.equal(feed.shown.month, undefined);
});

test("without a running quarter-hour, answers are asked for again 15 seconds after one has ended", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.parse("2026-11-21T12:00:15Z") });
  server.live = { ...server.live, received_at: "2026-11-21T12:00:00Z" };
  const remove = await place();
  const asked = async (ms: number) => {
    await wait(ms);
    draw();
    await settled();
    return server.sent.length;
  };
  assert.deepEqual([await asked(899_000), await asked(1_000)], [1, 2]);
  remove();
});

test("many messages at once redraw a card once", async () => {
  let draws = 0;
  const unlisten = feed.listen(() => (draws += 1));
  await settled();
  draws = 0;
  for (const send of server.subscriptions.values()) for (let count = 0; count < 5; count += 1) send(server.live);
  await settled();
  assert.equal(draws, 1);
  unlisten();
});

test("forty answers of a meter are kept, and the one that was used least lately is asked for again", async () => {
  server.live = { ...server.live, received_at: "2026-11-21T12:00:00Z" };
  const unlisten = feed.listen(() => undefined);
  await settled();
  const asked = async (...starts: number[]) => {
    const before = server.sent.length;
    for (const start of starts) {
      recordUses(card, true);
      feed.ask("smarty_p1/days", { start: `${start}`, end: "" });
      await settled();
    }
    return server.sent.length - before;
  };
  const all = Array.from({ length: 40 }, (_, index) => index);
  assert.deepEqual([await asked(...all), await asked(...all), await asked(40), await asked(1, 40), await asked(0)], [40, 0, 1, 0, 1]);
  unlisten();
  recordUses(card, false);
});

test("a meter that is loaded anew keeps the features that it had", async () => {
  const meters = metersOf(server);
  const of = async (...list: object[]) => {
    server.answer = { meters: list.map((meter) => ({ entry_id: "a", ...meter })) };
    return (await meters.loadList(1000))![0] as unknown as Record<string, unknown>;
  };
  const features = { media: ["gas"], phases: 3, feeds_in: true, connection_kva: 27, known_since: "2026-01-01T00:00:00Z" };
  const none = { media: [], phases: null, feeds_in: null, connection_kva: null, known_since: null };
  await of({ state: "receiving", ...features });
  assert.deepEqual(await of({ state: "not_loaded", ...none }), { entry_id: "a", state: "not_loaded", ...features });
  assert.deepEqual(await of({ state: "failing", ...none, media: ["water"], phases: 1, feeds_in: false }), { entry_id: "a", state: "failing", ...features, media: ["water"], phases: 1, feeds_in: false });
  assert.deepEqual(await of({ state: "receiving", ...none }), { entry_id: "a", state: "receiving", ...none });
});

test("a plan is followed once, and again after a refusal, a lost right and a lost connection", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"] });
  const { planFeed } = feed;
  const [first, second] = [planFeed.listen(() => undefined), planFeed.listen(() => undefined)];
  await settled();
  assert.equal(server.subscriptions.size, 1);
  const plan = { loads: [], plan: null, lack: "no_price" } as const;
  const send = async (message: object) => server.send(message as Live);
  await send(plan);
  server.refusal = "unauthorized";
  await send({ loads: [], plan: null, lack: null, gone: true });
  assert.deepEqual([server.subscriptions.size, planFeed.error, planFeed.plan], [0, "unauthorized", plan]);
  for (const seconds of [1, 2, 4]) {
    mock.timers.tick(1000 * seconds);
    await settled();
  }
  assert.equal(server.refused, 3);
  server.refusal = undefined;
  server.live = plan as unknown as Live;
  mock.timers.tick(8000);
  await settled();
  assert.deepEqual([server.subscriptions.size, planFeed.error], [1, undefined]);
  server.sleep();
  server.lose();
  assert.ok(planFeed.isLost);
  server.wake();
  await settled();
  assert.deepEqual([server.subscriptions.size, planFeed.isLost], [1, false]);
  first();
  second();
  await settled();
  assert.equal(server.subscriptions.size, 0);
});
