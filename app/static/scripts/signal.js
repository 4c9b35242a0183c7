/** A signal as pictures. */

import { bars, between, diverging, gauge, heatMap } from "./charts.js";
import { h } from "./dom.js";
import { evidence, folded } from "./evidence.js";
import { leaning, named, poles, record, vocabulary } from "./labels.js";
import { decimal, language, otherLanguage, percent, points, t, term } from "./words.js";

const POLARITIES_SHOWN = 10;
const REGIMES = ["STABLE", "CRITICAL", "UNSTABLE"];

/** Everything read out of one text. */
export function signalView(text, signal) {
  return [
    headline(signal),
    card(t("evidence.title"), evidence(text, signal), "wide"),
    card(t("map.title"), heatMap(signal.delta144, vocabulary(), signal.state?.index ?? -1), "wide"),
    card(t("archetypes.title"), archetypes(signal)),
    card(t("regime.title"), regime(signal.tw)),
    signal.abstained ? null : card(t("influence.title"), influence(signal), "wide"),
    card(t("polarities.title"), polarities(signal.polarities)),
    h(
      "div",
      { class: "stack" },
      card(t("risk.title"), risks(signal)),
      card(t("meta.title"), meta(signal.meta)),
    ),
  ].filter(Boolean);
}

/** A titled part of the page. */
export function card(title, content, style = "") {
  return h("section", { class: `card ${style}` }, h("h3", {}, title), content);
}

/** Small facts: `[[name, value, style]]`. */
export function factList(entries) {
  return h(
    "dl",
    { class: "facts" },
    ...entries.map(([name, value, style]) =>
      h("div", { class: style }, h("dt", {}, name), h("dd", {}, value)),
    ),
  );
}

/** The regime's index on its scale; `bounds` are where the second and the third regime begin. */
export function regimeGauge(index, bounds = [0.3, 0.7]) {
  const ends = [...bounds, 1];
  const zones = REGIMES.map((name, place) => ({
    upTo: ends[place],
    name: term("regime", name),
    style: name.toLowerCase(),
  }));
  return gauge(t("regime.index"), index, zones);
}

function headline(signal) {
  const { state, evidence: found } = signal;
  const known = [
    [t("signal.confidence"), percent(signal.confidence, 0)],
    [t("signal.evidence"), t("signal.matched", { matched: found.matched, tokens: found.tokens })],
    [t("signal.language"), term("language", signal.language)],
    [t("signal.regime"), term("regime", signal.tw_regime), signal.tw_regime.toLowerCase()],
    [t("signal.bias"), term("level", signal.bias_label)],
  ];
  if (!state) {
    return h(
      "section",
      { class: "card headline wide abstained" },
      h("h3", { class: "state" }, t("abstained.title")),
      h("p", {}, t(`abstained.${signal.abstain_reason}`)),
      factList(known),
    );
  }
  known.push([t("signal.risk"), term("level", signal.narrative_risk)]);
  return h(
    "section",
    { class: "card headline wide" },
    h(
      "h3",
      { class: "state" },
      state.label[language()],
      h("span", { lang: otherLanguage() }, state.label[otherLanguage()]),
      h("b", {}, percent(state.probability)),
    ),
    h("p", {}, record(state.id).description),
    h(
      "ul",
      { class: "chips", "aria-label": t("signal.modifiers") },
      h("li", {}, term("profile", state.profile)),
      h("li", {}, t("plane.of", { plane: t(`plane.${state.plane}`) })),
      ...state.modifiers.map(({ id, source }) =>
        h("li", { class: source, title: record(id)?.description ?? null }, named(id)),
      ),
    ),
    factList(known),
  );
}

function archetypes(signal) {
  const before = signal.explain.stages.base_delta12;
  const rows = Object.entries(signal.delta12)
    .map(([id, value]) => ({
      label: named(id),
      value,
      ghost: before[id],
      strong: id === signal.archetype,
    }))
    .sort((a, b) => b.value - a.value);
  const most = Math.max(...rows.map((row) => Math.max(row.value, row.ghost)));
  return h(
    "div",
    {},
    bars(t("archetypes.title"), rows, { most, heads: heads("archetype", "bar", "probability") }),
    h("p", { class: "note" }, t("archetypes.ghost")),
  );
}

