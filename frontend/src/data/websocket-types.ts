/** Types of the websocket commands. Written by `python -m dev.websocket_types`. */

/** Time in ISO 8601 with offset. */
export type Time = string;

/**
 * State of a meter.
 *
 * - `receiving`: readings come
 * - `waiting`: no telegram has come yet
 * - `failing`: no telegram is accepted
 * - `error`: the setup failed
 */
export type MeterState = "receiving" | "waiting" | "failing" | "not_loaded" | "error" | "disabled";

/** Remedy for a meter without readings. */
export interface Remedy {
  kind: "reauth" | "repair" | "reconfigure" | "enable";
  /** Address in the user interface. */
  path: string;
  /** Only with `reauth`: id of the open dialog. */
  flow_id?: string;
  /** Only with `repair`: id of the repair issue. */
  issue_id?: string;
}

/** Day such as "2026-12-31", in Luxembourg. */
export type CalendarDay = string;

/** Last day of each aid that lowered a published price, or will have lowered it. */
export interface EndedAids {
  state_aid?: CalendarDay;
}

/** Published prices that an amount uses after the last day for which they are published. */
export interface OlderPrices {
  /** That day, for each kind of price. */
  grid?: CalendarDay;
  levies?: CalendarDay;
  vat?: CalendarDay;
  ended?: EndedAids;
  /** Whether newer prices are published, although a yearly amount does not use them. */
  newer_known?: boolean;
}

/** M-Bus meter of gas, water or heat. */
export interface Medium {
  meter: string;
  type: string;
  unit: string | null;
  device_id: string | null;
  /** Energy of a m³ of gas, computed from Leneda's data or entered in the options. */
  kwh_per_m3: number | null;
}

/** Meter or pulse reader. Most fields of a pulse reader are null. */
export interface Meter {
  entry_id: string;
  title: string;
  serial_number: string | null;
  device_id: string | null;
  state: MeterState;
  /** Cause of a failure, a key of `exceptions` in the translations, such as `wrong_key`. */
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
   * "leneda": a meter without a cable. Only its past days are known. "entities": another integration reads the meter,
   * and its readings are not verified. "pulses": a pulse reader, for which only `live` and `last_hour` have an answer.
   */
  source: "port" | "leneda" | "entities" | "pulses";
  /**
   * Only if `source` is "entities": name of the integration of these entities. It is null while the meter is not
   * loaded.
   */
  integration?: string | null;
  /** Only if `source` is "entities": seconds for which a reading counts as current. */
  fresh_for?: number;
  /** Only for a meter that is read here: whether its quarter-hours also come from Leneda. */
  has_leneda?: boolean;
  /** Only for a meter without a cable: end of the last known day. */
  known_until?: Time | null;
  /** Only for a meter without a cable: whether older days are still being fetched. */
  is_fetching?: boolean;
  phases: 1 | 2 | 3 | null;
  feeds_in: boolean | null;
  connection_kva: number | null;
  media: Medium[];
  /** Whether the grid operator may limit a load. */
  has_limits: boolean;
  /** Time of the last change of the meter's entry, such as a changed contract or title. */
  changed_at: Time;
}

/** Meters and pulse readers that the user may read, loaded or not. */
export interface Meters {
  /** Time at which Home Assistant answers, for programs whose own clock may be wrong. */
  now: Time;
  meters: Meter[];
  pulse_readers: Meter[];
}

/** Reading of an M-Bus meter. */
export interface MediumReading {
  index: number | null;
  unit: string | null;
  time: Time | null;
  /** Flow in m³/h, or power in kW. */
  flow: number | null;
}

/** Month such as "2026-12". */
export type CalendarMonth = string;

/** Last quarter-hour that has ended. */
export interface LastQuarterHour {
  start: Time;
  mean_kw: number;
}

/** Running quarter-hour. */
export interface RunningQuarterHour {
  time: Time;
  start: Time;
  end: Time;
  measured_since: Time;
  /** Newest month of `bill`. It changes with the second telegram of a month. */
  month: CalendarMonth;
  imported_wh: number;
  exported_wh: number | null;
  reference_kw: number | null;
  running_kw: number | null;
  projected_kw: number | null;
  /**
   * Mean power that the house may use until the quarter-hour ends. Unlike the sensor *Available power*, it may exceed
   * the reference power.
   */
  available_kw: number | null;
  will_exceed: boolean | null;
  last: LastQuarterHour | null;
}

