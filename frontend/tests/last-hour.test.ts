import assert from "node:assert/strict";
import { test } from "node:test";
import { LastHour, SLOT_MS, type Slot, SLOTS } from "../src/data/last-hour.ts";
import { Locale } from "../src/locale.ts";
import { chooseMarks, drawCross, drawCurve, layOutCurve } from "../src/charts/last-hour-curve.ts";
import { FollowedHour } from "../src/data/followed-hour.ts";
import { bridge, countAlike, extendPaths, findSteps, pathsOf, phasesOf, scaleOf, type Step } from "../src/data/last-hour-steps.ts";
import { chosenLine, curveName, stepLine, stepRow } from "../src/sentences/last-hour.ts";
import { SwitchedDevices } from "../src/data/recently-switched-devices.ts";
import { markupOf } from "./template-text.ts";
import type { Live, PowerHour } from "../src/data/websocket-types.ts";

const localeOf = (language: string) => new Locale({ language, number_format: "language", time_format: "24" }, language);
const en = localeOf("en");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

/** Numbers from 0 to 1 that look random, the same in each run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
/** Noise of a house, nearly a normal distribution with this deviation in kW. */
const noise = (random: () => number, deviation: number) => (random() + random() + random() + random() - 2) * deviation * 1.73;

interface Switch {
  at: number;
  kw: number;
}

/** A house in which loads are switched, with noise. */
class House {
  readonly net: number[] = new Array<number>(SLOTS).fill(0.4);
  readonly switches: Switch[] = [];
  readonly #random: () => number;

