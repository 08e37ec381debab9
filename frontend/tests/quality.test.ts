import assert from "node:assert/strict";
import { test } from "node:test";
import { html } from "lit";
import {
  interruptionLines,
  interruptionsDrawing,
  interruptionsSentence,
  interruptionsTable,
  KIND_HEIGHT,
  markSentence,
  markSize,
  readDisturbances,
} from "../src/charts/quality-interruptions.ts";
import {
  rowSentence,
  voltageDay,
  voltageDrawing,
  voltageRows,
  voltageSentence,
  voltageTable,
} from "../src/charts/quality-voltage.ts";
import type { ChosenBar } from "../src/charts/chosen-bar.ts";
import { Locale } from "../src/locale.ts";
import { lastMessage, operatorMessage } from "../src/parts/operator-message.ts";
import { duration } from "../src/sentences/quality.ts";
import {
  alteredSentence,
  heldSentence,
  gapWords,
  homeSentence,
  receptionDay,
  receptionShare,
  receptionTable,
  receptionBlocks,
  supplySentence,
} from "../src/cards/quality-switches-and-reception.ts";
import { markupOf } from "./template-text.ts";
import type { Events, House, Live, Meter, Voltages } from "../src/data/websocket-types.ts";

const locale = (language: string) => new Locale({ language, number_format: "language", time_format: "24" });
const en = locale("en");
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const NOW = Date.parse("2026-11-21T17:38:20Z");
/** Draw a year in a font whose letters are 8 px wide. */
const drawn = (year: ReturnType<typeof readDisturbances>, width: number) => interruptionsDrawing(year, width, KIND_HEIGHT, en, (text) => 8 * text.length);
const START = "2026-11-20T17:40:00+00:00";
type Row = [number, number] | null;

/** A day of 230 V on each phase, with some rows otherwise. */
function volts(changes: Record<string, Record<number, Row>> = { L1: {}, L2: {}, L3: {} }): Voltages {
  const phases = Object.fromEntries(
    Object.entries(changes).map(([name, rows]) => {
      const row = (index: number): Row => (index in rows ? rows[index]! : [229.6, 231.2]);
      const all = Array.from({ length: 288 }, (_, index) => row(index));
      return [name, { lowest: all.map((each) => each?.[0] ?? null), highest: all.map((each) => each?.[1] ?? null) }];
    }),
  );
  return { start: START, step: 300, unit: "V", limits: [207, 253], phases };
}
const said = (answer: Voltages, language = "en") => plain(voltageSentence(voltageDay(answer), locale(language)));

test("voltages within the limits are said of one phase, of both, and of all three", () => {
  assert.equal(said(volts()), "All three phases within 207–253 V.");
  assert.equal(said(volts({ L1: {}, L2: {} })), "Both phases within 207–253 V.");
  assert.equal(said(volts({ L1: {} })), "Voltage within 207–253 V.");
  assert.equal(said(volts(), "fr"), "Les trois phases entre 207 et 253 V.");
  assert.equal(said({ ...volts(), limits: [196, 264] }), "All three phases within 196–264 V.");
});

test("a voltage that was outside is said with its phase, about how long, and how far", () => {
  assert.equal(
    said(volts({ L1: { 10: [250, 255.4], 11: [252, 253.2] }, L2: {}, L3: {} })),
    "**Phase L1 was above 253 V for about 10 min**, highest value 255 V.",
  );
  assert.equal(
    said(volts({ L1: {}, L2: { 10: [198.8, 231] }, L3: {} })),
    "**Phase L2 was below 207 V for about 5 min**, lowest value 199 V.",
  );
  assert.equal(
    said(volts({ L1: { 10: [190, 254] }, L2: { 11: [250, 256], 12: [250, 254] }, L3: {} })),
    "**Phases L1 and L2 were above 253 V**; the longest time was about 10 min, the highest value 256 V. **Phase L1 was below 207 V for about 5 min**, lowest value 190 V.",
  );
  assert.equal(said(volts({ L1: { 10: [250, 255] } })), "**The voltage was above 253 V for about 5 min**, highest value 255 V.");
  // Exactly at the limit is within it, and a little above it does not look as if it were.
  assert.equal(said(volts({ L1: { 10: [207, 253] } })), "Voltage within 207–253 V.");
  assert.equal(said(volts({ L1: { 10: [230, 253.04] } })), "**The voltage was above 253 V for about 5 min**, highest value 253.1 V.");
});

