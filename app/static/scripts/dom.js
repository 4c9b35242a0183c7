/** Elements, live regions and keyboard movement. Text only ever becomes text nodes. */

const SVG = "http://www.w3.org/2000/svg";

/** The element with an id; the page cannot work without it. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`The page has no #${id}.`);
  }
  return found;
}

/**
 * An HTML element. Attributes: functions listen to the event of their name, `style` is an object of
 * properties (set one by one: the policy allows no style attribute), null and false are left out.
 */
export function h(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element, with the same attributes as `h`. */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) {
      set(element, name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function set(element, name, value) {
  if (typeof value === "function") {
    element.addEventListener(name, value);
  } else if (name === "style") {
    for (const [property, setting] of Object.entries(value)) {
      element.style.setProperty(property, setting);
    }
  } else {
    element.setAttribute(name, value === true ? "" : value);
  }
}

/**
 * One tab stop for many elements: arrow keys, Home and End move between them. `across` is the number
 * of elements in a row where they form a grid.
 */
export function roving(container, selector, across = 0) {
  const all = () => [...container.querySelectorAll(selector)];
  const [first, ...others] = all();
  if (!first) {
    return;
  }
  first.tabIndex = 0;
  for (const other of others) {
    other.tabIndex = -1;
  }
  container.addEventListener("focusin", ({ target }) => {
    if (target.matches(selector)) {
      container.querySelector(`${selector}[tabindex="0"]`)?.setAttribute("tabindex", "-1");
      target.tabIndex = 0;
    }
  });
  container.addEventListener("keydown", (event) => {
    const elements = all();
    const at = elements.indexOf(document.activeElement);
    const next = stepped(event.key, at, elements.length, across);
    if (at >= 0 && next !== null) {
      event.preventDefault();
      elements[next].focus();
    }
  });
}

/** Where a key leads from place `at` of `count`, in rows of `across`; null where it leads nowhere. */
export function stepped(key, at, count, across = 0) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across || 1, ArrowUp: -(across || 1) };
  if (key === "Home") {
    return 0;
  }
  if (key === "End") {
    return count - 1;
  }
  if (!(key in steps)) {
    return null;
  }
  const next = at + steps[key];
  return next >= 0 && next < count ? next : null;
}

/** Tell a screen reader; the same words twice are told twice. */
export function announce(message) {
  const region = byId("status");
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = message;
  });
}
