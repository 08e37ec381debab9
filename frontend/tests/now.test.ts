import assert from "node:assert/strict";
import { test } from "node:test";
import { quarterHourBar } from "../src/cards/now.ts";
import { phaseBars } from "../src/charts/phase-bars.ts";
import { Locale } from "../src/locale.ts";
import { troubleOf } from "../src/parts/banner.ts";
import { chooser, radioKeys, shortTitle } from "../src/parts/meter-chooser.ts";
import { direction, firstDayRows, isAbove, lacksPast, nowAdvice, roomOf, shownMean, type Situation, situationOf, SteadyRoom } from "../src/sentences/now.ts";
import type { Live, Meter, RunningQuarterHour } from "../src/data/websocket-types.ts";
import { markupOf, press } from "./template-text.ts";

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
  excessPrice: 0.08262,
  peak: 14.5,
  ...changes,
});
const advice = (changes: Partial<Situation>, locale = en) => nowAdvice(situation(changes), locale);
const said = (changes: Partial<Situation>, locale = en) => advice(changes, locale).text.replaceAll("\u00a0", " ");
const small = (changes: Partial<Situation>, locale = en) => advice(changes, locale).small.replaceAll("\u00a0", " ");

/** 20:49:30: 630 s are left, no sun. */
const evening = { power: 0.8, energy: 0.06, secondsLeft: 630, end: new Date("2026-11-21T20:00:00Z"), feedsIn: false, hasFedIn: false };

test("the room is what may stay on, in halves of a kW, never above the reference power", () => {
  // 7 - 0.8 = 6.2; the rest of 1.75 kWh would allow 8.8 more for 630 s.
  assert.equal(said(evening), "**You can switch on up to 6 kW more** and stay within 7 kW.");
  assert.equal(said(evening, fr), "**Vous pouvez ajouter jusqu'à 6 kW** sans dépasser 7 kW.");
  assert.equal(small(evening), "Until 21:00, even up to 7 kW.");
  assert.equal(small({ ...evening, secondsLeft: 299 }), "");
  for (const [power, load] of [[2.6, "9.5"], [2.5, "10"], [1.6, "10"], [1.5, "11"]] as const) assert.match(said({ ...evening, reference: 12.5, power }), new RegExp(`up to ${load}.kW`), `${power}`);
  assert.equal(said({ ...evening, reference: 27 }), "**You can switch on up to 26 kW more** and stay within 27 kW.");
  assert.equal(said({ ...evening, connection: 3.1 }), "**You can switch on up to 2 kW more** and stay within 7 kW.");
  // 9.66 - 6.6 kW would only be within the reference power for the 630 s.
  assert.equal(said({ ...evening, power: 6.6 }), "**You can switch on up to 3 kW more, but only until 21:00.**");
  assert.equal(small({ ...evening, power: 6.6 }), "");
  assert.equal(said({ ...evening, power: 6.6, secondsLeft: 299 }), "**Switch nothing else on** to stay within 7 kW.");
  assert.equal(said({ ...evening, power: 6.6, energy: 0.5 }), "**Switch nothing else on** to stay within 7 kW.");
});

test("power above the reference power must go by the end of the quarter-hour, even if its mean stays below", () => {
  // 11.13 kW for a moment of a calm quarter-hour: (1.75 - 0.4) * 3600 / 400 allow 12.15.
  const calm = { power: 11.13, energy: 0.4 };
  assert.equal(said(calm), "**Switch off 4.2 kW before 18:45,** so that the next quarter-hour stays within 7 kW.");
  assert.equal(said(calm, localeOf("de")), "**Schalte 4,2 kW vor 18:45 ab,** damit die nächste Viertelstunde unter 7 kW bleibt.");
  assert.equal(small(calm), "");
  // Where the beginning was missed, or in the last minute, nothing can be said of this quarter-hour.
  assert.equal(said({ ...calm, isWhole: false, energy: 2 }), "**Switch off 4.2 kW before 18:45,** so that the next quarter-hour stays within 7 kW.");
  assert.equal(said({ secondsLeft: 40, power: 12, energy: 1.7 }), "**Switch off 5.0 kW before 18:45,** so that the next quarter-hour stays within 7 kW.");
});

