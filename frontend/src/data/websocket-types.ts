/** Types of the websocket answers, as described in `docs/websocket.md`. */

/** Time in ISO 8601. */
export type Time = string;

export interface Remedy {
  kind: "reauth" | "repair" | "reconfigure" | "enable";
  path: string;
}

export interface Medium {
  meter: string;
  type: string;
  unit: string;
  device_id: string | null;
  kwh_per_m3?: number | null;
}

export interface Meter {
  entry_id: string;
  title: string;
  serial_number: string | null;
  device_id: string | null;
  state: MeterState;
  obstacle: string | null;
  remedy: Remedy | null;
  last_telegram: Time | null;
  currency: string;
  reference_kw: number | null;
  /** Additional price of a kWh above the reference power, in EUR with VAT. */
  excess_price: number | null;
  prices_of?: OlderPrices;
  known_since: Time | null;
  /**
   * "leneda": a meter without a cable. Only its past days are known. "entities": another integration reads the meter, and
   * its readings are not verified. "pulses": a pulse reader, of which only energy and power are known.
   */
  source: "port" | "leneda" | "entities" | "pulses";
  /** Only if `source` is "entities": name of the integration of these entities; null while the meter is not loaded. */
  integration?: string | null;
  /** Only if `source` is "entities": seconds for which a reading counts as current. */
  fresh_for?: number;
  /** Only for a meter that is read here: whether its quarter-hours are also downloaded from Leneda. */
  has_leneda?: boolean;
  /** Only for a meter without a cable: end of the last known day. */
  known_until?: Time | null;
  /** Only for a meter without a cable: whether older days are still being fetched. */
  is_fetching?: boolean;
  phases: 1 | 2 | 3 | null;
  feeds_in: boolean | null;
  connection_kva: number | null;
  media: Medium[];
}

export type MeterState = "receiving" | "waiting" | "failing" | "not_loaded" | "error" | "disabled";

export interface RunningQuarterHour {
  time: Time;
  start: Time;
  end: Time;
  measured_since: Time;
  /** Newest month of the bills. */
  month: string;
  imported_wh: number;
  exported_wh: number | null;
  reference_kw: number | null;
  running_kw: number | null;
  projected_kw: number | null;
  available_kw: number | null;
  will_exceed: boolean | null;
  last: { start: Time; mean_kw: number } | null;
}

export interface MediumReading {
  index: number | null;
  unit: string;
  time: Time | null;
  /** Flow in m³/h, or power in kW. */
  flow: number | null;
}

export interface Live {
  state: MeterState | "removed" | "unauthorized";
  obstacle: string | null;
  remedy: Remedy | null;
  gone?: true;
  /** Time at which Home Assistant sent the message. */
  now: Time;
  received_at?: Time | null;
  values?: Record<string, number | string | boolean | null>;
  media?: Record<string, MediumReading>;
  quarter_hour?: RunningQuarterHour | null;
  house?: HousePowers;
}

/** Present power of an inverter or a battery, and the time of its last report; null if unknown. */
export interface SourcePower {
  kw: number | null;
  reported_at: Time | null;
}

/** Powers of a house. The lists are empty until `smarty_p1/house` was requested. */
export interface HousePowers {
  solar: SourcePower[];
  battery: SourcePower[];
}

/** Power from the grid in W in each ten seconds of an hour; null without a reading. */
export interface PowerHour {
  start: Time;
  step: 10;
  unit: "W";
  net: (number | null)[];
  /** The same of L1, L2 and L3; [] if fewer than two are known. */
  phases: (number | null)[][];
  /** Power entities of the Energy dashboard's devices. */
  devices?: string[];
}

export interface QuarterHours {
  start: Time;
  end: Time;
  step: 900;
  quantity: "imported" | "exported" | "net" | "larger";
  unit: "Wh";
  values: (number | null)[] | string;
  /**
   * A number for each quarter-hour: how many of `reference_powers` it exceeds, plus 16 if it exceeds the contract's
   * reference power. This field is missing unless the requested quantity is `larger`.
   */
  above?: number[] | string;
  reference_powers?: number[];
  /**
   * Successive quarter-hours that come from Leneda and not from the meter: index of the first, their number, and
   * their source.
   */
  origins: [number, number, "leneda" | "leneda_estimated"][];
  /** Mark that changes when the data of the days before today change. */
  past: string;
}