test("a voltage is said to be within its limits since the last gap, and a short one is none", () => {
  const gap = (...rows: number[]) => said(volts({ L1: Object.fromEntries(rows.map((row) => [row, null])) }));
  assert.equal(gap(100, 101), "Voltage within 207–253 V.");
  assert.equal(gap(...Array.from({ length: 96 }, (_, row) => 60 + row)), "Voltage within 207–253 V since 07:40.");
  assert.equal(said(volts({ L1: { 100: null, 101: null, 102: null }, L2: {} })), "Both phases within 207–253 V.");
});

test("a day that is known from some time on is said to be within since then", () => {
  const rows = Object.fromEntries(Array.from({ length: 264 }, (_, index) => [index, null]));
  assert.equal(said(volts({ L1: rows })), "Voltage within 207–253 V since 16:40.");
});

test("ten missing minutes at the begin of the day are not worth a word, fifteen are", () => {
  const missing = (count: number) => said(volts({ L1: Object.fromEntries(Array.from({ length: count }, (_, index) => [index, null])) }));
  assert.deepEqual([missing(2), missing(3)], ["Voltage within 207–253 V.", "Voltage within 207–253 V since 18:55."]);
});

test("the rows of the voltage have each phase with its extremes, and the limits once", () => {
  const shown = (index?: number) => {
    const day = voltageDay(volts({ L1: { 3: [198.8, 255.4] }, L2: {} }));
    const chosen = { index } as ChosenBar;
    return plain(markupOf(voltageRows({ day, drawing: voltageDrawing(day), locale: en, chosen, label: "Voltage", reading: index === undefined ? "" : "L1", isOld: false, now: () => html`now` }))).replace(/\s+/g, " ");
  };
  assert.deepEqual([...shown().matchAll(/<small>(L\d)/g)].map(([, name]) => name), ["L1", "L2"]);
  assert.deepEqual([...shown().matchAll(/class="number">([^<]*)/g)].map(([, text]) => text), ["highest 255 V", "lowest 199 V", "highest 231 V", "lowest 230 V"]);
  assert.equal(shown().match(/>253<.*>207</g)!.length, 1);
  assert.match(shown(), /aria-valuemax=287 aria-valuenow=287 aria-valuetext=\S+/);
  assert.match(shown(3), /aria-valuenow=3 aria-valuetext=L1 .*M3.5 0V/);
  assert.match(shown(), /<small>18:40<\/small><small class="middle">06:40<\/small>/);
});

test("what was read in five minutes is said of each phase, and what was not is a dash", () => {
  const day = voltageDay(volts({ L1: { 0: [231.1, 231.4] }, L2: {}, L3: { 0: null } }));
  assert.equal(plain(rowSentence(day, 0, en)), "**18:40–18:45:** L1 231 V, L2 230–231 V, L3 –");
});

test("the table has the hours of the day, the last one first, with their lowest and highest", () => {
  const table = voltageTable(voltageDay(volts({ L1: { 3: [220, 255] }, L2: { 4: null } })), en);
  assert.equal(table.length, 25);
  assert.deepEqual(table.at(-1), ["Fri 20, 18:00", "220–255", "230–231"]);
  assert.deepEqual(table[0], ["Sat 21, 18:00", "230–231", "230–231"]);
});

test("what is sent as no voltage is a gap, and an answer of nonsense is none", () => {
  const odd = volts({ L1: { 5: null } });
  odd.phases.L1!.lowest[7] = Number.NaN;
  odd.phases.L1!.highest[7] = Number.NaN;
  odd.phases.L1!.highest[8] = "231" as never;
  const day = voltageDay(odd);
  assert.deepEqual([day.phases[0]!.lowest[5], day.phases[0]!.lowest[7], day.phases[0]!.highest[8]], [null, null, 229.6]);
  assert.equal(voltageDay({ ...odd, start: "soon" }).phases.length, 0);
  assert.equal(voltageDay({ ...odd, phases: { L1: { lowest: [], highest: [] } } }).phases.length, 0);
  assert.equal(voltageDay({} as never).phases.length, 0);
});

