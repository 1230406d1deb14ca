// The page of a run, as it fills by itself: what the operator has folded or unfolded stays so, and the page
// says when it no longer hears from the service. Everything else is htmx and the server.
"use strict";
(() => {
  const FRESH_FOR_MS = 5000; // after that the part is asked for even if the run has not changed
  const touched = new Set();
  let swapped = performance.now();

  document.addEventListener("click", (event) => {
    const details = event.target.closest("summary")?.parentElement;
    if (details?.id) touched.add(details.id);
  });

  htmx.registerExtension("keep-open", {
    htmx_before_morph_attr: (element, detail) => detail.attrName !== "open" || !touched.has(element.id),
  });

  document.addEventListener("htmx:config:request", (event) => {
    if (performance.now() - swapped > FRESH_FOR_MS) event.detail.ctx.request.body.delete("revision");
  });
  document.addEventListener("htmx:after:swap", () => { swapped = performance.now(); });

  const lost = (is) => { document.getElementById("lost").hidden = !is; };
  document.addEventListener("htmx:error", () => lost(true));
  document.addEventListener("htmx:after:request", (event) => lost(event.detail.ctx.response.status >= 500));
})();