test("much drawn at first leaves less until the quarter-hour ends", () => {
  const late = { power: 1, energy: 1.5, secondsLeft: 420, feedsIn: false };
  // 0.25 kWh for 420 s are 2.14 kW.
  assert.equal(said(late), "**You can switch on 1 kW until 18:45, then 6 kW more than now.**");
  assert.equal(said(late, fr), "**Vous pouvez ajouter 1 kW jusqu'à 18:45, puis 6 kW.**");
  assert.equal(said({ ...late, energy: 1.6 }), "**Switch nothing else on until 18:45, then up to 6 kW.**");
});

test("the sun is not counted on, if the use of the house is known; else the card says so", () => {
  const sunny = { power: -3.2, energy: 0 };
  assert.equal(said(sunny), "**You can switch on 3 kW of your own electricity,** 7 kW within 7 kW.");
  assert.equal(said({ ...sunny, house: 1.2 }), "**You can switch on 3 kW of your own electricity,** 5.5 kW within 7 kW.");
  // Less than half a kilowatt is fed in, or more than may come from the grid.
  assert.equal(said({ power: -0.4, energy: 0 }), "**You can switch on up to 7 kW more** as long as the sun shines like this.");
  assert.equal(said({ ...sunny, power: -9 }), "**You can switch on up to 7 kW more** as long as the sun shines like this.");
  assert.equal(small(sunny), "");
  assert.equal(said({ ...sunny, house: 8 }), "**You can switch on up to 7 kW more** as long as the sun shines like this.");
  assert.equal(small({ ...sunny, house: 8 }), small(sunny));
  // 2.1 kW in the house, 0.7 of them from the grid: 4.9 without the sun, 6.3 with it.
  assert.equal(small({ power: 0.7, house: 2.1 }), "With sun like this, even up to 6 kW.");
  // In the dark, it is a battery that feeds in or supplies the house.
  assert.equal(said({ ...sunny, isDark: true }), "**You can switch on 3 kW of your own electricity,** 7 kW within 7 kW.");
  assert.equal(said({ ...sunny, hasFedIn: true, power: 0.7, isDark: true }), "**You can switch on up to 6 kW more** and stay within 7 kW.");
  assert.equal(said({ ...sunny, house: 8, isDark: true }).includes("sun"), false);
  assert.equal(small({ power: 0.7, house: 2.1, isDark: true }).includes("sun"), false);
});

test("a power that is shown as 0 has no direction", () => {
  assert.deepEqual([0.06, 0.04, -0.04, -0.06].map(direction), ["drawn", "balanced", "balanced", "feeds"]);
});

test("a shown room falls at once and rises after a minute", () => {
  const steady = new SteadyRoom();
  const shown = [[0, 0.8], [10, 3], [20, 0.8], [69, 0.8], [80, 0.8]].map(([at, power]) =>
    steady.steadied(roomOf(situation({ ...evening, power: power! }))!, at! * 1000).keep,
  );
  assert.deepEqual(shown.map((kw) => Math.round(kw * 10) / 10), [6.2, 4, 4, 4, 6.2]);
});

test("while a shown room waits to rise, no limit is named that the exact room does not have", () => {
  const last = (...all: [number, Partial<Situation>][]) => {
    const steady = new SteadyRoom();
    const texts = all.map(([at, changes]) => {
      const now = situation({ ...evening, ...changes });
      return nowAdvice(now, en, steady.steadied(roomOf(now)!, at * 1000)).text.replaceAll("\u00a0", " ");
    });
    return texts.at(-1);
  };
  const stay = "and stay within 7 kW.";
  // A load of 2 kW is switched off.
  const on = { power: 2.4, energy: 0.6, secondsLeft: 700 };
  const calm = { power: 0.4, energy: 0.674, secondsLeft: 590 };
  assert.equal(last([0, on], [100, { ...on, energy: 0.667, secondsLeft: 600 }], [110, calm]), `**You can switch on up to 6.5 kW more** ${stay}`);
  // A quarter-hour with little left ends.
  const full = { power: 0.4, energy: 1.7, secondsLeft: 90 };
  const next = { power: 0.4, energy: 0.001, secondsLeft: 890 };
  assert.equal(last([0, full], [60, { ...full, energy: 1.745, secondsLeft: 30 }], [100, next]), `**You can switch on up to 6.5 kW more** ${stay}`);
});

