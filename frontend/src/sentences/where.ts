/** Texts and numbers of the card that shows where the energy went. */

import { sumOf } from "../built-in-replacements.ts";
import { type CommonKey, type Instant, type Locale, localDay, round, roundParts, type Texts } from "../locale.ts";
import type { Shares, ShareRow } from "../data/websocket-types.ts";
import texts from "../texts/where.json" with { type: "json" };

export type WhereKey = keyof (typeof texts)["en"] | CommonKey;
export const whereTexts: Texts<WhereKey> = texts;

/** Smallest share of the house's energy without a name for which the card asks for devices. */
const MIN_UNNAMED_SHARE = 0.25;

export interface WhereRow {
  name: string;
  /** Power of the base load, such as "250 W". */
  detail: string;
  kind: ShareRow["kind"];
  /** Length of the bar, as a share of the longest one. */
  length: number;
  kwh: string;
  cost: string;
}

export interface Where {
  sentence: string;
  /** Whether the energy without a name is more than that of each device. */
  isUnnamed: boolean;
  rows: WhereRow[];
  /** `until` says when a month has been counted to: other cards also count today. */
  house: { until: string; kwh: string; cost: string } | undefined;
  notes: string[];
}

export type Period = "yesterday" | "month";

/** Return the period that is shown until one is chosen: on the first of a month, no day of the month is over yet. */
export const firstPeriod = (now: Instant): Period => (localDay(now).endsWith("-01") ? "yesterday" : "month");

/** Return the content of the card. `reference` is the reference power in kW. */
export function where(shares: Shares, reference: number | null, locale: Locale): Where {
  const t = locale.textOf<WhereKey>(whereTexts);
  const { rows, house_wh: house } = shares;
  const decimals = Math.max(house ?? 0, ...rows.map(({ wh }) => wh)) < 100_000 ? 1 : 0;
  // The rows of a whole house add up to it, as they are shown.
  const energies = rows.map(({ wh }) => wh / 1000);
  const isWhole = house !== null && !shares.lack && Math.abs(sumOf(rows.map(({ wh }) => wh)) - house) <= rows.length;
  const shown = isWhole ? roundParts(energies, decimals, house / 1000) : energies;
  const kwh = (row: ShareRow) => locale.kWh(shown[rows.indexOf(row)]!, decimals);
  const nameOf = ({ name, kind }: ShareRow) => name ?? t(kind === "else" ? "rest" : "always_on");
  const [first, next] = rows.filter(({ kind, wh }) => kind !== "else" && wh);
  const amount = (row: ShareRow) => (row.cost === null ? kwh(row) : locale.cents(row.cost));
  const longest = Math.max(1, ...rows.map(({ wh }) => wh));
  const rest = shares.lack ? undefined : rows.find(({ kind }) => kind === "else");
  const isUnnamed = Boolean(rest && house && rest.wh >= MIN_UNNAMED_SHARE * house && rest.wh > (first?.wh ?? 0));
  const share = ({ wh }: ShareRow) => locale.percent(Math.min(1, wh / house!));
  const [lead, then] = isUnnamed
    ? [t(rows.some(({ kind }) => kind === "device") ? "unnamed_more" : "unnamed", { share: share(rest!), amount: amount(rest!) }), first]
    : [first && house ? t("first", { name: nameOf(first), amount: amount(first), share: share(first) }) : "", next];
  return {
    isUnnamed,
    sentence: lead && then ? `${lead} ${t("next", { name: nameOf(then), share: share(then) })}` : lead,
    rows: rows.map((row) => ({
      name: nameOf(row),
      detail: row.kind === "always_on" && shares.always_on_w !== null ? locale.unit(shares.always_on_w, "W") : "",
      kind: row.kind,
      length: Math.max(0, row.wh / longest),
      kwh: row.wh || !row.unknown_days ? kwh(row) : "–",
      cost: row.cost === null ? "" : row.wh || !row.unknown_days ? locale.cents(row.cost) : "–",
    })),
    house: house === null || shares.lack ? undefined : { until: shares.period === "month" ? locale.common("until_end_of", { day: locale.shortDay(Date.parse(shares.end) - 1) }) : "", kwh: locale.kWh(house / 1000, decimals), cost: shares.cost === null ? "" : locale.cents(shares.cost) },
    notes: [
      shares.lack ? t(`lack_${shares.lack}`) : "",
      shares.cost === null || shares.lack ? "" : footOf(shares, reference, locale),
      ...rows.map((row) => (row.unknown_days ? locale.count(whereTexts, "unknown", row.unknown_days, { name: nameOf(row) }) : "")),
    ].filter(Boolean),
  };
}

/** Return which parts of the bill the rows do not have. With them, the rows are the bill of the period. */
function footOf({ rows, fixed, above, feed_in: sold }: Shares, reference: number | null, locale: Locale): string {
  const t = locale.textOf<WhereKey>(whereTexts);
  const parts = [
    fixed === null ? "" : t("fixed", { amount: locale.cents(fixed) }),
    round(above, 2) ? (reference === null ? t("above_any", { amount: locale.cents(above) }) : t("above", { R: locale.referenceKW(reference), amount: locale.cents(above) })) : "",
    round(sold, 2) ? t("sold", { amount: locale.cents(sold) }) : "",
  ].filter(Boolean);
  return `${t(rows.some(({ own_wh }) => own_wh) ? "each" : "each_grid")} ${parts.length ? t("foot", { parts: parts.join(", ") }) : ""}`.trim();
}