export interface Peak {
  start: Time;
  mean_kw: number;
}

/** Published prices that an amount uses after the last day for which they are published. Days are "2026-12-31". */
export interface OlderPrices {
  /** That day, for each kind of price. */
  grid?: string;
  levies?: string;
  vat?: string;
  /** Last day of each aid that lowered one of these prices, or will have lowered it. */
  ended?: { state_aid?: string };
  /** Whether newer prices are published, although a yearly amount does not use them. */
  newer_known?: boolean;
}

export interface Day {
  day: string;
  start: Time;
  end: Time;
  imported_wh: number | null;
  exported_wh: number | null;
  quarter_hours: number;
  leneda_quarter_hours: number;
  estimated_quarter_hours: number;
  of_quarter_hours: number;
  reference_kw: number | null;
  quarter_hours_above: number;
  above_wh: number;
  peak: Peak | null;
  /** Sum of `cost_used`, `cost_fixed` and `feed_in`, in EUR. `feed_in` is negative if the household is paid. */
  cost: number | null;
  cost_used: number | null;
  cost_fixed: number | null;
  cost_above: number | null;
  /** Cost of the parts of the bill whose prices are all known, in EUR. */
  subtotal?: number | null;
  prices_of?: OlderPrices;
  feed_in: number | null;
}

export interface BillLine {
  name: string;
  quantity: number;
  unit: string;
  price: number;
  amount: number;
  /**
   * `label` is the name of an aid (such as a rebate) that the user entered. `has_vat` says whether VAT is charged on
   * the aid.
   */
  label?: string;
  has_vat?: boolean;
}

export type BillPart = "energy" | "network" | "levies" | "surcharge" | "feed_in";

export interface Bill {
  month: string;
  since?: string;
  start: Time;
  end: Time;
  until: Time;
  measured_share: number;
  lines: BillLine[];
  net: number | null;
  vat_base: number | null;
  vat: number | null;
  vat_rate: number | null;
  total: number | null;
  /** Forecast of the whole month. The range from `low` to `high` holds the total in 80 % of months. */
  estimate?: { total: number; low: number; high: number; prices_of?: OlderPrices };
  /** Goal of the current month; absent without a goal. */
  goal?: Goal;
  /** Data without which the current month has no forecast. */
  estimate_lacks?: "last_year" | "quarter_hours";
  /**
   * Names of the bill's lines that have no price. If there is one, `total` is null. `subtotal` is then the sum of the
   * parts of the bill (such as "network") in which every line has a price.
   */
  missing?: string[];
  subtotal?: number | null;
  prices_of?: OlderPrices;
  unpriced_kwh?: number;
  /** Part of `unpriced_kwh` whose price follows the market. */
  unpriced_market_kwh?: number;
  unpriced_exported_kwh?: number;
  /**
   * Numbers of quarter-hours: `quarter_hours` are known, `leneda_quarter_hours` come from Leneda, and
   * `estimated_quarter_hours` were estimated by the operator. All three are absent if no quarter-hour came from
   * Leneda.
   */
  quarter_hours?: number;
  leneda_quarter_hours?: number;
  estimated_quarter_hours?: number;
  /** Shared energy. Present only with energy sharing. */
  shared_kwh?: number;
  sharing_known_kwh?: number;
  may_owe_less_network?: number | null;
  /** Payment to the energy community, which is not in the bill. Present only with shared energy of a known price. */
  community?: BillLine;
  total_with_community?: number | null;
  imported_kwh: number;
  exported_kwh: number | null;
  reference_kw: number | null;
  peak: Peak | null;
  parts: Partial<Record<BillPart, number>>;
}

/** Goal for the cost of a month, in EUR. */
export interface Goal {
  /** Whether the goal is the cost of the same month of last year. */
  is_last_year: boolean;
  /** null if the cost of last year is unknown. */
  total: number | null;
  /** What each day that is left may cost; null if nothing is left, or less than a day. */
  day_budget?: number | null;
  /** Mean cost of the last 28 whole days. */
  recent_day?: number | null;
  /** Day on which the cost passed the goal. */
  passed_on?: string | null;
}

export interface Above {
  quarter_hours: number;
  kwh: number;
}

/**
 * Excess of a month, as counts and energies. `classes` has the excess over each reference power of the tariff, and
 * `contract` the excess over the reference power of the contract.
 */
