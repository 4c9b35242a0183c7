import assert from "node:assert/strict";
import test from "node:test";

import { places, shade } from "../../../app/static/scripts/charts.js";
import { stepped } from "../../../app/static/scripts/dom.js";
import { curl, quoted } from "../../../app/static/scripts/share.js";
import { short } from "../../../app/static/scripts/story.js";
import { filledIn } from "../../../app/static/scripts/words.js";

test("shades go from nothing to full, and the largest is full", () => {
  assert.equal(shade(0, 0.5), 0);
  assert.equal(shade(0.125, 0.5), 50);
  assert.equal(shade(0.5, 0.5), 100);
  assert.equal(shade(0, 0), 0);
});

test("a line goes from left to right, larger values higher, within the picture", () => {
  const found = places([0, 1, 0.5, 9], 1);
  const across = found.map(([x]) => x);
  assert.deepEqual(
    across,
    [...across].sort((a, b) => a - b),
  );
  assert.ok(found[1][1] < found[2][1] && found[2][1] < found[0][1]);
  assert.equal(found[3][1], found[1][1]);
  assert.ok(places([0.2], 1).flat().every(Number.isFinite));
});

test("keys move in a row, in a grid, and not past the ends", () => {
  assert.equal(stepped("ArrowRight", 0, 3), 1);
  assert.equal(stepped("ArrowRight", 2, 3), null);
  assert.equal(stepped("ArrowDown", 0, 24, 12), 12);
  assert.equal(stepped("ArrowUp", 3, 24, 12), null);
  assert.equal(stepped("End", 0, 24, 12), 23);
  assert.equal(stepped("Tab", 0, 3), null);
});

test("a copied command survives quotes and never holds the key", () => {
  assert.equal(quoted("it's"), `'it'\\''s'`);
  const command = curl("http://a", "/b", { text: "it's" }, true);
  assert.match(command, /X-API-Key: \$KALDRA_API_KEY/);
  assert.ok(!curl("http://a", "/b", {}, false).includes("X-API-Key"));
});

test("words are filled in, and unknown names stay to be seen", () => {
  assert.equal(filledIn("{a} of {b}", { a: 1 }), "1 of {b}");
});

test("a long text is named by its beginning", () => {
  assert.equal(short("one\ntwo"), "one two");
  assert.equal(short("a".repeat(200)).length, 80);
  assert.equal(short(" "), "–");
});
