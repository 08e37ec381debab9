import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { type FlowField, OptionsFlow, type Question, WAYS } from "../src/data/options-flow.ts";
import type { Hass } from "../src/hass.ts";

const PATH = "/api/config/config_entries/options/flow";
const LOAD_PATH = "/api/config/config_entries/subentries/flow";
type Answer = object | number | Promise<never>;
type Script = (method: string, body: Record<string, unknown> | undefined, flow: string) => Answer;

/** Return a flow whose Home Assistant answers as the script says, and the requests that it gets. */
function begin(script: Script, field: keyof typeof WAYS = "goal") {
  const asked: string[] = [];
  const fetchWithAuth = async (path: string, { method, body, signal, keepalive }: RequestInit) => {
    const flow = path.slice((path.startsWith(PATH) ? PATH : LOAD_PATH).length + 1);
    asked.push(`${method}${flow && ` ${flow}`}${keepalive ? " keepalive" : ""}${body ? ` ${String(body)}` : ""}`);
    const answer = script(method!, body ? JSON.parse(String(body)) : undefined, flow);
    const late = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("late"))));
    const found = await Promise.race([answer, late]);
    return typeof found === "number" ? { status: found, ok: false } : { status: 200, ok: true, json: async () => ({ flow_id: "f", ...found }) };
  };
  return { flow: new OptionsFlow({ fetchWithAuth } as unknown as Hass, "entry", WAYS[field]!), asked };
}

const text = (name: string, value?: string): FlowField => ({ name, ...(value === undefined ? {} : { description: { suggested_value: value } }), selector: { text: { suffix: "EUR" } } });
const choice = (name: string, value: string): FlowField => ({ name, default: value, selector: { select: { options: [value], multiple: false } } });
const form = (step_id: string, data_schema: FlowField[], errors = {}) => ({ type: "form", step_id, data_schema, errors });
const menu = (step_id: string, ...menu_options: string[]) => ({ type: "menu", step_id, menu_options });
const INIT = menu("init", "contracts", "aids", "goal_and_messages");
const SAVED = { type: "create_entry" };
const goalPage = (amount = "80", errors = {}, ...more: FlowField[]) =>
  form("goal_and_messages", [choice("goal", "none"), text("goal_amount", amount), { name: "quiet_from", default: "22:00:00", selector: {} }, { name: "recipients", selector: {} }, ...more], errors);
const namesOf = (shown: Question | { end: string }) => ("end" in shown ? shown.end : shown.fields.map(({ field, error }) => `${field.name}${error ? `: ${error}` : ""}`).join());

test("a question has only its own fields, and its answer keeps all others", async () => {
  const { flow, asked } = begin((method, body) => (body?.handler ? INIT : body && "goal" in body ? SAVED : goalPage()));
  const question = await flow.open();
  assert.equal(namesOf(question), "goal,goal_amount");
  assert.deepEqual(await flow.submit({ goal: "amount", goal_amount: "95" }), { end: "saved" });
  assert.deepEqual(asked, [
    'POST {"handler":"entry"}',
    'POST f {"next_step_id":"goal_and_messages"}',
    "GET f",
    'POST f {"goal":"amount","goal_amount":"95","quiet_from":"22:00:00"}',
  ]);
  // A saved flow has ended, so it needs no end.
  flow.close();
  assert.equal(asked.length, 4);
});

test("a load is added with few fields, also if the flow asks once for a sensor", async () => {
  const measured: FlowField = { name: "measured_by", selector: { entity: {} } as FlowField["selector"] };
  const time: FlowField = { name: "by_workdays", selector: { time: {} } };
  // Card and flow leave a section with found entities alone.
  const more: FlowField = { name: "more", schema: [measured, text("capacity_kwh", "40"), { name: "phases", default: 3, selector: {} }] };
  const page = (errors = {}) => form("car", [text("name"), text("kwh"), text("max_kw"), time, more], errors);
  let count = 0;
  let hasChosen = false;
  const { flow, asked } = begin((method, body) => {
    if (body?.handler) return menu("user", "car", "appliance");
    hasChosen = body ? !body.next_step_id : hasChosen;
    if (!hasChosen) return form("found", [choice("device")]);
    if (body?.name === "Lost") return page({ more: "load_has_no_statistics" });
    if (!body || !("name" in body)) return page();
    count += 1;
    return count === 1 ? page({ more: "measured_by_missing", kwh: "unclear" }) : count === 2 ? page({ more: "measured_by_missing" }) : SAVED;
  }, "add_car");
  assert.equal(namesOf(await flow.open()), "device");
  assert.equal(namesOf(await flow.submit({ device: "box" })), "name,kwh,max_kw,by_workdays");
  const typed = { name: "Car", kwh: "8", max_kw: "11", by_workdays: "07:00" };
  assert.equal(namesOf(await flow.submit({ ...typed, kwh: "eight" })), "name,kwh: unclear,max_kw,by_workdays");
  assert.deepEqual(await flow.submit(typed), { end: "saved" });
  const answer = 'POST f {"name":"Car","kwh":"8","max_kw":"11","by_workdays":"07:00"}';
  assert.deepEqual(asked.filter((one) => one === answer).length, 2);
  assert.deepEqual(asked.slice(0, 4), ['POST {"handler":["entry","load"]}', 'POST f {"next_step_id":"car"}', "GET f", 'POST f {"device":"box"}']);
  // What the card cannot show needs the dialog.
  await flow.open();
  await flow.submit({ device: "" });
  assert.equal((await flow.submit({ ...typed, name: "Lost" }) as { end: string }).end, "changed");
});