export interface MonthAbove {
  month: string;
  quarter_hours: number;
  of_quarter_hours: number;
  peak: Peak | null;
  classes: Record<string, Above>;
  /** Excess over the reference power that the contract had at the time. */
  contract: Above & { reference_kw: number[] };
}

export interface Classes {
  months: {
    month: string;
    measured_share: number;
    classes: Record<string, { excess_kwh: number; fixed: number; surcharge: number; total: number }>;
  }[];
  prices: "current";
  prices_of?: OlderPrices;
  cheapest: number | null;
  saving_per_year: number | null;
  about_the_same: boolean;
  reference_kw: number | null;
  vat_rate: number;
  decisive: string[];
  totals: Record<string, number | null>;
  above: MonthAbove[];
}

export interface Voltages {
  start: Time;
  step: 300;
  unit: "V";
  limits: [number, number];
  phases: Record<string, { lowest: (number | null)[]; highest: (number | null)[] }>;
}

export type DisturbanceKind = "power_failure" | "voltage_sag" | "voltage_swell";

export interface Events {
  disturbances: {
    time: Time;
    after: Time | null;
    kind: DisturbanceKind;
    count: number;
    phases?: string[];
  }[];
  undated: Partial<Record<DisturbanceKind, number>>;
  switches: { time: Time; after: Time | null; kind: string; state: string }[];
  messages: { time: Time; after: Time | null; kind: string; text: string }[];
  reception: {
    since: Time | null;
    start: Time;
    step: 3600;
    received: (number | null)[];
    longest_gaps: { start: Time; end: Time }[];
    /** Share of frames that were altered on the way, in 24 hours. */
    altered: number | null;
  };
}

export interface MediumDays {
  start: string;
  amounts: (number | null)[];
  known: number[];
}

/** Costs of gas in EUR with VAT, from day `first` to day `last` of a month. */
export interface GasMonth {
  month: string;
  first: number;
  last: number;
  missing_days: number;
  m3: number;
  used: number;
  fixed: number;
  total: number;
  /** Cost of each day of the month. */
  days: MediumDays;
}

export interface GasCosts {
  per_m3: number;
  per_month: number;
  month: GasMonth | null;
  year_ago: GasMonth | null;
}

export interface MediumHistory {
  meter: string;
  type: string;
  unit: string;
  kwh_per_m3?: number | null;
  index: number | null;
  time: Time | null;
  days: MediumDays | null;
  /** Costs of a gas meter with a price; null for other meters. */
  costs?: GasCosts | null;
  hours: { start: Time; step: 3600; unit: "L"; values: (number | null)[] } | null;
}

/** Change of a household. A what-if has at most one change of each kind. All changes count together. */
export type Change =
  | ContractChange
  | { kind: "car"; /** Energy of a night. */ kwh: number; kw: number; /** Hour of the clock, without: 22. */ begin_hour?: number }
  | { kind: "heat_pump"; /** Energy of a year. */ kwh: number }
  | { kind: "panels"; kwp: number; /** Compass direction in degrees, without: 180. */ direction?: number; /** In degrees, without: 30. */ tilt?: number }
  | { kind: "battery"; kwh: number; kw: number; efficiency?: number; reserve?: number; standby?: number }
  | SharingKeyChange;

/** Another supplier's contract. It has either a fixed price or a margin on a market's price. Prices are in EUR without VAT. */
export interface ContractChange {
  kind: "contract";
  energy_price?: number;
  second_energy_price?: number;
  /** Times such as "22:00". */
  second_price_from?: string;
  second_price_to?: string;
  second_price_days?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
  energy_margin?: number;
  /** `id` of one of the `markets`. Needed with a margin. */
  market?: string;
  /** Allow the download of the prices of a zone. Without it, only stored prices are used. */
  download?: boolean;
  /** Monthly fee, without: the fee of the present contract. */
  energy_fee?: number;
  /** Without a price and a margin, exported energy has the price of the present contract. */
  feed_in_price?: number;
  feed_in_margin?: number;
}

/** Share in the solar energy of an energy community. It replaces the present sharing. */
export interface SharingKeyChange {
  kind: "sharing_key";
  /** Solar panels of the community. */
  kwp: number;
  /** Share of their energy in percent. */
  key: number;
  /** Price of a shared kWh in EUR with VAT, without: the present price, or 0. */
  price?: number;
}

