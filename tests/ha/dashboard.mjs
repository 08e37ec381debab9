// Runs the dashboard's module outside of a browser: reads {module, hass, later, texts} as JSON
// from the standard input, and prints what the strategy makes of it, and what the dialog offers.
import { readFileSync } from "node:fs";

const { module, hass, later, texts } = JSON.parse(readFileSync(0, "utf8"));
const elements = {};
globalThis.HTMLElement = class {};
// As the frontend does: a registry of its own replaces the browser's, and knows nothing of before.
const registry = { define: (name, element) => { elements[name] = element; } };
const replace = async () => { globalThis.customElements = registry; };
globalThis.customElements = { define: () => {}, whenDefined: replace };
globalThis.window = globalThis;
globalThis.document = { querySelector: () => ({ hass }) };

hass.callWS = async ({ type }) => {
  if (type !== "config/entity_registry/list" || !hass.registry) throw new Error(`refused: ${type}`);
  return hass.registry;
};
hass.loadBackendTranslation = async (category, integration) => (key, values = {}) => {
  const found = key.startsWith(`component.${integration}.${category}.`)
    ? key.split(".").slice(2).reduce((tree, part) => tree?.[part], texts) ?? ""
    : "";
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name]);
};

await import(`data:text/javascript;base64,${Buffer.from(readFileSync(module)).toString("base64")}`);
const [offer] = window.customStrategies;
const strategy = elements[`ll-strategy-dashboard-${offer.type}`];
const dashboard = await strategy.generate({ type: `custom:${offer.type}` }, hass);
const suggestions = strategy.getCreateSuggestions(hass);
const is_made_anew = strategy.shouldRegenerate({}, hass, { ...hass, ...later });
const remade = await strategy.generate({ type: `custom:${offer.type}` }, { ...hass, ...later });
console.log(JSON.stringify({ dashboard, offer, suggestions, is_made_anew, remade }));
