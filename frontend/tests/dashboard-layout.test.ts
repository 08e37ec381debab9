import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Connection, Hass } from "../src/hass.ts";
import { metersOf } from "../src/data/meter-feed.ts";
import type { Meter } from "../src/data/websocket-types.ts";

type Card = { type: string; meter?: string; part?: string; entity?: string; entry_id?: string; grid_options?: object };
type View = { title: string; path?: string; visible?: boolean; sections: { cards: Card[] }[] };
type Strategy = { generate(config: object, hass: Hass): Promise<{ views: View[] }>; shouldRegenerate(config: object, before: Hass, hass: Hass): boolean };

globalThis.HTMLElement ??= class {} as never;
// The wait for a card of a prepared feed does not keep the test running.
const later = globalThis.setTimeout;
globalThis.setTimeout = ((...of: Parameters<typeof later>) => later(...of).unref()) as typeof later;
globalThis.requestAnimationFrame = (callback) => setTimeout(callback, 0) as unknown as number;

const meter = (changes: Partial<Meter> = {}) =>
  ({ entry_id: "house", device_id: "device", source: "port", state: "receiving", known_since: "2024-10-01T00:00:00+02:00", media: [], phases: 3, feeds_in: true, ...changes }) as unknown as Meter;
const medium = (meter: string, type: string) => ({ meter, type, unit: "m3", device_id: type }) as unknown as Meter["media"][number];
const GAS = medium("GAS7401", "gas");
const WATER = medium("WAT7402", "cold_water");
const HEAT = medium("HEA7403", "heat");
const OWN = { entity_id: "sensor.power", platform: "smarty_p1", translation_key: "power_net", device_id: "device" };

let strategy: Strategy;
let answer: Meter[] | undefined;
let count = 0;

/** A Home Assistant with these meters; undefined if it does not know the command. */
let readers: Meter[] = [];

function hassWith(meters: Meter[] | undefined, changes: object = {}): Hass {
  answer = meters;
  const connection = {
    sendMessagePromise: async () => (answer ? { meters: answer, pulse_readers: readers } : Promise.reject({ code: "unknown_command" })),
    subscribeMessage: async () => () => undefined,
    addEventListener() {},
    removeEventListener() {},
  } as unknown as Connection;
  const locale = { language: "en", number_format: "language", time_format: "24" };
  return { connection, language: "en", locale, entities: { "sensor.power": OWN }, devices: {}, states: {}, ...changes } as unknown as Hass;
}

beforeEach(async () => {
  // What the module keeps, it keeps as long as a page is open.
  const path = `../src/dashboard-layout.ts?${(count += 1)}`;
  strategy = ((await import(path)) as { SmartyDashboard: Strategy }).SmartyDashboard;
});

const viewsOf = async (hass: Hass) => (await strategy.generate({}, hass)).views;
const cardsOf = (view: View) => view.sections.flatMap(({ cards }) => cards);
const shape = (views: View[]) => views.map((view) => `${view.path}: ${cardsOf(view).map(({ type, meter, part }) => [type.slice("custom:smarty-p1-".length), meter ?? part].filter(Boolean).join(" ")).join(", ")}`);

test("each view has its cards", async () => {
  const views = await viewsOf(hassWith([meter({ media: [WATER, GAS, HEAT] })]));
  assert.deepEqual(shape(views), [
    "now: now, so-far, today, where, plan",
    "bill: bill, months",
    "year: year, what-if",
    "others: gas-water-heat GAS7401, gas-water-heat WAT7402, gas-water-heat HEA7403",
    "quality: quality voltage, quality supply, quality interruptions",
  ]);
  assert.deepEqual(views.map(({ title }) => title), ["Now", "Bill", "Year", "Gas/Water/Heat", "Quality"]);
});

test("no card stands alone in half a row", async () => {
  const full = new Set(["today", "year", "quality interruptions"]);
  const several = [[WATER], [GAS, WATER], [WATER, GAS, HEAT]].map((media) => [meter({ media })]);
  for (const meters of [...several, [], [meter({ source: "leneda" } as Partial<Meter>)]]) {
    for (const { path, sections } of await viewsOf(hassWith(meters, { entities: {} }))) {
      let halves = 0;
      for (const { type, part, grid_options } of sections.flatMap(({ cards }) => cards)) {
        const isFull = grid_options !== undefined || full.has([type.slice("custom:smarty-p1-".length), part].filter(Boolean).join(" "));
        assert.ok(!isFull || halves % 2 === 0, `${path} ${type}`);
        halves += isFull ? 0 : 1;
      }
      assert.equal(halves % 2, 0, path);
    }
  }
});

test("a meter that is new has no battery card, and one without a cable no quality and no present", async () => {
  const recent = new Date(Date.now() - 299 * 86_400_000).toISOString();
  assert.deepEqual(shape(await viewsOf(hassWith([meter({ known_since: recent })])))[2], "year: year");
  const past = await viewsOf(hassWith([meter({ source: "leneda" } as Partial<Meter>)]));
  assert.deepEqual(past.filter(({ visible }) => visible !== false).map(({ title }) => title), ["Yesterday", "Bill", "Year"]);
  assert.equal(shape(past)[0], "now: now, today");
});