test("a projection above the reference power says how much less helps, rounded up, and what it costs", () => {
  const car = { power: 11.4, energy: 1.433 };
  assert.equal(said(car), "**Switch off 8.6 kW until 18:45,** or 0.9 kWh above 7 kW cost 0.08 €.");
  assert.equal(said(car, fr), "**Réduisez de 8,6 kW jusqu'à 18:45,** sinon 0,9 kWh au-dessus de 7 kW : 0,08 €.");
  assert.equal(small(car), "");
  assert.equal(said({ ...car, excessPrice: null }), "**Switch off 8.6 kW until 18:45,** or 0.9 kWh are above 7 kW.");
});

test("an excess that is there is told with what helps, or that nothing more comes while nothing is drawn", () => {
  assert.equal(said({ power: 2.1, energy: 1.95 }), "**Switch off what can wait.** By 18:45, 0.4 kWh above 7 kW cost 0.04 €.");
  assert.equal(said({ power: -3, energy: 1.95 }), "**0.2 kWh above 7 kW cost 0.02 €.** Nothing more comes from the grid.");
  assert.equal(said({ power: 2.1, energy: 1.95, excessPrice: null }), "**Switch off what can wait.** By 18:45, 0.4 kWh are above 7 kW.");
});

test("above is the projected mean, not the present power", () => {
  // 8 kW for three minutes of a calm quarter-hour, 2 kW at its end, 0.1 kW after too much.
  const cases: [Partial<Situation>, boolean][] = [
    [{ power: 8, energy: 0.12, secondsLeft: 180 }, false],
    [{ power: 16, energy: 0.12 }, true],
    [{ power: 2, energy: 1.74, secondsLeft: 30 }, true],
    [{ power: 0.1, energy: 1.76 }, true],
    [{ power: -3, energy: 1.76 }, true],
    [{ power: 16, isWhole: false }, false],
    [{ power: 16, reference: null }, false],
  ];
  for (const [changes, expected] of cases) assert.equal(isAbove(situation(changes)), expected, JSON.stringify(changes));
});

test("what is above is never called 0", () => {
  const little = { power: 0.1, energy: 1.751 };
  assert.equal(said(little), "**Switch off what can wait.** By 18:45, less than 0.1 kWh above 7 kW cost less than 0.01 €.");
  assert.equal(said({ power: 6.5, energy: 1.03 }), "**Switch off 0.1 kW until 18:45,** or less than 0.1 kWh above 7 kW cost less than 0.01 €.");
  assert.equal(shownMean(situation({ power: 6.5, energy: 1.03 })), 7.1);
  // 6.02 kW, without an excess to hide.
  assert.equal(shownMean(situation({ power: 6.5, energy: 0.783 })), 6);
});

test("where the beginning was missed, the room is that of the next quarter-hour", () => {
  assert.equal(said({ isWhole: false, energy: 2, feedsIn: false }), "**From 18:45 on, you can switch on up to 6 kW more** and stay within 7 kW.");
  // So short before the end, only an excess that is there is told.
  const late = { power: 12, energy: 1.74 };
  assert.match(said({ ...late, secondsLeft: 60 }), /or 0.2 kWh above 7 kW/);
  assert.match(said({ ...late, secondsLeft: 59 }), /^\*\*Switch off 5.0 kW before/);
  assert.match(said({ secondsLeft: 40, power: 12, energy: 1.76 }), /^\*\*Switch off what can wait/);
});

