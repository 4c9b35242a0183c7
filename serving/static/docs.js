// The policy of the page allows no inline script, so Swagger UI is started from this file.

// What Swagger UI lacks for keyboards and screen readers: a landmark around its title, a heading
// above its groups, a role for its dialog, names for the button that closes it and for the editor of
// a body, and a focus for code that scrolls.
const accessible = ({ React: { createElement: h } }) => ({
  wrapComponents: {
    InfoContainer: (Info) => (props) =>
      h("div", { role: "banner" }, h(Info, props), h("h2", { className: "routes" }, "Routes")),
    authorizationPopup: (Popup) => (props) =>
      h("div", { role: "dialog", "aria-label": "Authorize" }, h(Popup, props)),
    CloseIcon: (Icon) => (props) =>
      h("span", { role: "img", "aria-label": "Close" }, h(Icon, props)),
    SyntaxHighlighter: (Highlighter) => (props) =>
      h(
        "div",
        { className: "code", role: "group", tabIndex: 0, "aria-label": "Code" },
        h(Highlighter, props),
      ),
    TextArea: (Area) => (props) => h(Area, { "aria-label": "Request body", ...props }),
  },
});

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  // With it each route's button contains a link, which assistive technology cannot reach.
  deepLinking: false,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  docExpansion: "list",
  plugins: [accessible],
  presets: [window.SwaggerUIBundle.presets.apis],
  syntaxHighlight: { theme: "obsidian" },
  tryItOutEnabled: false,
  validatorUrl: null,
});