test("on the first day, the energy so far takes the whole width below the present", async () => {
  const isFull = async (known_since: string | null) => {
    const [now] = await viewsOf(hassWith([meter({ known_since } as Partial<Meter>)]));
    return now!.sections.flatMap(({ cards }) => cards).slice(0, 2).map(({ grid_options }) => grid_options !== undefined);
  };
  assert.deepEqual(await isFull(new Date().toISOString()), [true, true]);
  assert.deepEqual(await isFull(null), [true, true]);
  assert.deepEqual(await isFull(new Date(Date.now() - 2 * 86_400_000).toISOString()), [false, false]);
});

test("the gas of several meters says whose it is", async () => {
  const views = await viewsOf(hassWith([meter({ media: [GAS] }), meter({ entry_id: "second", media: [GAS] })]));
  assert.deepEqual(cardsOf(views[3]!).map(({ entry_id }) => entry_id), ["house", "second"]);
});

test("tabs are short in every language", async () => {
  const titles = new Set<string>();
  for (const language of ["en", "de", "fr", "lb", "pt"]) {
    const made = (await viewsOf(hassWith([meter({ media: [GAS, WATER] })], { language }))).map(({ title }) => title);
    assert.ok(made.join("").length <= 36, made.join(" "));
    titles.add(made.join(" "));
  }
  assert.equal(titles.size, 5);
  assert.ok(titles.has("Actuel Facture Année Gaz/Eau Qualité"));
});

test("without a meter there is one view, and boards alone need no electricity", async () => {
  assert.deepEqual(shape(await viewsOf(hassWith([], { entities: {} }))), ["now: now"]);
  const keys = { tank_level: "tank", tank_volume: "tank", pulse_energy: "led", pulse_power: "led" };
  const entities = Object.fromEntries(
    Object.entries(keys).map(([translation_key, device_id]) => {
      const entity_id = `sensor.${device_id}_${translation_key}`;
      return [entity_id, { entity_id, platform: "smarty_p1", translation_key, device_id }];
    }),
  );
  const [boards] = await viewsOf(hassWith([], { entities, language: "pt" }));
  assert.equal(boards!.title, "Smarty");
  const besides = await viewsOf(hassWith([meter()], { entities, language: "pt" }));
  assert.equal(besides.find(({ path }) => path === "others")!.title, "Outros contadores");
  const shown = new Set(cardsOf(boards!).map(({ entity }) => entity));
  assert.deepEqual(Object.keys(entities).filter((entity) => !shown.has(entity)), []);

  // A pulse reader whose power is known by websocket has the card with the curve, also beside a meter.
  readers = [meter({ entry_id: "pulses", device_id: "led" })];
  for (const meters of [[], [meter()]]) {
    const views = await viewsOf(hassWith(meters, { entities }));
    const cards = cardsOf(views.find(({ path }) => path === "others")!);
    assert.deepEqual(cards.filter(({ type }) => type === "custom:smarty-p1-now").map(({ entry_id }) => entry_id), ["pulses"]);
    assert.ok(!cards.some(({ entity }) => entity === "sensor.led_pulse_power"));
  }
  readers = [];
});

test("it is made anew when something of its own has changed", async () => {
  const hass = hassWith(undefined);
  const isStale = (changes: object = {}) => strategy.shouldRegenerate({}, hass, { ...hass, ...changes });
  // Before it was ever made, the frontend gave up waiting, and shows an error.
  assert.ok(isStale());
  assert.deepEqual((await viewsOf(hass)).map(({ path }) => path), ["now", "bill", "year", "quality"]);
  const lamp = { entity_id: "light.hall", platform: "hue", device_id: "lamp" };
  for (const same of [{}, { states: {} }, { entities: { ...hass.entities, lamp }, devices: { lamp: { id: "lamp" } } }]) assert.ok(!isStale(same));
  for (const other of [{ entities: {} }, { devices: { device: { id: "device" } } }, { language: "fr" }]) assert.ok(isStale(other));
  // The meters are known later.
  answer = [meter({ media: [GAS] })];
  await metersOf(hass.connection).loadList(1000);
  assert.ok(isStale());
  assert.equal((await viewsOf(hass))[3]!.path, "others");
});

test("a view stays while its meter is loaded anew, and one that is gone leaves a hidden view", async () => {
  const hass = hassWith([meter({ media: [GAS] })]);
  const isStale = async () => {
    await metersOf(hass.connection).loadList(1000);
    return strategy.shouldRegenerate({}, hass, hass);
  };
  await viewsOf(hass);
  answer = [meter({ state: "not_loaded", phases: null, feeds_in: null, known_since: null } as Partial<Meter>)];
  assert.ok(!(await isStale()));
  assert.equal((await viewsOf(hass))[3]!.path, "others");
  // One that was taken off the bus is missed when telegrams come again.
  answer = [meter()];
  assert.ok(await isStale());
  answer = [];
  // The frontend fails at a view that is no more.
  assert.deepEqual((await viewsOf(hass)).map(({ visible }) => visible ?? true), [true, false, false, false, false]);
});
