import assert from "node:assert/strict";
import { test } from "node:test";
import { phaseBars, quarterHourBar } from "../src/drawing/now.ts";
import { Locale } from "../src/locale.ts";
import { troubleOf } from "../src/sentences/banner.ts";
import { firstDaySentence, nowSentence, shownMean, type Situation, situationOf } from "../src/sentences/now.ts";
import type { Live, Meter, RunningQuarterHour } from "../src/websocket-types.ts";

const localeOf = (language: string) => new Locale({ language, number_format: "language", time_format: "24" }, language);
const en = localeOf("en");
const fr = localeOf("fr");

/** 18:38:20 of a quarter-hour that ends at 18:45: 400 s are left. */
const situation = (changes: Partial<Situation> = {}): Situation => ({
  power: 0.6,
  reference: 7,
  energy: 0.12,
  secondsLeft: 400,
  end: new Date("2026-11-21T17:45:00Z"),
  isWhole: true,
  connection: 27,
  feedsIn: true,
  hasFedIn: true,
  feedInPrice: 0.0782,
  excessPrice: 0.08262,
  peak: 14.5,
  ...changes,
});
const said = (changes: Partial<Situation>, locale = en) => nowSentence(situation(changes), locale).replaceAll("\u00a0", " ");

test("what may be switched on is rounded down, and no more than the connection carries", () => {
  assert.equal(said({}), "You can add 14.0 kW until 18:45 and stay within 7 kW.");
  assert.equal(said({ energy: 0.15 }), "You can add 13.8 kW until 18:45 and stay within 7 kW.");
  assert.equal(said({ connection: 9.2 }), "You can add 8.6 kW until 18:45 and stay within 7 kW.");
  assert.equal(said({ energy: 1.68, power: 0.6 }), "Nothing more until 18:45: 7 kW are just kept.");
});

test("a projection above the reference power says how much less helps, rounded up, and what it costs", () => {
  const car = { power: 11.4, energy: 1.433 };
  assert.equal(said(car), "**8.6 kW less until 18:45** keeps you within 7 kW. Otherwise 0.9 kWh above: 0.08 €.");
  assert.equal(said(car, fr), "**8,6 kW de moins jusqu'à 18:45** : vous restez sous 7 kW. Sinon 0,9 kWh de trop : 0,08 €.");
  assert.equal(
    said({ ...car, excessPrice: null }),
    "**8.6 kW less until 18:45** keeps you within 7 kW. Otherwise 0.9 kWh above.",
  );
});

test("an excess that is there is told, with what it will be, also while nothing is drawn any more", () => {
  assert.equal(
    said({ power: 2.1, energy: 1.95 }),
    "**This quarter-hour is above 7 kW.** 0.2 kWh so far, 0.4 kWh by 18:45: 0.04 €.",
  );
  assert.match(said({ power: -3, energy: 1.95 }), /^\*\*This quarter-hour is above 7 kW.\*\* 0.2 kWh so far, 0.2 kWh/);
});

