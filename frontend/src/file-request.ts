/** Requests for the files of the cards. A file that is missing is requested again until it has arrived. */

const MAX_PAUSE_MS = 8_000;
/** Maximum time in ms for the first answer. Later answers get more time, because a slow network needs it. */
const MAX_ANSWER_MS = 30_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Request a file until it has arrived as a whole and `use` takes its text. `onFailure` is called after each failure,
 * with the number of failures before it.
 */
export async function requestFile(
  urlOf: () => string,
  use: (text: string, url: string) => unknown,
  onFailure: (failures: number) => void = () => undefined,
): Promise<void> {
  for (let failures = 0; ; failures += 1) {
    const url = urlOf();
    // A proxy, or an earlier version, may have let the browser keep an answer that says "not found".
    const answer = fetch(url, { cache: failures ? "reload" : "default" }).then((response) => {
      if (!response.ok) throw new Error(String(response.status));
      return response.text();
    });
    const used = answer.then((text) => use(text, url)).then(() => true);
    const late = pause(MAX_ANSWER_MS * (failures + 1)).then(() => false);
    if (await Promise.race([used.catch(() => false), late])) return;
    onFailure(failures);
    await pause(Math.min(1000 * 2 ** failures, MAX_PAUSE_MS));
  }
}
