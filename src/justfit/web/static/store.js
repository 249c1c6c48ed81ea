/** What the server says, and when it has changed. */

import { byId, setShown, setText, showProblem } from "./dom.js";

/** An answer that is an error, told in a sentence. */
export class Failure extends Error {
  /**
   * @param {string} sentence
   * @param {string|null} study the new name of a study that was asked for by its old one
   */
  constructor(sentence, study = null) {
    super(sentence);
    this.study = study;
  }
}

const SILENT = "justfit does not answer: is justfit ui still running?";

/** A response, or `Failure` where it is an error or none came. */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Failure(SILENT);
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  throw new Failure(said?.error ?? `The server answered ${response.status} ${response.statusText}.`, said?.study);
}

/** All of a response, as `kind` ("json" or "blob"), or `Failure` where the server ended before it had said all. */
export async function whole(response, kind = "json") {
  try {
    return await response[kind]();
  } catch {
    throw new Failure(SILENT);
  }
}

export const ask = async (path, options) => whole(await request(path, options));

export const send = (path, content = {}) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });

/** Send a file with fields; the response as it is. */
export function sendFile(path, file, fields = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("file", file);
  return request(path, { method: "POST", body });
}

const SOONEST = 250;
const AGAIN = 1000;

/**
 * Load now, and again whenever something that the page shows has changed: at most four times a second, one
 * at a time, and while nobody looks not at all. After a lost connection all is loaded anew.
 *
 * @param {(study: string|null) => boolean} concerns whether the page shows that study; null: the list of studies
 * @param {() => Promise<void>} load what it throws as `Failure` is shown
 * @param {(study: string) => void} [moved] called with the new name of the page's study: a search that has
 *   decided its last stages has another one
 * @returns {() => void} that loads anew as soon as it may
 */
export function live(concerns, load, moved = null) {
  let isLoading = false;
  let isStale = false;
  let last = 0;
  let timer = 0;

  async function loadNow() {
    timer = 0;
    isStale = false;
    isLoading = true;
    last = performance.now();
    try {
      await load();
      showProblem(null);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.study && moved) {
        moved(error.study);
        isStale = true;
      } else showProblem(error.message);
    } finally {
      isLoading = false;
      if (isStale) soon();
    }
  }

  function soon() {
    isStale = true;
    if (isLoading || timer || document.hidden) return;
    timer = setTimeout(loadNow, Math.max(0, last + SOONEST - performance.now()));
  }

  listen(concerns, soon);
  soon();
  return soon;
}

/**
 * Follow the server's events while the page is looked at; while there is no connection a banner says so. A
 * page that nobody sees holds none of the six connections that a browser has for all its pages.
 */
function listen(concerns, changed) {
  const banner = byId("connection");
  let events = null;

  function open() {
    events = new EventSource("/api/events");
    events.addEventListener("hello", () => {
      setShown(banner, false);
      setText(banner, "");
      changed();
    });
    events.addEventListener("changed", (event) => {
      if (concerns(JSON.parse(event.data).study)) changed();
    });
    events.addEventListener("error", (event) => {
      setShown(banner, true);
      setText(banner, "Connection lost, trying again");
      // An answer other than a stream ends it for good.
      if (event.target.readyState === EventSource.CLOSED) setTimeout(() => event.target === events && open(), AGAIN);
    });
  }

  function close() {
    events?.close();
    events = null;
  }

  document.addEventListener("visibilitychange", () => {
    close();
    if (!document.hidden) open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  if (!document.hidden) open();
}