/** Power of an inverter or a battery, and the time of its last report; null if unknown. */
export interface SourcePower {
  /** Power, positive from a battery. */
  kw: number | null;
  reported_at: Time | null;
}

/** Powers of a house. The lists are empty until `smarty_p1/house` was requested. */
export interface HousePowers {
  solar: SourcePower[];
  battery: SourcePower[];
}

/**
 * Values of a meter. If no program reads the meter, a message has only the first five fields.
 *
 * Of a pulse reader, `values` has only `power_net`. It is null before the second pulse.
 */
export interface Live {
  /** Time at which Home Assistant sent the message. */
  now: Time;
  state: "removed" | "unauthorized" | MeterState;
  obstacle: string | null;
  remedy: Remedy | null;
  gone?: true;
  received_at?: Time | null;
  /** Values of all entities by translation key, without texts. */
  values?: Record<string, number | string | boolean | null>;
  media?: Record<string, MediumReading>;
  quarter_hour?: RunningQuarterHour | null;
  house?: HousePowers;
}

/**
 * Power from the grid in W in each ten seconds of an hour, below 0 to the grid.
 *
 * There are 360 values, by the time of reception. The last value is the value of the running ten seconds. A value is
 * null without a reading, also before a restart. A pulse reader has the power between two pulses, which falls while
 * no pulse comes.
 */
export interface PowerHour {
  start: Time;
  step: 10;
  unit: "W";
  net: (number | null)[];
  /** The power of L1, L2 and L3; empty if fewer than two are known. */
  phases: (number | null)[][];
  /** Power entities of at most 20 devices of the Energy dashboard. */
  devices: string[];
}

/**
 * Energy of each quarter-hour that starts in a period, in whole Wh.
 *
 * With `"encoding": "base64"`, a year has 94 kB: `values` are signed 16-bit integers, little-endian, with -32768 for
 * null or overflow. `above` then has one byte per quarter-hour.
 */
export interface QuarterHours {
  start: Time;
  end: Time;
  step: 900;
  /** `net` is imported minus exported energy. `larger` is the larger of both, with exported energy below 0. */
  quantity: "imported" | "exported" | "net" | "larger";
  unit: "Wh";
  values: (number | null)[] | string;
  /**
   * Only with `larger`: for each quarter-hour, the number of `reference_powers` that its imported energy exceeds, plus
   * 16 if it exceeds the contract's. Its value is then the imported energy.
   */
  above?: number[] | string;
  reference_powers?: number[];
  /**
   * Successive quarter-hours that come from Leneda and not from the meter: index of the first, their number, and their
   * source.
   */
  origins: [number, number, "leneda" | "leneda_estimated"][];
  /** Mark that changes when the data of the days before today change. */
  past: string;
}

/** Quarter-hour with the highest imported energy, as its mean power. */
export interface Peak {
  start: Time;
  mean_kw: number;
}

/** Day with its energies and costs. The days of a month add up to its bill. */
export interface Day {
  day: CalendarDay;
  start: Time;
  end: Time;
  imported_wh: number | null;
  exported_wh: number | null;
  /** Number of known quarter-hours. */
  quarter_hours: number;
  leneda_quarter_hours: number;
  estimated_quarter_hours: number;
  /** Number of quarter-hours that have ended. */
  of_quarter_hours: number;
  reference_kw: number | null;
  quarter_hours_above: number;
  above_wh: number;
  /** Absent for days older than 400 days. */
  peak: Peak | null;
  /**
   * Sum of `cost_used`, `cost_fixed` and `feed_in` in EUR, without the energy community. It is null while a price or
   * the reference power is unknown.
   */
  cost: number | null;
  cost_used: number | null;
  cost_fixed: number | null;
  /** Part of `cost_used` that the same energy below the reference power would not have cost. */
  cost_above: number | null;
  /** Cost of the parts of the bill whose prices are all known, in EUR. */
  subtotal: number | null;
  prices_of?: OlderPrices;
  /** Negative if the household is paid. */
  feed_in: number | null;
}

/** Days of Luxembourg. */
export interface Days {
  days: Day[];
}

/** Mean values of a day from midnight to the clock time of `until`. */
export interface Usual {
  /** Number of counted days: days with today's weekday in the last four weeks, if whole. */
  days: number;
  imported_wh: number;
  exported_wh: number;
  peak_kw: number;
  /** null without a price. */
  cost: number | null;
  /** Consumption of the house; null without chosen solar panels. */
  house_wh: number | null;
  /** Part of `house_wh` that was not drawn from the grid. */
  own_wh: number | null;
  prices_of?: OlderPrices;
}