test("the line has a part for each time without gap, on a scale that is fixed", () => {
  const { paths, band, beyond } = voltageDrawing(voltageDay(volts({ L1: { 10: null, 20: null }, L2: {} })));
  assert.deepEqual(paths.map((path) => path.split("M").length - 1), [3, 1]);
  // 253 and 207 V on 56 px from 260 to 200 V.
  assert.deepEqual(band, { top: 6.5, bottom: 49.5 });
  assert.equal(beyond, "");
  const wide = voltageDrawing(voltageDay(volts({ L1: { 10: [150, 270] }, L2: {} })));
  assert.deepEqual(wide.band, { top: 7.9, bottom: 29.4 });
  assert.notEqual(wide.beyond, "");
  // Five minutes alone are an area, from 231 to 229 V.
  const alone = { ...volts(), phases: { L1: { lowest: [229], highest: [231] } } };
  assert.deepEqual(voltageDrawing(voltageDay(alone)).paths, ["M0 27.1L0.5 27.1L1 27.1L1 28.9L0.5 28.9L0 28.9Z"]);
});

const meter = { last_telegram: null, connection_kva: null } as Meter;
const live = (values: Live["values"] = {}, changes: object = {}): Live => ({
  state: "receiving", obstacle: null, remedy: null, received_at: "2026-11-21T17:38:16+00:00", values: values!, ...changes,
});
const supply = (given: Live, isOld = false, language = "en") => plain(supplySentence(given, meter, isOld, NOW, locale(language)));

test("the supply is said as the breaker is, with the age of the last reading", () => {
  assert.equal(supply(live({ breaker: "connected" })), "The breaker is on; last reading 4 s ago.");
  assert.equal(supply(live({ breaker: "connected" }), false, "fr"), "Disjoncteur enclenché ; dernière mesure il y a 4 s.");
  assert.match(supply(live({ breaker: "disconnected" })), /^\*\*Switched off:\*\* .* Last reading 4 s ago\.$/);
  assert.match(supply(live({ breaker: "ready_for_reconnection" })), /^\*\*The power is cut\.\*\* Press the button/);
  assert.equal(supply(live({ breaker: null })), "Last reading 4 s ago.");
  assert.equal(supply(live({ breaker: "constructor" })), "Last reading 4 s ago.");
  // The clock of the page is behind.
  assert.equal(supply(live({}, { received_at: "2026-11-21T17:39:00+00:00" })), "Last reading 0 s ago.");
});

test("silence is said with its length and when it began, also of another day", () => {
  const silent = { received_at: "2026-11-21T17:12:00+00:00" };
  assert.equal(supply(live({ breaker: "connected" }, silent), true), "**No reading for 26 min**, the last one at 18:12.");
  const long = { received_at: "2026-11-18T05:02:00+00:00" };
  assert.equal(supply(live({}, long), true), "**No reading for 3 days**, the last one on 18 November, 06:02.");
  assert.match(supply(live({}, { received_at: null })), /^No reading yet\./);
  assert.match(supply(live({}, { ...silent, gone: true }), true), /^The meter is not being read now\. .* Last reading 26 min ago\.$/);
});

const events = (changes: object = {}): Events => ({
  disturbances: [], undated: { power_failure: 0, voltage_sag: 28, voltage_swell: 4 }, switches: [], messages: [],
  reception: {
    since: "2025-11-02T10:00:00+00:00", start: "2026-11-14T18:00:00+00:00", step: 3600,
    received: Array.from({ length: 168 }, () => 1), longest_gaps: [],
  },
  ...changes,
});
const reception = (changes: object) => receptionDay(events({ reception: { ...events().reception, ...changes } }), NOW);

test("altered frames are told with their share and a remedy, but not a single one", () => {
  const altered = (share: unknown, language = "en") =>
    plain(alteredSentence(events({ reception: { ...events().reception, altered: share } }), locale(language)));
  assert.equal(
    altered(0.938),
    "**93.8% of the readings were altered or cut on the way.** Check the cable, and set the gateway to raw TCP " +
      "without telnet mode, flow control or line-end conversion.",
  );
  assert.match(altered(1, "fr"), /^\*\*100.% des mesures/);
  for (const share of [null, undefined, 0, 0.004, 1.5, "0.5"]) assert.equal(altered(share), "");
});

test("a total that is held back is told with both values and its time", () => {
  const held = [{ total: "1-0:1.8.0", shown: 5000.8, sent: 0, since: new Date(NOW).toISOString() }];
  const told = plain(heldSentence(events({ held }), NOW, locale("en")));
  assert.match(told, /^\*\*A total does not go on \(1-0:1\.8\.0\):\*\* at \d\d:\d\d, the meter went from 5,000\.800 to 0\.000\. /);
  assert.equal(heldSentence(events(), NOW, locale("en")), "");
});