/** Market whose stored prices a contract can follow: a price entity, or a price zone. */
export interface Market {
  /** Entity id, or name of the zone. */
  id: string;
  /** Publisher and licence of the prices, to be shown with each amount that uses them; null for an entity. */
  credit: string | null;
  /** Share (0 to 1) of the quarter-hours in the twelve months whose price is stored. */
  known_share: number;
  /** Whether missing prices can be downloaded. */
  can_download: boolean;
}

/** Costs of a year in EUR, by part of the bill. */
export interface YearCosts {
  energy: number;
  surcharge: number;
  feed_in: number;
  fixed: number;
  total: number;
}

/** Energies of a year in kWh. */
export interface YearEnergies {
  imported: number;
  exported: number;
  /** Part of the imported energy. */
  shared: number;
}

/**
 * Assumption that nobody entered. Its `value` is a number, or a text such as a source. The keys are:
 *
 * - `efficiency`, `reserve`, `standby`: of the battery, in percent and W
 * - `begin_hour`: hour from which the car charges; `car_every_day`: it takes the same energy each day (null)
 * - `degree_days`: the heat pump follows the mean temperatures of the months (source)
 * - `direction`, `tilt`: of the panels in degrees; `solar_kwh`: their energy in a year; `sunny_days`: days as in another year (source)
 * - `energy_fee`: monthly fee as today, in EUR; `feed_in_as_today`: price of exported energy as today (null)
 * - `sharing_price`: price of a shared kWh, in EUR; `shared_sun`: the community's panels face south, and their days are as in another year (source)
 */
export interface Assumption {
  key:
    | "efficiency"
    | "reserve"
    | "standby"
    | "begin_hour"
    | "car_every_day"
    | "degree_days"
    | "direction"
    | "tilt"
    | "solar_kwh"
    | "sunny_days"
    | "energy_fee"
    | "feed_in_as_today"
    | "sharing_price"
    | "shared_sun";
  value: number | string | null;
}

/** A year now and with all changes. Amounts are whole EUR a year. */
export interface WhatIf {
  start: string;
  end: string;
  measured_days: number;
  /** Share (0 to 1) of the quarter-hours that are known. */
  known_share: number;
  reference_kw: number;
  has_vat: boolean;
  prices_of?: OlderPrices;
  /** Share of the known quarter-hours with a known market price; null if the contract has no market price. */
  hourly_share: { now: number | null; then: number | null };
  /** `id`s of the markets whose prices are used. */
  markets_used: { now: string[]; then: string[] };
  /** Below 0 if the year costs more than now. `low` and `high` differ if quarter-hours are unknown. */
  saving: { low: number; high: number };
  cheapest: { now: number; then: number };
  /** At the cheapest reference power. */
  energies: { now: YearEnergies; then: YearEnergies };
  /** By reference power in kW. `battery` is null without a battery. */
  classes: Record<string, { now: YearCosts; then: YearCosts; battery: { cycles: number; stored_share: number | null } | null }>;
  assumed: Assumption[];
}

export interface WhatIfRefusal {
  reason:
    | "no_reference_power"
    | "no_energy_price"
    | "no_feed_in_price"
    | "no_network_price"
    | "too_few_days"
    | "too_few_priced_days"
    /** The prices of the market are not stored. If `can_download`, ask with `download`. */
    | "no_market_prices"
    /** The download has failed. Try again later. */
    | "download_failed";
  days: number;
  least_days: number;
}

/** Inverter or battery: entity ids of its energy and its power. */
export interface HouseSource {
  energy: string;
  power: string | null;
  /** Only of a battery: usable energy, null if the Energy dashboard does not have it. */
  capacity_kwh?: number | null;
}

/** Consumption of a house with solar panels. Energies are null if they are not known. */
export interface House {
  solar: HouseSource[];
  battery: HouseSource[];
  since: Time;
  until: Time;
  /** Share by which the home meter of the Energy settings counted more than grid, sun and battery; null if unknown. */
  home_difference: number | null;
  days: { day: string; house_kwh: number | null; own_kwh: number | null }[];
  months: {
    month: string;
    house_kwh: number | null;
    own_kwh: number | null;
    /** Saved costs in EUR; null if unknown. */
    saved: number | null;
    unpriced_kwh: number;
    /** First counted day if earlier days of the month are unknown. */
    since: string | null;
    /** Number of unknown days, without the days before `since`. They are not counted in the sums. */
    unknown_days: number;
  }[];
}