/**
 * Cause that alone explains at least 80 % of today's difference in cost.
 *
 * - `more_sun`, `more_used`, `more_from_grid`, `more_to_grid`, `more_shared` and `more_above` (the
 *   reference power), and the same with `less_`
 * - `dearer_hours`, `cheaper_hours`: the mean price of a kWh under the same contract
 * - `shorter_month`, `longer_month`: the day's share of the monthly prices
 * - `higher_prices`, `lower_prices`: contract, aids or published prices have changed
 */
export type UsualReason = "more_sun"
    | "less_sun"
    | "more_used"
    | "less_used"
    | "more_from_grid"
    | "less_from_grid"
    | "less_to_grid"
    | "more_to_grid"
    | "more_shared"
    | "less_shared"
    | "more_above"
    | "less_above"
    | "dearer_hours"
    | "cheaper_hours"
    | "shorter_month"
    | "longer_month"
    | "higher_prices"
    | "lower_prices";

/** Usual values of a day. With chosen panels, all values end where their energy is known. */
export interface UsualDay {
  until: Time;
  /** null with fewer than two whole days. */
  usual: Usual | null;
  reason: UsualReason | null;
}

/** Base load. */
export interface AlwaysOn {
  w: number;
  nights: number;
  cost_per_year: number | null;
  prices_of?: OlderPrices;
}

/** Base load of a household; null with fewer than three nights, or with feed-in at night. */
export interface Highlights {
  always_on: AlwaysOn | null;
}

/** Line of a bill. A price change within the month makes two lines of the same name. */
export interface BillLine {
  name: string;
  quantity: number;
  unit: string;
  price: number;
  amount: number;
  /** Name of an aid (such as a rebate) that the user entered. */
  label?: string;
  /** Whether VAT is charged on the aid. */
  has_vat?: boolean;
}

/** Forecast of the whole month. In 80 % of months, the total is in the range. */
export interface Estimate {
  total: number;
  low: number;
  high: number;
  prices_of?: OlderPrices;
}

/** Goal for the cost of a month, in EUR. */
export interface Goal {
  /** Whether the goal is the cost of the same month of last year. */
  is_last_year: boolean;
  /** null if the cost of last year is unknown. */
  total: number | null;
  /**
   * Allowed cost of the energy of each day that is left, without fixed prices; null if the goal cannot be met, or if
   * less than a day is left.
   */
  day_budget?: number | null;
  /** Whether the cost so far and the fixed prices to come leave something of the goal. */
  can_be_met?: boolean;
  /** Mean cost of the energy of the last 28 whole days, without fixed prices. */
  recent_day?: number | null;
  /** Day on which the cost passed the goal. */
  passed_on?: CalendarDay | null;
}

/** Part of a bill. `levies` are all levies, and aids per kWh. */
export type BillPartName = "energy" | "network" | "levies" | "surcharge" | "feed_in";

/** Bill of a month, with the fields of the action `get_bill`. */
export interface Bill {
  month: CalendarMonth;
  /** Start of the first known quarter-hour, if the month was unknown before. */
  since?: Time;
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
  estimate?: Estimate;
  /** Goal of the current month; absent without a goal. */
  goal?: Goal;
  /** Data without which the current month has no forecast. */
  estimate_lacks?: "last_year" | "quarter_hours";
  /** Names of the bill's lines that have no price. If there is such a line, `total` is null. */
  missing?: string[];
  /** Only with `missing`: sum of the parts of the bill in which every line has a price. */
  subtotal?: number | null;
  prices_of?: OlderPrices;
  unpriced_kwh?: number;
  /** Part of `unpriced_kwh` whose price follows the market. */
  unpriced_market_kwh?: number;
  unpriced_exported_kwh?: number;
  /** Number of known quarter-hours. This and the next two fields are absent if no quarter-hour came from Leneda. */
  quarter_hours?: number;
  leneda_quarter_hours?: number;
  /** Number of quarter-hours that the operator estimated. */
  estimated_quarter_hours?: number;
  /** Shared energy. Present only with energy sharing. */
  shared_kwh?: number;
  shared_by_layer?: Record<string, number>;
  sharing_known_kwh?: number;
  may_owe_less_network?: number | null;
  /** Payment to the energy community, which is not in the bill. Present only with shared energy of a known price. */
  community?: BillLine;
  total_with_community?: number | null;
  imported_kwh: number;
  exported_kwh: number | null;
  reference_kw: number | null;
  peak: Peak | null;
  /** Cost of each part of the bill. A part without a price is left out. */
  parts: Partial<Record<BillPartName, number>>;
}