test("a home meter beside grid, sun and battery is told with its distance, a near one is not", () => {
  const home = (difference: unknown, language = "en") =>
    plain(homeSentence({ home_difference: difference } as House, locale(language)));
  assert.match(home(0.12), /^\*\*The home meter shows \+12% compared with grid, sun and battery\.\*\*/);
  assert.match(home(-0.0512, "de"), /zeigt −5.% gegenüber Netz/);
  for (const difference of [0.05, -0.05, 0, null, undefined, "0.5"]) assert.equal(home(difference), "");
  assert.equal(homeSentence(undefined, en), "");
});

test("the reception of 24 hours is a share by time, with the longest gap of that time in words", () => {
  const received = Array.from({ length: 168 }, (_, hour) => (hour === 153 ? 0.5 : hour < 144 ? 0 : 1));
  const gap = (start: string, end: string) => ({ start: `2026-11-${start}:00+00:00`, end: `2026-11-${end}:00+00:00` });
  const longest_gaps = [gap("19T10:00", "20T12:00"), gap("21T03:12", "21T03:23")];
  const day = reception({ received, longest_gaps });
  // Half an hour of 23 hours and 38 minutes.
  assert.equal(receptionShare(day, en), "97.9%");
  assert.equal(plain(gapWords(day, en)), "Gap 04:12–04:23: 11 min");
  const two = reception({ received, longest_gaps: [...longest_gaps, gap("21T07:00", "21T09:05")] });
  assert.equal(plain(gapWords(two, en)), "Longest gap 08:00–10:05: 2 h 5 min");
  const across = reception({ received, longest_gaps: [gap("20T17:00", "20T19:00")] });
  assert.equal(plain(gapWords(across, en)), "Gap 20 Nov, 18:00–20:00: 2 h");
});

test("all received is 100 %, next to all is not, and nothing known is a dash", () => {
  assert.equal(receptionShare(reception({}), en), "100%");
  assert.equal(gapWords(reception({}), en), "No gap longer than a minute");
  const nearly = Array.from({ length: 168 }, (_, hour) => (hour === 160 ? 0.999 : 1));
  assert.equal(receptionShare(reception({ received: nearly }), en), "99.9%");
  assert.equal(receptionShare(reception({ received: Array.from({ length: 168 }, () => null) }), en), "–");
  assert.equal(receptionShare(reception({ received: null, start: null }), en), "–");
});

test("an hour of which a part is known counts for that part", () => {
  const received = Array.from({ length: 168 }, (_, hour) => (hour < 165 ? null : hour === 165 ? 0.5 : 1));
  // 16:50 to 17:00 half, then 98 minutes whole.
  const day = reception({ received, since: "2026-11-21T15:50:00+00:00" });
  assert.equal(receptionShare(day, en), "95.4%");
  assert.deepEqual(receptionTable(day, en).slice(0, 4).map(([, share]) => share), ["100%", "100%", "50.0%", "–"]);
});

test("an hour is a block: received below, missing above, and a little that is missing stays visible", () => {
  const blocks = receptionBlocks({ ...reception({}), shares: [1, 0.5, null, 0, 0.99] });
  assert.equal(blocks.received, "M0.08 0H0.92V20H0.08ZM1.08 10H1.92V20H1.08ZM4.08 2H4.92V20H4.08Z");
  assert.equal(blocks.missing, "M1.08 0H1.92V10H1.08ZM3.08 0H3.92V20H3.08ZM4.08 0H4.92V2H4.08Z");
});

test("the last message that says something is shown without what would turn or hide it", () => {
  const message = (text: unknown) => ({ time: "2026-11-03T09:12:00Z", after: null, kind: "message", text });
  const last = (...texts: unknown[]) => lastMessage(events({ messages: texts.map(message) }))?.text;
  assert.equal(last("one", "two"), "two");
  assert.equal(last("Works\r\n\u0007on\u202e Monday", " \u0000 "), "Works on Monday");
  assert.equal(last("x".repeat(5000))?.length, 2048);
  assert.equal(last("", null), undefined);
  assert.equal(last(), undefined);
});

