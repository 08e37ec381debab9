/**
 * Amounts in euros that a person types. The rules are those of `lib/amounts.py`; both have the same table of tests,
 * `tests/lib/amounts.json`.
 */

import { lastOf } from "./built-in-replacements.ts";

const MAX_CHARS = 64;
const AMOUNT =
  /^([+-]?) ?([^\d+\-.,' ]*) ?([+-]?) ?([.,]?[0-9](?:[0-9]|[ .,'](?=[0-9]))*)(?:[.,]-{1,2}| ?([+-]))? ?([^\d+\-.,' ](?:[^+\-]*\p{L}-(?=\p{L}))*[^+\-]*)? ?([+-]?)$/u;
const EUROS = /^(?:€|eur|euros?)$/i;
const CENTS = /^(?:cts?|cents?|centimes?|cêntimos?|c|¢|c€|€c|ct€|€ct|cteur|eurct|eurocents?|€cent)$/i;

/** Return an amount; undefined if the text is ambiguous, no amount or beyond its limits. */
export function readAmount(text: string, min: number, max: number): number | undefined {
  const [amount = NaN, ...others] = readEuros(text);
  return others.length || !(amount >= min && amount <= max) ? undefined : amount;
}

/** Return an amount, both readings of an ambiguous amount, or no number if the text is not an amount. */
export function readEuros(text: string): number[] {
  if (text.length > MAX_CHARS) return [];
  const plain = text
    .replace(/\p{Cf}/gu, "")
    .replace(/[\u2010-\u2014\u2212\ufe63\uff0d]/g, "-")
    .replace(/[\u2018\u2019\u02bc\u00b4`\u2032]/g, "'")
    .replace(/[\s\x1c-\x1f\x85]+/g, " ")
    .trim();
  const [, sign, before, innerSign, number, lastSign, after, endSign] = AMOUNT.exec(plain) ?? [];
  const signs = `${sign ?? ""}${innerSign ?? ""}${lastSign ?? ""}${endSign ?? ""}`;
  const unit = (before || after || "").replace(/[\s.\-·]/g, "");
  const isEuros = !unit || EUROS.test(unit);
  if (!number || signs.length > 1 || (before && after) || !(isEuros || CENTS.test(unit))) return [];
  const readings = readingsOf(number).map((reading) => (signs === "-" ? -reading || 0 : reading));
  return readings.length > 1 || isEuros ? readings : readings.map((reading) => reading / 100);
}

function readingsOf(number: string): number[] {
  const separators = number.replace(/[0-9]/g, "");
  const mark = lastOf(separators);
  if (!mark) return [Number(number)];
  const others = new Set(separators.slice(0, -1));
  if (/[.,]/.test(mark) && !others.has(mark) && others.size <= 1) {
    const at = number.lastIndexOf(mark);
    const [whole, fraction] = [number.slice(0, at), number.slice(at + 1)];
    if (others.size && !isGrouped(whole.split(/[ .,']/))) return [];
    const digits = whole.replace(/[^0-9]/g, "");
    const reading = Number(`${digits || 0}.${fraction}`);
    return !others.size && fraction.length === 3 && /[1-9]/.test(digits) ? [reading, Number(digits + fraction)] : [reading];
  }
  const groups = number.split(mark);
  return new Set(separators).size === 1 && isGrouped(groups) ? [Number(groups.join(""))] : [];
}

function isGrouped([first = "", ...others]: string[]): boolean {
  return first.length >= 1 && first.length <= 3 && first !== "0" && others.every((group) => group.length === 3);
}