/** Bills of the last months. The current month is the last. */
export interface Bills {
  months: Bill[];
}

/** Inverter or battery: entity ids of its energy and its power. */
export interface HouseSource {
  energy: string;
  /** null if no power entity is entered or found. */
  power: string | null;
  /** Only of a battery: usable energy; null if the Energy dashboard does not have it. */
  capacity_kwh?: number | null;
}

/** Consumption of a house on a day; null if unknown. */
export interface HouseDay {
  day: CalendarDay;
  house_kwh: number | null;
  /** Consumption minus energy from the grid; negative if a battery was charged from the grid. */
  own_kwh: number | null;
}

/** Sums of the days with known energy; null without such a day. */
export interface HouseMonth {
  month: CalendarMonth;
  house_kwh: number | null;
  own_kwh: number | null;
  /**
   * Bill without panels and batteries, minus the bill as measured, in EUR. Both are without the exported energy. null
   * if unknown.
   */
  saved: number | null;
  /** First counted day if earlier days of the month are unknown, such as before the inverter was added. */
  since: CalendarDay | null;
  /** Number of unknown days, without the days before `since`. They are not counted in the sums. */
  unknown_days: number;
  prices_of?: OlderPrices;
}

/** Consumption of a house with solar panels, in at most thirteen months. */
export interface House {
  solar: HouseSource[];
  battery: HouseSource[];
  /** First hour that the statistics of all entities know. */
  since: Time;
  /** End of the last quarter-hour that meter and statistics know. */
  until: Time;
  /**
   * Share by which the home meter of the Energy settings counted more than grid, sun and battery in the last 28 days;
   * null if unknown.
   */
  home_difference: number | null;
  days: HouseDay[];
  months: HouseMonth[];
}

/** House; null without chosen solar panels or recorder. */
export interface ChosenHouse {
  house: House | null;
}

/** Costs of a month at a reference power. */
export interface ClassCost {
  excess_kwh: number;
  fixed: number;
  surcharge: number;
  total: number;
}

/** Costs of a month by reference power in kW. */
export interface ComparedMonth {
  month: CalendarMonth;
  measured_share: number;
  /** Whether the month has ended, with nearly all quarter-hours measured. */
  is_whole: boolean;
  classes: Record<string, ClassCost>;
}

/** Quarter-hours above a reference power, and their energy above it. */
export interface Above {
  quarter_hours: number;
  kwh: number;
}

/** Excess over the reference power that the contract had at the time. */
export interface ContractAbove extends Above {
  reference_kw: number[];
}

/** Excess of a month, over each reference power of the tariff and over the contract's. */
export interface MonthAbove {
  month: CalendarMonth;
  quarter_hours: number;
  of_quarter_hours: number;
  peak: Peak | null;
  classes: Record<string, Above>;
  contract: ContractAbove;
}

/** Car that follows a plan. */
export interface PlannedCar {
  /** Name of the entered car. */
  name: string | null;
  /** Energy that it needs each night. */
  kwh: number;
  kw: number;
  /** Power below which it cannot charge, 0 if it can charge at any power. */
  min_kw: number;
  /** Whether its past energy is taken out of the year. Otherwise, it comes on top. */
  is_measured: boolean;
}

/** Value of the year now, and with all changes. */
export interface NowAndThen<T> {
  now: T;
  then: T;
}

/**
 * Saving in EUR a year at the own reference power, below 0 if the year costs more than now.
 *
 * `low` and `high` differ if quarter-hours are unknown.
 */
export interface Saving {
  low: number;
  high: number;
}

/** Energies of a year in kWh. */
export interface YearEnergies {
  imported: number;
  exported: number;
  /** Part of the imported energy. */
  shared: number;
}

/** Costs of a year in EUR, by part of the bill. */
export interface YearCosts {
  energy: number;
  surcharge: number;
  feed_in: number;
  fixed: number;
  total: number;
}

/** Use of a battery in a year. */
export interface BatteryYear {
  cycles: number;
  stored_share: number | null;
}

/** Costs of a year at a reference power. `battery` is null without a battery. */
export interface YearClass {
  now: YearCosts;
  /** With a plan: the year with all changes, but with the car charged at once. */
  at_once?: YearCosts;
  then: YearCosts;
  battery: BatteryYear | null;
}