function regime(tw) {
  const tension = Object.entries(tw.tension).map(([plane, value]) => ({
    label: t(`plane.${plane}`),
    value,
  }));
  const drift = Object.entries(tw.drift).map(([way, value]) => ({
    label: t(`drift.${way}`),
    value,
  }));
  return h(
    "div",
    {},
    regimeGauge(tw.index),
    factList([
      [t("regime.index"), decimal(tw.index)],
      [t("regime.severity"), decimal(tw.severity)],
      [t("regime.steps"), String(tw.steps)],
    ]),
    h("h4", {}, t("regime.tension")),
    bars(t("regime.tension"), tension, {
      format: decimal,
      heads: heads("plane", "bar", "tension"),
    }),
    h("h4", {}, t("regime.drift")),
    diverging(t("regime.drift"), drift, {
      format: (value) => decimal(value, 3),
      heads: heads("way", "bar", "drift"),
    }),
  );
}

function influence(signal) {
  const { terms, vectors } = signal.explain.influence;
  const moved = (name, rows) =>
    rows.length === 0
      ? h("p", { class: "note" }, t("influence.nothing"))
      : diverging(name, rows, { format: points, heads: heads("cause", "bar", "points") });
  const written = new Map(signal.explain.terms.map(({ term: word }) => [folded(word), word]));
  const words = terms.map(({ term: word, count, archetype_delta: value }) => ({
    label: written.get(word) ?? word,
    value,
    note: count > 1 ? ` × ${count}` : null,
  }));
  const kindras = vectors.map(({ id, score, archetype_delta: value }) => ({
    label: named(id),
    value,
    note: ` ${id} · ${decimal(score)}: ${leaning(id, score)}`,
  }));
  return h(
    "div",
    {},
    h("p", { class: "note" }, t("influence.note", { archetype: named(signal.archetype) })),
    h(
      "div",
      { class: "columns" },
      h("div", {}, h("h4", {}, t("influence.terms")), moved(t("influence.terms"), words)),
      h("div", {}, h("h4", {}, t("influence.vectors")), moved(t("influence.vectors"), kindras)),
    ),
  );
}

function polarities(scores) {
  const rows = Object.entries(scores)
    .map(([id, value]) => ({ first: poles(id)[0], second: poles(id)[1], value }))
    .sort((a, b) => Math.abs(b.value - 0.5) - Math.abs(a.value - 0.5));
  const leaningRows = rows.filter(({ value }) => value !== 0.5);
  const names = heads("first", "bar", "second", "share");
  const shown = leaningRows.slice(0, POLARITIES_SHOWN);
  const rest = rows.slice(shown.length);
  return h(
    "div",
    {},
    shown.length > 0
      ? between(t("polarities.title"), shown, names)
      : h("p", { class: "note" }, t("polarities.neutral")),
    h(
      "details",
      {},
      h("summary", {}, t("polarities.rest", { count: rest.length })),
      between(t("polarities.all"), rest, names),
    ),
  );
}

function risks(signal) {
  const { bias, tau, safeguard } = signal;
  const dimensions = Object.entries(bias.dimensions).map(([name, value]) => ({
    label: term("dimension", name),
    value,
  }));
  const actions = [...new Set([...tau.actions, ...safeguard.actions])];
  return h(
    "div",
    {},
    factList([
      [t("risk.bias"), `${decimal(bias.score)} · ${term("level", bias.label)}`],
      [t("risk.tau"), `${decimal(tau.score)} · ${term("level", tau.risk)}`],
      [
        t("risk.safeguard"),
        `${decimal(safeguard.risk_score)} · ${term("level", safeguard.risk_level)}`,
      ],
    ]),
    h("h4", {}, t("risk.dimensions")),
    bars(t("risk.dimensions"), dimensions, { heads: heads("dimension", "bar", "share") }),
    h("h4", {}, t("risk.flags")),
    actions.length > 0
      ? h(
          "ul",
          { class: "chips flags" },
          ...actions.map((each) => h("li", {}, term("action", each))),
        )
      : h("p", { class: "note" }, t("risk.none")),
  );
}

function meta({ nietzsche, aurelius, campbell }) {
  return bars(
    t("meta.title"),
    [
      {
        label: t("meta.nietzsche"),
        value: nietzsche.score,
        note: ` ${term("meta", nietzsche.label)}`,
      },
      {
        label: t("meta.aurelius"),
        value: aurelius.score,
        note: ` ${term("meta", aurelius.label)}`,
      },
      {
        label: t("meta.campbell"),
        value: campbell.score,
        note: ` ${term("stage", campbell.journey_stage)}`,
      },
    ],
    { heads: heads("reading", "bar", "score") },
  );
}

/** Column heads by their keys. */
export function heads(...keys) {
  return keys.map((each) => t(`head.${each}`));
}
