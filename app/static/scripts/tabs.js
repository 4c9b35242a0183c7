/** Tabs as WAI-ARIA has them: arrow keys move and open, one tab stop. */

import { stepped } from "./dom.js";

/** Wire a tab list; `opened` is called with the id of the tab that is opened. */
export function wireTabs(list, opened) {
  const all = () => [...list.querySelectorAll('[role="tab"]:not([hidden])')];
  list.addEventListener("click", ({ target }) => {
    const tab = target.closest('[role="tab"]');
    if (tab) {
      opened(tab.id);
    }
  });
  list.addEventListener("keydown", (event) => {
    const tabs = all();
    const at = tabs.indexOf(document.activeElement);
    const next = stepped(event.key, at, tabs.length);
    if (at >= 0 && next !== null) {
      event.preventDefault();
      tabs[next].focus();
      opened(tabs[next].id);
    }
  });
}

/** Mark one tab of a list as open. */
export function openTab(list, id) {
  for (const tab of list.querySelectorAll('[role="tab"]')) {
    const chosen = tab.id === id;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
}
