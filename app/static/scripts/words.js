/** The page's own words in the language of the moment, and numbers as that language writes them. */

const LANGUAGES = ["en", "pt"];

const state = { language: "en", words: {} };

/** Take the words that the page carries, and start with the language it was served in. */
export function loadWords(document) {
  state.words = JSON.parse(document.getElementById("words").textContent);
  state.language = document.documentElement.lang;
}

/** The language of the moment: `en` or `pt`. */
export function language() {
  return state.language;
}

/** The language that the page can be switched to. */
export function otherLanguage() {
  return LANGUAGES.find((each) => each !== state.language);
}

/** Change to another language and rewrite every word that was served with the page. */
export function speak(document, chosen) {
  state.language = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = t(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
  }
}

/** The words for a key, with `{name}` filled from `values`. */
export function t(key, values = {}) {
  return filledIn(state.words[state.language]?.[key] ?? key, values);
}

/** `{name}` in a text replaced by the value of that name. */
export function filledIn(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A word of the API, such as `hidden_cost` of `theme`: translated where the page knows it. */
export function term(kind, value) {
  const known = state.words[state.language]?.[`${kind}.${value}`];
  return known ?? String(value).replaceAll("_", " ").toLowerCase();
}

/** 0.1234 as 12.3 %. */
export function percent(value, digits = 1) {
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return formatted(value, { style: "percent", ...fraction });
}

/** A difference of probabilities in percentage points, with its sign. */
export function points(value) {
  const fraction = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const shown = formatted(value * 100, { ...fraction, signDisplay: "exceptZero" });
  return t("unit.points", { value: shown });
}

/** A plain number. */
export function decimal(value, digits = 2) {
  return formatted(value, { maximumFractionDigits: digits });
}

/** A number with its sign. */
export function signed(value, digits = 2) {
  return formatted(value, { maximumFractionDigits: digits, signDisplay: "exceptZero" });
}

/** Formatters by language and options: making one costs more than using it a hundred times. */
const formatters = new Map();

function formatted(value, options) {
  const wanted = `${state.language} ${JSON.stringify(options)}`;
  if (!formatters.has(wanted)) {
    formatters.set(wanted, new Intl.NumberFormat(state.language, options));
  }
  return formatters.get(wanted).format(value);
}
