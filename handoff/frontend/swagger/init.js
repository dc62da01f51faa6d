/* global SwaggerUIBundle */
// A file of its own, because the page's CSP allows no inline script.
window.ui = SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger", deepLinking: true, validatorUrl: null });
