/** Several texts as one story: its arc, its drift, and each text in short. */

import { bars, diverging, lines } from "./charts.js";
import { h } from "./dom.js";
import { named, vocabulary } from "./labels.js";
import { card, factList, heads, regimeGauge } from "./signal.js";
import { decimal, percent, points, signed, t, term } from "./words.js";

const SHORT = 80;

/** p-values above this are taken for chance: the kernel's regime is STABLE. */
const CHANCE = 0.2;

/** Where regimes change on the scale of 1 - p, as the kernel tests it, and on that of one text. */
const BOUNDS = { drift_test: [0.8, 0.95], mean_of_texts: [0.3, 0.7] };

/** The story of `texts`; `open` is called with the place of a text that is chosen. */
export function storyView(texts, answer, open) {
  return [
    overview(answer),
    card(t("story.course"), course(answer), "wide"),
    card(t("story.test"), test(answer.drift)),
    card(t("story.correlation"), correlation(answer.tracy_widom)),
    card(t("archetypes.title"), leaders(answer)),
    card(t("story.stages"), stages(answer.story)),
    card(t("story.texts"), items(texts, answer.items, open), "wide"),
  ];
}

function overview(answer) {
  const { story } = answer;
  return h(
    "section",
    { class: "card headline wide" },
    h("h3", { class: "state" }, t("story.title", { count: answer.count })),
    regimeGauge(answer.index, BOUNDS[answer.index_source]),
    factList([
      [t("signal.regime"), term("regime", answer.tw_regime), answer.tw_regime.toLowerCase()],
      [t("regime.index"), decimal(answer.index, 3)],
      [t("story.source"), term("source", answer.index_source)],
      [
        t("story.trend"),
        `${term("direction", story.trend.direction)} (${signed(story.trend.slope, 4)})`,
      ],
      [t("story.coherence"), percent(story.coherence, 0)],
      [t("story.stability"), percent(story.stability, 0)],
    ]),
  );
}

function course({ items, story, drift: change }) {
  const marks = story.turning_points.map((at) => ({ at, style: "turn" }));
  if (marks.length > 0) {
    marks[0].name = t("story.turns", { count: marks.length });
  }
  if (change) {
    const style = change.p_value <= CHANCE ? "split" : "split weak";
    marks.push({ at: change.split - 0.5, style, name: t("story.split") });
  }
  const drift = items.map((item) => item.drift);
  const wording = items.map((item) => item.wording_drift);
  return h(
    "div",
    {},
    h("h4", {}, t("regime.index")),
    lines(
      t("story.index_over_time"),
      [{ name: t("regime.index"), values: items.map((item) => item.index), style: "index" }],
      { levels: [0.3, 0.7] },
    ),
    h("h4", {}, t("story.drift")),
    lines(
      t("story.drift_over_time"),
      [
        { name: t("story.drift"), values: drift, style: "drift" },
        { name: t("story.wording"), values: wording, style: "wording" },
      ],
      { most: Math.max(...drift, ...wording, 0.01), marks },
    ),
  );
}

function test(change) {
  if (!change) {
    return h("p", { class: "note" }, t("story.no_test"));
  }
  const moved = change.moved.map(({ id, before, after }) => ({
    label: shareName(id),
    value: after - before,
    note: ` ${percent(before)} → ${percent(after)}`,
  }));
  const said = change.p_value <= CHANCE ? "story.changes" : "story.steady";
  const places = { before: change.split, after: change.split + 1, p: decimal(change.p_value, 3) };
  return h(
    "div",
    {},
    h("p", {}, t(said, places)),
    factList([
      [t("story.split"), t("story.between", places)],
      [t("story.seen_in"), t(`story.seen_in.${change.seen_in}`)],
      [t("story.p_value"), decimal(change.p_value, 3)],
      [t("story.tested"), t("story.permutations", change)],
    ]),
    h("h4", {}, t("story.moved")),
    diverging(t("story.moved"), moved, { format: points, heads: heads("share", "bar", "points") }),
  );
}

/** The name of an archetype, or of a column such as `COL_06_REACTIVE`. */
function shareName(id) {
  const column = /^COL_(\d\d)_/.exec(id);
  return column ? vocabulary().columns[Number(column[1]) - 1].label : named(id);
}

function correlation(law) {
  if (!law) {
    return h("p", { class: "note" }, t("story.no_law"));
  }
  return h(
    "div",
    {},
    factList([
      [t("story.statistic"), decimal(law.statistic)],
      [t("story.quantiles"), `${decimal(law.quantile_95)} · ${decimal(law.quantile_99)}`],
      ["F₁", decimal(law.f1, 4)],
      [t("story.rows"), `${law.rows} × ${law.columns}`],
    ]),
    h("p", { class: "note" }, t("story.law")),
  );
}

function leaders(answer) {
  const share = new Map(answer.story.dominant_archetypes.map((each) => [each.id, each.share]));
  const rows = Object.entries(answer.delta12)
    .map(([id, value]) => ({
      label: named(id),
      value,
      note: share.has(id) ? ` ${t("story.leads", { share: percent(share.get(id), 0) })}` : null,
    }))
    .sort((a, b) => b.value - a.value);
  const most = Math.max(...rows.map((row) => row.value));
  return bars(t("archetypes.title"), rows, {
    most,
    heads: heads("archetype", "bar", "probability"),
  });
}

function stages({ stage_scores: scores, dominant_stage: dominant }) {
  const rows = Object.entries(scores).map(([name, value]) => ({
    label: term("stage", name),
    value,
    strong: name === dominant,
  }));
  const most = Math.max(...rows.map((row) => row.value), 0.01);
  return bars(t("story.stages"), rows, { most, heads: heads("stage", "bar", "share") });
}

function items(texts, list, open) {
  const rows = list.map((item, place) =>
    h(
      "tr",
      {},
      h("td", { class: "number" }, String(place + 1)),
      h(
        "th",
        { scope: "row" },
        h(
          "button",
          { type: "button", class: "link", click: () => open(place) },
          short(texts[place]),
        ),
      ),
      h("td", {}, item.abstained ? t("story.abstained") : named(item.delta_state)),
      h("td", { class: item.tw_regime.toLowerCase() }, term("regime", item.tw_regime)),
      h("td", { class: "number" }, decimal(item.index)),
      h("td", { class: "number" }, decimal(item.drift)),
      h("td", {}, item.journey_stage ? term("stage", item.journey_stage) : "–"),
    ),
  );
  return h(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": t("story.texts") },
    h(
      "table",
      { class: "items" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...heads("number", "text", "state", "regime", "index", "drift", "stage").map((head) =>
            h("th", { scope: "col" }, head),
          ),
        ),
      ),
      h("tbody", {}, ...rows),
    ),
  );
}

/** The beginning of a text, in one line. */
export function short(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHORT ? `${line.slice(0, SHORT - 1).trimEnd()}…` : line || "–";
}
