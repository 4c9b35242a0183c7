import assert from "node:assert/strict";
import test from "node:test";

import { folded, segments } from "../../../app/static/scripts/evidence.js";

const term = (start, end) => ({ start, end });
const texts = (found) => found.map(({ text }) => text);

test("a text is cut where terms begin and end, and nothing is lost", () => {
  const found = segments("we fear the risk now", [term(3, 7), term(12, 16)]);
  assert.deepEqual(texts(found), ["we ", "fear", " the ", "risk", " now"]);
  assert.deepEqual(
    found.map((part) => part.term !== null),
    [false, true, false, true, false],
  );
});

test("terms at both ends leave no empty parts", () => {
  assert.deepEqual(texts(segments("fear risk", [term(0, 4), term(5, 9)])), ["fear", " ", "risk"]);
  assert.deepEqual(texts(segments("nothing", [])), ["nothing"]);
  assert.deepEqual(segments("", []), []);
});

test("offsets are code points, also after an emoji", () => {
  const text = "🔥🔥 fear, 👩‍💻 risk";
  const at = (word) => [...text.slice(0, text.indexOf(word))].length;
  const place = (word) => term(at(word), at(word) + word.length);
  const found = segments(text, [place("fear"), place("risk")]);
  assert.deepEqual(texts(found.filter((part) => part.term)), ["fear", "risk"]);
  assert.equal(texts(found).join(""), text);
});

test("a term that overlaps the one before is left out", () => {
  assert.deepEqual(texts(segments("abcdef", [term(0, 4), term(2, 6)])), ["abcd", "ef"]);
});

test("terms are folded as the kernel folds them", () => {
  assert.equal(folded("Próximo  Trimestre"), "proximo trimestre");
  assert.equal(folded("next-quarter"), "next quarter");
});
