// A connection to a Home Assistant that answers as a test says.

/** A house without solar panels, unless a test gives another answer. */
const DEFAULTS = { "smarty_p1/house": { house: null } };
/** Old browsers have no `structuredClone`; answers are JSON. */
export const copyOf = (answer) => JSON.parse(JSON.stringify(answer));

/** Return a new connection, and what is known of it; `answers` may change later. */
export function createConnection(answers) {
  const asked = [];
  const subscriptions = new Map();
  const listeners = new Map();
  let last = 0;
  const answerTo = ({ type, ...takes }) => {
    asked.push({ type, ...takes });
    const answer = answers[`${type} ${takes.entry_id}`] ?? answers[type] ?? DEFAULTS[type];
    const found = Array.isArray(answer) ? answer.find(({ takes: wanted }) => Object.entries(wanted).every(([name, value]) => takes[name] === value))?.answer : answer;
    if (found === undefined) return Promise.reject({ code: "not_answered_by_the_test", message: JSON.stringify({ type, takes }) });
    return found.error ? Promise.reject({ code: found.error }) : Promise.resolve(copyOf(found));
  };
  const connection = {
    sendMessagePromise: answerTo,
    subscribeMessage: async (callback, message) => {
      asked.push(message);
      const first = answers[`${message.type} ${message.entry_id}`] ?? answers[message.type];
      if (first?.error) throw { code: first.error };
      const id = ++last;
      subscriptions.set(id, { callback, message });
      if (first) queueMicrotask(() => callback(copyOf(first)));
      return async () => subscriptions.delete(id);
    },
    addEventListener: (name, callback) => listeners.set(name, (listeners.get(name) ?? new Set()).add(callback)),
    removeEventListener: (name, callback) => listeners.get(name)?.delete(callback),
  };
  return { connection, asked, subscriptions, listeners };
}
