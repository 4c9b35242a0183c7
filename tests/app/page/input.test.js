import assert from "node:assert/strict";
import test from "node:test";

import { asLines, characters, refusal, texts } from "../../../app/static/scripts/input.js";

test("characters are counted as the API counts them", () => {
  assert.equal(characters("ação"), 4);
  assert.equal(characters("🔥a"), 2);
});

test("a text is one text, or one of each line that is not blank", () => {
  assert.deepEqual(texts("one\n\ntwo\n", false), ["one\n\ntwo\n"]);
  assert.deepEqual(texts("one\n \ntwo\n", true), ["one", "two"]);
  assert.deepEqual(texts(" \n", false), []);
});

test("what the API would refuse is refused here, with its numbers", () => {
  assert.deepEqual(refusal([], 5, 2), ["problem.empty", {}]);
  assert.equal(refusal(["abcde", "🔥🔥🔥🔥🔥"], 5, 2), null);
  assert.deepEqual(refusal(["a", "b", "c"], 5, 2), ["problem.too_many", { count: 3, most: 2 }]);
  assert.deepEqual(refusal(["a", "abcdef"], 5, 2), [
    "problem.too_long",
    { number: 2, count: 6, longest: 5 },
  ]);
});

test("several files become a line each", () => {
  assert.equal(asLines(["one\n two ", "three"]), "one two\nthree");
});
