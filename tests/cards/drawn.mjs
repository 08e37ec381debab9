// Draws cards without a browser: reads from stdin what to show, and writes what each card draws, as JSON.
//
// What a card draws is written line by line, each tag on its own line. Of what a card draws later, after a key or a
// click, or for another household, only the lines that are new are written. The digest of a step is that of all lines.

import { createHash } from "node:crypto";
import { mock } from "node:test";
import { listenersOf, markupOf } from "../../frontend/tests/template-text.ts";
import { createConnection } from "./connection.mjs";

const SOURCE = new URL("../../frontend/src/", import.meta.url).href;
/** How often a card is drawn at most until nothing changes any more. */
const MAX_DRAWINGS = 12;
const MAX_CLICKS = 24;
/** Time after which nothing is left of a card that was removed. */
const GONE_MS = 60_000;
const MAX_CHARTS = 2;
const KEYS = ["End", "ArrowLeft", "PageDown", "ArrowUp", "Escape", "Home"];
/** Events of fields, what their markup has, and what is entered. */
const FIELDS = [
  ["input", 'type="text"', ["1 800,00 €", "0.5", "1.800", "9e300", "much", ""]],
  ["input", 'type="range"', ["11"]],
  ["change", "", ["11"]],
];
const DASHBOARD = "dashboard";
/** Lead of the page's clock over Home Assistant's. */
const AHEAD_MS = 1000 * Number(process.env.AHEAD_S ?? 0);
const DECIMALS = /\.\d{4,}(?:e-\d+)?/g;

let given = "";
for await (const chunk of process.stdin) given += chunk;
const shows = JSON.parse(given);
mock.timers.enable({ apis: ["Date", "setInterval", "setTimeout"] });
// Periods pass with the clock of the test.
performance.now = () => Date.now();

// Lit looks for a document when it is loaded, so load the cards first.
const cards = {};
for (const name of new Set(shows.map(({ card }) => card).filter((card) => card !== DASHBOARD))) {
  const module = await import(`${SOURCE}cards/${name}.ts`);
  cards[name] = Object.values(module).find((each) => each.prototype?.setConfig);
}
globalThis.HTMLElement ??= class {};
const { SmartyDashboard } = await import(`${SOURCE}dashboard-layout.ts`);

/** Width of the shown card in px. */
let width;
/** What the shown card has done beside drawing. */
const deeds = [];
const element = {
  style: { setProperty() {} },
  classList: { toggle() {} },
  removeAttribute() {},
  focus() {},
  getBoundingClientRect: () => ({ left: 0, top: 0, width, height: 160 }),
  querySelector: () => element,
  querySelectorAll: () => [],
};
/** Observers that watch something. */
const watching = new Set();
class Observer {
  constructor(callback) {
    this.callback = callback;
  }
  observe() {
    watching.add(this);
    this.callback([{ isIntersecting: true, contentRect: { width: 0 } }]);
  }
  disconnect() {
    watching.delete(this);
  }
}
Object.assign(globalThis, {
  window: globalThis,
  document: {
    hidden: false,
    addEventListener() {},
    removeEventListener() {},
    // A font whose letters are 7 px wide.
    createElement: () => ({ ...element, setAttribute() {}, getContext: () => ({ measureText: ({ length }) => ({ width: 7 * length }) }) }),
    querySelector: () => null,
    // A frame never loads its page, so no statement is printed.
    body: { append() {} },
  },
  ResizeObserver: Observer,
  IntersectionObserver: Observer,
  getComputedStyle: () => ({ fontFamily: "" }),
  requestAnimationFrame: setImmediate,
  matchMedia: () => ({ addEventListener() {}, removeEventListener() {} }),
  addEventListener() {},
  removeEventListener() {},
  dispatchEvent() {},
  localStorage: { getItem: () => null, setItem: (key, value) => deeds.push(`stores ${key}: ${value}`) },
  history: { pushState: (_state, _title, path) => deeds.push(`goes to ${path}`) },
  innerHeight: 1000,
  location: { pathname: "/dashboard-smarty/year" },
});

const linesOf = (markup) =>
  markup
    .replaceAll(/[ \n]+/g, " ")
    .replaceAll(/ @\w+=(?=[ >])/g, "")
    .replaceAll(DECIMALS, (digits) => Number(digits).toFixed(3).slice(1))
    .split(/(?=<)/)
    .map((line) => line.replace(/^<\/[\w-]+>/, "").trim())
    .filter(Boolean);

/** Let answers come in, and time pass. */
async function settle() {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  mock.timers.tick(50);
}

class ShownCard {
  #card;
  #controllers = [];
  #server;