/**
 * Assumption that nobody entered. Its `value` is a number, or a text such as a source.
 *
 * - `efficiency`, `reserve`, `standby`: of the battery, in percent and W
 * - `begin_hour`: hour from which the car charges, or at which a planned car is plugged in
 * - `end_hour`: hour by which a planned car is charged
 * - `plan_against`: without the plan, the car charges at once
 * - `plan_of_device`: the measured energy of the car at night is planned anew
 * - `second_car`: the car comes besides these, which were charged here
 * - `car_every_day`: the car takes the same energy each day
 * - `degree_days`: the heat pump follows the mean temperatures of the months (source)
 * - `direction`, `tilt`: of the panels in degrees
 * - `solar_kwh`: energy of the panels in a year
 * - `sunny_days`, `shared_sun`: days as in another year (source); shared panels face south
 * - `energy_fee`: monthly fee as today, in EUR
 * - `feed_in_as_today`: price of exported energy as today
 * - `sharing_price`: price of a shared kWh, in EUR
 */
export interface Assumption {
  key: "efficiency"
    | "reserve"
    | "standby"
    | "begin_hour"
    | "end_hour"
    | "plan_against"
    | "plan_of_device"
    | "car_every_day"
    | "second_car"
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
  start: CalendarDay;
  end: CalendarDay;
  measured_days: number;
  /** Share (0 to 1) of the quarter-hours that are known. */
  known_share: number;
  reference_kw: number;
  has_vat: boolean;
  prices_of?: OlderPrices;
  /** Share of the known quarter-hours with a known market price. It is null if the contract has no market price. */
  hourly_share: NowAndThen<number | null>;
  /** Ids of the markets whose prices are used. */
  markets_used: NowAndThen<string[]>;
  saving: Saving;
  cheapest: NowAndThen<number>;
  /** At the household's own reference power. */
  energies: NowAndThen<YearEnergies>;
  /** By reference power in kW. */
  classes: Record<string, YearClass>;
  assumed: Assumption[];
}

/**
 * Reason why the year is unknown.
 *
 * With `no_market_prices`, ask with `download` if the market has `can_download`. With `download_failed`, try again
 * later. With `no_car`, the energy of the car is not known, with `car_not_measured`, that of a car that was charged
 * here.
 */
export interface WhatIfRefusal {
  reason: "no_reference_power"
    | "no_energy_price"
    | "no_feed_in_price"
    | "no_network_price"
    | "too_few_days"
    | "too_few_priced_days"
    | "no_market_prices"
    | "download_failed"
    | "no_car"
    | "car_not_measured";
  days: number;
  least_days: number;
}

/** Last year at four reference powers at most: with a car charged at once, and with a plan. */
export interface PlannedClasses {
  car: PlannedCar | null;
  /** `now` is the year as it was, `at_once` with the car charged at once, `then` with a plan. */
  year: WhatIf | null;
  refusal: WhatIfRefusal | null;
  /** Reference powers in kW below the smallest power of the car. On one phase, it is lower. */
  one_phase: number[];
}

/** Costs at each reference power, with the fields of the action `compare_reference_powers`. */
export interface Classes {
  months: ComparedMonth[];
  prices: "current";
  prices_of?: OlderPrices;
  cheapest: number | null;
  saving_per_year: number | null;
  about_the_same: boolean | null;
  reference_kw: number | null;
  vat_rate: number;
  /** The last twelve whole months. */
  decisive: CalendarMonth[];
  /** Sums over the `decisive` months. */
  totals: Record<string, number | null>;
  above: MonthAbove[];
  /** Only if the request has `with_plan`, or a value of the car. */
  with_plan?: PlannedClasses;
}

/** Market whose stored prices a contract can follow: a price entity, or a price zone. */
export interface Market {
  /** Entity id, or name of the zone. */
  id: string;
  /** Publisher and licence of the prices, to be shown with each amount that uses them. It is null for an entity. */
  credit: string | null;
  /** Share (0 to 1) of the quarter-hours in the twelve months whose price is stored. */
  known_share: number | null;
  /** Whether missing prices can be downloaded. */
  can_download: boolean;
}

/** Device of the Energy dashboard that can be the planned car. */
export interface WhatIfDevice {
  /** Id of its energy statistic, as the dashboard lists it. */
  id: string;
  name: string;
}