  constructor(seed: number, deviation: number) {
    this.#random = chance(seed);
    for (let index = 0; index < SLOTS; index++) this.net[index]! += noise(this.#random, deviation);
  }

  /** Return a whole number from `from` to `to`. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  load(from: number, to: number, kw: number): void {
    for (let index = Math.max(0, from); index < Math.min(SLOTS, to); index++) this.net[index]! += kw;
    for (const [at, change] of [[from, kw], [to, -kw]] as const) if (at > 2 && at < SLOTS - 2) this.switches.push({ at, kw: change });
  }

  /** An oven heats for a while, then its thermostat switches 2.4 kW. */
  bake(): void {
    const start = this.between(5, 60);
    this.load(start, start + 48, 2.4);
    for (let at = start + 48 + this.between(6, 12); at < 300; at += this.between(12, 24)) {
      const heating = this.between(4, 9);
      this.load(at, at + heating, 2.4);
      at += heating;
    }
  }

  /** A heat pump starts slowly, and its inverter then follows the need for heat: no change is a step. */
  heat(): void {
    let kw = 0;
    for (let index = this.between(0, 40); index < SLOTS; index++) {
      kw = kw < 0.6 ? kw + 0.08 : Math.max(0.6, Math.min(2.2, kw + 0.05 * (this.#random() - 0.48)));
      this.net[index]! += kw;
    }
  }
}

/** Return how many switches of at least 0.3 kW were found, and how many steps nobody made. */
function judge(houses: House[]): { share: number; count: number; unexplained: number } {
  let [found, count, unexplained] = [0, 0, 0];
  for (const { net, switches } of houses) {
    const steps = findSteps(net, [], 2);
    const large = switches.filter(({ kw, at }) => Math.abs(kw) >= 0.3 && switches.every((other) => other.at === at && other.kw === kw || Math.abs(other.at - at) > 2));
    count += large.length;
    found += large.filter(({ at, kw }) => steps.some((step) => Math.abs(step.at - at) <= 1 && Math.abs(step.kw - kw) < 0.15 * Math.abs(kw) + 0.05)).length;
    unexplained += steps.filter((step) => Math.abs(step.kw) >= 0.3 && switches.every(({ at }) => Math.abs(step.at - at) > 2)).length;
  }
  return { share: found / count, count, unexplained };
}

test("an electric oven's thermostat is found, and a heat pump with an inverter hides nothing and makes no steps", () => {
  const houses = Array.from({ length: 120 }, (_, seed) => {
    const house = new House(seed + 1, 0.012);
    if (seed % 2) house.bake();
    if (seed % 3) house.heat();
    for (let n = house.between(0, 4); n > 0; n--) {
      const at = house.between(5, 330);
      house.load(at, at + house.between(6, 60), house.between(4, 70) / 10);
    }
    return house;
  });
  const { share, count, unexplained } = judge(houses);
  assert.ok(count > 600, String(count));
  assert.ok(share >= 0.98, String(share));
  assert.equal(unexplained, 0);
});

const flat = (kw: Slot = 0.4): Slot[] => new Array<Slot>(SLOTS).fill(kw);
const set = (slots: Slot[], from: number, to: number, kw: Slot): Slot[] => [...slots].fill(kw, from, to);

test("a step is known with the reading after it, its size is the mean of two, and a moment's power is none", () => {
  const net = set(set(flat(), 358, 359, 2.46), 359, 360, 2.54);
  assert.deepEqual(findSteps(net, [], 2).map(({ at, kw }) => [at, Number(kw.toFixed(3))]), [[358, 2.1]]);
  assert.deepEqual(findSteps(set(flat(), 359, 360, 2.5), [], 2), []);
  assert.deepEqual(findSteps(set(flat(), 100, 101, 2.5), [], 2), []);
  // A car's charger rises for half a minute.
  const slow = set(flat(), 103, 360, 9.4);
  [3.4, 6.4, 8.4].forEach((kw, index) => (slow[100 + index] = kw));
  const [step, ...others] = findSteps(slow, [], 2);
  assert.deepEqual([step!.at, step!.end, Number(step!.kw.toFixed(3)), others.length], [100, 103, 9, 0]);
  // After a kettle was switched on, and another one twenty seconds later.
  const two = set(set(flat(), 100, 102, 2.4), 102, 200, 4.4);
  assert.deepEqual(findSteps(two, [], 2).map(({ at, kw }) => [at, Number(kw.toFixed(3))]), [[100, 2], [102, 2], [200, -4]]);
  // The smallest step has 100 W.
  assert.deepEqual([0.1, 0.099].map((kw) => findSteps(set(flat(0), 100, 360, kw), [], 2).length), [1, 0]);
});

test("a step is larger than the usual noise of the last five minutes", () => {
  // Before a step of 0.6 kW, each reading differs by 0.4 kW from the one before, but for the last 10 or 20.
  const steps = (calm: number) => findSteps(flat().map((_, index) => (index < 100 ? 0.4 + 0.4 * (index < 100 - calm ? index % 2 : 0) : 1)), [], 2);
  assert.deepEqual([10, 20].map((calm) => steps(calm).map(({ at }) => at)), [[], [100]]);
});

test("gaps hide a step, but jitter does not; a meter of entities has its own gaps", () => {
  const net = set(set(flat(), 100, 360, 2.4), 98, 100, null);
  assert.equal(findSteps(net, [], 2).length, 1);
  assert.equal(findSteps(set(net, 97, 100, null), [], 2).length, 0);
  assert.deepEqual(bridge(net, 2).slice(96, 101), [0.4, 0.4, 0.4, 0.4, 2.4]);
  assert.deepEqual(bridge(set(net, 97, 100, null), 2).slice(96, 101), [0.4, null, null, null, 2.4]);
  assert.deepEqual(bridge(set(flat(), 358, 360, null), 2).slice(357), [0.4, 0.4, 0.4]);
  assert.deepEqual(bridge(set(flat(), 357, 360, null), 2).slice(356), [0.4, null, null, null]);
  assert.deepEqual(bridge(set(flat(), 0, 2, null), 2).slice(0, 3), [null, null, 0.4]);
  // A reading each minute: the noise of the readings counts, not that of the held values.
  const minutes = flat(null).map((_, index) => (index % 6 ? null : 0.5 + ((index / 6) % 2) * 0.15 + (index >= 120 ? 2 : 0)));
  assert.deepEqual(findSteps(minutes, [], 29).map(({ at }) => at), [120]);
});

test("the phases of a step, and a thermostat's steps", () => {
  const net = flat();
  const phases = [flat(0.1), flat(0.2), flat(0.1)];
  for (const from of [50, 100, 150]) {
    // Its power falls by some percent while it warms up.
    net.fill(2.5 - (from - 50) / 1000, from, from + 20);
    phases[1]!.fill(2.2, from, from + 20);
  }
  net.fill(9.4, 250, 300);
  for (const phase of phases) phase.fill(3.1, 250, 300);
  const steps = findSteps(net, phases, 2);
  assert.deepEqual(steps.map((step) => [String(phasesOf(step)), step.times]), [...Array.from({ length: 6 }, () => ["2", 3]), ["1,2,3", 1], ["1,2,3", 1]]);
  // Steps that differ by less than 8 % are alike, if they have one direction.
  assert.deepEqual(countAlike([2, 2.15, 2.3, -2, 4].map((kw, at) => step({ at, kw, phases: [] }))).map(({ times }) => times), [2, 3, 2, 1, 1]);
  // Two equal steps each have a mark, three are a thermostat's.
  const equal = (times: number) => chooseMarks([...Array.from({ length: times }, (_, at) => step({ at, kw: 2, times })), step({ at: 99, kw: -2 })], 10).length;
  assert.deepEqual([equal(2), equal(3)], [3, 2]);
  // Of the thermostat, the first mark is enough; the newest step always has one.
  assert.deepEqual(chooseMarks(steps, 10).map(({ at }) => at), [300, 250, 50]);
  assert.deepEqual(chooseMarks([], 10), []);
  const small = [0, 1, 2].flatMap((n) => [step({ at: 20 * n, kw: 0.5, times: 3 }), step({ at: 20 * n + 10, kw: -0.5, times: 3 })]);
  // A tenth of the scale is enough; the newest step needs nothing. At most six have a mark, the largest first.
  assert.deepEqual(chooseMarks([step({ at: 1, kw: 1 }), step({ at: 2, kw: -0.99 }), step({ at: 3, kw: 0.5 })], 10).map(({ at }) => at), [3, 1]);
  assert.deepEqual(chooseMarks(Array.from({ length: 8 }, (_, at) => step({ at, kw: at % 2 ? -2 - at : 2 + at })), 10).map(({ at }) => at), [7, 6, 5, 4, 3, 2]);
  assert.deepEqual(chooseMarks(small, 4).map(({ at }) => at), [50, 0]);
});

test("the scale begins at zero, and shows the reference power from half of it on", () => {
  assert.deepEqual(scaleOf(0.2, 0.9, null), { low: 0, high: 1, ticks: [0, 0.5, 1], hasReference: false });
  assert.deepEqual(scaleOf(0.7, 5.2, 7), { low: 0, high: 7.42, ticks: [0, 2, 4], hasReference: true });
  assert.equal(scaleOf(3.5, 3.5, 7).hasReference, false);
  // On a scale of 9.4 kW, 6 kW is too near to 7 kW.
  assert.deepEqual(scaleOf(-1, 6, 7).ticks, [-2, 0, 2, 4]);
  const { low, high, ticks } = scaleOf(-2.1, 0.4, 7);
  assert.deepEqual([low, high, ticks], [-3, 1, [-3, -2, -1, 0, 1]]);
  assert.deepEqual(scaleOf(0, 75, null).ticks, [0, 20, 40, 60, 80]);
  assert.ok(scaleOf(0, 240, null).ticks.length <= 6);
});

test("a chosen time is a line through the middle of its ten seconds, with a point if it has a power", () => {
  const cross = (kw: Slot) => {
    const curve = layOutCurve(flat(), [], scaleOf(0, 4, null), null, 0, 400, 160, en, (text) => 7 * text.length);
    const [, x, , , cy] = /d=M([\d.]+) (\d+)V(\d+)(?:.*cy=([\d.]+))?/s.exec(markupOf(drawCross(curve, 10, kw)).replaceAll('"', ""))!;
    return [curve.slotAt(Number(x) / 400), cy && Number(cy) === curve.y(kw!)];
  };
  assert.deepEqual([cross(2), cross(null)], [[10, true], [10, undefined]]);
});

test("the curve is a line of steps, and no line crosses a gap", () => {
  const { line, area, gaps } = pathsOf([1, 1, 3, null, null, 2], (index) => 10 * index, (kw) => 40 - 10 * kw);
  assert.equal(line, "M0.0 30H20.0V10H30.0M50.0 20H60.0");
  assert.equal(area, "M0.0 40V30H20.0V10H30.0V40ZM50.0 40V20H60.0V40Z");
  assert.deepEqual(gaps, [[3, 5]]);
  assert.equal(pathsOf([1, null, 2], (index) => 10 * index, (kw) => 40 - 10 * kw).line, "M0.0 30H10.0M20.0 20H30.0");
  // A change of less than half a pixel is no part of the path.
  assert.equal(pathsOf([1, 1.02, 1.01, 1.06], (index) => 10 * index, (kw) => 40 - 10 * kw).line, "M0.0 30H30.0V29.5H40.0");
  // Slots appended later give the same paths.
  const long = [1, 1, null, 3, 3, 2, 2, 2.01, 1];
  const [x10, y10] = [(index: number) => 10 * index, (kw: number) => 40 - 10 * kw];
  for (const from of [5, 6, 8]) {
    const drawn = (path: string) => path.replace(/H[\d.]+(?=H)/g, "");
    const extended = extendPaths(pathsOf(long.slice(0, from), x10, y10), long, from, x10, y10);
    assert.deepEqual({ ...extended, line: drawn(extended.line), area: drawn(extended.area) }, pathsOf(long, x10, y10));
  }
  const extremes = (net: Slot[]) => [Math.min(...net.map((kw) => kw ?? 0)), Math.max(...net.map((kw) => kw ?? 0))] as const;
  const draw = (net: Slot[], width: number) => layOutCurve(net, findSteps(net, [], 2), scaleOf(...extremes(net), 7), 7, 0, width, 160, en, (text) => 7 * text.length);
  const { slotAt, x } = draw(flat(), 400);
  for (const slot of [0, 17, 359]) assert.equal(slotAt(x(slot + 0.5) / 400), slot);
  assert.equal(slotAt(-1), 0);
  for (const net of [flat(null), flat(-3), set(flat(), 0, 300, null)]) assert.ok(draw(net, 250));
  // 3 kW fed in and 5 kW drawn: both ends of the scale are in the drawing, from 20 px below its top to 20 px above its foot.
  const net = set(flat(-3), 100, 200, 5);
  const { low, high } = scaleOf(-3, 5, 7);
  const { y } = draw(net, 400);
  assert.ok(low <= -3 && high >= 5);
  assert.deepEqual([y(low), y(high)].map(Math.round), [140, 20]);
  // A steady power is not drawn again for two readings; another one is, at once.
  const curve = draw(flat(), 400);
  const first = drawCurve(curve, flat(), 0.4, 0.4, undefined);
  const [steady, other] = [[...flat(), 0.402], [...flat(), 0.9]];
  assert.equal(drawCurve(curve, steady, 0.4, 0.402, first), first);
  assert.notEqual(drawCurve(curve, other, 0.4, 0.9, first), first);
  assert.notEqual(drawCurve(curve, set(flat(), 359, 360, 0.9), 0.4, 0.9, first), first);
  assert.notEqual(drawCurve(curve, [...flat(), 0.4, 0.4, 0.4], 0.4, 0.4, first), first);
  assert.notEqual(drawCurve(draw(flat(), 400), steady, 0.4, 0.402, first), first);
});

const T0 = Date.parse("2026-11-21T17:38:20Z");
const live = (seconds: number, kw: number | null, phase = kw): Live => ({
  state: "receiving",
  obstacle: null,
  remedy: null,
  now: new Date(T0 + 1000 * seconds).toISOString(),
  received_at: new Date(T0 + 1000 * seconds).toISOString(),
  values: { power_net: kw, power_net_l1: phase, power_net_l2: 0 },
});
const answer = (...last: (number | null)[]): PowerHour => {
  const net = [...new Array<null>(SLOTS - last.length).fill(null), ...last];
  return { start: new Date(T0 - SLOT_MS * (SLOTS - 1)).toISOString(), step: 10, unit: "W", net, phases: [net, net, net] };
};
const known = (hour: LastHour) => hour.net.map((kw, index) => [(hour.timeOf(index) - T0) / 1000, kw]).filter(([, kw]) => kw !== null);

test("what came live counts more than the answer, and the hour moves on", () => {
  const hour = new LastHour(T0);
  hour.add(live(0, 0.9));
  hour.load(answer(100, 200, 300));
  assert.deepEqual(known(hour), [[-20, 0.1], [-10, 0.2], [0, 0.9]]);
  hour.add(live(23, 1.5));
  hour.add(live(27, 1.6));
  hour.add({ ...live(30, null), values: { power_net: null } });
  assert.deepEqual(known(hour).slice(-2), [[0, 0.9], [20, 1.6]]);
  assert.deepEqual(hour.phases.length, 3);
  hour.moveTo(T0 + 3_600_000);
  assert.deepEqual(known(hour), [[20, 1.6]]);
  // A message that comes late, and a clock that is set back by half an hour.
  hour.add(live(3570, 0.3));
  assert.deepEqual(known(hour), [[20, 1.6], [3570, 0.3]]);
  hour.add(live(1800, 0.5));
  assert.deepEqual(known(hour), [[1800, 0.5]]);
  const { version } = hour;
  hour.load(answer(100, 200, 300));
  assert.ok(hour.version > version);
  assert.deepEqual(known(hour), [[-20, 0.1], [-10, 0.2], [0, 0.3], [1800, 0.5]]);
});

test("an hour that is followed has what a whole analysis finds", () => {
  const random = chance(7);
  const at = (values: Live["values"], slot: number, late = 0): Live => ({ ...live(10 * slot - late, 0), values: values! });
  for (const hold of [2, 29]) {
    const [hour, followed] = [new LastHour(T0), new FollowedHour()];
    let [kw, count, analyses, start] = [0.5, 0, 0, 0];
    for (let slot = 0; slot < 900; slot++) {
      if (random() < 0.04) kw = random() < 0.5 ? 0.5 : -1 + 4 * random();
      if (random() < 0.002) slot += 20;
      if (random() < 0.2) continue;
      if (random() < 0.002) hour.load({ ...answer(500, 600), start: new Date(T0 + 10_000 * (slot - 400)).toISOString() });
      const values = () => ({ power_net: kw + 0.03 * random(), power_net_l1: kw, power_net_l2: 0 });
      hour.add(at(values(), slot));
      if (random() < 0.1) hour.add(at({ ...values(), power_net: kw + 2 }, slot));
      if (random() < 0.02) hour.add(at(values(), slot, 20));
      followed.update(hour, hold);
      if (followed.start !== start) [start, analyses] = [followed.start, analyses + 1];
      assert.equal(followed.begin, hour.timeOf(0));
      const whole = bridge(hour.net, hold);
      const since = whole.findIndex((kw) => kw !== null);
      assert.deepEqual(followed.net.slice(followed.shift + since), whole.slice(since));
      // Where an older reading has left the hour, an analysis may know a step less until the next minute.
      const shown = (steps: readonly Step[], shift: number) => steps.map(({ times: _, ...step }) => ({ ...step, at: step.at - shift, end: step.end - shift })).filter(({ at }) => at > 70);
      assert.deepEqual(shown(followed.steps, followed.shift), shown(findSteps(hour.net, hour.phases, hold), 0));
      assert.ok(followed.steps.every(({ at }) => at > followed.shift));
      const known = followed.net.filter((kw) => kw !== null);
      assert.ok(followed.lowest! <= Math.min(...known) && followed.highest! >= Math.max(...known));
      count += 1;
    }
    assert.ok(count > 500 && analyses < count / 2, `${analyses} of ${count}`);
  }
});

test("the hour is known from the end of its last gap on, and a jitter is no gap", () => {
  const known = (...runs: [number, Slot][]) => {
    const hour = new LastHour(T0);
    const net = runs.flatMap(([count, kw]) => new Array<Slot>(count).fill(kw));
    hour.load({ ...answer(), net: net.map((kw) => kw && 1000 * kw) });
    const followed = new FollowedHour();
    followed.update(hour, 2);
    const line = plain(stepLine(undefined, followed.start, undefined, en, followed.since));
    return [followed.since === undefined ? undefined : (followed.since - T0) / 10_000, line, plain(curveName(followed, en))];
  };
  const whole = ["No change of 0.3 kW or more in the last hour", "Power in the last hour, from 1.0 to 1.0 kW"];
  const part = "Known power in the last hour, from 1.0 to 1.0 kW";
  assert.deepEqual(known([360, 1]), [undefined, ...whole]);
  assert.deepEqual(known([2, null], [358, 1]), [undefined, ...whole]);
  assert.deepEqual(known([100, 1], [2, null], [258, 1]), [undefined, ...whole]);
  // A new meter, and a page whose answer has not come yet.
  assert.deepEqual(known([359, null], [1, 1]), [0, "No change of 0.3 kW or more since 18:38", part]);
  assert.deepEqual(known([3, null], [357, 1]), [-356, "No change of 0.3 kW or more since 17:39", part]);
  // A restart; the next reading is awaited.
  assert.deepEqual(known([100, 1], [30, null], [226, 1], [4, null]), [-229, "No change of 0.3 kW or more since 18:00", part]);
});

const step = (changes: Partial<Step> = {}): Step => ({ at: 0, end: 0, kw: 2.1, before: 0.6, after: 2.7, phases: [2.1, 0, 0], times: 1, ...changes });

test("the line about a step in words", () => {
  const device = { name: "Washing **machine**", isOn: true };
  const said = (one: Step | undefined, cause = {}, locale = en) => plain(stepLine(one, T0, cause, locale));
  assert.equal(said(step(), { device }), "**+2.1 kW** at 18:38 · L1 · when Washing machine switched on");
  assert.equal(said(step({ kw: -2.1, phases: [-1.1, -1, 0] }), { canBeSun: true }), "**−2.1 kW** at 18:38 · L1, L2 · or the sun");
  assert.equal(said(step({ phases: [0.7, 0.7, 0.7] }), {}, localeOf("fr")), "**+2,1 kW** à 18:38 · les trois phases");
  assert.equal(said(step({ phases: [] }), { device: { name: "x".repeat(60), isOn: false } }), `**+2.1 kW** at 18:38 · when ${"x".repeat(39)}… switched off`);
  assert.equal(said(undefined), "No change of 0.3 kW or more in the last hour");
  assert.equal(plain(chosenLine(T0, 3.2, step({ kw: 2.4, phases: [0, 2.4, 0] }), {}, en)), "**18:38:20** · 3.2 kW · **+2.4 kW** · L2");
  assert.equal(plain(chosenLine(T0, null, undefined, undefined, en)), "**18:38:20** · no readings");
  assert.equal(plain(curveName({ lowest: 0.6, highest: 5.2 }, en)), "Power in the last hour, from 0.6 to 5.2 kW");
  assert.deepEqual(stepRow(step(), T0, en), ["18:38:20", "+2.1", "L1"]);
});

/** Home Assistant's entities. */
class Home {
  states: Record<string, { state: string; attributes: Record<string, unknown>; last_changed: string; last_updated: string }> = {};
  readonly entities: Record<string, { entity_id: string; device_id?: string }> = {};

  set(id: string, state: string, time: number, attributes: object = {}, device_id?: string): void {
    const changed = new Date(time).toISOString();
    const last_changed = this.states[id]?.state === state ? this.states[id]!.last_changed : changed;
    this.states = { ...this.states, [id]: { state, attributes: { friendly_name: id, ...attributes }, last_changed, last_updated: changed } };
    this.entities[id] = { ...this.entities[id], entity_id: id, ...(device_id ? { device_id } : {}) };
  }
}
const WATT = { unit_of_measurement: "W" };

test("an unmeasured device is named if it alone was switched with its steps, in their direction", () => {
  type Change = [id: string, state: string, seconds: number];
  const named = (changes: Change[], kws = [2.1, -2.1, 2.1], others: Step[] = []) => {
    const home = new Home();
    const devices = new SwitchedDevices();
    for (const [id] of changes) home.set(id, "off", T0 - 7200_000);
    devices.note(home.states, [], T0 - 60_000);
    for (const [id, state, seconds] of changes) {
      home.set(id, state, T0 + 1000 * seconds);
      devices.note(home.states, [], T0 + 1000 * seconds);
    }
    const steps = kws.map((kw, n) => step({ kw, at: 60 * n }));
    return devices.find(home, [], steps[2]!, [...steps, ...others], T0)?.name;
  };
  const twice = (id: string, on = "on"): Change[] => [[id, on, 3], [id, "off", 598], [id, on, 1203]];
  assert.equal(named(twice("switch.wash")), "switch.wash");
  assert.equal(named(twice("climate.bath", "heat")), "climate.bath");
  assert.equal(named(twice("switch.wash"), [-2.1, 2.1, -2.1]), undefined);
  assert.equal(named([["switch.wash", "on", 1203]]), undefined);
  assert.equal(named([...twice("switch.wash").slice(0, 2), ["switch.wash", "on", 1216]]), undefined);
  assert.equal(named([["switch.wash", "on", 300], ...twice("switch.wash").slice(1)]), undefined);
  assert.equal(named(twice("switch.wash"), [2.1, -1.4, 2.1]), undefined);
  assert.equal(named([...twice("switch.wash"), ["switch.pump", "on", 1190]]), undefined);
  assert.equal(named(twice("switch.wash", "unavailable")), undefined);
  // The step of the newest change is not known yet.
  assert.equal(named([...twice("switch.wash"), ["switch.wash", "off", 3580]]), "switch.wash");
  assert.equal(named([...twice("switch.wash"), ["switch.wash", "off", 3500]]), undefined);
  // A thermostat makes many such steps without it.
  const thermostat = Array.from({ length: 8 }, (_, n) => step({ at: 130 + 10 * n, kw: 2.2 }));
  assert.equal(named(twice("switch.wash"), undefined, thermostat.slice(0, 4)), "switch.wash");
  assert.equal(named(twice("switch.wash"), undefined, thermostat), undefined);
  // A light without a power of its own is neither named nor in the way.
  assert.equal(named(twice("light.hall")), undefined);
  assert.equal(named([...twice("switch.wash"), ["light.hall", "on", 1205]]), "switch.wash");
  assert.equal(named(twice("media_player.tv", "playing")), undefined);
  assert.equal(named(twice("sensor.wash")), undefined);
});

test("a measured device is named if its own power has moved by half of the step", () => {
  const named = (before: number | undefined, after: number, kw = 2.1, id = "switch.wash") => {
    const home = new Home();
    const devices = new SwitchedDevices();
    const note = (state: string, watts: number, seconds: number) => {
      home.set(id, state, T0 + 1000 * seconds, {}, "machine");
      home.set("sensor.wash", String(watts), T0 + 1000 * seconds, WATT, "machine");
      devices.note(home.states, ["sensor.wash"], T0 + 1000 * seconds);
    };
    if (before !== undefined) note(kw > 0 ? "off" : "on", before, -300);
    note(kw > 0 ? "on" : "off", after, 2);
    const one = step({ kw });
    return devices.find(home, ["sensor.wash"], one, [one], T0)?.name;
  };
  assert.equal(named(3, 1100), "switch.wash");
  assert.equal(named(3, 1000), undefined);
  assert.equal(named(3, 4400), undefined);
  assert.equal(named(2000, 20, -2.1), "switch.wash");
  assert.equal(named(20, 2000, -2.1), undefined);
  assert.equal(named(0, 1500, 2.1, "light.sauna"), "light.sauna");
  // The page was opened after the step: what is on now was off before, but what is off may have used anything.
  assert.equal(named(undefined, 2000), "switch.wash");
  assert.equal(named(undefined, 20), undefined);
  assert.equal(named(undefined, 0, -2.1), undefined);
});

test("a power of an inverter moved, stood still, or is unknown, as it reports 10, 60, 90 or 300 seconds after a step", () => {
  const moved = (before: number, after: number, delayS: number) => {
    const home = new Home();
    const devices = new SwitchedDevices();
    const report = (watts: number, seconds: number) => {
      const time = T0 + 1000 * seconds;
      home.set("sensor.sun", String(watts), time, WATT);
      devices.note(home.states, ["sensor.sun"], time);
      devices.noteReport("sensor.sun", time, time);
    };
    report(before, delayS - 300);
    report(after, delayS);
    return devices.moved("sensor.sun", T0, -1);
  };
  const DELAYS = [10, 60, 90, 300];
  assert.deepEqual(DELAYS.map((delayS) => moved(2000, 200, delayS)), [1.8, 1.8, undefined, undefined]);
  // Its state does not change, but each report proves that the power stood still.
  assert.deepEqual(DELAYS.map((delayS) => moved(2000, 2000, delayS)), [0, 0, undefined, undefined]);
  // Until it has reported, nobody knows.
  const devices = new SwitchedDevices();
  const home = new Home();
  home.set("sensor.sun", "2000", T0 - 300_000, WATT);
  devices.note(home.states, ["sensor.sun"], T0);
  assert.equal(devices.moved("sensor.sun", T0, -1), undefined);
  devices.noteReport("sensor.sun", Number.NaN, T0);
  devices.noteReport("sensor.sun", T0 - 5000, T0);
  assert.equal(devices.moved("sensor.sun", T0, -1), undefined);
  devices.noteReport("sensor.sun", T0 + 5000, T0 + 5000);
  devices.noteReport("sensor.sun", T0 + 5000, T0 + 5000);
  assert.equal(devices.moved("sensor.sun", T0, -1), 0);
  devices.noteReport("sensor.sun", T0 + 3_700_000, T0 + 3_700_000);
  assert.equal(devices.moved("sensor.sun", T0, -1), undefined);
});

test("a measured device is named if its sensor has reported within a minute", () => {
  const named = (delayS: number) => {
    const home = new Home();
    const devices = new SwitchedDevices();
    const note = (state: string, watts: number, seconds: number) => {
      home.set("switch.wash", state, T0 + 1000 * seconds, {}, "machine");
      home.set("sensor.wash", String(watts), T0 + 1000 * seconds, WATT, "machine");
      devices.note(home.states, ["sensor.wash"], T0 + 1000 * seconds);
    };
    note("off", 3, -300);
    note("on", 3, 0);
    note("on", 2000, delayS);
    const one = step();
    return devices.find(home, ["sensor.wash"], one, [one], T0)?.name;
  };
  assert.deepEqual([10, 60, 90, 300].map(named), ["switch.wash", "switch.wash", undefined, undefined]);
});