test("of several contracts one is chosen, and pages without the question are answered with their values", async () => {
  const contracts = menu("contracts", "contract_add", "contract_edit", "contract_remove");
  const first = form("contract", [text("reference_power", "7 kW"), text("energy_price", "0.15"), choice("energy_fee_per", "month")]);
  const sections: FlowField[] = [{ name: "feed_in", schema: [text("feed_in_price"), text("feed_in_margin", "-0.01")] }, { name: "energy_sharing", schema: [text("community_price", "0.1")] }, text("since", "2026-01-01")];
  let page: object = INIT;
  const { flow, asked } = begin((method, body) => {
    if (body?.next_step_id === "contracts") page = contracts;
    else if (body?.next_step_id === "contract_edit") page = form("contract_edit", [choice("contract", "always")]);
    else if (body?.contract) page = first;
    else if (body?.reference_power) page = form("contract_details", sections);
    else if (body?.since) page = SAVED;
    return page;
  }, "feed_in");
  assert.equal(namesOf(await flow.open()), "contract");
  assert.equal(namesOf(await flow.submit({ contract: "2026-01-01" })), "feed_in_price");
  assert.equal(namesOf(await flow.submit({ feed_in_price: "0.05" })), "saved");
  // The flow keeps the terms of a section that the answer lacks.
  assert.deepEqual(asked.slice(-1), ['POST f {"feed_in":{"feed_in_price":"0.05","feed_in_margin":"-0.01"},"since":"2026-01-01"}']);
  assert.ok(asked.includes('POST f {"reference_power":"7 kW","energy_price":"0.15","energy_fee_per":"month"}'));
});

test("a flow that was left begins anew with the next answer, and answers the questions before alike", async () => {
  let page: object = INIT;
  const { flow, asked } = begin((method, body) => {
    if (body?.handler) page = INIT;
    else if (body?.next_step_id === "contracts") page = menu("contracts", "contract_edit");
    else if (body?.next_step_id === "contract_edit") page = form("contract_edit", [choice("contract", "always")]);
    else if (body?.contract) page = form("contract", [text("reference_power")]);
    else if (body?.reference_power) page = SAVED;
    return page;
  }, "reference_power");
  await flow.open();
  assert.equal(namesOf(await flow.submit({ contract: "2026-01-01" })), "reference_power");
  flow.close();
  assert.deepEqual(await flow.submit({ reference_power: "7" }), { end: "saved" });
  assert.deepEqual(asked.slice(-5), [
    'POST {"handler":"entry"}',
    'POST f {"next_step_id":"contracts"}',
    'POST f {"next_step_id":"contract_edit"}',
    'POST f {"contract":"2026-01-01"}',
    'POST f {"reference_power":"7"}',
  ]);
});

test("a refused answer shows the fields with errors, also hidden ones and those of a section", async () => {
  const above: FlowField = { name: "above_goal", default: true, selector: { boolean: {} } };
  let errors: object = {};
  const { flow, asked } = begin((method, body) => {
    if (body?.handler) return INIT;
    if (body?.goal === "none" && body.above_goal) errors = { above_goal: "goal_needed" };
    else if (body?.above_goal === false) return SAVED;
    return goalPage("80", method === "GET" ? {} : errors, above);
  });
  await flow.open();
  assert.equal(namesOf(await flow.submit({ goal: "none", goal_amount: "80" })), "goal,goal_amount,above_goal: goal_needed");
  // A second answer after an error is no conflict.
  assert.equal(namesOf(await flow.submit({ goal: "none", goal_amount: "81", above_goal: false })), "saved");
  assert.ok(asked.at(-1)!.includes('"above_goal":false'));

  const ofSection = begin((method, body) => (body ? form("contract_details", [{ name: "network_prices", schema: [text("network_fixed_price")] }], { network_prices: "reference_power_without_price" }) : INIT), "reference_power");
  assert.equal(namesOf(await ofSection.flow.open()), "network_fixed_price: reference_power_without_price");
  const ofPage = begin(() => form("contract", [], { base: "unknown" }), "reference_power");
  assert.equal(namesOf(await ofPage.flow.open()), "");
});

