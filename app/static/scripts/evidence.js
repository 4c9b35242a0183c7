/** The text with the words that counted marked in it. */

import { h, roving } from "./dom.js";
import { named } from "./labels.js";
import { decimal, points, t } from "./words.js";

/**
 * A text cut where terms begin and end: `[{text, term}]`, `term` null between them. The API counts
 * in code points, JavaScript in UTF-16 units, which differ after the first emoji.
 */
export function segments(text, terms) {
  const units = unitsOf(text);
  const at = units ? (offset) => units[offset] : (offset) => offset;
  const found = [];
  let done = 0;
  for (const term of terms) {
    const [start, end] = [at(term.start), at(term.end)];
    if (start < done) {
      continue;
    }
    if (start > done) {
      found.push({ text: text.slice(done, start), term: null });
    }
    found.push({ text: text.slice(start, end), term });
    done = end;
  }
  if (done < text.length) {
    found.push({ text: text.slice(done), term: null });
  }
  return found;
}

/** UTF-16 index of each code point, or null where the two counts agree. */
function unitsOf(text) {
  if (!/[\ud800-\udbff]/.test(text)) {
    return null;
  }
  const units = [0];
  for (const character of text) {
    units.push(units.at(-1) + character.length);
  }
  return units;
}

/** A term as the API lists its influence: without accents, in small letters, words by one space. */
export function folded(term) {
  const plain = term.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join(" ");
}

/** The text with its evidence; what a word was read as is told below it. */
export function evidence(text, signal) {
  const influence = new Map(signal.explain.influence.terms.map((each) => [each.term, each]));
  const told = h("p", { class: "told", "aria-live": "polite" }, t("evidence.hint"));
  const body = h("div", {
    class: "reading",
    lang: signal.language === "und" ? null : signal.language,
  });
  const tell = (term) =>
    told.replaceChildren(...explained(term, influence.get(folded(term.term)), signal));
  for (const part of segments(text, signal.explain.terms)) {
    body.append(part.term ? marked(part, tell) : part.text);
  }
  roving(body, "button");
  return h("div", {}, body, told);
}

function marked({ text, term }, tell) {
  const side = term.sign < 0 ? "against" : "with";
  return h(
    "button",
    {
      type: "button",
      class: `term ${side}`,
      focus: () => tell(term),
      mouseenter: () => tell(term),
    },
    text,
  );
}

function explained(term, influence, signal) {
  const concepts = term.concepts.map(named).join(", ");
  const read = term.sign < 0 ? "evidence.negated" : "evidence.read";
  const parts = [
    h("strong", {}, `“${term.term}” `),
    concepts ? t(read, { concepts }) : t("evidence.cancelled"),
    ` ${t("evidence.weight", { weight: decimal(term.weight) })} `,
  ];
  if (influence && signal.state) {
    const moved = {
      archetype: named(signal.archetype),
      state: signal.state.label[document.documentElement.lang],
      by_archetype: points(influence.archetype_delta),
      by_state: points(influence.state_delta),
    };
    parts.push(t("evidence.moved", moved));
  } else {
    parts.push(t("evidence.little"));
  }
  return parts;
}
