/** Alpha, Geo, Product and Safeguard: what each adds to a signal. */

import { bars, diverging } from "./charts.js";
import { h } from "./dom.js";
import { leaning, named } from "./labels.js";
import { card, factList, heads } from "./signal.js";
import { decimal, percent, signed, t, term } from "./words.js";

/** Where each domain's reading is asked for. */
export const DOMAINS = {
  alpha: { path: "/alpha/analyze", view: alpha },
  geo: { path: "/geo/analyze", view: geo },
  product: { path: "/product/analyze", view: product },
  safeguard: { path: "/safeguard/evaluate", view: safeguard },
};

function alpha(answer) {
  const rates = Object.entries(answer.rates).map(([name, value]) => ({
    label: term("metric", name),
    value,
  }));
  return [
    card(
      t("alpha.guidance"),
      factList([
        [t("alpha.direction"), term("direction", answer.guidance.direction)],
        [t("alpha.raised"), decimal(answer.guidance.raised)],
        [t("alpha.lowered"), decimal(answer.guidance.lowered)],
        [t("epistemic"), term("epistemic", answer.epistemic_status)],
      ]),
    ),
    card(t("alpha.rates"), scaled(t("alpha.rates"), rates, "metric")),
    card(
      t("alpha.spread"),
      factList([
        [t("alpha.entropy"), t("alpha.bits", { bits: decimal(answer.entropy) })],
        [t("alpha.normalised"), percent(answer.normalised_entropy, 0)],
        [t("alpha.coherence"), optional(answer.narrative_coherence)],
        [t("alpha.trigger"), yes(answer.tw_trigger)],
      ]),
    ),
    common(answer),
  ];
}

function geo(answer) {
  const strains = [
    { label: t("geo.escalation"), value: answer.escalation },
    { label: t("geo.stress"), value: answer.institutional_stress },
    { label: t("regime.severity"), value: answer.tw_severity },
  ];
  return [
    card(
      t("geo.risk"),
      factList([
        [t("geo.risk"), term("level", answer.risk_level), answer.risk_level],
        [t("epistemic"), term("epistemic", answer.extras.epistemic_status)],
        [t("alpha.trigger"), yes(answer.tw_triggered)],
      ]),
    ),
    card(
      t("geo.strains"),
      bars(t("geo.strains"), strains, { heads: heads("metric", "bar", "share") }),
    ),
    common(answer),
  ];
}

function product(answer) {
  const themes = answer.themes.flatMap(({ theme, pain, praise }) => [
    { label: term("theme", theme), value: praise, note: ` ${t("product.praise")}` },
    { label: term("theme", theme), value: -pain, note: ` ${t("product.pain")}` },
  ]);
  const vectors = answer.dominant_vectors.map(({ id, score }) => ({
    label: named(id),
    value: score,
    note: ` ${id}: ${leaning(id, score)}`,
  }));
  return [
    card(
      t("product.verdict"),
      factList([
        [t("product.verdict"), term("verdict", answer.verdict), answer.verdict],
        [t("product.sentiment"), signed(answer.net_sentiment)],
        [t("product.praise_rate"), decimal(answer.praise_rate)],
        [t("product.pain_rate"), decimal(answer.pain_rate)],
      ]),
    ),
    card(t("product.themes"), pictured(themes, t("product.themes"), "theme")),
    card(t("product.vectors"), pictured(vectors, t("product.vectors"), "vector")),
    common(answer),
  ];
}

function safeguard(answer) {
  const dimensions = Object.entries(answer.bias_dimensions).map(([name, value]) => ({
    label: term("dimension", name),
    value,
  }));
  const spans = answer.spans.map(({ dimension, term: word }) =>
    h("li", {}, h("mark", {}, word), ` ${term("dimension", dimension)}`),
  );
  return [
    card(
      t("safeguard.severity"),
      h(
        "div",
        {},
        factList([
          [t("safeguard.severity"), term("level", answer.severity), answer.severity],
          [
            t("risk.flags"),
            answer.flags.map((flag) => term("flag", flag)).join(", ") || t("risk.none"),
          ],
        ]),
        h("h4", {}, t("safeguard.advice")),
        h("ul", {}, ...answer.recommendations.map((each) => h("li", {}, term("advice", each)))),
      ),
    ),
    card(
      t("risk.dimensions"),
      bars(t("risk.dimensions"), dimensions, { heads: heads("dimension", "bar", "share") }),
    ),
    card(
      t("safeguard.spans"),
      spans.length > 0
        ? h("ul", { class: "spans" }, ...spans)
        : h("p", { class: "note" }, t("safeguard.no_spans")),
    ),
    common(answer),
  ];
}

/** What every domain answers: its archetypes, and the weight it gives to each plane. */
function common(answer) {
  const planes = Object.entries(answer.plane_weights).map(([plane, value]) => ({
    label: t(`plane.${plane}`),
    value,
  }));
  const weights = h(
    "div",
    {},
    factList([[t("domain.tension"), decimal(answer.weighted_tension)]]),
    h("h4", {}, t("domain.planes")),
    bars(t("domain.planes"), planes, { heads: heads("plane", "bar", "share") }),
  );
  if (!answer.top_archetypes) {
    return card(t("domain.title"), weights);
  }
  const leaders = answer.top_archetypes.map(({ id, probability: value }) => ({
    label: named(id),
    value,
  }));
  weights.append(
    h("h4", {}, t("archetypes.title")),
    bars(t("archetypes.title"), leaders, { heads: heads("archetype", "bar", "probability") }),
  );
  return card(t("domain.title"), weights);
}

function scaled(caption, rows, head) {
  const most = Math.max(...rows.map(({ value }) => value), 1);
  return bars(caption, rows, { most, format: decimal, heads: heads(head, "bar", "rate") });
}

function pictured(rows, caption, head) {
  return rows.length === 0
    ? h("p", { class: "note" }, t("none"))
    : diverging(caption, rows, { format: signed, heads: heads(head, "bar", "score") });
}

function yes(value) {
  return t(value ? "yes" : "no");
}

function optional(value) {
  return value === null ? t("none") : percent(value, 0);
}
