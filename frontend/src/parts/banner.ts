/** Banner at the top of a card: a problem of the meter, help, and one link. */

import { css, html, nothing, type TemplateResult } from "lit";
import { localDay, type Locale, type Texts } from "../locale.ts";
import { freshFor } from "../data/meter-feed.ts";
import type { Live, Meter } from "../data/websocket-types.ts";
import texts from "../texts/banner.json" with { type: "json" };

type BannerKey = keyof (typeof texts)["en"];
export const bannerTexts: Texts<BannerKey> = texts;

export interface Trouble {
  title: string;
  help: string;
  /**
   * Whether the user caused the problem on purpose, or the problem ends without the user. Such a problem is shown
   * without alarm.
   */
  isCalm: boolean;
  /** Whether data arrives, but cannot be used: for example, it cannot be decrypted or verified. */
  isUnverified: boolean;
  link: { path: string; text: string } | undefined;
}

/** Codes of `Live.obstacle`, grouped by remedy. */
const KINDS = {
  silent: ["nothing_received", "port_silent", "no_pulse"],
  key: ["wrong_key"],
  key_missing: ["key_missing"],
  authentication: ["other_authentication_key"],
  port: ["port_not_found", "link_lost"],
  gateway: ["port_unreachable", "port_closed", "gateway_offline"],
  busy: ["port_busy"],
  permission: ["port_permission"],
  mqtt: ["mqtt_missing", "mqtt_disconnected", "broker_unavailable"],
  unreadable: ["not_p1"],
  as_text: ["bytes_as_text"],
  altered: ["damaged"],
  poor_line: ["poor_line"],
  altered_or_new_key: ["altered_or_new_key"],
  other_meter: ["other_meter", "other_meter_unreadable"],
  replay: ["replay"],
  unencrypted: ["security_off"],
  late: ["telegrams_late", "catching_up"],
  entities: ["entities_silent", "entity_unavailable"],
} satisfies Partial<Record<BannerKey, string[]>>;
type Kind = keyof typeof KINDS | "failing" | "error" | "disabled" | "not_loaded";

const UNVERIFIED: Kind[] = ["key", "key_missing", "authentication", "unreadable", "as_text", "altered", "altered_or_new_key", "other_meter", "replay", "unencrypted", "failing"];
const CALM: Kind[] = ["disabled", "not_loaded"];
const WITH_A_KEY: Kind[] = ["key", "key_missing", "authentication"];
/**
 * When the last reading is no longer current, the banner waits for this number of seconds before it says that the
 * integration is silent. In this time, the integration can report the problem itself.
 */
const SILENT_S = 60;
/** Seconds without a banner while a meter reloads, for example after a change of its options. */
const RELOAD_S = 10;

/**
 * Return the problem of a meter; undefined if all is well. `silenceMs` is the time since the last message to this
 * page; `now` is Home Assistant's time in ms since 1970.
 */
export function troubleOf(meter: Meter, live: Live, { silenceMs, now }: { silenceMs: number; now: number }, locale: Locale): Trouble | undefined {
  const t = locale.textOf<BannerKey>(bannerTexts);
  const received = live.received_at ? Date.parse(live.received_at) : NaN;
  // On a poor line, readings stop and come back: the banner stays meanwhile.
  if ((live.state === "receiving" || live.state === "waiting") && live.obstacle !== "poor_line") {
    // The clock of Home Assistant may differ from the clock of this page. So the silence is measured only by this
    // page's clock.
    if (live.state === "waiting" || silenceMs <= (freshFor(meter) + SILENT_S) * 1000) return undefined;
    const title = t("silent", { duration: duration(silenceMs, locale) });
    return { title, help: t("lost_help"), isCalm: false, isUnverified: false, link: undefined };
  }
  if (live.state === "not_loaded" && live.values && silenceMs < RELOAD_S * 1000) return undefined;
  const kind = kindOf(live);
  const serial = meter.serial_number ?? meter.title;
  const isSilent = kind === "silent";
  const lastGood = Number.isNaN(received) || CALM.includes(kind) ? "" : t("last_good", { time: moment(received, now, locale) });
  const silentTitle = lastGood ? t("silent", { duration: duration(now - received, locale) }) : t("silent_yet");
  return {
    title: isSilent ? silentTitle : t(kind),
    help: [t(`${kind}_help`, { serial }), isSilent ? "" : lastGood].filter(Boolean).join(" "),
    isCalm: CALM.includes(kind),
    isUnverified: UNVERIFIED.includes(kind),
    link: live.remedy ? { path: live.remedy.path, text: t(linkOf(kind, live.remedy.kind)) } : undefined,
  };
}

function kindOf({ state, obstacle }: Live): Kind {
  if (state === "disabled") return state;
  const entry = Object.entries(KINDS).find(([, keys]) => (keys as string[]).includes(obstacle ?? ""));
  if (entry) return entry[0] as Kind;
  return state === "error" || state === "not_loaded" ? state : "failing";
}

function linkOf(kind: Kind, remedy: string): BannerKey {
  if (remedy === "enable") return "enable";
  if (WITH_A_KEY.includes(kind) || remedy === "reauth") return "enter_key";
  return remedy === "repair" ? "see_repair" : "check_connection";
}

/** Return a duration as text, such as "14 minutes", "3 hours" or "2 days". */
function duration(ms: number, locale: Locale): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000));
  if (minutes < 60) return locale.count(bannerTexts, "minutes", minutes);
  if (minutes < 48 * 60) return locale.count(bannerTexts, "hours", Math.floor(minutes / 60));
  return locale.count(bannerTexts, "days", Math.floor(minutes / 1440));
}

/** Return the clock time, with the date unless it is today. */
function moment(time: number, now: number, locale: Locale): string {
  const date = new Date(time);
  const isToday = localDay(date) === localDay(now);
  return isToday ? locale.time(date) : `${locale.time(date)}, ${locale.shortDay(date)}`;
}

export const bannerStyles = css`
  .banner.calm {
    border-inline-start-color: var(--quiet);
    background: var(--chosen);
  }
  .banner h2 {
    display: flex;
    gap: 8px;
  }
  .banner ha-icon {
    flex: none;
    color: var(--excess-text);
  }
  .banner.calm ha-icon {
    color: var(--quiet);
  }
  .banner p {
    font-size: 13px;
    line-height: 18px;
    padding-bottom: 8px;
  }
  .banner a {
    font-size: 13px;
    margin-top: -8px;
  }
`;

/** Return the banner. `action` is the link, or a hint for users without the right to follow it. */
export function banner({ title, help, isCalm }: Trouble, action: TemplateResult | typeof nothing): TemplateResult {
  const icon = isCalm ? "mdi:information-outline" : "mdi:alert-circle-outline";
  return html`<div class="banner ${isCalm ? "calm" : ""}" role="status">
    <h2><ha-icon icon=${icon}></ha-icon><span>${title}</span></h2>
    <p>${help}</p>
    ${action}
  </div>`;
}
