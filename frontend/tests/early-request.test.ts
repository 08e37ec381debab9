import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { rememberDashboard, requestEarly } from "../src/data/early-request.ts";
import type { Connection } from "../src/hass.ts";

const kept = new Map<string, string>();
const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) };

/** Open a page, and return the meters of which a power is requested before the page has a card. */
async function requestedOn(pathname: string): Promise<unknown[]> {
  const requested: unknown[] = [];
  const conn = {
    sendMessagePromise: async () => ({ meters: [{ entry_id: "chosen", state: "receiving", media: [] }] }),
    subscribeMessage: async (_: unknown, message: { entry_id: string }) => (requested.push(message.entry_id), () => undefined),
    addEventListener() {},
    removeEventListener() {},
  } as unknown as Connection;
  Object.assign(globalThis, { location: { pathname }, window: { hassConnection: Promise.resolve({ conn }) } });
  await requestEarly();
  await new Promise(setImmediate);
  return requested;
}

afterEach(() => mock.timers.reset());
beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.requestAnimationFrame = (callback) => setImmediate(callback, 0) as unknown as number;
  kept.clear();
  Object.assign(globalThis, { localStorage: storage, location: { pathname: "/home/power" } });
});

test("a dashboard that had the card of the present power asks early, in all of its views", async () => {
  assert.deepEqual(await requestedOn("/home/power"), []);
  rememberDashboard("a");
  assert.deepEqual(await requestedOn("/home/year"), ["a"]);
  assert.deepEqual(await requestedOn("/other/power"), []);
});

test("a card without a meter of its own asks early for the chosen meter", async () => {
  rememberDashboard(undefined);
  assert.deepEqual(await requestedOn("/home/power"), ["chosen"]);
});

test("a browser that keeps nothing asks for nothing early", async () => {
  const refuse = () => {
    throw new Error("denied");
  };
  Object.assign(globalThis, { localStorage: { getItem: refuse, setItem: refuse } });
  rememberDashboard("a");
  assert.deepEqual(await requestedOn("/home/power"), []);
});
