import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { type MeterFeed, metersOf } from "../src/data/meter-feed.ts";
import type { Connection } from "../src/hass.ts";
import { recordUses } from "../src/data/request-queue.ts";
import type { Live, Meter } from "../src/data/websocket-types.ts";

// Periods pass with the clock of the test.
performance.now = () => Date.now();

type Message = { type: string; entry_id: string; kwh?: number };

/** A Home Assistant whose answers the test gives, in any order. */
class Server implements Connection {
  /** All messages in the order sent: the meter, and what is asked of it. */
  readonly sent: string[] = [];
  readonly #open: { message: Message; resolve: (answer: unknown) => void; reject: (error: unknown) => void }[] = [];

  sendMessagePromise<T>(message: object): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.sent.push(nameOf(message as Message));
    this.#open.push({ message: message as Message, resolve: resolve as (answer: unknown) => void, reject });
    return promise;
  }

  async subscribeMessage<T>(callback: (message: T) => void): Promise<() => void> {
    const live: Live = { now: new Date().toISOString(), state: "receiving", obstacle: null, remedy: null };
    callback(live as T);
    return () => undefined;
  }

  addEventListener(): void {}
  removeEventListener(): void {}

  get inFlight(): string[] {
    return this.#open.map(({ message }) => nameOf(message));
  }

  /** Answer the question that was sent first, by its own name. */
  async answer(): Promise<void> {
    const { message, resolve } = this.#open.shift()!;
    resolve({ answers: nameOf(message) });
    await settled();
  }

  async refuse(code: string): Promise<void> {
    this.#open.shift()!.reject({ code, message: "" });
    await settled();
  }
}

const nameOf = ({ type, entry_id, kwh }: Message) => `${entry_id} ${type.slice("smarty_p1/".length)}${kwh ? ` ${kwh}` : ""}`;

/** Let all promises be settled, and all cards be told. */
async function settled(): Promise<void> {
  await new Promise(setImmediate);
  mock.timers.tick(0);
  await new Promise(setImmediate);
}

async function passes(seconds: number): Promise<void> {
  mock.timers.tick(1000 * seconds);
  await settled();
}

/** A card, which asks again whenever it is told of something new. */
class Card {
  shown: { value?: unknown; error?: string | undefined } = {};
  period: string | undefined;
  readonly #feed: MeterFeed;
  readonly #unlisten: () => void;
  #question: string;

  constructor(server: Server, meter: string, question: string, period?: string) {
    this.#feed = metersOf(server).feed(meter);
    this.#question = question;
    this.period = period;
    this.#unlisten = this.#feed.listen(() => this.draw());
    this.draw();
  }