/** A year with changes, or the reason why it is unknown. */
export interface WhatIfYear {
  what_if: WhatIf | null;
  refusal: WhatIfRefusal | null;
  /** Price entities of the meter's contracts, and the price zone. */
  markets: Market[];
  devices: WhatIfDevice[];
}

/**
 * Energy and cost of a device, of the base load without the devices, or of the rest.
 *
 * Each hour's cost of the energy from the grid is divided in proportion to energy.
 */
export interface ShareRow {
  /** null unless `kind` is "device". */
  name: string | null;
  kind: "device" | "always_on" | "else";
  wh: number;
  cost: number | null;
  /** Part that did not come from the grid and cost nothing. */
  own_wh: number;
  /** Amount in EUR that `own_wh` would have earned if it had been exported. */
  earned: number;
  /** Only of a device: number of days on which the recorder lacks hours of it. Their energy is in the rest. */
  unknown_days?: number;
}

/** Use of the energy of whole days: at most 20 devices, the base load and the rest. */
export interface Shares {
  /** `month`: the month's days that have ended. */
  period: "yesterday" | "month";
  start: Time;
  end: Time;
  house_wh: number | null;
  /**
   * Sum of the rows in EUR; null without a price. With `fixed`, `above` and `feed_in`, it is the bill of these days, up
   * to a cent of rounding for each line.
   */
  cost: number | null;
  always_on_w: number | null;
  rows: ShareRow[];
  fixed: number | null;
  above: number;
  feed_in: number;
  /**
   * "inverter": the house exports, but has no inverter. "devices": the devices use 5 % more than the house. There is
   * then no rest.
   */
  lack: "inverter" | "devices" | null;
  prices_of?: OlderPrices;
}

/** Load that the user has entered. */
export interface EnteredLoad {
  id: string;
  name: string;
  device_id: string | null;
  /** `done`: it needs no more energy until its deadline. `not_planned`: its energy is unknown. */
  state: "planned"
    | "running"
    | "by_hand"
    | "blocked"
    | "done"
    | "full"
    | "not_connected"
    | "not_ready"
    | "tries_again"
    | "did_not_start"
    | "skipped"
    | "not_planned";
  /** Its deadline. */
  by: Time | null;
  /** Time until which somebody has switched it on or off. */
  hand_until: Time | null;
  /** Deadline for once, in place of the entered one. */
  once_by: Time | null;
  skipped_until: Time | null;
  /** Whether somebody has pressed *Start now*. */
  is_at_once: boolean;
  /** Cost of this on top of the plan before, null if it is unknown. */
  more_eur: number | null;
  /** Whether the plan switches it. */
  is_switched: boolean;
  may_pause: boolean;
}

/** Run of a load. */
export interface Run {
  start: Time;
  end: Time;
  kwh: number;
}

/** Load in a plan. Costs are in EUR, given all other loads. */
export interface PlannedLoad {
  /** Id of the load. */
  name: string;
  start: Time | null;
  end: Time | null;
  /** Price of its dearest planned kWh. */
  limit_price: number | null;
  cost: number;
  cost_at_once: number;
  saving: number;
  /** Part of its energy that the house would otherwise export. */
  own_kwh: number;
  /** Largest part of the saving, None without one. */
  reason: "sun" | "price" | "reference_power" | "deadline" | null;
  /** Energy that does not fit in before the deadline. */
  missing_kwh: number;
  runs: Run[];
}

/** Quarter-hour of a plan: prices in EUR, powers in kW. */
export interface PlannedQuarterHour {
  start: Time;
  end: Time;
  price_import: number;
  price_export: number;
  usual_import_kw: number;
  usual_export_kw: number;
  /** By id of the load, only of loads that run. */
  loads_kw: Record<string, number>;
  battery_kw: number;
  net_kw: number;
}

/** Plan of all loads: the answer of the action `get_plan`. */
export interface HousePlan {
  prices_of?: OlderPrices;
  /** Time from which on the market has not published its prices yet. */
  prices_of_day_before_from: Time | null;
  /** Whether the plan costs less than all loads at once. */
  can_differ: boolean;
  loads: PlannedLoad[];
  quarter_hours: PlannedQuarterHour[];
}

/** Loads of a meter and their plan. It comes at once, then each time that it has changed. */
export interface Plan {
  loads: EnteredLoad[];
  /** null if no load needs energy, or if nothing can be planned. */
  plan: HousePlan | null;
  /** `too_few_days`: fewer than seven whole days are known. */
  lack: "too_few_days" | "no_price" | null;
  /** The user may not read the meter any more. No further message comes. */
  gone?: true;
}

