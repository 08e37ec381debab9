/** Devices that were switched in the last hour, and powers of measured devices. Finds the device behind a step. */

import type { Hass } from "../hass.ts";
import { SLOT_MS, SLOTS } from "./last-hour.ts";
import type { Step } from "./last-hour-steps.ts";

/** Entities of devices that can be switched. */
const SWITCHED = /^(switch|climate|water_heater|humidifier|fan|light|media_player|vacuum)\./;
/** Entities of devices that may be named without a measured power. Other devices use less power than a step. */
const STRONG = /^(switch|climate|water_heater|humidifier)\./;
const OFF = /^(off|standby|idle|docked|paused)$/;
const UNKNOWN = /^(unavailable|unknown)$/;
/** A device can have caused a step if both are at most this number of ms apart. */
const MAX_APART_MS = 15_000;
/** A step is known with the reading after it. So what was switched in the last slots has no step yet. */
const UNSURE_SLOTS = 3;
const KEPT_MS = SLOTS * SLOT_MS;
const MAX_EVENTS = 200;
/** A measured device causes a step if its power moves by half of the step at least, and by twice the step at most. */
const MAX_OWN_APART = Math.log(2);
/** The steps of an unmeasured device differ by less than this share. */
const SAME = 0.1;
/** An unmeasured device must have made more than this share of the steps of a similar power: others may be a thermostat's. */
const MIN_MADE_SHARE = 1 / 3;
const SIMILAR = 0.2;
/** Time in ms within which the sensor of a device reports its new power. */
const REPORT_MS = 60_000;
const KW: Record<string, number> = { W: 0.001, kW: 1, MW: 1000 };

type States = Hass["states"];
type Home = Pick<Hass, "states" | "entities">;

interface Event {
  id: string;
  time: number;
  isOn: boolean;
}

/** Name of a device, and whether it was switched on or off. */
export interface Switched {
  name: string;
  isOn: boolean;
}

export class SwitchedDevices {
  #events: Event[] = [];
  /** Last state of each device that can be switched. */
  readonly #before = new Map<string, string>();
  /** Changes of the power of measured devices, as [time in ms, kW], by entity. The first one may be older than an hour. */
  readonly #powers = new Map<string, [time: number, kw: number][]>();
  /** Times in ms at which a measured device has reported its power, changed or not, by entity. */
  readonly #reports = new Map<string, number[]>();
  #states: States | undefined;
  /** The last `powers`. They arrive after the first states. */
  #noted = "";

  /** Note what has changed since the last call. `powers` are the entities of powers; `now` is in ms since 1970. */
  note(states: States, powers: readonly string[], now: number): void {
    if (states === this.#states && String(powers) === this.#noted) return;
    [this.#states, this.#noted] = [states, String(powers)];
    for (const id of Object.keys(states)) {
      if (SWITCHED.test(id)) this.#noteDevice(id, states[id]!, now);
    }
    this.#events = this.#events.filter(({ time }) => time > now - KEPT_MS).slice(-MAX_EVENTS);
    for (const id of powers) this.#notePower(id, states[id], now);
  }

  #noteDevice(id: string, { state, last_changed }: States[string], now: number): void {
    const before = this.#before.get(id);
    if (before === state) return;
    this.#before.set(id, state);
    const time = Date.parse(last_changed ?? "");
    const isOn = !OFF.test(state);
    // A device that was not reachable has perhaps not been switched.
    const isSwitched = !UNKNOWN.test(state) && (before === undefined || (!UNKNOWN.test(before) && OFF.test(before) === isOn));
    if (isSwitched && time > now - KEPT_MS) this.#events.push({ id, time, isOn });
  }

  #notePower(id: string, entity: States[string] | undefined, now: number): void {
    const kw = Number(entity?.state || NaN) * (KW[String(entity?.attributes.unit_of_measurement)] ?? NaN);
    const changes = this.#powers.get(id) ?? [];
    if (!Number.isFinite(kw) || changes[changes.length - 1]?.[1] === kw) return;
    const time = Date.parse(entity!.last_changed ?? "") || now;
    changes.push([time, kw]);
    while (changes.length > SLOTS || changes[1]?.[0]! < now - KEPT_MS) changes.shift();
    this.#powers.set(id, changes);
  }