test("without a reference power, the highest quarter-hour of the month is told", () => {
  assert.equal(said({ reference: null }), "The highest quarter-hour this month: 14.5 kW.");
  const since = { reference: null, peakSince: new Date("2026-11-12T00:00:00+01:00") };
  assert.equal(said(since), "The highest quarter-hour since 12 November: 14.5 kW.");
  assert.equal(said(since, new Locale({ language: "fr", number_format: "language", time_format: "24" })), "Quart d'heure maximal depuis le 12 novembre : 14,5 kW.");
  assert.equal(said({ reference: null, peak: null }), "");
  assert.equal(said({ reference: null, power: -3 }), "Nothing comes from the grid.");
});

const meter = { known_since: "2026-11-21T18:30:00+01:00", serial_number: "SAG1", title: "Smarty", reference_kw: 7 } as Meter;
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

test("of a message without a quarter-hour, the present one ends by the clock, and a peak is of the known days", () => {
  const live = (changes: Partial<Live>): Live => ({ now: "2026-11-21T17:38:20Z", state: "receiving", obstacle: null, remedy: null, values: { power_net: 0.6, demand_peak: 3 }, ...changes });
  const { end, secondsLeft, isWhole } = situationOf(live({ quarter_hour: null }), meter)!;
  assert.deepEqual([end.toISOString(), secondsLeft, isWhole], ["2026-11-21T17:45:00.000Z", 400, false]);
  const since = (known_since: string | null) => situationOf(live({ quarter_hour: running({ month: "2026-11" }) }), { ...meter, known_since })!.peakSince?.toISOString();
  assert.deepEqual(["2026-11-12T00:00:00+01:00", "2026-11-01T00:00:00+01:00", "2025-11-12T00:00:00+01:00", null].map(since), ["2026-11-11T23:00:00.000Z", undefined, undefined, undefined]);
});

test("a young meter lacks its past until Leneda is set up, or four weeks are known", () => {
  const now = Date.parse("2026-11-21T17:38:20Z");
  const lacks = (known_since: string | null, has_leneda?: boolean) => lacksPast({ ...meter, known_since, ...(has_leneda === undefined ? {} : { has_leneda }) }, now);
  assert.deepEqual([lacks(null, false), lacks("2026-11-21T00:00:00+01:00", false), lacks("2026-10-25T00:00:00+02:00", false)], [true, true, true]);
  assert.deepEqual([lacks("2026-10-24T00:00:00+02:00", false), lacks(null, true), lacks(null)], [false, false, false]);
});

test("on the first days, rows say what will be whole when", () => {
  const rows = (changes: Partial<RunningQuarterHour>, since = meter.known_since) =>
    firstDayRows({ ...meter, known_since: since }, running(changes), en).map((row) => row.join(": "));
  // Set up at 18:36 on a Saturday.
  assert.deepEqual(rows({}), [
    "First whole quarter-hour: ends 19:00",
    "First bar on the Energy dashboard: from 19:00 on",
    "First whole day: 22 November",
    "First whole month: December",
  ]);
  assert.match(rows({ measured_since: "2026-11-21T17:30:00Z" })[0]!, /ends 18:45/);
  const last = { start: "2026-11-21T17:15:00Z", mean_kw: 1 };
  assert.deepEqual(rows({ last }), ["First whole day: 22 November", "First whole month: December"]);
  assert.deepEqual(rows({ last, start: "2026-11-22T23:00:00Z" }), []);
  assert.deepEqual(rows({}, "2026-11-01T00:00:00+01:00"), []);
  const midnight = { start: "2026-11-30T23:00:00Z", end: "2026-11-30T23:15:00Z", measured_since: "2026-11-30T23:00:00Z" };
  assert.deepEqual(rows(midnight, "2026-12-01T00:00:00+01:00").slice(2), ["First whole day: 1 December", "First whole month: December"]);
});

