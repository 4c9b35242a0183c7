/**
 * Pictures. Bars and the heat map are tables whose cells are drawn by the style sheet, so that what
 * is seen and what a screen reader says are the same element. Lines are SVG.
 */

import { h, roving, svg } from "./dom.js";
import { percent, t } from "./words.js";

/** How strongly a share of the largest is coloured, in percent; small shares stay visible. */
export function shade(value, largest) {
  return largest > 0 ? Math.round(100 * Math.sqrt(Math.max(0, value) / largest)) : 0;
}

/**
 * Bars from zero: rows of `{label, value, ghost, note}`. `ghost` is an earlier value, drawn as a
 * mark; `most` is the value of a full bar.
 */
export function bars(caption, rows, { most = 1, format = percent, heads }) {
  const width = (value) => `${(100 * Math.min(1, Math.max(0, value / most))).toFixed(2)}%`;
  const body = rows.map(({ label, value, ghost, note, strong }) =>
    h(
      "tr",
      { class: strong ? "strong" : null },
      h("th", { scope: "row" }, label, note ? h("small", {}, note) : null),
      h(
        "td",
        { class: "bar" },
        h("span", { class: "fill", style: { "--width": width(value) } }),
        ghost === undefined ? null : h("span", { class: "ghost", style: { "--at": width(ghost) } }),
      ),
      h("td", { class: "number" }, format(value)),
    ),
  );
  return table("bars", caption, heads, body);
}

/** Bars to both sides of zero: rows of `{label, value, note}`. */
export function diverging(caption, rows, { format, heads }) {
  const most = Math.max(...rows.map(({ value }) => Math.abs(value)), 1e-9);
  const body = rows.map(({ label, value, note }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, label, note ? h("small", {}, note) : null),
      h(
        "td",
        { class: "bar both" },
        h("span", {
          class: value < 0 ? "fill below" : "fill above",
          style: { "--width": `${((50 * Math.abs(value)) / most).toFixed(2)}%` },
        }),
      ),
      h("td", { class: "number" }, format(value)),
    ),
  );
  return table("bars", caption, heads, body);
}

/** Positions between two poles: rows of `{first, second, value}`; 1 is wholly the first. */
export function between(caption, rows, heads) {
  const body = rows.map(({ first, second, value }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", class: value > 0.5 ? "leans" : null }, first),
      h(
        "td",
        { class: "bar pole" },
        h("span", { class: "mark", style: { "--at": `${(100 * (1 - value)).toFixed(2)}%` } }),
      ),
      h("td", { class: value < 0.5 ? "leans" : null }, second),
      h("td", { class: "number" }, percent(value, 0)),
    ),
  );
  return table("bars poles", caption, heads, body);
}

function table(style, caption, heads, body) {
  return h(
    "table",
    { class: style },
    h("caption", { class: "unseen" }, caption),
    h(
      "thead",
      { class: "unseen" },
      h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head))),
    ),
    h("tbody", {}, ...body),
  );
}

/**
 * The 144 states as a map, row by archetype: `values` in the API's order. Arrow keys move, and what
 * is pointed at is told below the map.
 */
export function heatMap(values, { archetypes, columns, states }, strongest) {
  const largest = Math.max(...values);
  const told = h("p", { class: "told", "aria-live": "polite" }, t("map.hint"));
  const tell = (state) => {
    const { label, description, index } = states[state];
    told.replaceChildren(h("strong", {}, `${label} · ${percent(values[index], 2)} `), description);
  };
  const cell = (row, column) => {
    const index = row * columns.length + column;
    return h(
      "td",
      { class: index === strongest ? "strongest" : null },
      h(
        "button",
        {
          type: "button",
          style: { "--shade": `${shade(values[index], largest)}%` },
          "aria-label": `${states[index].label}: ${percent(values[index], 2)}`,
          focus: () => tell(index),
          mouseenter: () => tell(index),
        },
        index === strongest ? "★" : "",
      ),
    );
  };
  const picture = h(
    "table",
    { class: "map" },
    h("caption", { class: "unseen" }, t("map.caption")),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, h("span", { class: "unseen" }, t("map.archetype"))),
        ...columns.map((column) =>
          h(
            "th",
            { scope: "col", class: `profile ${column.profile.toLowerCase()}` },
            h("span", {}, column.label),
          ),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      ...archetypes.map((archetype, row) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, archetype.label),
          ...columns.map((_, column) => cell(row, column)),
        ),
      ),
    ),
  );
  roving(picture, "button", columns.length);
  return h("div", {}, picture, told);
}

/** Zones narrower than this are not named: no name fits into them. */
const NARROW = 0.12;

/** A number from 0 to 1 on a scale of zones `[{upTo, name, style}]`. */
export function gauge(label, value, zones) {
  let from = 0;
  const parts = zones.map(({ upTo, name, style }) => {
    const share = upTo - from;
    const part = h(
      "span",
      { class: style, style: { "--share": String(share) } },
      share < NARROW ? "" : name,
    );
    from = upTo;
    return part;
  });
  return h(
    "div",
    {
      class: "gauge",
      role: "meter",
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": "1",
      "aria-valuenow": value.toFixed(3),
    },
    h("div", { class: "zones", "aria-hidden": "true" }, ...parts),
    h("span", { class: "needle", style: { "--at": `${(100 * value).toFixed(2)}%` } }),
  );
}

const WIDTH = 720;
const HEIGHT = 200;
const EDGE = 8;

/** Where the values of a series stand in a picture: `[x, y]` for each, y from 0 to `most`. */
export function places(values, most) {
  const step = values.length > 1 ? (WIDTH - 2 * EDGE) / (values.length - 1) : 0;
  const across = values.length > 1 ? EDGE : WIDTH / 2;
  return values.map((value, index) => [
    across + index * step,
    HEIGHT - EDGE - (Math.min(value, most) / (most || 1)) * (HEIGHT - 2 * EDGE),
  ]);
}

/**
 * Several series over one order: `[{name, values, style}]`, with vertical `marks`
 * `[{at, style}]` between or on places, and horizontal `levels`.
 */
export function lines(title, series, { most = 1, marks = [], levels = [] }) {
  const count = series[0].values.length;
  const x = (at) => EDGE + (count > 1 ? (at * (WIDTH - 2 * EDGE)) / (count - 1) : 0);
  const y = (value) => places([value], most)[0][1];
  return h(
    "figure",
    { class: "lines" },
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "img",
        "aria-label": title,
        preserveAspectRatio: "none",
      },
      ...levels.map((level) =>
        svg("line", { class: "level", x1: 0, x2: WIDTH, y1: y(level), y2: y(level) }),
      ),
      ...marks.map(({ at, style }) =>
        svg("line", { class: style, x1: x(at), x2: x(at), y1: 0, y2: HEIGHT }),
      ),
      ...series.map(({ values, style }) =>
        svg("polyline", {
          class: style,
          points: places(values, most)
            .map((place) => place.map((part) => part.toFixed(1)))
            .join(" "),
        }),
      ),
    ),
    h(
      "figcaption",
      {},
      ...[...series, ...marks.filter(({ name }) => name)].map(({ name, style }) =>
        h("span", { class: `key ${style}` }, name),
      ),
    ),
  );
}