  constructor({ card, config, answers, hass }) {
    const { prototype } = cards[card];
    prototype.addController = (controller) => this.#controllers.push(controller);
    prototype.requestUpdate = () => {};
    this.#card = new cards[card]();
    Object.defineProperties(this.#card, {
      renderRoot: { value: { querySelector: () => element, querySelectorAll: () => [] } },
      updateComplete: { value: Promise.resolve() },
      getBoundingClientRect: { value: element.getBoundingClientRect },
      clientWidth: { value: width + 32 },
      dispatchEvent: { value: ({ type, detail }) => deeds.push(`${type} ${JSON.stringify(detail)}`) },
    });
    this.#card.setConfig({ type: `custom:${card}`, ...config });
    if (markupOf(this.#card.render())) throw new Error("the card draws something without Home Assistant");
    this.#server = createConnection(answers, AHEAD_MS);
    const { connection } = this.#server;
    this.#card.hass = { ...hass, connection, callWS: connection.sendMessagePromise };
    this.#card.connectedCallback();
    for (const controller of this.#controllers) controller.hostConnected?.();
  }

  /** Draw until nothing changes. Return the template, and its lines with what the card has done. */
  async draw() {
    let before;
    for (let turn = 0; turn < MAX_DRAWINGS; turn += 1) {
      await settle();
      this.#card.willUpdate(new Map());
      const template = this.#card.render();
      for (const controller of this.#controllers) controller.hostUpdated?.();
      const markup = markupOf(template);
      if (markup === before && turn > 2) {
        const asked = this.#server.asked.splice(0).map((question) => `asks ${JSON.stringify(question)}`);
        return { template, lines: [...linesOf(markup), ...asked, ...deeds.splice(0)] };
      }
      before = markup;
    }
    throw new Error("the card never comes to rest");
  }

  /** Send a message of the subscription to the meter. */
  send(message) {
    this.#server.send(message, undefined, message.loads ? "smarty_p1/plan" : undefined);
  }

  /** Return how much room the card wants. */
  get size() {
    return JSON.stringify([this.#card.getGridOptions(), this.#card.getCardSize()]);
  }

  /** Remove the card from the page, and wait until nothing is left of it. */
  async remove() {
    this.#card.disconnectedCallback();
    for (const controller of this.#controllers) controller.hostDisconnected?.();
    mock.timers.tick(GONE_MS);
    await settle();
    const { subscriptions, listeners } = this.#server;
    const left = [...listeners].filter(([, callbacks]) => callbacks.size).map(([name]) => name);
    if (subscriptions.size || left.length || watching.size) throw new Error(`${subscriptions.size} subscriptions, ${left} and ${watching.size} observers are left`);
  }
}

/** Return the form of a card, with the names of its fields. */
function formOf(card) {
  const { schema, computeLabel } = card.getConfigForm();
  return [card.getStubConfig(), ...schema.map((field) => ({ label: computeLabel(field), ...field }))].map((each) => JSON.stringify(each));
}

const drawn = {};
const known = {};
for (const show of shows) {
  ({ width } = show);
  mock.timers.setTime(Date.parse(show.now) + AHEAD_MS);
  if (show.card === DASHBOARD) {
    const { connection } = createConnection(show.answers, AHEAD_MS);
    const { views } = await SmartyDashboard.generate({}, { ...show.hass, connection });
    const parts = views.flatMap(({ sections, ...view }) => [view, ...sections.flatMap(({ cards, ...section }) => [section, ...cards])]);
    (drawn[DASHBOARD] ??= []).push(`=== ${show.title}`, ...parts.map((part) => JSON.stringify(part)));
    continue;
  }
  const before = (known[show.card] ??= new Set());
  const found = (drawn[show.card] ??= formOf(cards[show.card]));
  let shown;
  try {
    shown = new ShownCard(show);
  } catch ({ message }) {
    found.push(`=== ${show.title}`, message);
    continue;
  }
  let template;
  const draw = async (title) => {
    let lines;
    ({ template, lines } = await shown.draw());
    const digest = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 8);
    found.push(`${title} (${digest})`, ...lines.filter((line) => !before.has(line) && before.add(line)));
  };
  const event = (more) => ({ preventDefault() {}, stopPropagation() {}, currentTarget: element, ...more });
  await draw(`=== ${show.title} ${shown.size}`);
  for (const step of show.sent) {
    let title = "another message";
    if (typeof step === "number") {
      title = `${step} s later`;
      mock.timers.tick(1000 * step);
    } else if (typeof step === "string") {
      title = `${step} in the last chart`;
      listenersOf(template, "keydown").at(-1)(event({ key: step }));
    } else if (step.answers) {
      title = "other answers";
      Object.assign(show.answers, step.answers);
    } else shown.send(step);
    await draw(`--- ${title}`);
  }
  for (let place = 0; place < Math.min(MAX_CHARTS, listenersOf(template, "keydown").length); place += 1) {
    for (const key of KEYS) {
      listenersOf(template, "keydown")[place]?.(event({ key }));
      await draw(`--- ${key} in chart ${place + 1}`);
    }
  }
  // A calendar has so many days that what can be opened below it comes first.
  for (const of of ["aria-expanded=", ""]) {
    for (let place = 0; place < Math.min(MAX_CLICKS, listenersOf(template, "click", of).length); place += 1) {
      listenersOf(template, "click", of)[place]?.(event({ clientX: 0.3 * width, clientY: 40 }));
      await draw(`--- click ${of}${place + 1}`);
    }
  }
  for (const [kind, of, values] of FIELDS) {
    for (let place = 0; place < listenersOf(template, kind, of).length; place += 1) {
      for (const value of values) {
        listenersOf(template, kind, of)[place]?.(event({ target: { value } }));
        await draw(`--- ${kind} ${value} in field ${place + 1}`);
      }
    }
  }
  await shown.remove();
}
process.stdout.write(JSON.stringify(drawn), () => process.exit(0));
