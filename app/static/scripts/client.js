/** Requests to the gateway that served this page, and what to say when one fails. */

import { t } from "./words.js";

const KEY = "kaldra-api-key";

/** A request that failed; `message` is for the reader, `code` is the API's own. */
export class Problem extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** The key of this tab, or an empty string. */
export function key() {
  return sessionStorage.getItem(KEY) ?? "";
}

/** Keep a key until the tab is closed; an empty one is forgotten. */
export function keepKey(value) {
  if (value) {
    sessionStorage.setItem(KEY, value);
  } else {
    sessionStorage.removeItem(KEY);
  }
}

/** The answer to a POST of JSON. Raises Problem, or AbortError when `signal` aborts. */
export async function post(path, body, signal) {
  const headers = { "content-type": "application/json" };
  if (key()) {
    headers["x-api-key"] = key();
  }
  return await answerOf(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

/** The answer to a GET. Raises Problem. */
export async function get(path) {
  return await answerOf(path, {});
}

async function answerOf(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new Problem("unreachable", t("problem.unreachable"));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) {
    return answer;
  }
  throw problem(answer?.error, response.headers.get("retry-after"));
}

/** What to say about an error of the API; `retryAfter` is in seconds. */
export function problem(error, retryAfter) {
  const code = error?.code ?? "unknown";
  const known = t(`problem.${code}`, { seconds: retryAfter ?? "60" });
  const message = known === `problem.${code}` ? t("problem.unknown") : known;
  const details = code === "validation_error" ? ` ${error.message}` : "";
  return new Problem(code, message + details);
}
