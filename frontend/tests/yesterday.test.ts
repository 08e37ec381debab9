import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import type { CardHost } from "../src/card-host.ts";
import type { MeterFeed } from "../src/data/meter-feed.ts";
import { choicesOf, pastDay, week } from "../src/parts/day-chooser.ts";
import { lastKnownDay, shownPast } from "../src/sentences/last-known-day.ts";
import type { Day, Meter } from "../src/data/websocket-types.ts";
import { markupOf, press } from "./template-text.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" }, "en");
const fr = new Locale({ language: "fr", number_format: "language", time_format: "24" }, "fr");
// 22 November 2026, 14:35.
const NOW = Date.parse("2026-11-22T13:35:00Z");
const METER = { source: "leneda", known_until: "2026-11-21T23:00:00+00:00", known_since: "2026-04-01T00:00:00+02:00", is_fetching: false } as Meter;
const DAY = {
  day: "2026-11-21",
  imported_wh: 9440,
  reference_kw: 3,
  peak: { start: "2026-11-21T17:30:00Z", mean_kw: 3.9 },
  cost: 2.313,
  cost_used: 1.838,
  cost_fixed: 0.474,
  feed_in: 0,
} as Day;
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const shown = (day = "2026-11-21", sums: Day | undefined = DAY, meter = METER, locale = en) => {
  const { title, until, kwh, cost, highest, above, notes } = shownPast(meter, day, sums, lastKnownDay(meter)!, NOW, locale);
  return { texts: [title, until, kwh, cost, highest, above].map(plain), notes: notes.map(plain) };
};

test("yesterday in numbers", () => {
  assert.equal(lastKnownDay(METER), "2026-11-21");
  const { texts, notes } = shown();
  assert.deepEqual(texts, ["Yesterday", "until the end of Sat 21 Nov", "9.4", "**2.31 €** (consumption 1.84 €, fixed costs 0.47 €)", "Highest quarter-hour 3.9 kW at 18:30", "above your 3 kW"]);
  assert.deepEqual(notes, ["These values come from Leneda. Today's values arrive tomorrow, after about 13:30. For the current power, you need a cable at the meter."]);
});

test("quarter-hours that are missing are told", () => {
  const notes = (quarter_hours: number) => shown(undefined, { ...DAY, quarter_hours, of_quarter_hours: 96 }).notes;
  assert.deepEqual([notes(95)[0], notes(40)[0], notes(96).length], ["1 quarter-hour not measured.", "56 quarter-hours not measured.", 1]);
});

test("within the reference power, with the sun, without prices", () => {
  assert.equal(shown(undefined, { ...DAY, reference_kw: 7 }).texts[5], "");
  assert.equal(shown(undefined, { ...DAY, reference_kw: null }).texts[5], "");
  assert.equal(shown(undefined, { ...DAY, cost: 1.74, feed_in: -0.57 }).texts[3], "**1.74 €** (consumption 1.84 €, to the grid −0.57 €, fixed costs 0.47 €)");
  for (const lack of ["cost", "cost_used", "cost_fixed"]) assert.equal(shown(undefined, { ...DAY, [lack]: null }).texts[3], "");
  assert.deepEqual(shown(undefined, { ...DAY, imported_wh: null, peak: null }).texts.slice(2), ["–", "**2.31 €** (consumption 1.84 €, fixed costs 0.47 €)", "", ""]);
});

test("another day has its name, and a late yesterday is awaited", () => {
  const late = { ...METER, known_until: "2026-11-20T23:00:00+00:00", is_fetching: true } as Meter;
  const { texts, notes } = shown("2026-11-20", DAY, late);
  assert.deepEqual(texts.slice(0, 2), ["Friday 20 November", "until the end of Fri 20 Nov"]);
  assert.deepEqual([notes[0], notes[2]], ["Yesterday's values have not arrived yet.", "Older days are still being downloaded. So far, Home Assistant has the days since 1 April 2026."]);
  assert.equal(shown("2026-11-21", DAY, METER, fr).texts[0], "Hier");
});

test("the last seven known days can be chosen", () => {
  const all = Array.from({ length: 30 }, (_, index) => ({ ...DAY, day: `2026-11-${String(index + 1).padStart(2, "0")}` }));
  const ask = (_: string, { start, end }: { start: string; end: string }) => ({ value: { days: all.filter(({ day }) => day >= start && day < end) } });
  const feed = { ask, shown: { day: "2026-11-18" }, now: NOW } as unknown as MeterFeed;
  const markup = markupOf(pastDay({ announce() {} } as unknown as CardHost, METER, feed, en));
  const days = [...markup.matchAll(/data-day=(\S+)\s+aria-checked=(\w+)[^>]*disabled=(\w+)/g)].map(([, day, isChosen, isDisabled]) => [day, isChosen, isDisabled]);
  assert.deepEqual(days, [15, 16, 17, 18, 19, 20, 21].map((day) => [`2026-11-${day}`, String(day === 18), "false"]));
});

test("keys choose among the known days, and one known day is no choice", () => {
  const days = [15, 16, 17, 18].map((day) => `2026-11-${day}`);
  const known = [0, 2, 3].map((index) => ({ ...DAY, day: days[index]!, exported_wh: 0 }));
  const choices = choicesOf(days, known, false, en);
  assert.deepEqual(choices.map(({ label, name, sentence, isKnown }) => plain([label, name, sentence, isKnown].join(" | "))).slice(0, 2), [
    "Sun 15 | Sunday 15 November | 9.4 kWh from the grid. No quarter-hour above 3 kW. | true",
    "Mon 16 | Monday 16 November | No data for this day. | false",
  ]);
  const chosen: string[] = [];
  const at = (day: string, ...keys: string[]) => {
    chosen.length = 0;
    for (const key of keys) assert.equal(press(week("Day", choices, day, (to) => chosen.push(to.slice(8))), key), key === "x");
    return chosen;
  };
  assert.deepEqual(at("2026-11-17", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "Home", "End", "x"), ["15", "15", "18", "18", "15", "18"]);
  assert.deepEqual(at("2026-11-15", "ArrowLeft"), ["15"]);
  assert.equal(markupOf(week("Day", choicesOf(days, known.slice(0, 1), false, en), days[0]!, () => undefined)), "");
});

test("a meter at a port has no last known day", () => {
  assert.equal(lastKnownDay({ ...METER, source: "port" }), undefined);
  assert.equal(lastKnownDay({ ...METER, known_until: null }), undefined);
});