/** Voltages of a phase in steps of five minutes. */
export interface PhaseVoltages {
  lowest: (number | null)[];
  highest: (number | null)[];
}

/** Voltages of the last 24 hours: 288 values for each phase. */
export interface Voltages {
  start: Time;
  step: 300;
  unit: "V";
  limits: [number, number];
  phases: Record<string, PhaseVoltages>;
}

export type DisturbanceKind = "power_failure" | "voltage_sag" | "voltage_swell";

/** Event between the times `after` and `time`. */
export interface MeterEvent {
  time: Time;
  after: Time | null;
}

/** Disturbance of the grid. */
export interface Disturbance extends MeterEvent {
  kind: DisturbanceKind;
  count: number;
  phases?: string[];
}

/** New state of a relay or breaker. */
export interface Switch extends MeterEvent {
  kind: string;
  state: string;
}

/** Message of the grid operator. */
export interface Message extends MeterEvent {
  kind: string;
  text: string;
}

/** Time of more than a minute without a telegram. */
export interface Gap {
  start: Time;
  end: Time;
}

/** Reception of the last seven days. */
export interface Reception {
  since: Time | null;
  start: Time;
  step: 3600;
  /** Received share of each of 168 hours. */
  received: (number | null)[];
  longest_gaps: Gap[];
  /** Share of frames that were altered on the way, in 24 hours. */
  altered: number | null;
}

/** Limit of a load by the grid operator. Powers are in kW, null if they are unknown. */
export interface Limit {
  load_id: string;
  load: string;
  limit_kw: number;
  begin: Time;
  kw_before: number | null;
  /** Null while it lasts. */
  end: Time | null;
  /** Highest power since the load obeyed. */
  kw_after: number | null;
  /** Seconds, null if the load was not seen to obey. */
  obeyed_after: number | null;
}

/** Total whose value has fallen or leapt, and is held back. */
export interface HeldTotal {
  /** OBIS reference of a register, or identity of an M-Bus meter. */
  total: string;
  shown: number;
  /** Last value of the meter. */
  sent: number;
  since: Time;
}

/** Events of the last 400 days. */
export interface Events {
  disturbances: Disturbance[];
  /** Disturbances without an event: counted before the first reading, or too old to be kept. */
  undated: Partial<Record<DisturbanceKind, number>>;
  switches: Switch[];
  messages: Message[];
  reception: Reception;
  /** Newest limits of loads, oldest first. */
  limits: Limit[];
  /** Totals that are held back until their new values are confirmed. */
  held: HeldTotal[];
}

/** Value of each day from `start` on. */
export interface MediumDays {
  start: CalendarDay;
  amounts: (number | null)[];
  /** Known share (0 to 1) of each day. */
  known: number[];
}

/**
 * Costs of gas in EUR with VAT, from day `first` to day `last` of a month.
 *
 * A day is whole if nine tenths of it are known.
 */
export interface GasMonth {
  month: CalendarMonth;
  first: number;
  last: number;
  /** Unknown days between `first` and `last`. */
  missing_days: number;
  m3: number;
  used: number;
  /** Part of the monthly price for these days. */
  fixed: number;
  total: number;
  /** Cost of each day of the month. */
  days: MediumDays;
}

/** Costs of gas at the entered prices. */
export interface GasCosts {
  per_m3: number;
  per_month: number;
  /** Current month; the month before until the current month has a whole day. */
  month: GasMonth | null;
  /** The same days a year ago at the same prices. */
  year_ago: GasMonth | null;
}

/** Water of each hour. */
export interface Litres {
  start: Time;
  step: 3600;
  unit: "L";
  values: (number | null)[];
}

/** History of an M-Bus meter. */
export interface MediumHistory {
  meter: string;
  type: string;
  unit: string | null;
  kwh_per_m3: number | null;
  index: number | null;
  time: Time | null;
  /** Consumption of at most 400 days, in `unit`. */
  days: MediumDays | null;
  /** Costs of a gas meter in m³ with a price; null for other meters. */
  costs: GasCosts | null;
  /** The last 35 days; null for meters other than water meters. */
  hours: Litres | null;
}

/** History of all M-Bus meters. */
export interface Media {
  media: MediumHistory[];
}