test("odd values are unknown ones", () => {
  assert.equal(situationOf({ state: "receiving", obstacle: null, remedy: null, values: { power_net: Number.NaN } }, meter), undefined);
  const odd = situationOf({ state: "receiving", obstacle: null, remedy: null, values: { power_net: 1, demand_peak: "x" } }, meter)!;
  assert.equal(odd.peak, null);
  assert.ok(Number.isFinite(odd.secondsLeft));
  assert.equal(odd.energy, 0);
});

test("what was fed in in this quarter-hour is known from it", () => {
  const fedIn = (exported_wh: number | null) =>
    situationOf({ state: "receiving", obstacle: null, remedy: null, values: { power_net: 0 }, quarter_hour: { exported_wh } as RunningQuarterHour }, meter)!.hasFedIn;
  assert.deepEqual([fedIn(12), fedIn(0), fedIn(null)], [true, false, false]);
});

test("the parts of the bar follow each other, red from the reference power on", () => {
  const { parts: all, limit } = quarterHourBar(1.4, 2.7, 1.75);
  const parts = all.filter(({ from, to }) => to > from);
  assert.deepEqual(
    parts.map(({ color, isEstimate }) => `${color} ${isEstimate}`),
    ["drawn false", "drawn true", "excess true"],
  );
  assert.equal(parts[1]!.from, parts[0]!.to);
  assert.equal(parts[1]!.to, limit);
  assert.ok(parts.at(-1)!.to < 1);
});

