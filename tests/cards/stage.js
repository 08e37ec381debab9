// A page as the frontend gives it to a card: its theme, `ha-card`, `ha-icon`, and a `hass` with given answers.
let given;
let hass;
let last = 0;
const listeners = new Map();
const subscriptions = new Map();
const asked = [];
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

/** A house without solar panels, unless a test gives another answer. */
const DEFAULTS = { "smarty_p1/house": { house: null } };

const answerTo = ({ type, ...takes }) => {
  asked.push({ type, ...takes });
  const answer = given.answers[`${type} ${takes.entry_id}`] ?? given.answers[type] ?? DEFAULTS[type];
  const found = Array.isArray(answer) ? answer.find(({ takes: wanted }) => Object.entries(wanted).every(([name, value]) => takes[name] === value))?.answer : answer;
  if (found === undefined) return Promise.reject({ code: "not_answered_by_the_test", message: JSON.stringify({ type, takes }) });
  return found.error ? Promise.reject({ code: found.error }) : Promise.resolve(structuredClone(found));
};

/** A new one for each test: what cards keep, they keep by connection. */
const connect = () => ({
  sendMessagePromise: answerTo,
  subscribeMessage: async (callback, message) => {
    asked.push(message);
    const first = given.answers[`${message.type} ${message.entry_id}`] ?? given.answers[message.type];
    if (first?.error) throw { code: first.error };
    const id = ++last;
    subscriptions.set(id, { callback, message });
    if (first) queueMicrotask(() => callback(structuredClone(first)));
    return async () => subscriptions.delete(id);
  },
  addEventListener: (name, callback) => listeners.set(name, (listeners.get(name) ?? new Set()).add(callback)),
  removeEventListener: (name, callback) => listeners.get(name)?.delete(callback),
});

const newHass = () => ({
  connection: connect(),
  language: given.language,
  locale: { language: given.language, number_format: "language", time_format: given.time_format, time_zone: "local" },
  themes: { darkMode: given.dark },
  user: { is_admin: given.is_admin },
  entities: given.entities,
  devices: {},
  states: given.states ?? {},
  callWS: answerTo,
});

window.stage = {
  asked,
  get hass() {
    return hass;
  },
  /** Begin a test: an empty page, and the Home Assistant behind it. */
  begin: (wanted) => {
    document.querySelector("main").replaceChildren();
    listeners.clear();
    subscriptions.clear();
    asked.length = 0;
    given = wanted;
    home.hass = hass = newHass();
    document.documentElement.lang = given.language;
    document.documentElement.dir = "ltr";
    document.documentElement.className = given.dark ? "dark" : "light";
    scrollTo(0, 0);
  },
  subscriptions: () => subscriptions.size,
  isWaiting: () =>
    [...document.querySelectorAll("main > *")].some(
      ({ shadowRoot }) => !shadowRoot?.querySelector("ha-card") || shadowRoot.querySelector(".small[role=status]"),
    ),
  listeners: () => [...listeners.values()].reduce((sum, each) => sum + each.size, 0),
  /** A message of the subscription to a meter. */
  send: (message, entryId) => {
    for (const { callback, message: asked } of subscriptions.values()) {
      if (!entryId || asked.entry_id === entryId) callback(structuredClone(message));
    }
  },
  /** The connection is lost. */
  disconnect: () => {
    for (const callback of [...(listeners.get("disconnected") ?? [])]) callback();
  },
  /** The connection was lost and is there again. */
  reconnect: () => {
    subscriptions.clear();
    for (const callback of [...(listeners.get("ready") ?? [])]) callback();
  },
  /** What is wider than the page, or than the card around it. */
  overflow: () => {
    const found = document.documentElement.scrollWidth > innerWidth ? ["page"] : [];
    const visit = (root, around) => {
      for (const node of root.querySelectorAll("*")) {
        const box = node.getBoundingClientRect();
        const card = node.closest("ha-card")?.getBoundingClientRect() ?? around;
        const hasText = [...node.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim());
        const isMeant = hasText && box.width && !node.closest(".hidden, .scroll, style");
        if (card && isMeant && (box.right > card.right + 1 || box.left < card.left - 1)) {
          found.push(`${node.localName}: ${node.textContent.trim().slice(0, 40)}`);
        }
        if (node.shadowRoot) visit(node.shadowRoot, card);
      }
    };
    visit(document, undefined);
    return found;
  },
  answer: (answers) => Object.assign(given.answers, answers),
  place: async (type, config) => {
    await customElements.whenDefined(type);
    const card = document.createElement(type);
    card.setConfig({ type: `custom:${type}`, ...config });
    card.hass = hass;
    document.querySelector("main").append(card);
    return card;
  },
};
