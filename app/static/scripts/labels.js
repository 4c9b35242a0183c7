/** The vocabulary of the kernel: names and descriptions of states, archetypes, vectors and so on. */

import { get } from "./client.js";
import { language, t } from "./words.js";

const lists = new Map();
let current = { byId: new Map(), archetypes: [], columns: [], states: [], versions: null };

/** Load the vocabulary in the language of the moment. Raises Problem while the core is away. */
export async function loadLabels() {
  const chosen = language();
  if (!lists.has(chosen)) {
    lists.set(chosen, indexed(await get(`/page/vocabulary?language=${chosen}`)));
  }
  current = lists.get(chosen);
  return current;
}

function indexed(vocabulary) {
  const { archetypes, columns, states, polarities, modifiers, kindras, concepts } = vocabulary;
  const all = [archetypes, states, polarities, modifiers, kindras, concepts].flat();
  const { version, data_version: data } = vocabulary.about;
  return {
    byId: new Map(all.map((record) => [record.id, record])),
    archetypes,
    columns,
    states,
    versions: { version, data },
  };
}

/** The lists of the vocabulary as they were loaded last. */
export function vocabulary() {
  return current;
}

/** The record with an id, or undefined. */
export function record(id) {
  return current.byId.get(id);
}

/** The label of an id; an id without one is written as words. */
export function named(id) {
  return current.byId.get(id)?.label ?? plainly(id);
}

/** The two poles of a polarity, the one for 1 first. */
export function poles(id) {
  const [first, second] = named(id).split(" ↔ ");
  return [first, second ?? ""];
}

/** Which end of a Kindra vector a score leans to, in words. */
export function leaning(id, score) {
  const vector = record(id);
  return (score < 0 ? vector?.low : vector?.high) ?? t("none");
}

function plainly(id) {
  return String(id)
    .replace(/^(A\d\d|POL|MOD)_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
}