test("the limit stays in the middle of the bar, which ends at whole kWh without a limit", () => {
  for (const projected of [0.2, 2.7, 9]) assert.equal(quarterHourBar(0.1, projected, 1.75).limit, 0.5);
  assert.deepEqual([quarterHourBar(0.1, undefined, undefined).scale, quarterHourBar(1.1, undefined, undefined).scale], [1, 2]);
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

test("arrow keys go round three radio buttons, and Home and End to their ends", () => {
  const rows: [key: string, from: number, to: number | undefined][] = [
    ["ArrowLeft", 1, 0], ["ArrowUp", 1, 0], ["ArrowRight", 1, 2], ["ArrowDown", 1, 2],
    ["ArrowLeft", 0, 2], ["ArrowDown", 2, 0], ["Home", 2, 0], ["End", 0, 2], ["Enter", 1, undefined],
  ];
  for (const [key, from, to] of rows) {
    const [chosen, focused]: (number | undefined)[][] = [[], []];
    const buttons = [0, 1, 2].map((index) => ({ focus: () => focused!.push(index) }));
    const event = { key, preventDefault() {}, currentTarget: { querySelectorAll: () => buttons } };
    radioKeys(from, 3, (index) => chosen!.push(index))(event as unknown as KeyboardEvent);
    assert.deepEqual([chosen, focused], to === undefined ? [[], []] : [[to], [to]], `${key} on ${from}`);
  }
});

test("up to three meters are beside each other, four are a menu", () => {
  const shown = (count: number) => {
    const choices = ["a", "b", "c", "d"].slice(0, count).map((id) => ({ id, name: id.toUpperCase(), detail: id === "a" ? "1.2 kW" : "" }));
    return markupOf(chooser("Meter", choices, "b", () => undefined)).replace(/\s+/g, " ");
  };
  assert.match(shown(3), /^<div class="chooser" role="radiogroup" aria-label=Meter/);
  assert.deepEqual(shown(3).match(/aria-checked=\w+ tabindex=\S+/g), ["aria-checked=false tabindex=-1", "aria-checked=true tabindex=0", "aria-checked=false tabindex=-1"]);
  assert.deepEqual(shown(3).match(/<b>.*?<\/button>/g), ["<b>A</b><small>1.2 kW</small> </button>", "<b>B</b> </button>", "<b>C</b> </button>"]);
  const chosen: string[] = [];
  const choices = ["a", "b", "c"].map((id) => ({ id, name: id, detail: "" }));
  assert.deepEqual(["ArrowRight", "Home", "x"].map((key) => press(chooser("Meter", choices, "b", (id) => chosen.push(id)), key)), [false, false, true]);
  assert.deepEqual(chosen, ["c", "a"]);
  assert.match(shown(4), /^<select class="chooser" aria-label=Meter/);
  assert.equal(shown(4).match(/<option/g)!.length, 4);
});

test("of a serial number in a title, the last six characters are left", () => {
  const short = (title: string, serial_number: string | null) => shortTitle({ title, serial_number } as Meter).replace("\u2060", "");
  assert.equal(short("Smarty SAG1030700089067", "SAG1030700089067"), "Smarty …089067");
  assert.equal(short("Garage", "SAG1030700089067"), "Garage");
  assert.equal(short("Garage", null), "Garage");
});

const NOW = Date.parse("2026-11-21T17:38:20Z");
/** A meter that another integration reads. */
const slow = { ...meter, source: "entities", fresh_for: 620 } as Meter;
const trouble = (live: Partial<Live>, liveAt = NOW, of = meter) =>
  troubleOf(of, { state: "failing", obstacle: null, remedy: null, ...live }, { silenceMs: NOW - liveAt, now: NOW }, en);

test("each trouble has its words, and the time of the last good telegram", () => {
  const key = trouble({ obstacle: "wrong_key", received_at: "2026-11-21T17:02:00Z" })!;
  assert.equal(key.title, "The key does not fit this meter");
  assert.match(key.help, /for the key of meter SAG1\. The last good reading came at 18:02\.$/);
  assert.ok(key.isUnverified);
  assert.match(trouble({ obstacle: "wrong_key", received_at: "2026-11-20T17:02:00Z" })!.help, /at 18:02, 20 Nov\.$/);
  assert.equal(trouble({ obstacle: "one_of_later" })!.title, "Home Assistant rejects the meter's data");
  assert.equal(trouble({ obstacle: "entities_silent" })!.title, "The meter's entities report nothing");
});

test("silence is told in minutes, hours and days", () => {
  const silent = (received_at: string | null) => trouble({ obstacle: "nothing_received", received_at })!.title;
  assert.equal(silent("2026-11-21T17:24:10Z"), "No reading for 14 minutes");
  assert.equal(silent("2026-11-21T17:37:50Z"), "No reading for 1 minute");
  assert.equal(silent("2026-11-21T15:24:10Z"), "No reading for 2 hours");
  assert.equal(silent("2026-11-21T16:38:20Z"), "No reading for 1 hour");
  assert.equal(silent("2026-11-19T17:38:21Z"), "No reading for 47 hours");
  assert.equal(silent("2026-11-19T17:38:20Z"), "No reading for 2 days");
  assert.equal(silent("2026-11-18T15:24:10Z"), "No reading for 3 days");
  assert.equal(silent(null), "No reading yet");
});

test("what reaches the page no more is silence too, whatever its clock says", () => {
  const late = { state: "receiving", received_at: "2026-11-21T16:00:00Z" } as const;
  assert.equal(trouble(late), undefined);
  assert.equal(trouble(late, NOW - 120_000), undefined);
  assert.equal(trouble(late, NOW - 120_001)!.title, "No reading for 2 minutes");
  assert.equal(trouble(late, NOW - 300_000)!.title, "No reading for 5 minutes");
  assert.equal(trouble(late, NOW - 650_000, slow), undefined);
  assert.equal(trouble(late, NOW - 700_000, slow)!.title, "No reading for 11 minutes");
});

test("the link says what is to be done", () => {
  const link = (kind: string, obstacle: string | null = null) => trouble({ obstacle, remedy: { kind, path: "/x" } as Live["remedy"] })!.link!.text;
  assert.equal(link("options", "wrong_key"), "Enter the key");
  assert.equal(link("reauth"), "Enter the key");
  assert.equal(link("repair"), "See the solution");
  assert.equal(link("options"), "Check the connection");
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
  assert.equal(trouble(reloaded, NOW - 9_900), undefined);
  assert.equal(trouble(reloaded, NOW - 10_000)!.title, "This meter is not being read");
});