/**
 * Mean values of the days with today's weekday in the last four weeks, each from midnight to the clock time of `until`.
 * Only days that are known completely count, and `days` is their number.
 */
export interface Usual {
  days: number;
  imported_wh: number;
  exported_wh: number;
  peak_kw: number;
  cost: number | null;
  /** Consumption of the house, and its part that was not drawn from the grid; null if unknown. */
  house_wh: number | null;
  own_wh: number | null;
}

/** Largest cause of today's difference from a usual day. */
export type UsualReason =
  | "more_sun"
  | "less_sun"
  | "more_used"
  | "less_used"
  | "more_from_grid"
  | "less_from_grid"
  | "more_to_grid"
  | "less_to_grid"
  | "more_above"
  | "less_above"
  | "dearer_hours"
  | "cheaper_hours"
  | "higher_prices"
  | "lower_prices"
  | "more_shared"
  | "less_shared";

export interface Highlights {
  always_on: { w: number; nights: number; cost_per_year: number | null; prices_of?: OlderPrices } | null;
}

/** Energy and cost of a device, of what is always on, or of the rest. */
export interface ShareRow {
  /** null unless `kind` is "device". */
  name: string | null;
  kind: "device" | "always_on" | "else";
  wh: number;
  cost: number | null;
  /** Part that did not come from the grid, and what it would have earned in EUR. */
  own_wh: number;
  earned: number;
  /** Only of a device: number of days on which the recorder lacks hours of it. Their energy is in the rest. */
  unknown_days?: number;
}

/** Where the energy of whole days went. */
export interface Shares {
  period: "yesterday" | "month";
  start: Time;
  end: Time;
  house_wh: number | null;
  /** Sum of the rows in EUR. With `fixed`, `above` and `feed_in`, it is the bill of these days. */
  cost: number | null;
  always_on_w: number | null;
  rows: ShareRow[];
  fixed: number | null;
  above: number;
  feed_in: number;
  /** "inverter": the house exports, but has no inverter. "devices": the devices use more than the house. */
  lack: "inverter" | "devices" | null;
  prices_of?: OlderPrices;
}

/** Costs in EUR of a load by its start: one for each quarter-hour from `start` on. */
export interface StartCosts {
  start: Time;
  step: 900;
  costs: number[];
  /** Whether the start makes a difference. */
  can_differ: boolean;
  best: {
    start: Time;
    end: Time;
    cost: number;
    saving: number;
    is_worth_waiting: boolean;
    own_kwh: number;
    reason: "sun" | "price" | "reference_power";
  };
  prices_of?: OlderPrices;
}

/** Parameters and answer of each websocket command. */
export interface Commands {
  "smarty_p1/last_hour": { takes: object; answers: PowerHour };
  "smarty_p1/quarter_hours": {
    takes: { start: Time; end?: Time; quantity?: QuarterHours["quantity"]; encoding?: "base64" };
    answers: QuarterHours;
  };
  "smarty_p1/days": { takes: { start?: string; end?: string }; answers: { days: Day[] } };
  "smarty_p1/usual": { takes: object; answers: { until: Time; usual: Usual | null; reason: UsualReason | null } };
  "smarty_p1/highlights": { takes: object; answers: Highlights };
  "smarty_p1/bill": { takes: { months?: number }; answers: { months: Bill[] } };
  "smarty_p1/house": { takes: object; answers: { house: House | null } };
  "smarty_p1/classes": { takes: object; answers: Classes };
  "smarty_p1/what_if": {
    /** `feed_in_price` replaces the price in the present contract, now and then. */
    takes: { changes: Change[]; feed_in_price?: number };
    answers: { what_if: WhatIf | null; refusal: WhatIfRefusal | null; markets: Market[] };
  };
  "smarty_p1/shares": { takes: { period: Shares["period"] }; answers: Shares };
  "smarty_p1/start_costs": {
    takes: { kw: number; hours: number };
    answers: { start_costs: StartCosts | null; lack: "too_few_days" | "no_price" | null };
  };
  "smarty_p1/voltages": { takes: object; answers: Voltages };
  "smarty_p1/events": { takes: object; answers: Events };
  "smarty_p1/media": { takes: object; answers: { media: MediumHistory[] } };
}