test("what is above is never called 0", () => {
  const little = { power: 0.1, energy: 1.751 };
  assert.equal(said(little), "**This quarter-hour is above 7 kW.** Under 0.1 kWh so far, under 0.1 kWh by 18:45: under 0.01 €.");
  assert.match(said(little, fr), /\*\* Moins de 0,1 kWh jusqu'ici, moins de/);
  assert.equal(
    said({ power: 6.5, energy: 1.03 }),
    "**0.1 kW less until 18:45** keeps you within 7 kW. Otherwise under 0.1 kWh above: under 0.01 €.",
  );
  assert.equal(shownMean(situation({ power: 6.5, energy: 1.03 })), 7.1);
});

test("feeding in earns, also when energy has been drawn in this quarter-hour", () => {
  assert.equal(said({ power: -4.94, energy: 0.5 }), "Nothing comes from the grid. Feeding in earns 0.39 € an hour.");
  assert.equal(said({ power: -4.94, feedInPrice: null }), "Nothing comes from the grid.");
  assert.equal(said({ power: -4.94, feedInPrice: -0.02 }), "Nothing comes from the grid. Feeding in costs 0.10 € an hour.");
});

test("a house that draws nothing runs on its own, if it has anything of its own", () => {
  assert.match(said({ power: 0.04 }), /own electricity/);
  // In the night, by what was fed in in this quarter-hour: nothing.
  assert.equal(said({ power: 0.04, hasFedIn: false }), "Nothing comes from the grid.");
  assert.equal(said({ power: 0.04, feedsIn: false }), "Hardly anything is switched on.");
});

test("in the last minute, and where the beginning was missed, the next quarter-hour counts", () => {
  assert.equal(said({ secondsLeft: 50 }), "In the next quarter-hour, you can add 6.4 kW and stay within 7 kW.");
  assert.equal(said({ secondsLeft: 50, power: 9 }), "At this power, the next quarter-hour will be above 7 kW.");
  // So short before the end, what is still to come would be a huge power.
  assert.equal(said({ secondsLeft: 40, power: 12, energy: 1.7 }), "At this power, the next quarter-hour will be above 7 kW.");
  assert.match(said({ secondsLeft: 40, power: 12, energy: 1.76 }), /^\*\*This quarter-hour is above 7 kW/);
  assert.equal(said({ isWhole: false, energy: 2 }), "In the next quarter-hour, you can add 6.4 kW and stay within 7 kW.");
});

test("without a reference power, the highest quarter-hour of the month is told", () => {
  assert.equal(said({ reference: null }), "The highest quarter-hour this month: 14.5 kW.");
  assert.equal(said({ reference: null, peak: null }), "");
});

const meter = { known_since: "2026-11-21T00:00:00+01:00", serial_number: "SAG1", title: "Smarty", reference_kw: 7 } as Meter;
const running = (changes: Partial<RunningQuarterHour> = {}): RunningQuarterHour => ({
  time: "2026-11-21T17:38:20Z",
  start: "2026-11-21T17:30:00Z",
  end: "2026-11-21T17:45:00Z",
  measured_since: "2026-11-21T17:36:00Z",
  imported_wh: 31,
  exported_wh: 0,
  reference_kw: 7,
  running_kw: 0.6,
  projected_kw: 0.6,
  available_kw: 7,
  will_exceed: false,
  last: null,
  ...changes,
});

test("on the first day, it is told what will be whole when", () => {
  const first = (changes: Partial<RunningQuarterHour>, since = meter.known_since) =>
    firstDaySentence({ ...meter, known_since: since }, running(changes), en);
  assert.equal(
    first({}),
    "The first whole quarter-hour ends at **19:00**, the first whole day on 22 November, the first whole month on 31 December.",
  );
  assert.match(first({ measured_since: "2026-11-21T17:30:00Z" })!, /ends at \*\*18:45\*\*/);
  assert.equal(first({ last: { start: "2026-11-21T17:15:00Z", mean_kw: 1 } }), undefined);
  assert.equal(first({}, "2026-11-01T00:00:00+01:00"), undefined);
});

test("whoever begins at midnight of the first has a whole day and month before them", () => {
  const first = firstDaySentence(
    { ...meter, known_since: "2026-12-01T00:00:00+01:00" },
    running({
      start: "2026-11-30T23:00:00Z",
      end: "2026-11-30T23:15:00Z",
      measured_since: "2026-11-30T23:00:00Z",
    }),
    en,
  );
  assert.equal(
    first,
    "The first whole quarter-hour ends at **00:15**, the first whole day on 1 December, the first whole month on 31 December.",
  );
});

test("odd values are unknown ones", () => {
  assert.equal(situationOf({ state: "receiving", obstacle: null, remedy: null, values: { power_net: Number.NaN } }, meter), undefined);
  const odd = situationOf({ state: "receiving", obstacle: null, remedy: null, values: { power_net: 1, demand_peak: "x" } }, meter)!;
  assert.equal(odd.peak, null);
  assert.ok(Number.isFinite(odd.secondsLeft));
});

test("what was fed in in this quarter-hour is known from it", () => {
  const fedIn = (exported_wh: number | null) =>
    situationOf({ state: "receiving", obstacle: null, remedy: null, values: { power_net: 0 }, quarter_hour: { exported_wh } as RunningQuarterHour }, meter)!.hasFedIn;
  assert.deepEqual([fedIn(12), fedIn(0), fedIn(null)], [true, false, false]);
});

test("the parts of the bar follow each other, red from the reference power on", () => {
  const { parts, limit } = quarterHourBar(1.4, 2.7, 1.75);
  assert.deepEqual(
    parts.map(({ kind, isEstimate }) => `${kind} ${isEstimate}`),
    ["drawn false", "drawn true", "excess true"],
  );
  assert.equal(parts[1]!.from, parts[0]!.to);
  assert.equal(parts[1]!.to, limit);
  assert.ok(parts.at(-1)!.to < 1);
});

test("a bar of odd numbers stays within its width", () => {
  for (const odd of [Number.NaN, -5, 1e9]) {
    for (const { from, to } of quarterHourBar(odd, 1, 1.75).parts) assert.ok(from >= 0 && to <= 1 && from <= to);
  }
});

test("phases have one zero and one scale", () => {
  const [one, two, three] = phaseBars([4, -1, undefined]);
  assert.deepEqual([one!.from, one!.to, two!.from, two!.to], [0.5, 1, 0.375, 0.5]);
  assert.deepEqual([three!.from, three!.to], [0.5, 0.5]);
  assert.equal(phaseBars([0.2, 0, 0])[0]!.to, 0.55);
});

const NOW = Date.parse("2026-11-21T17:38:20Z");
const trouble = (live: Partial<Live>, liveAt = NOW) =>
  troubleOf(meter, { state: "failing", obstacle: null, remedy: null, ...live }, { silenceMs: NOW - liveAt, now: NOW }, en);

test("each trouble has its words, and the time of the last good telegram", () => {
  const key = trouble({ obstacle: "wrong_key", received_at: "2026-11-21T17:02:00Z" })!;
  assert.equal(key.title, "The key does not fit this meter");
  assert.match(key.help, /sends the key of meter SAG1\. The last good telegram came at 18:02\.$/);
  assert.ok(key.isUnverified);
  assert.match(trouble({ obstacle: "wrong_key", received_at: "2026-11-20T17:02:00Z" })!.help, /at 18:02, 20 Nov\.$/);
  assert.equal(trouble({ obstacle: "one_of_later" })!.title, "No telegram is accepted");
});

test("silence is told in minutes, hours and days", () => {
  const silent = (received_at: string | null) => trouble({ obstacle: "nothing_received", received_at })!.title;
  assert.equal(silent("2026-11-21T17:24:10Z"), "Nothing heard for 14 minutes");
  assert.equal(silent("2026-11-21T17:37:50Z"), "Nothing heard for 1 minute");
  assert.equal(silent("2026-11-21T15:24:10Z"), "Nothing heard for 2 hours");
  assert.equal(silent("2026-11-18T15:24:10Z"), "Nothing heard for 3 days");
  assert.equal(silent(null), "Nothing heard yet");
});

test("what reaches the page no more is silence too, whatever its clock says", () => {
  const late = { state: "receiving", received_at: "2026-11-21T16:00:00Z" } as const;
  assert.equal(trouble(late), undefined);
  assert.equal(trouble(late, NOW - 300_000)!.title, "Nothing heard for 5 minutes");
});

test("what was meant to be so is told without alarm", () => {
  const disabled = trouble({ state: "disabled", remedy: { kind: "enable", path: "/x" } })!;
  assert.ok(disabled.isCalm);
  assert.deepEqual(disabled.link, { path: "/x", text: "Enable the meter" });
  assert.ok(trouble({ state: "not_loaded" })!.isCalm);
  assert.ok(!trouble({ state: "error" })!.isCalm);
  assert.equal(trouble({ state: "waiting" }, NOW - 300_000), undefined);
});

test("a meter that is loaded anew is no trouble", () => {
  const reloaded = { state: "not_loaded", values: { power_net: 1 } } as const;
  assert.equal(trouble(reloaded), undefined);
  assert.equal(trouble(reloaded, NOW - 11_000)!.title, "This meter is not being read");
});