  /** Note that a device has reported its power at `time`, in ms. A steady power changes no state. */
  noteReport(id: string, time: number, now: number): void {
    const reports = this.#reports.get(id) ?? [];
    if (!time || reports[reports.length - 1] === time) return;
    reports.push(time);
    while (reports[0]! < now - KEPT_MS) reports.shift();
    this.#reports.set(id, reports);
  }

  /**
   * Return by how many kW a power moved in the direction of `sign` around a time; undefined if that is unknown, also if
   * the device has reported nothing within a minute. `from` is the power before, if it is known otherwise.
   */
  moved(id: string, time: number, sign: number, from?: number): number | undefined {
    const changes = this.#powers.get(id) ?? [];
    const earlier = changes.filter(([changed]) => changed < time - MAX_APART_MS);
    const before = earlier.length ? earlier[earlier.length - 1]![1] : from;
    if (before === undefined || !changes.length) return undefined;
    const after = changes.filter(([changed]) => changed >= time - MAX_APART_MS && changed <= time + REPORT_MS).map(([, kw]) => kw);
    // Nothing was noted before the page was opened. The device then has the first noted power since the step.
    if (!earlier.length && !after.length) after.push(changes[0]![1]);
    const reports = this.#reports.get(id) ?? [];
    if (!after.length && !reports.some((reported) => reported >= time && reported <= time + REPORT_MS)) return undefined;
    return Math.max(0, ...after.map((kw) => sign * (kw - before)));
  }

  /**
   * Return the device that was switched with a step; undefined if none or several were, or if it is not sure. `steps` are all steps of the hour,
   * whose `count` slots begin at `start`, in ms.
   */
  find(hass: Home, powers: readonly string[], step: Step, steps: readonly Step[], start: number, count = SLOTS): Switched | undefined {
    const timeOf = ({ at }: Step) => start + at * SLOT_MS;
    const isNear = (event: Event, step: Step) => Math.abs(event.time - timeOf(step)) <= MAX_APART_MS;
    const own = (id: string) => powerOf(hass, powers, id);
    const [event, second] = this.#events.filter((event) => isNear(event, step) && (!event.id.startsWith("light.") || own(event.id)));
    if (!event || second || event.isOn !== step.kw > 0) return undefined;
    const { id, isOn } = event;
    const power = own(id);
    const stepsOf = (event: Event) => steps.filter((other) => isNear(event, other) && event.isOn === other.kw > 0);
    if (power) {
      // A device that is switched on used nothing before.
      const moved = this.moved(power, event.time, Math.sign(step.kw), isOn ? 0 : undefined) ?? 0;
      const [best] = stepsOf(event).sort((a, b) => apart(a.kw, moved) - apart(b.kw, moved));
      if (best !== step || apart(moved, step.kw) > MAX_OWN_APART) return undefined;
    } else {
      // A device whose power is unknown must have made this step each time that it was switched, and at least twice.
      // Otherwise, it was switched at this time only by chance.
      const events = this.#events.filter((event) => event.id === id && event.time < start + (count - UNSURE_SLOTS) * SLOT_MS);
      const isSteady = events.length > 1 && events.every((event) => stepsOf(event).some((other) => apart(other.kw, step.kw) < SAME));
      const similar = steps.filter((other) => apart(other.kw, step.kw) < SIMILAR);
      if (!STRONG.test(id) || !isSteady || events.length <= MIN_MADE_SHARE * similar.length) return undefined;
    }
    const name = hass.states[id]?.attributes.friendly_name;
    return typeof name === "string" && name ? { name, isOn } : undefined;
  }
}

/** Return how far two powers differ, whatever their signs: 0.1 for a tenth. */
const apart = (a: number, b: number): number => Math.abs(Math.log(Math.abs(a / b)));

/** Return the measured power of the device to which an entity belongs. */
function powerOf({ entities }: Pick<Hass, "entities">, powers: readonly string[], id: string): string | undefined {
  const device = entities[id]?.device_id;
  return device ? powers.find((power) => entities[power]?.device_id === device) : undefined;
}
