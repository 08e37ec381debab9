// A connection to a Home Assistant that answers as a test says.

/** A house without solar panels, unless a test gives another answer. */
const DEFAULTS = { "smarty_p1/house": { house: null } };
/** Old browsers have no `structuredClone`; answers are JSON. */
export const copyOf = (answer) => JSON.parse(JSON.stringify(answer));

/**
 * Return a new connection, and what is known of it; `answers` may change later. The clock of the page is `aheadMs`
 * ahead of Home Assistant's.
 */
export function createConnection(answers, aheadMs = 0) {
  const asked = [];
  const subscriptions = new Map();
  const listeners = new Map();
  let last = 0;
  /** Return a message with the time at which it is sent: never before its reading has come. */
  const sent = (message) => {
    aheadMs = Math.min(aheadMs, Date.now() - (Date.parse(message.received_at) || 0));
    return { now: new Date(Date.now() - aheadMs).toISOString(), ...copyOf(message) };
  };
  /** Send a message of a subscription to a meter; without an id, to all meters. */
  const send = (message, entryId, type = "smarty_p1/live") => {
    for (const { callback, message: asked } of subscriptions.values()) if (asked.type === type && (!entryId || asked.entry_id === entryId)) callback(sent(message));
  };
  const answerTo = ({ type, ...takes }) => {
    asked.push({ type, ...takes });
    const answer = answers[`${type} ${takes.entry_id}`] ?? answers[type] ?? DEFAULTS[type];
    const found = Array.isArray(answer) ? answer.find(({ takes: wanted }) => Object.entries(wanted).every(([name, value]) => JSON.stringify(takes[name]) === JSON.stringify(value)))?.answer : answer;
    if (found === undefined) return Promise.reject({ code: "not_answered_by_the_test", message: JSON.stringify({ type, takes }) });
    return found.error ? Promise.reject({ code: found.error }) : Promise.resolve(type === "smarty_p1/meters" ? sent(found) : copyOf(found));
  };
  const connection = {
    sendMessagePromise: answerTo,
    subscribeMessage: async (callback, message) => {
      asked.push(message);
      const first = answers[`${message.type} ${message.entry_id}`] ?? answers[message.type];
      if (first?.error) throw { code: first.error };
      const id = ++last;
      subscriptions.set(id, { callback, message });
      if (first) queueMicrotask(() => callback(sent(first)));
      return async () => subscriptions.delete(id);
    },
    addEventListener: (name, callback) => listeners.set(name, (listeners.get(name) ?? new Set()).add(callback)),
    removeEventListener: (name, callback) => listeners.get(name)?.delete(callback),
  };
  return { connection, send, asked, subscriptions, listeners };
}