test("a message has its date, and a long one can be scrolled by the keyboard", () => {
  const shown = (length: number, time = "2026-11-03T09:12:00Z") => plain(markupOf(operatorMessage(events({ messages: [{ time, after: null, kind: "message", text: "x".repeat(length) }] }), en))).replace(/\s+/g, " ");
  assert.match(shown(160), /<p class="small">Last message from the grid operator, 3 November 2026<\/p> <p dir="auto" role= aria-label= tabindex=>x+<\/p>/);
  assert.match(shown(161), /role=region aria-label=Last message from the grid operator, 3 November 2026 tabindex=0>/);
  assert.match(shown(5, "soon"), /grid operator, –</);
  assert.match(markupOf(operatorMessage(events(), en)), /No message/);
});

const at = (time: string, kind: string, count = 1, more: object = {}) => ({
  time, kind, count, after: new Date(Date.parse(time) - 10_000).toISOString(), ...more,
});
const found = (...all: object[]) => readDisturbances(events({ disturbances: all }), NOW);
const interrupted = (...all: object[]) => plain(interruptionsSentence(found(...all), NOW, en));

test("a quiet month is said with what came last", () => {
  const dip = at("2026-10-18T12:02:00Z", "voltage_sag");
  assert.equal(interrupted(dip), "No interruption in the last 30 days; last short voltage drop: 18 October.");
  assert.equal(plain(interruptionsSentence(found(dip), NOW, locale("fr"))), "Aucune perturbation depuis 30 jours ; dernier creux de tension le 18 octobre.");
  assert.equal(interrupted(), "No interruption in the last 30 days.");
  // Within eleven months, a day needs no year.
  assert.match(interrupted(at("2025-12-26T17:38:21Z", "power_failure")), /last power failure: 26 December\.$/);
  assert.match(interrupted(at("2025-12-26T17:38:20Z", "power_failure")), /last power failure: 26 December 2025\.$/);
  assert.equal(interrupted(at("2025-11-30T12:00:00Z", "power_failure")), "No interruption in the last 30 days; last power failure: 30 November 2025.");
});

test("what came in the last 30 days is counted by kind, and the last one has its time", () => {
  const all = [
    at("2026-10-10T12:00:00Z", "power_failure", 9),
    at("2026-11-02T12:00:00Z", "voltage_sag", 2),
    at("2026-11-18T13:02:00Z", "power_failure"),
  ];
  assert.equal(interrupted(...all), "**1 power failure and 2 short voltage drops** in the last 30 days, the last one on 18 November, 14:02.");
});

test("what was counted while nothing was read is between two times", () => {
  const vague = at("2026-11-18T05:40:00Z", "power_failure", 1, { after: "2026-11-17T21:10:00Z" });
  assert.equal(
    interrupted(vague),
    "**1 power failure** in the last 30 days, the last one between 17 November, 22:10 and 18 November, 06:40.",
  );
  assert.match(interrupted(at("2026-11-18T05:40:00Z", "power_failure", 1, { after: null })), /the last one before 18 November, 06:40\.$/);
});

test("nothing is said of a time before the meter was read", () => {
  const began = (since: string | null, undated: object) =>
    interruptionsSentence(readDisturbances(events({ undated, reception: { ...events().reception, since } }), NOW), NOW, en);
  assert.equal(began("2026-11-19T10:00:00Z", { voltage_sag: 28 }), "No interruption since 19 November, when Home Assistant began to read the meter.");
  assert.equal(began(null, {}), "No counts yet. They appear with the first reading of the meter.");
  assert.equal(began("2026-11-19T10:00:00Z", {}), "This meter does not count interruptions.");
});

test("a kind that the meter does not count is unknown, and one that it counts may be none", () => {
  const { seen, undated } = readDisturbances(events({ undated: { voltage_sag: 28, voltage_swell: 0 } }), NOW);
  assert.deepEqual([seen, undated], [{ voltage_sag: 0, voltage_swell: 0 }, { voltage_sag: 28, voltage_swell: 0 }]);
});