export interface ContractChange {
  kind: "contract";
  /** €/kWh, 0 to 1 */
  energy_price?: number;
  /** €/kWh, 0 to 1 */
  second_energy_price?: number;
  second_price_from?: string;
  second_price_to?: string;
  second_price_days?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
  /** €/kWh, -1 to 1 */
  energy_margin?: number;
  market?: string;
  download?: boolean;
  /** €, 0 to 10000 */
  energy_fee?: number;
  /** €/kWh, 0 to 1 */
  feed_in_price?: number;
  /** €/kWh, -1 to 1 */
  feed_in_margin?: number;
}

export interface CarChange {
  kind: "car";
  /** kWh, 0.1 to 200 */
  kwh: number;
  /** kW, 0.5 to 50 */
  kw: number;
  /** h, 0 to 23 */
  begin_hour?: number;
}

export interface HeatPumpChange {
  kind: "heat_pump";
  /** kWh, 1 to 100000 */
  kwh: number;
}

export interface PanelsChange {
  kind: "panels";
  /** kWp, 0.1 to 1000 */
  kwp: number;
  /** °, 0 to 360 */
  direction?: number;
  /** °, 0 to 90 */
  tilt?: number;
}

export interface BatteryChange {
  kind: "battery";
  /** kWh, 0.5 to 200 */
  kwh: number;
  /** kW, 0.1 to 200 */
  kw: number;
  /** %, 50 to 100 */
  efficiency?: number;
  /** %, 0 to 90 */
  reserve?: number;
  /** W, 0 to 200 */
  standby?: number;
}

export interface SharingKeyChange {
  kind: "sharing_key";
  /** kWp, 0.1 to 10000 */
  kwp: number;
  /** %, 0 to 100 */
  key: number;
  /** €/kWh, 0 to 1 */
  price?: number;
}

export interface PlanChange {
  kind: "plan";
  /** kW, 0.5 to 50 */
  kw?: number;
  /** kWh, 0.1 to 200 */
  kwh?: number;
  device?: string;
  /** h, 0 to 23 */
  begin_hour?: number;
  /** h, 0 to 23 */
  end_hour?: number;
  /** kW, 0 to 50 */
  min_kw?: number;
}

/** Change of a household. A what-if has at most one change of each kind. */
export type Change = ContractChange | CarChange | HeatPumpChange | PanelsChange | BatteryChange | SharingKeyChange | PlanChange;

/** Parameters and answer of each command. All but `meters` also take the `entry_id` of a meter. */
export interface Commands {
  "smarty_p1/meters": {
    takes: object;
    answers: Meters;
  };
  "smarty_p1/live": {
    takes: object;
    answers: Live;
  };
  "smarty_p1/last_hour": {
    takes: object;
    answers: PowerHour;
  };
  "smarty_p1/quarter_hours": {
    takes: {
      start: Time;
      end?: Time;
      /** default: "imported" */
      quantity?: "imported" | "exported" | "net" | "larger";
      /** default: "list" */
      encoding?: "list" | "base64";
    };
    answers: QuarterHours;
  };
  "smarty_p1/days": {
    takes: {
      start?: CalendarDay;
      end?: CalendarDay;
    };
    answers: Days;
  };
  "smarty_p1/usual": {
    takes: object;
    answers: UsualDay;
  };
  "smarty_p1/highlights": {
    takes: object;
    answers: Highlights;
  };
  "smarty_p1/bill": {
    takes: {
      /** 1 to 25, default: 1 */
      months?: number;
    };
    answers: Bills;
  };
  "smarty_p1/house": {
    takes: object;
    answers: ChosenHouse;
  };
  "smarty_p1/classes": {
    takes: {
      with_plan?: boolean;
      /** 0.1 to 200 */
      kwh?: number;
      /** 0.5 to 50 */
      kw?: number;
      /** 0 to 50 */
      min_kw?: number;
    };
    answers: Classes;
  };
  "smarty_p1/what_if": {
    takes: {
      changes: Change[];
      /** 0 to 1 */
      feed_in_price?: number;
    };
    answers: WhatIfYear;
  };
  "smarty_p1/shares": {
    takes: {
      period: "yesterday" | "month";
    };
    answers: Shares;
  };
  "smarty_p1/plan": {
    takes: object;
    answers: Plan;
  };
  "smarty_p1/voltages": {
    takes: object;
    answers: Voltages;
  };
  "smarty_p1/events": {
    takes: object;
    answers: Events;
  };
  "smarty_p1/media": {
    takes: object;
    answers: Media;
  };
}
