// Pages of a run in progress fill by themselves: pieces of the page come as Server-Sent Events and are morphed
// into place, so that what the operator has folded, focused or scrolled to stays so. The page says when it no
// longer hears from the service, and goes on asking. Everything else is htmx and the server.
"use strict";
(() => {
  const SILENCE = 15000; // something comes every few seconds; after that long the line is taken for dead
  const AGAIN = 3000; // before the service is asked once more
  const PEEK = 30000; // a page that nobody sees holds no line open, it looks now and then
  const touched = new Set();
  let stream, timer;

  document.addEventListener("click", (event) => {
    const details = event.target.closest("summary")?.parentElement;
    if (details?.id) touched.add(details.id);
  });
  htmx.registerExtension("keep-open", {
    htmx_before_morph_attr: (element, detail) => detail.attrName !== "open" || !touched.has(element.id),
  });

  const address = () => document.getElementById("live")?.dataset.stream;
  const lost = (is) => document.getElementById("lost")?.toggleAttribute("hidden", !is);
  const close = () => { stream?.close(); stream = undefined; clearTimeout(timer); };
  const later = (wait, then) => { clearTimeout(timer); timer = setTimeout(then, wait); };
  const retry = () => { lost(true); open(); };

  const put = (event) => {
    lost(false);
    htmx.swap({ text: event.data, sourceElement: document.body, swap: "outerMorph" });
    if (document.hidden) { close(); later(PEEK, open); } else later(SILENCE, retry);
  };
  const over = () => {
    close();
    htmx.ajax("GET", location.pathname, { target: "body", swap: "outerMorph" }).then(() => later(AGAIN, open));
  };
  const open = () => {
    close();
    if (!address()) return;
    stream = new EventSource(address());
    stream.addEventListener("part", put);
    stream.addEventListener("over", over);
    stream.addEventListener("go", (event) => { close(); location.assign(event.data); });
    stream.addEventListener("error", () => {
      lost(true);
      if (stream?.readyState === EventSource.CLOSED) later(AGAIN, open);
    });
    later(SILENCE, retry);
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden) open(); });
  open();
})();
