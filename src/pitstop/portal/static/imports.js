// Uploads that go on where they were: files are announced, then sent in pieces; after a break the service is
// asked what is here, and the rest is sent. Chosen again on the import's page, they go on another day. The page
// of an import that is being done fills by itself. Without this file the form sends everything at once.
"use strict";
(() => {
  const PIECE = 16 * 1024 * 1024; // one request: what stands before the service may gather it whole
  const LONGEST_WAIT = 30000; // between two tries; it goes on trying
  const TRIES = 5; // of a piece while the service answers: then the file cannot be read any more
  const FILL = 1000;
  const at = (id) => document.getElementById(id);
  const form = document.querySelector("form[data-begin], form[data-import]");

  // --- what people read ---
  const round = (value) => (value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0));
  const size = (bytes) => {
    let unit = 0;
    for (; Math.round(bytes) >= 1000 && unit < 5; unit += 1) bytes /= 1000;
    return `${unit ? round(bytes) : bytes.toFixed(0)} ${["B", "kB", "MB", "GB", "TB", "PB"][unit]}`;
  };
  const duration = (seconds) => {
    const whole = Math.round(seconds);
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  };
  const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const wait = (milliseconds) => new Promise((then) => setTimeout(then, milliseconds));

  // --- asking the service ---
  class Refused extends Error {
    constructor(status, said) {
      super(said.message ?? `the service answered ${status}`);
      Object.assign(this, { status, hint: said.hint ?? "Load the page again.", code: said.code ?? "" });
    }
  }
  class Lost extends Error {}
  class Stopped extends Error {}

  const read = (status, text) => {
    let said = {};
    try { said = JSON.parse(text); } catch { /* not of this service: a proxy's page */ }
    if (status >= 200 && status < 300 && ("files" in said || "received" in said)) return said;
    if (status >= 500 || status === 0) throw new Lost(said.message ?? "no answer");
    throw new Refused(status, said);
  };
  const ask = async (method, address, body) => {
    let answer;
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    try {
      answer = await fetch(address, { method, headers, body, redirect: "manual" });
    } catch { throw new Lost("no answer"); }
    return answer;
  };
  const view = async (method, address, body) => {
    const answer = await ask(method, address, body);
    return read(answer.status, await answer.text());
  };

  let underWay; // the request that carries a piece
  let stopped = false;
  const send = (address, offset, piece, moved) => new Promise((done, failed) => {
    const request = underWay = new XMLHttpRequest();
    request.open("PATCH", address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Upload-Offset", offset);
    request.upload.onprogress = (event) => moved(event.loaded);
    request.onload = () => { try { done(read(request.status, request.responseText)); } catch (error) { failed(error); } };
    request.onerror = request.ontimeout = () => failed(new Lost("the connection broke"));
    request.onabort = () => failed(new Stopped());
    request.send(piece);
  });

  // --- what is chosen ---
  const chosen = () => {
    const files = new Map();
    for (const input of form.querySelectorAll("input[type=file]")) {
      for (const file of input.files) {
        const path = file.webkitRelativePath || file.name;
        files.set(input.name === "folder" ? path.slice(path.indexOf("/") + 1) : path, file);
      }
    }
    return files;
  };
  const called = (files) => {
    const [file] = files.values();
    return (file.webkitRelativePath || file.name).split("/")[0];
  };

  // --- what is shown ---
  const show = (id, is) => at(id).toggleAttribute("hidden", !is);
  const waiting = (text) => {
    show("waiting-to-send", Boolean(text));
    at("waiting-to-send").lastElementChild.textContent = text ?? "";
  };
  const problem = (error, address) => {
    const place = at("sending-problem");
    const signIn = error.status === 401;
    place.querySelector(".problem-what").lastElementChild.textContent = sentence(error.message);
    place.querySelector(".problem-hint").textContent = error.hint ?? "";
    const link = place.querySelector(".problem-link");
    link.hidden = !address;
    if (address) link.firstElementChild.href = address;
    if (signIn) link.firstElementChild.textContent = "Sign in and go on";
    show("sending", false);
    waiting();
    show("hand-over", true);
    place.hidden = false;
    place.focus();
  };
  const shown = { since: 0, from: 0, tenth: -1 };
  const progress = (done, whole) => {
    const percent = whole ? (100 * done) / whole : 100;
    const figure = percent > 0 && percent < 1 ? 1 : Math.floor(percent);
    const seconds = (performance.now() - shown.since) / 1000;
    const rate = seconds > 2 ? (done - shown.from) / seconds : 0;
    const left = rate > 0 ? `, ${size(rate)}/s, ${duration((whole - done) / rate)} left` : "";
    at("sent").value = percent;
    at("sent-figure").textContent = `${figure} %`;
    at("sent-words").textContent = `${size(done)} of ${size(whole)}${left}`;
    if (Math.floor(percent / 10) !== shown.tenth) {
      shown.tenth = Math.floor(percent / 10);
      at("sent-said").textContent = `${shown.tenth * 10} percent sent.`;
    }
  };
  const begin = (item, done) => {
    Object.assign(shown, { since: performance.now(), from: done, tenth: -1 });
    stopped = false;
    at("sending-name").textContent = item.name;
    show("sending-problem", false);
    show("hand-over", false);
    show("sending", true);
    at("sending-title").focus();
  };

  // --- sending ---
  const sum = (item) => item.files.reduce((all, file) => all + file.received, 0);

  // Try until it is done; whatever is no answer at all is waited out.
  const through = async (what) => {
    for (let pause = 1000; ; pause = Math.min(2 * pause, LONGEST_WAIT)) {
      if (stopped) throw new Stopped();
      try {
        const result = await what();
        waiting();
        return result;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        waiting("The service does not answer. What has come is kept; trying again every few seconds.");
        await wait(pause);
      }
    }
  };

  const sendFile = async (item, number, file, whole) => {
    const address = `/imports/${encodeURIComponent(item.id)}`;
    let failures = 0;
    while (item.files[number].received < item.files[number].size) {
      if (stopped) throw new Stopped();
      const from = item.files[number].received;
      const before = sum(item);
      try {
        const piece = file.slice(from, from + PIECE);
        const told = (sent) => progress(before + Math.min(sent, piece.size), whole);
        item.files[number].received = (await send(`${address}/files/${number}`, from, piece, told)).received;
        failures = 0;
      } catch (error) {
        if (error instanceof Stopped || (error instanceof Refused && error.code !== "conflict")) throw error;
        failures += 1;
        if (failures > TRIES) {
          throw Object.assign(new Error(`${file.name} cannot be sent`), { hint: "It was changed or taken away meanwhile, perhaps. Choose it again to go on." });
        }
        await wait(200 * failures);
        const known = item;
        item = await through(() => view("GET", `${address}/state.json`));
        if (item.state !== "receiving") throw new Refused(409, { message: `import ${item.name} takes in no files any more`, hint: "See its page." });
        if (item.files[number].received > known.files[number].received) failures = 0;
      }
      progress(sum(item), whole);
    }
    return item;
  };

  const finish = async (address) => {
    const answer = await ask("POST", `${address}/finish`);
    if (answer.status >= 500) throw new Lost("no answer");
    location.assign(address); // where what is wrong with it is said, too
  };

  const keepOpen = (event) => event.preventDefault();
  const sendAll = async (item, files) => {
    const address = `/imports/${encodeURIComponent(item.id)}`;
    const whole = item.files.reduce((all, file) => all + file.size, 0);
    begin(item, sum(item));
    progress(sum(item), whole);
    window.addEventListener("beforeunload", keepOpen);
    try {
      for (const [number, announced] of item.files.entries()) {
        const file = files.get(announced.name);
        if (file) item = await sendFile(item, number, file, whole);
      }
      window.removeEventListener("beforeunload", keepOpen);
      const lacking = item.files.filter((file) => file.received < file.size);
      if (lacking.length) {
        throw Object.assign(new Error(`${lacking[0].name} is still missing`), { hint: `Choose it too: ${lacking.length} of the files are not whole yet.` });
      }
      await through(() => finish(address));
    } catch (error) {
      window.removeEventListener("beforeunload", keepOpen);
      if (error instanceof Stopped) location.assign(address);
      else problem(error, address);
    }
  };

  const announced = async (files) => {
    const list = Array.from(files, ([name, file]) => ({ name, size: file.size }));
    return through(() => view("POST", form.dataset.begin, JSON.stringify({ name: called(files), files: list })));
  };
  const goingOn = async (files) => {
    const item = await through(() => view("GET", `${form.dataset.import}/state.json`));
    const changed = item.files.find((file) => files.has(file.name) && files.get(file.name).size !== file.size);
    if (changed) {
      throw Object.assign(new Error(`${changed.name} has ${files.get(changed.name).size} bytes, and ${changed.size} were announced`), { hint: "It is another file, or has changed. Discard this import and upload anew." });
    }
    if (!item.files.some((file) => files.has(file.name))) {
      throw Object.assign(new Error("none of these files belongs to this import"), { hint: `It waits for ${item.files[0]?.name}.` });
    }
    return item;
  };

  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    show("sending-problem", false);
    const files = chosen();
    try {
      if (!files.size) throw Object.assign(new Error("no files were chosen"), { hint: "Choose the files that were carried here." });
      await sendAll(form.dataset.begin ? await announced(files) : await goingOn(files), files);
    } catch (error) {
      problem(error);
    }
  });
  at("stop-sending")?.addEventListener("click", () => { stopped = true; underWay?.abort(); });
  if (form) show("hand-over", true);

  // --- an import that is being done ---
  const fill = async () => {
    const place = at("import");
    if (!place?.dataset.filling) return;
    try {
      const answer = await ask("GET", location.pathname);
      if (answer.status >= 500) throw new Lost("no answer");
      if (answer.status !== 200) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById("import");
      if (!now.dataset.filling) { location.reload(); return; }
      if (now.dataset.filling !== place.dataset.filling) at("import-said").textContent = now.dataset.filling;
      document.title = page.title;
      place.replaceWith(document.adoptNode(now));
      at("lost").hidden = true;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      at("lost").hidden = false;
    }
    setTimeout(fill, FILL);
  };
  if (at("import")?.dataset.filling) setTimeout(fill, FILL);
})();