test("values that were changed in another tab are shown, and not overwritten", async () => {
  let amount = "80";
  const posted: unknown[] = [];
  const { flow } = begin((method, body) => (body?.handler ? INIT : body && "goal" in body ? (posted.push(body), SAVED) : goalPage(amount)));
  await flow.open();
  amount = "70";
  const shown = await flow.submit({ goal: "none", goal_amount: "95" });
  assert.ok(!("end" in shown) && shown.isStale);
  assert.equal(shown.fields[1]!.field.description!.suggested_value, "70");
  assert.deepEqual(posted, []);
  assert.deepEqual(await flow.submit({ goal: "amount", goal_amount: "95" }), { end: "saved" });
});

test("an answer comes late, or its flow is lost: it can be given again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let isSilent = false;
  let isLost = false;
  let amount = "80";
  const { flow, asked } = begin((method, body, id) => {
    if (isSilent) return new Promise<never>(() => undefined);
    if (body?.handler) return (isLost = false), INIT;
    if (isLost && id) return 404;
    return body && "goal" in body ? SAVED : goalPage(amount);
  });
  await flow.open();
  isSilent = true;
  const late = flow.submit({ goal: "none", goal_amount: "95" });
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  mock.timers.tick(30_000);
  assert.deepEqual(await late, { end: "late" });
  mock.timers.reset();
  isSilent = false;
  // Home Assistant has restarted: there is a new flow with the same values.
  isLost = true;
  assert.deepEqual(await flow.submit({ goal: "none", goal_amount: "95" }), { end: "saved" });
  assert.equal(asked.filter((request) => request.includes("handler")).length, 2);
  // It was saved, only the confirmation got lost.
  const again = begin((method, body) => (body?.handler ? INIT : body && "goal" in body ? SAVED : goalPage(amount)));
  await again.flow.open();
  amount = "95";
  assert.deepEqual(await again.flow.submit({ goal: "none", goal_amount: "95" }), { end: "saved" });
});

test("a flow that is aborted, refused or changed ends, and is not left open", async () => {
  const cases: [string, Script, object][] = [
    ["no such choice", () => menu("init", "other"), { end: "changed", reason: undefined }],
    ["an unknown page", (_, body) => (body?.handler ? INIT : form("new_page", [text("other")])), { end: "changed", reason: undefined }],
    ["an unknown field", (_, body) => (body?.handler ? INIT : form("goal_and_messages", [{ name: "goal", selector: {} }])), { end: "changed", reason: undefined }],
    ["progress", (_, body) => (body?.handler ? INIT : { type: "progress", step_id: "goal_and_messages" }), { end: "changed", reason: undefined }],
    ["the same page for ever", (_, body) => (body?.handler ? INIT : form("contract", [])), { end: "changed", reason: undefined }],
    ["aborted", (_, body) => (body?.handler ? INIT : { type: "abort", reason: "meter_not_running" }), { end: "changed", reason: "meter_not_running" }],
    ["no administrator", () => 401, { end: "changed", reason: undefined }],
    ["the meter was removed", () => 404, { end: "changed", reason: undefined }],
    ["an error of Home Assistant", () => 500, { end: "late" }],
    ["no network", () => { throw new Error("offline"); }, { end: "late" }],
  ];
  for (const [name, script, end] of cases) {
    const { flow, asked } = begin(script, name === "the same page for ever" ? "reference_power" : "goal");
    assert.deepEqual(await flow.open(), end, name);
    assert.ok(asked.length < 12, name);
    const isOpen = asked.length > 1 && name !== "aborted";
    assert.equal(asked.at(-1) === "DELETE f keepalive", isOpen || name === "no such choice", name);
  }
});

test("a form that is left ends its flow, also while it waits", async () => {
  const { flow, asked } = begin((_, body) => (body?.handler ? INIT : goalPage()));
  const opening = flow.open();
  flow.close();
  await opening;
  assert.ok(asked.includes("DELETE f keepalive"));
  const other = begin((_, body) => (body?.handler ? INIT : goalPage()));
  await other.flow.open();
  other.flow.close();
  other.flow.close();
  assert.equal(other.asked.filter((request) => request.startsWith("DELETE")).length, 1);
});
