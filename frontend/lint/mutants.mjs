/**
 * Makes mutants of the cards' sources: writes each possible change as a row of JSON, for `scripts/mutants`.
 *
 * usage: node mutants.mjs FILE...
 */

import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { parse } from "acorn";

const SWAPPED = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "&&": "||",
  "||": "&&",
  "??": "&&",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
};
const SWAPPED_CALLS = { min: "max", max: "min", some: "every", every: "some" };
/** Operands that need no brackets. */
const SIMPLE = ["Identifier", "Literal", "MemberExpression", "CallExpression", "ThisExpression", "TemplateLiteral"];

/** Yield the nodes below a node, each with its parent. */
function* below(parent) {
  for (const child of Object.values(parent).flat()) {
    if (typeof child?.type !== "string") continue;
    yield [child, parent];
    yield* below(child);
  }
}

/** Yield new code for a node. */
function* changes(node, parent, source) {
  const code = ({ start, end }) => source.slice(start, end);
  const operand = (part) => (SIMPLE.includes(part.type) ? code(part) : `(${code(part)})`);
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression": {
      const { left, operator, right } = node;
      const isText = [left, right].some(({ type, value }) => type === "TemplateLiteral" || typeof value === "string");
      if (SWAPPED[operator] && !(operator === "+" && isText)) yield `${operand(left)} ${SWAPPED[operator]} ${operand(right)}`;
      if (node.type === "LogicalExpression") yield* [code(left), code(right)];
      break;
    }
    case "UnaryExpression":
      if (["!", "-"].includes(node.operator)) yield code(node.argument);
      break;
    case "ConditionalExpression":
      yield `${operand(node.test)} ? ${operand(node.alternate)} : ${operand(node.consequent)}`;
      break;
    case "Literal":
      if (typeof node.value === "boolean") yield `${!node.value}`;
      if (typeof node.value === "number") yield `${Number.isInteger(node.value) ? node.value + 1 : node.value * 2}`;
      break;
    case "CallExpression": {
      const { object, property } = node.callee;
      const name = SWAPPED_CALLS[property?.name];
      if (name) yield `${code(object)}.${name}${source.slice(property.end, node.end)}`;
      break;
    }
    case "ExpressionStatement":
      if (["AwaitExpression", "CallExpression"].includes(node.expression.type) && node.expression.callee?.type !== "Super") yield ";";
  }
  if (parent.type === "IfStatement" && node === parent.test && SIMPLE.includes(node.type)) yield `!${code(node)}`;
  if (parent.type === "ReturnStatement" && node.type !== "Literal") yield "undefined";
}

for (const file of process.argv.slice(2)) {
  const source = readFileSync(file, "utf8");
  const bytes = (end) => Buffer.byteLength(source.slice(0, end));
  const line = (end) => source.slice(0, end).split("\n").length;
  for (const [node, parent] of below(parse(stripTypeScriptTypes(source), { ecmaVersion: "latest", sourceType: "module" }))) {
    const isKey = parent.type === "Property" && node === parent.key;
    for (const code of isKey ? [] : changes(node, parent, source)) {
      const [first, last] = [line(node.start), line(node.end)];
      const text = source.split("\n")[first - 1].trim();
      console.log(
        JSON.stringify([file, first, last, bytes(node.start), bytes(node.end), source.slice(node.start, node.end), code, node.type.endsWith("Statement"), text]),
      );
    }
  }
}
