// A page as the frontend gives it to a card: its theme, `ha-card`, `ha-icon`, and a `hass` with given answers.
import { createConnection } from "/connection.mjs";

let given;
let hass;
/** The connection of this test: what cards keep, they keep by connection. */
let server;
const home = document.createElement("home-assistant");
document.body.append(home);

customElements.define("ha-card", class extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" }).innerHTML = `<style>:host { display: block; box-sizing: border-box;
      background: var(--card-background-color); color: var(--primary-text-color);
      border: 1px solid var(--divider-color); border-radius: 12px; }</style><slot></slot>`;
  }
});
customElements.define("ha-icon", class extends HTMLElement {});
customElements.define("home-assistant", class extends HTMLElement {});

/** Old browsers have no `checkVisibility`. */
const isVisible = (element) => {
  for (let node = element; node; node = node.parentElement) {
    const { display, opacity } = getComputedStyle(node);
    if (display === "none" || opacity === "0") return false;
  }
  return getComputedStyle(element).visibility === "visible";
};

/** A page of an options flow, with fields of each kind; it refuses each answer. */
const flowPage = async (_path, { body = "{}" }) => {
  const isFirst = "handler" in JSON.parse(body);
  const select = { options: ["7 kW"], custom_value: true, multiple: false };
  return Response.json({
    type: "form",
    flow_id: "flow",
    step_id: "contract",
    data_schema: [
      { name: "reference_power", selector: { select } },
      { name: "energy_price", selector: { text: { suffix: "EUR/kWh" } } },
      { name: "energy_fee_per", default: "month", selector: { select: { options: ["month"], multiple: false } } },
      { name: "goal", selector: { boolean: {} } },
    ],
    errors: isFirst ? {} : { reference_power: "wrong", goal: "wrong" },
  });
};

const newHass = () => ({
  connection: server.connection,
  language: given.language,
  locale: { language: given.language, number_format: "language", time_format: given.time_format, first_weekday: given.first_weekday, time_zone: "local" },
  themes: { darkMode: given.dark },
  user: { is_admin: given.is_admin },
  entities: given.entities,
  devices: given.devices ?? {},
  states: given.states ?? {},
  callWS: server.connection.sendMessagePromise,
  loadBackendTranslation: async () => (key) => `Text of ${key}`,
  fetchWithAuth: flowPage,
});

const cardsIn = (root) =>
  [...root.querySelectorAll("*")].flatMap((node) => [...(node.localName === "ha-card" ? [node] : []), ...(node.shadowRoot ? cardsIn(node.shadowRoot) : [])]);

/** Whether a line is below what is shown of a long message that scrolls, or of a long name that a user has given. */
const isScrolled = (around, card, bottom) => {
  for (let frame = around; frame && frame !== card; frame = frame.parentElement) {
    const { overflowY, webkitLineClamp } = getComputedStyle(frame);
    const isMeant = overflowY === "auto" || webkitLineClamp !== "none";
    if (isMeant && bottom > frame.getBoundingClientRect().bottom + 1) return true;
  }
  return false;
};

/** Each line of each text of a card, as a box of its letters without the room above and below them. */
const linesOf = (card) => {
  const lines = [];
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const around = node.parentElement;
    // Tables behind a card scroll in their frame.
    if (!node.data.trim() || around.closest(".hidden, .scroll, style, select")) continue;
    if (!isVisible(around)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom, width, height } of range.getClientRects()) {
      if (width < 1 || isScrolled(around, card, bottom)) continue;
      lines.push({ node, around, left, right, top: top + height * 0.2, bottom: bottom - height * 0.2, text: node.data.trim().slice(0, 40) });
    }
  }
  return lines;
};

const blockOf = ({ around }) => {
  let block = around;
  while (getComputedStyle(block).display === "inline" && block.localName !== "text") block = block.parentElement;
  return block;
};

const faultsOf = (card) => {
  const faults = [];
  const inside = card.getBoundingClientRect();
  const lines = linesOf(card);
  if (card.matches(".scrolls")) faults.push("scrolls, although nothing limits its height");
  for (const line of lines) {
    const isLow = line.bottom > inside.bottom && !line.around.closest(".calendar");
    if (line.left < inside.left || line.right > inside.right || line.top < inside.top || isLow) faults.push(`${line.text} leaves the card`);
    for (let frame = line.around; frame && frame !== card; frame = frame.parentElement) {
      const { overflowX, overflowY, display } = getComputedStyle(frame);
      const box = frame.getBoundingClientRect();
      if (display === "inline" || frame.namespaceURI.endsWith("svg")) continue;
      if (overflowX === "hidden" && (line.left < box.left - 1 || line.right > box.right + 1)) faults.push(`${line.text} is cut off`);
      if (overflowY === "hidden" && (line.bottom > box.bottom + 1)) faults.push(`${line.text} is cut off below`);
    }
  }
  // What opens above the rest hides it.
  const placed = lines.map((line) => ({ ...line, layer: line.around.closest(".calendar, .read"), block: blockOf(line) }));
  placed.forEach((one, index) => {
    for (const other of placed.slice(index + 1)) {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      // Words of one block may follow each other without a gap.
      const gap = one.block === other.block ? 1 : -2;
      if (across > gap && down > 1 && one.layer === other.layer) faults.push(`${one.text} on ${other.text}`);
    }
  });
  for (const dot of card.querySelectorAll(".dot")) {
    const box = dot.getBoundingClientRect();
    const next = lines.find(({ node }) => dot.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (box.width && next && (next.top > box.bottom || next.left < box.left)) faults.push(`${next.text} is not beside its dot`);
  }
  return faults;
};

window.stage = {
  get asked() {
    return server.asked;
  },
  get hass() {
    return hass;
  },
  /** Empty the page. The user has gone elsewhere, so that no card of the next test gets the focus. */
  clear: () => {
    document.dispatchEvent(new FocusEvent("focusin"));
    document.querySelector("main").replaceChildren();
  },
  /** Begin a test: an empty page, and the Home Assistant behind it. */
  begin: (wanted) => {
    stage.clear();
    document.querySelector("main").removeAttribute("style");
    given = wanted;
    server = createConnection(given.answers, given.ahead_ms);
    home.hass = hass = newHass();
    document.documentElement.lang = given.language;
    document.documentElement.dir = "ltr";
    document.documentElement.className = given.dark ? "dark" : "light";
    scrollTo(0, 0);
  },
  subscriptions: () => server.subscriptions.size,
  isWaiting: () =>
    [...document.querySelectorAll("main *")].some(
      ({ localName, shadowRoot }) =>
        localName.includes("-") && (!shadowRoot?.querySelector("ha-card")?.textContent.trim() || shadowRoot.querySelector(".small[role=status]")?.textContent.endsWith("…")),
    ),
  listeners: () => [...server.listeners.values()].reduce((sum, each) => sum + each.size, 0),
  /** A message of the subscription to a meter. */
  send: (message, entryId) => server.send(message, entryId),
  /** The connection is lost. */
  disconnect: () => {
    for (const callback of [...(server.listeners.get("disconnected") ?? [])]) callback();
  },
  /** The connection was lost and is there again. */
  reconnect: () => {
    server.subscriptions.clear();
    for (const callback of [...(server.listeners.get("ready") ?? [])]) callback();
  },
  /** Texts that leave the page or their card, that are cut off, or that stand on another text. */
  overflow: () => {
    const found = document.documentElement.scrollWidth > innerWidth ? ["page"] : [];
    for (const card of cardsIn(document)) {
      const host = card.getRootNode().host;
      const name = `${host?.localName ?? "card"} at ${Math.round(card.getBoundingClientRect().width)}`;
      found.push(...faultsOf(card).map((fault) => `${name}: ${fault}`));
    }
    return found;
  },
  answer: (answers) => Object.assign(given.answers, answers),
  /** Place a card, and return it once the page has told it that it is in view. */
  place: async (type, config) => {
    const card = await stage.put(type, config);
    // Observers hear of a frame in the order in which they were made: the card's own is the first.
    await new Promise((resolve) => {
      const observer = new IntersectionObserver(() => resolve(observer.disconnect()));
      observer.observe(card);
    });
    return card;
  },
  put: async (type, config) => {
    await customElements.whenDefined(type);
    const make = () => {
      const card = document.createElement(type);
      card.setConfig({ type: `custom:${type}`, ...config });
      card.hass = hass;
      // The frontend makes a card anew that asks for it.
      card.addEventListener("ll-rebuild", () => card.replaceWith(make()), { once: true });
      return card;
    };
    const card = make();
    document.querySelector("main").append(card);
    return card;
  },
};