  draw(): void {
    recordUses(this, true);
    const [name, kwh] = this.#question.split(" ");
    const takes = (kwh ? { kwh: Number(kwh) } : {}) as never;
    this.shown = { ...this.#feed.ask(`smarty_p1/${name}` as "smarty_p1/what_if", takes, this.period) };
  }

  choose(question: string): void {
    this.#question = question;
    this.draw();
  }

  remove(): void {
    this.#unlisten();
    recordUses(this, false);
  }
}

const BUSY_S = [1, 2, 4, 8, 8, 8, 8, 8, 8, 8];
let server: Server;
let cards: Card[] = [];

async function place(...questions: string[]): Promise<Card[]> {
  const placed = questions.map((question) => {
    const [meter, ...rest] = question.split(" ");
    return new Card(server, meter!, rest.join(" "));
  });
  cards.push(...placed);
  await settled();
  return placed;
}

beforeEach(() => {
  for (const card of cards) card.remove();
  cards = [];
  mock.reset();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-21T12:00:00Z") });
  // No jitter.
  mock.method(Math, "random", () => 0.5);
  globalThis.requestAnimationFrame = (callback) => setTimeout(callback, 0) as unknown as number;
  server = new Server();
});

test("two questions of one page are in flight, in the order asked, over all its meters", async () => {
  const questions = ["a bill", "b bill", "a classes", "b voltages", "a events"];
  const placed = await place(...questions);
  assert.deepEqual(server.inFlight, ["a bill", "b bill"]);
  await server.answer();
  assert.deepEqual(server.inFlight, ["b bill", "a classes"]);
  await server.answer();
  assert.deepEqual(server.inFlight, ["a classes", "b voltages"]);
  await server.answer();
  assert.deepEqual(server.inFlight, ["b voltages", "a events"]);
  await server.answer();
  await server.answer();
  assert.deepEqual(server.inFlight, []);
  assert.deepEqual(placed.map(({ shown }) => shown.value), questions.map((answers) => ({ answers })));
});

test("another page has a queue of its own", async () => {
  await place("a bill", "a classes", "a events");
  const other = new Server();
  cards.push(new Card(other, "a", "events"));
  await settled();
  assert.deepEqual(other.inFlight, ["a events"]);
});

test("what shows nothing yet comes before refreshes", async () => {
  const placed = await place("a bill", "a classes", "a events", "a media");
  for (const _ of placed) await server.answer();
  server.sent.length = 0;
  for (const card of placed) {
    card.period = "later";
    card.draw();
  }
  await place("a what_if 10");
  for (const _ of [1, 2, 3, 4, 5]) await server.answer();
  assert.deepEqual(server.sent, ["a bill", "a classes", "a what_if 10", "a events", "a media"]);
});

test("cards with the same question share one answer, waiting or in flight", async () => {
  const questions = ["a bill", "a bill", "b bill", "a classes", "a classes"];
  const placed = await place(...questions);
  for (const _ of [1, 2, 3]) await server.answer();
  assert.deepEqual(server.sent, ["a bill", "b bill", "a classes"]);
  assert.deepEqual(placed.map(({ shown }) => shown.value), questions.map((answers) => ({ answers })));
});

test("a question that is refused as busy is asked again after 1, 2, 4, 8 s, without an error", async () => {
  const [card] = await place("a bill");
  for (const [count, pause] of [1, 2, 4, 8, 8].entries()) {
    await server.refuse("busy");
    assert.equal(card!.shown.error, undefined);
    await passes(pause - 0.01);
    assert.equal(server.sent.length, count + 1);
    await passes(0.01);
    assert.equal(server.sent.length, count + 2);
  }
  await server.answer();
  assert.deepEqual(card!.shown.value, { answers: "a bill" });
});

test("pauses are up to a tenth shorter or longer, so that tablets do not ask together", async () => {
  for (const [random, pause] of [[0, 0.9], [0.999, 1.1]] as const) {
    mock.method(Math, "random", () => random);
    server = new Server();
    await place("a bill");
    await server.refuse("busy");
    await passes(pause - 0.01);
    assert.equal(server.sent.length, 1);
    await passes(0.02);
    assert.equal(server.sent.length, 2);
  }
});

test("a card keeps what it shows while the refresh is refused as busy", async () => {
  const [card] = await place("a bill");
  await server.answer();
  card!.period = "later";
  card!.draw();
  await server.refuse("busy");
  await passes(0.5);
  assert.deepEqual([card!.shown.value, card!.shown.error], [{ answers: "a bill" }, undefined]);
});

test("while one is refused, the questions behind it wait or take the other place", async () => {
  await place("a bill", "a classes", "a events", "a media");
  await server.refuse("busy");
  assert.deepEqual(server.inFlight, ["a classes"]);
  await server.answer();
  assert.deepEqual(server.inFlight, ["a events"]);
  await passes(1);
  assert.deepEqual(server.inFlight, ["a events", "a bill"]);
});

test("busy for more than a minute is a failure, and the question is asked again like any other that failed", async () => {
  const [card] = await place("a bill");
  for (const pause of BUSY_S) {
    await server.refuse("busy");
    assert.equal(card!.shown.error, undefined);
    await passes(pause);
  }
  await server.refuse("busy");
  assert.equal(card!.shown.error, "busy");
  assert.equal(server.sent.length, 11);
  // A failure is followed by another try after 1 s.
  await passes(1.1);
  assert.equal(server.sent.length, 12);
  await server.answer();
  assert.deepEqual([card!.shown.value, card!.shown.error], [{ answers: "a bill" }, undefined]);
});

test("a refusal that takes a minute is a failure", async () => {
  const [card] = await place("a bill");
  await passes(60);
  await server.refuse("busy");
  assert.equal(card!.shown.error, "busy");
});

test("another failure is told at once", async () => {
  const [card] = await place("a bill");
  await server.refuse("unreadable");
  assert.equal(card!.shown.error, "unreadable");
});

test("the question of a removed card is not sent, unless another card uses its answer", async () => {
  const [, , classes, media] = await place("a bill", "b bill", "a classes", "a media", "a media");
  classes!.remove();
  media!.remove();
  for (const _ of [1, 2, 3]) await server.answer();
  assert.deepEqual(server.sent, ["a bill", "b bill", "a media"]);
  await place("a classes");
  assert.deepEqual(server.inFlight, ["a classes"]);
});

test("the question of a removed card is not sent again after it was refused as busy", async () => {
  const [bill] = await place("a bill");
  await server.refuse("busy");
  bill!.remove();
  await passes(60);
  assert.deepEqual(server.sent, ["a bill"]);
});

test("of the batteries that a slider passes, only the last is asked about", async () => {
  const [, , battery] = await place("a bill", "a classes", "a what_if 10");
  for (const kwh of [11, 12, 13]) battery!.choose(`what_if ${kwh}`);
  for (const _ of [1, 2, 3]) await server.answer();
  assert.deepEqual(server.sent, ["a bill", "a classes", "a what_if 13"]);
  assert.deepEqual(battery!.shown.value, { answers: "a what_if 13" });
});

test("a telegram is old after a minute, a reading of entities after the time that the integration names", () => {
  const feed = metersOf(server).feed("one");
  const meter = {} as Meter;
  const slow = { fresh_for: 620 } as Meter;
  const isOld = (seconds: number) => {
    feed.live = { now: "", state: "receiving", obstacle: null, remedy: null, received_at: new Date(Date.now() - 1000 * seconds).toISOString() };
    return [feed.isOld(meter), feed.isOld(slow)];
  };
  assert.deepEqual([isOld(50), isOld(300), isOld(630)], [[false, false], [true, false], [true, true]]);
});
