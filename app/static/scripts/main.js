/** The page: what is asked, what is shown, and what is said when something fails. */

import { keepKey, key, Problem, post } from "./client.js";
import { announce, byId } from "./dom.js";
import { DOMAINS } from "./domains.js";
import { asLines, characters, contents, facts, refusal, texts } from "./input.js";
import { loadLabels, vocabulary } from "./labels.js";
import { copied, curl } from "./share.js";
import { signalView } from "./signal.js";
import { short, storyView } from "./story.js";
import { openTab, wireTabs } from "./tabs.js";
import { decimal, language, loadWords, otherLanguage, percent, speak, t, term } from "./words.js";

const SIGNAL = "/engine/kaldra/signal";
const WINDOW = "/engine/kaldra/window";

/** What is shown: each tab's request and answer, the texts of a story, the text that was read. */
const shown = { texts: [], chosen: 0, tab: "signal", asked: new Map() };

let running = new AbortController();
let again = () => {};

function start() {
  loadWords(document);
  wireForm();
  wireFiles();
  wireKey();
  wireTabs(byId("tabs"), open);
  wireSharing();
  byId("language").addEventListener("click", switchLanguage);
  count();
  attempt(async () => {
    await loadLabels();
    showVersions();
  });
}

// --- Asking -----------------------------------------------------------------------------------

/** Do something that asks the gateway; what fails is told, and can be done again. */
async function attempt(work) {
  again = () => attempt(work);
  running.abort();
  const mine = new AbortController();
  running = mine;
  byId("result").setAttribute("aria-busy", "true");
  tell(null);
  try {
    await work(mine.signal);
  } catch (error) {
    if (error.name !== "AbortError") {
      tell(error instanceof Problem ? error : new Problem("page", t("problem.page")));
    }
    if (!(error instanceof Problem || error.name === "AbortError")) {
      throw error;
    }
  } finally {
    if (running === mine) {
      byId("result").removeAttribute("aria-busy");
    }
  }
}

function tell(problem) {
  const place = byId("problem");
  place.hidden = problem === null;
  place.textContent = problem?.message ?? "";
  if (problem?.code === "unauthorized") {
    keepKey("");
    byId("key-form").hidden = false;
    byId("key").focus();
  }
  if (problem?.code === "core_unavailable") {
    byId("core").textContent = t("core.away");
  }
}

function read() {
  const given = texts(byId("text").value, byId("lines").checked);
  const { longest, most } = byId("text").dataset;
  const refused = refusal(given, Number(longest), Number(most));
  if (refused) {
    const [word, values] = refused;
    tell(new Problem("refused", t(word, shownNumbers(values))));
    byId("text").focus();
    return;
  }
  if (!byId("options").checkValidity()) {
    byId("options").closest("details").open = true;
    byId("options").reportValidity();
    return;
  }
  attempt(
    given.length === 1
      ? (signal) => readText(given, 0, signal)
      : (signal) => readStory(given, signal),
  );
}

async function readText(given, place, signal) {
  const body = { text: given[place], options: { ...options(), explain: true } };
  const [answer] = await Promise.all([post(SIGNAL, body, signal), loadLabels()]);
  const story = given.length > 1 ? shown.asked.get("story") : null;
  shown.texts = given;
  shown.chosen = place;
  shown.asked = new Map(story ? [["story", story]] : []);
  shown.asked.set("signal", { path: SIGNAL, body, answer });
  await open(given.length > 1 || !DOMAINS[shown.tab] ? "signal" : shown.tab);
  reveal();
  announce(summary(answer));
}

async function readStory(given, signal) {
  const body = { texts: given, options: options() };
  const [answer] = await Promise.all([post(WINDOW, body, signal), loadLabels()]);
  shown.texts = given;
  shown.asked = new Map([["story", { path: WINDOW, body, answer }]]);
  await open("story");
  reveal();
  const { tw_regime: regime, count: many } = answer;
  announce(t("announce.story", { count: many, regime: term("regime", regime) }));
}

async function readDomain(name, signal) {
  const text = shown.texts[shown.chosen];
  const body = { text, options: options(), ...facts(byId(`facts-${name}`)) };
  const { path } = DOMAINS[name];
  const answer = await post(path, body, signal);
  shown.asked.set(name, { path, body, answer });
  show(name);
  announce(t("announce.domain", { domain: t(`tab.${name}`) }));
}

