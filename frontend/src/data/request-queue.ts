/**
 * Queue of one page's requests. The integration answers one request at a time, and serves its users in turn. If several
 * requests of a user are waiting, it refuses further requests of this user.
 */

import type { Connection } from "../hass.ts";

const MAX_IN_FLIGHT = 2;
const MAX_PAUSE_S = 8;
/** A refused request is retried until this time after the first attempt. The pauses are 1, 2, 4 and then always 8 s. */
const MAX_BUSY_MS = 60_000;

export interface Answer {
  value?: unknown;
  error?: unknown;
}

interface QueuedRequest {
  readonly message: object;
  readonly answer: Answer;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Time of the first attempt in ms since the page was opened. */
  sentAt?: number;
  refusals: number;
  isResting: boolean;
}

/** For each visible card, the answers that the card used when it was last drawn. */
const usedBy = new Map<object, Set<Answer>>();
let used = new Set<Answer>();

/** Start recording the answers that a card uses, and forget the answers of its previous drawing. Return the set that gets the answers. */
export function recordUses(card: object, isInView: boolean): ReadonlySet<Answer> {
  used = new Set();
  if (isInView) usedBy.set(card, used);
  else usedBy.delete(card);
  return used;
}

/** Record that the card being drawn uses an answer. */
export function recordUse(answer: Answer): void {
  used.add(answer);
}

const isUsed = (answer: Answer): boolean => [...usedBy.values()].some((answers) => answers.has(answer));

/** Queue of the requests on one connection. */
export class RequestQueue {
  readonly #connection: Connection;
  #waiting: QueuedRequest[] = [];
  #workers = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Send a message when its turn comes, and return the answer. If no card needs the answer any more, send nothing and
   * return undefined.
   */
  ask(message: object, answer: Answer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, answer, resolve, reject, refusals: 0, isResting: false });
      if (this.#workers < MAX_IN_FLIGHT) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#workers += 1;
    for (let request = this.#next(); request; request = this.#next()) await this.#send(request);
    this.#workers -= 1;
  }

  /** Remove and return the next request. Requests without an earlier answer come first, refreshes later. */
  #next(): QueuedRequest | undefined {
    for (const { answer, resolve } of this.#waiting) if (!isUsed(answer)) resolve(undefined);
    this.#waiting = this.#waiting.filter(({ answer }) => isUsed(answer));
    const ready = this.#waiting.filter(({ isResting }) => !isResting);
    const next = ready.find(({ answer }) => answer.value === undefined) ?? ready[0];
    this.#waiting = this.#waiting.filter((request) => request !== next);
    return next;
  }

  async #send(request: QueuedRequest): Promise<void> {
    request.sentAt ??= performance.now();
    try {
      request.resolve(await this.#connection.sendMessagePromise(request.message));
    } catch (error) {
      const isBusy = (error as { code?: unknown } | null)?.code === "busy";
      if (!isBusy || performance.now() - request.sentAt >= MAX_BUSY_MS) return request.reject(error);
      const pauseS = Math.min(MAX_PAUSE_S, 2 ** request.refusals) * (0.9 + 0.2 * Math.random());
      request.refusals += 1;
      request.isResting = true;
      this.#waiting.unshift(request);
      // The integration would also refuse another request now. So during the pause, this request still counts as one of
      // the MAX_IN_FLIGHT requests, and no other request is sent in its place.
      await new Promise((resolve) => setTimeout(resolve, 1000 * pauseS));
      request.isResting = false;
    }
  }
}