test("the table names the phases, and what is drawn adds up to what was seen", () => {
  const all = [
    at("2025-10-25T10:00:00Z", "voltage_sag", 2),
    at("2026-06-09T14:02:00Z", "voltage_sag", 4, { phases: ["L1", "L2", "L3", "<b>"] }),
    at("2026-06-09T20:02:00Z", "voltage_sag", 1),
    at("2026-10-18T12:02:00Z", "earthquake", 3),
  ];
  const year = found(...all);
  assert.deepEqual(interruptionsTable(year, NOW, en).map((row) => row.map(plain)), [
    ["9 June, 22:02", "1 short voltage drop", "–"],
    ["9 June, 16:02", "4 short voltage drops", "L1, L2 and L3"],
    ["25 October 2025, 12:00", "2 short voltage drops", "–"],
  ]);
  const { marks } = drawn(year, 600);
  assert.deepEqual(marks.map(({ count, isNamed }) => [count, isNamed]), [[2, true], [5, true]]);
  assert.equal(year.seen.voltage_sag, 7);
  assert.equal(markSentence(marks[1]!.disturbances, NOW, en), "**9 June:** 5 short voltage drops (L1, L2 and L3)");
  assert.equal(markSentence(marks[0]!.disturbances, NOW, en), "**25 October 2025, 12:00:** 2 short voltage drops");
});

test("a thousand disturbances are some marks, and none is lost", () => {
  const kinds = ["power_failure", "voltage_sag", "voltage_swell"];
  const all = Array.from({ length: 1000 }, (_, index) => at(new Date(NOW - index * 31_000_000).toISOString(), kinds[index % 3]!, 1 + (index % 5)));
  const year = found(...all);
  const { marks } = drawn(year, 320);
  assert.ok(marks.length < 100);
  assert.equal(marks.reduce((sum, { count }) => sum + count, 0), 3000);
  for (const { x } of marks) assert.ok(x >= 10 && x <= 310);
  assert.ok(markSize(1) < markSize(3) && markSize(1e9) <= 9);
});

test("a time in which nothing was read is drawn, and odd disturbances are left out", () => {
  const vague = at("2026-11-18T05:40:00Z", "power_failure", 1, { after: "2026-09-17T21:10:00Z" });
  assert.deepEqual(drawn(found(vague), 600).vague.map(({ from, to, y }) => [to > from, y]), [[true, 30]]);
  assert.deepEqual(drawn(found(at("2026-11-18T05:40:00Z", "power_failure")), 600).vague, []);
  const odd = [at("2026-11-18T05:40:00Z", "power_failure", -1), at("2026-11-18T05:40:00Z", "power_failure", 1e12), { kind: "power_failure", count: 1, time: "soon", after: 3 }];
  assert.equal(found(...odd).all.length, 0);
  assert.equal(readDisturbances({} as never, NOW).all.length, 0);
});

test("the months are named as far as there is room", () => {
  const named = (width: number) => drawn(found(), width).months.filter(({ isNamed }) => isNamed).length;
  // The longest name, "Sept", needs 40 px with its gap: 230 px have room for five names, 150 px for three.
  assert.deepEqual([named(700), named(250), named(170)], [12, 4, 3]);
});

test("the kinds of interruptions have their counts, and the last mark is where the keys begin", () => {
  const shown = (index: number | undefined, ...all: object[]) => {
    const interruptions = readDisturbances(events({ disturbances: all, undated: { voltage_sag: 28 } }), NOW);
    const chosen = { index } as ChosenBar;
    return plain(markupOf(interruptionLines({ interruptions, drawing: drawn(interruptions, 400), locale: en, chosen, reading: "" }))).replace(/\s+/g, " ");
  };
  const all = [at("2026-03-18T12:02:00Z", "voltage_sag", 2), at("2026-06-18T12:02:00Z", "voltage_sag"), at("2026-10-18T12:02:00Z", "power_failure")];
  const text = shown(undefined, ...all);
  assert.deepEqual([...text.matchAll(/class="count[^>]*>([^<]*)/g)].map(([, count]) => count), ["1", "–", "3", "28"]);
  assert.match(text, /aria-valuemax=2 aria-valuenow=2 aria-valuetext=nothing chosen/);
  assert.match(shown(0, ...all), /aria-valuenow=0 .*<circle class="chosen"/);
  // A mark that is there no more.
  assert.match(shown(7, ...all), /aria-valuenow=2 /);
  assert.doesNotMatch(shown(undefined), /slider/);
  assert.match(text, /not counted/);
});

test("durations and lists are as people say them", () => {
  assert.deepEqual(
    [0, 40_000, 720_000, 7_200_000, 7_800_000, 3 * 86_400_000].map((ms) => plain(duration(ms, en))),
    ["0 s", "40 s", "12 min", "2 h", "2 h 10 min", "3 days"],
  );
  assert.deepEqual([[], ["L1"], ["L1", "L2"], ["L1", "L2", "L3"]].map((each) => en.list(each)), ["", "L1", "L1 and L2", "L1, L2 and L3"]);
});
