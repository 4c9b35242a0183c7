// Renders /openapi.json: every operation with its parameters, schemas and examples, and a form
// that sends a request. Text reaches the page as text nodes only, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 4;

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function resolver(api) {
  return function resolve(schema) {
    const reference = schema && schema.$ref;
    if (!reference) return schema || {};
    return resolve(reference.slice(2).split("/").reduce((at, key) => at[key], api));
  };
}

function typeName(schema, resolve) {
  const name = schema.$ref && schema.$ref.split("/").pop();
  const actual = resolve(schema);
  if (actual.enum) return actual.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in actual) return JSON.stringify(actual.const);
  const options = actual.anyOf || actual.oneOf;
  if (options) return options.map((option) => typeName(option, resolve)).join(" | ");
  if (actual.type === "array") return `${typeName(actual.items || {}, resolve)}[]`;
  return name || actual.type || "any";
}

function limits(schema) {
  const shown = {
    minimum: "≥", maximum: "≤", minLength: "length ≥", maxLength: "length ≤",
    minItems: "items ≥", maxItems: "items ≤", pattern: "pattern", default: "default",
  };
  return Object.entries(shown)
    .filter(([key]) => schema[key] !== undefined && typeof schema[key] !== "object")
    .map(([key, text]) => `${text} ${schema[key]}`)
    .join(", ");
}

function fields(schema, resolve, depth = 0) {
  const actual = resolve(schema);
  const inner = [actual, ...(actual.anyOf || [])].map(resolve);
  const object = inner.find((option) => option.properties);
  if (actual.type === "array") return fields(actual.items || {}, resolve, depth);
  if (!object || depth > DEEPEST) return null;
  const required = new Set(object.required || []);
  const rows = Object.entries(object.properties).map(([name, property]) => {
    const value = { ...resolve(property), ...property };
    const deeper = fields(property, resolve, depth + 1);
    return element("tr", {},
      element("td", {}, element("code", {}, name), required.has(name) ? " *" : ""),
      element("td", {}, element("code", {}, typeName(property, resolve)), " ", limits(value)),
      element("td", {}, value.description || "",
        deeper && element("details", {}, element("summary", {}, "fields"), deeper)));
  });
  return element("table", {}, element("tbody", {}, ...rows));
}

function exampleOf(media, resolve) {
  if (!media) return undefined;
  if (media.example !== undefined) return media.example;
  const named = Object.values(media.examples || {})[0];
  return named ? named.value : (resolve(media.schema).examples || [])[0];
}

function asText(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function parameterInputs(operation) {
  return (operation.parameters || []).filter((p) => p.in === "path" || p.in === "query");
}

function tryForm(method, path, operation, resolve) {
  const inputs = parameterInputs(operation).map((parameter) => {
    const schema = resolve(parameter.schema);
    const input = schema.enum
      ? element("select", {}, ...schema.enum.map((value) => element("option", {}, value)))
      : element("input", {});
    if (schema.default !== undefined) input.value = schema.default;
    return { parameter, input };
  });
  const media = operation.requestBody && operation.requestBody.content["application/json"];
  const body = media && element("textarea", { "aria-label": "body", spellcheck: "false" });
  if (body) body.value = asText(exampleOf(media, resolve) ?? {});
  const button = element("button", { type: "button" }, "Send");
  const answer = element("pre", { hidden: "" });

  button.addEventListener("click", async () => {
    let target = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") {
        target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      } else if (input.value) {
        query.set(parameter.name, input.value);
      }
    }
    const key = document.querySelector("#key input").value;
    const headers = body ? { "Content-Type": "application/json" } : {};
    if (key && operation.security) headers["X-API-Key"] = key;
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const suffix = query.size ? `?${query}` : "";
      const options = { method: method.toUpperCase(), headers, body: body ? body.value : undefined };
      const response = await fetch(target + suffix, options);
      const text = await response.text();
      let shown = text;
      try { shown = asText(JSON.parse(text)); } catch { /* not one JSON document */ }
      answer.textContent = `${response.status} ${response.statusText}\n\n${shown}`;
    } catch (error) {
      answer.textContent = `No answer: ${error.message}`;
    }
  });
  const labels = inputs.map(({ parameter, input }) =>
    element("p", {}, element("label", {}, element("code", {}, parameter.name), " ", input)));
  return element("div", {}, ...labels, body, button, answer);
}

function answers(operation, resolve) {
  return Object.entries(operation.responses).map(([status, response]) => {
    const media = Object.values(response.content || {})[0];
    const example = exampleOf(media, resolve);
    const table = media && media.schema && fields(media.schema, resolve);
    return element("details", {},
      element("summary", {}, element("code", {}, status), ` ${response.description}`),
      example === undefined ? null : element("pre", {}, asText(example)), table);
  });
}

function operationNode(method, path, operation, resolve) {
  const media = operation.requestBody && operation.requestBody.content["application/json"];
  const node = element("details", {},
    element("summary", {},
      element("span", { class: "method" }, method.toUpperCase()),
      element("code", {}, path),
      element("span", { class: "what" }, operation.summary || "")));
  // Filled when it is opened: the page stays quick however many fields there are.
  node.addEventListener("toggle", () => {
    if (node.childElementCount > 1) return;
    node.append(
      element("p", {}, operation.description || ""),
      element("h3", {}, "Request"), (media && fields(media.schema, resolve)) || "",
      tryForm(method, path, operation, resolve),
      element("h3", {}, "Answers"), ...answers(operation, resolve));
  });
  return node;
}

function render(api) {
  const resolve = resolver(api);
  document.title = api.info.title;
  document.getElementById("title").textContent = `${api.info.title} ${api.info.version}`;
  document.getElementById("key").hidden = !(api.components || {}).securitySchemes;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationNode(method, path, item[method], resolve));
    }
  }
  const sections = [...groups].map(([tag, nodes]) =>
    element("section", {}, element("h2", {}, tag), ...nodes));
  document.getElementById("operations").replaceChildren(...sections);
}

fetch("/openapi.json")
  .then((response) => response.json())
  .then(render)
  .catch((error) => {
    document.getElementById("operations").textContent = `No OpenAPI document: ${error.message}`;
  });