function options() {
  const { language: chosen, tw_profile, steps, ...context } = facts(byId("options"));
  return Object.fromEntries(
    Object.entries({ language: chosen, tw_profile, steps, context }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

// --- Showing ----------------------------------------------------------------------------------

/** Open a tab; a domain is asked for when it is opened first. */
async function open(tab) {
  shown.tab = tab;
  show(tab);
  if (DOMAINS[tab] && !shown.asked.has(tab)) {
    await attempt((signal) => readDomain(tab, signal));
  }
}

function show(tab) {
  const asked = shown.asked.get(tab);
  for (const each of byId("tabs").querySelectorAll('[role="tab"]')) {
    each.hidden = !shown.asked.has(each.id === "story" ? "story" : "signal");
  }
  openTab(byId("tabs"), tab);
  byId("welcome").hidden = true;
  byId("answer").hidden = false;
  byId("panel").setAttribute("aria-labelledby", tab);
  for (const form of document.querySelectorAll(".facts-of")) {
    form.hidden = form.id !== `facts-${tab}`;
  }
  byId("which").textContent =
    shown.texts.length > 1 && tab !== "story"
      ? t("story.which", {
          number: shown.chosen + 1,
          count: shown.texts.length,
          text: short(shown.texts[shown.chosen]),
        })
      : "";
  byId("sharing").hidden = !asked;
  byId("view").replaceChildren(...(asked ? view(tab, asked) : []));
}

/** Scroll to the answer where it is below the window, as on a telephone. */
function reveal() {
  if (byId("result").getBoundingClientRect().top > window.innerHeight / 2) {
    byId("result").scrollIntoView();
  }
}

function view(tab, { answer }) {
  if (tab === "story") {
    const choose = (place) => attempt((signal) => readText(shown.texts, place, signal));
    return storyView(shown.texts, answer, choose);
  }
  return tab === "signal"
    ? signalView(shown.texts[shown.chosen], answer)
    : DOMAINS[tab].view(answer);
}

function summary({ state, confidence }) {
  return state
    ? t("announce.signal", { state: state.label[language()], confidence: percent(confidence, 0) })
    : t("abstained.title");
}

function showVersions() {
  const { versions } = vocabulary();
  byId("core").textContent = t("core.ready", { version: versions.version });
  byId("data").textContent = versions.data;
}

function count() {
  const typed = byId("text").value;
  const values = { count: characters(typed), longest: Number(byId("text").dataset.longest) };
  const lines = texts(typed, true).length;
  byId("count").textContent = byId("lines").checked
    ? t("count.texts", shownNumbers({ count: lines, most: Number(byId("text").dataset.most) }))
    : t("count.characters", shownNumbers(values));
}

function shownNumbers(values) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, decimal(value, 0)]),
  );
}

// --- Wiring -----------------------------------------------------------------------------------

function wireForm() {
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    read();
  });
  byId("text").addEventListener("input", count);
  byId("text").addEventListener("paste", () => setTimeout(read));
  byId("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      read();
    }
  });
  byId("lines").addEventListener("change", count);
  byId("clear").addEventListener("click", () => {
    byId("text").value = "";
    count();
    byId("text").focus();
  });
  for (const button of document.querySelectorAll("[data-example]")) {
    button.addEventListener("click", () => give([t(`example.${button.dataset.example}`)]));
  }
  for (const form of document.querySelectorAll(".facts-of")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt((signal) => readDomain(shown.tab, signal));
    });
  }
}

/** Put texts into the text area and read them. */
function give(several) {
  const many = several.length > 1;
  byId("lines").checked ||= many;
  byId("text").value = many ? asLines(several) : several[0];
  count();
  read();
}

function wireFiles() {
  const area = byId("reader");
  const take = async (files) => {
    if (files.length > 0) {
      give(await contents(files));
    }
  };
  byId("files").addEventListener("change", async ({ target }) => {
    await take(target.files);
    target.value = "";
  });
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

function wireKey() {
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepKey(byId("key").value.trim());
    byId("key").value = "";
    byId("key-form").hidden = true;
    again();
  });
}

function wireSharing() {
  const share = (id, made) =>
    byId(id).addEventListener("click", async () => {
      const done = await copied(made(shown.asked.get(shown.tab)));
      announce(t(done ? "copy.done" : "copy.refused"));
    });
  share("copy-json", ({ answer }) => JSON.stringify(answer, null, 2));
  share("copy-curl", ({ path, body }) => curl(location.origin, path, body, key() !== ""));
}

function switchLanguage(event) {
  event.preventDefault();
  speak(document, otherLanguage());
  const link = byId("language");
  const other = otherLanguage();
  link.textContent = t(`language.${other}`);
  link.lang = other;
  link.hreflang = other;
  link.href = `/?language=${other}`;
  history.replaceState(null, "", `/?language=${language()}`);
  document.title = t("title");
  count();
  attempt(async () => {
    await loadLabels();
    showVersions();
    if (shown.asked.has(shown.tab)) {
      show(shown.tab);
    }
  });
}

start();
