// The desk: scans and choices are asked of the server, the answer is put in place, keys do the rest.
// A scan that got no answer is kept and sent again by itself, with the same key, so that it counts once.

const PATIENCE = 8000; // milliseconds after which a question counts as unanswered
const AGAIN = 5000;
const REFRESH = 30000;
const KEPT = "clubcrm.desk.kept";
const LONGEST_KEPT = 12 * 3600 * 1000;

const checkIn = document.getElementById("check-in");
const live = document.getElementById("desk-say");
const scanner = document.getElementById("desk-scanner");
const search = document.querySelector("[data-desk-search]");
const input = search?.querySelector("input[name=q]");
const drawer = document.getElementById("drawer");

const isTyping = (element) => Boolean(element?.closest?.("input, textarea, select, [contenteditable]"));

// --- small memory of this device --------------------------------------------------------------

function read(store, name, fallback) {
  try {
    return JSON.parse(store.getItem(name)) ?? fallback;
  } catch {
    return fallback;
  }
}

function write(store, name, value) {
  try {
    store.setItem(name, JSON.stringify(value));
  } catch {
    // Nothing is remembered where nothing may be.
  }
}

// --- what is said -----------------------------------------------------------------------------

function say(words) {
  live.textContent = "";
  // A text that changes is read; the same text twice is not.
  requestAnimationFrame(() => {
    live.textContent = words;
  });
}

let audio = null;
const TONES = {
  in: [[880, 0, 0.09], [1174, 0.1, 0.14]],
  info: [[880, 0, 0.08], [1174, 0.09, 0.08], [1568, 0.18, 0.14]],
  warn: [[660, 0, 0.12], [660, 0.18, 0.14]],
  stop: [[196, 0, 0.38]],
  again: [[520, 0, 0.08]],
  unknown: [[260, 0, 0.16], [196, 0.2, 0.22]],
};

function play(tone) {
  if (!sound.isOn() || !TONES[tone]) return;
  try {
    audio ??= new AudioContext();
    for (const [pitch, after, length] of TONES[tone]) {
      const oscillator = audio.createOscillator();
      const volume = audio.createGain();
      const start = audio.currentTime + after;
      oscillator.frequency.value = pitch;
      oscillator.type = tone === "stop" ? "square" : "sine";
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(tone === "stop" ? 0.07 : 0.16, start + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
      oscillator.connect(volume).connect(audio.destination);
      oscillator.start(start);
      oscillator.stop(start + length + 0.02);
    }
  } catch {
    // Without sound the colour, the icon and the words still say it.
  }
}

/** A switch of this device: pressed or not, remembered. */
function makeSwitch(id, name, start, changed = () => {}) {
  const button = document.getElementById(id);
  let on = read(localStorage, name, start);
  const show = () => {
    button?.setAttribute("aria-pressed", String(on));
    changed(on);
  };
  const turn = () => {
    on = !on;
    write(localStorage, name, on);
    show();
  };
  if (button) {
    button.hidden = false;
    button.addEventListener("click", turn);
  }
  show();
  return { isOn: () => on, turn };
}

const sound = makeSwitch("desk-sound", "clubcrm.desk.sound", true);
const queue = makeSwitch("desk-queue", "clubcrm.desk.queue", false, (on) => {
  document.body.classList.toggle("desk-in-queue", on);
});

// --- asking the server ------------------------------------------------------------------------

let asking = 0;
let kept = read(sessionStorage, KEPT, []).filter((scan) => Date.now() - scan.at < LONGEST_KEPT);
let held = []; // scans that wait until a drawer is closed

function showScanner() {
  const state = kept.length ? "offline" : held.length ? "waiting" : asking ? "asking" : "ready";
  scanner.dataset.state = state;
  scanner.querySelector("span").textContent = scanner.dataset[state];
}

function keep(scans) {
  kept = scans;
  write(sessionStorage, KEPT, kept);
  showScanner();
}

/** Ask; the answer's page parts, or null when there was none. */
async function ask(address, body = null) {
  asking += 1;
  showScanner();
  try {
    const answer = await fetch(address, {
      method: body ? "POST" : "GET",
      body,
      headers: { "HX-Request": "true" },
      signal: AbortSignal.timeout(PATIENCE),
      redirect: "follow",
    });
    if ([502, 503, 504].includes(answer.status)) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { status: answer.status, page };
  } catch {
    return null;
  } finally {
    asking -= 1;
    showScanner();
  }
}

/** Put the parts of an answer in place. */
function put({ page, status }) {
  const main = document.getElementById("answer");
  const answer = page.getElementById("answer");
  const side = page.getElementById("desk-side");
  if (side) replace(document.getElementById("desk-side"), side);
  if (answer) {
    replace(main, answer);
    const shown = document.getElementById("answer");
    if (shown.dataset.say) say(shown.dataset.say);
    play(shown.dataset.tone);
    const address = new URL(location.href);
    address.search = shown.dataset.entry ? `?entry=${shown.dataset.entry}` : "";
    history.replaceState(null, "", address);
    settle(shown);
  } else if (status >= 400) {
    main.replaceChildren(...page.body.children);
    say(main.textContent.trim());
    play("unknown");
  }
}

function replace(old, fresh) {
  const element = document.importNode(fresh, true);
  old.replaceWith(element);
  window.htmx?.process(element);
}

/** The answer takes the focus, so that Tab goes through it and letters are keys. */
function settle(main) {
  input?.blur();
  if (search) {
    search.querySelector("[role=listbox]").hidden = true;
    input.value = "";
    input.setAttribute("aria-expanded", "false");
  }
  (main.querySelector("[data-first]") ?? main.querySelector("[tabindex='-1']"))?.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
  for (const form of main.querySelectorAll("[data-left]")) {
    setTimeout(() => form.remove(), Number(form.dataset.left) * 1000);
  }
}

function clear() {
  const main = document.getElementById("answer");
  const ready = document.getElementById("desk-ready").content.cloneNode(true);
  main.replaceChildren(ready);
  for (const name of ["say", "tone", "entry"]) delete main.dataset[name];
  history.replaceState(null, "", location.pathname);
  say("");
  if (kept.length) showKept();
}

function newKey() {
  const part = () => Math.random().toString(36).slice(2, 12);
  return crypto.randomUUID?.() ?? `${Date.now().toString(36)}-${part()}${part()}`;
}

// --- scans ------------------------------------------------------------------------------------

let line = Promise.resolve(); // one question after the other, in the order of the scans

function inLine(work) {
  line = line.then(work).catch((error) => console.error(error));
}

function scanned(values, shown) {
  const scan = { values, shown, key: newKey(), at: Date.now() };
  inLine(() => send(scan));
}

function formOf(scan) {
  const body = new FormData(checkIn);
  for (const [name, value] of Object.entries(scan.values)) body.set(name, value);
  body.set("key", scan.key);
  const ago = Math.round((Date.now() - scan.at) / 1000);
  if (ago > 60) body.set("ago", String(ago));
  return body;
}

/** Whether an answer is no word about the scan itself: signed out, or a page that stood too long. */
const isNoAnswer = (answer) => answer === null || answer.status === 400 || answer.status === 401;

async function send(scan) {
  const answer = await ask(checkIn.action, formOf(scan));
  if (isNoAnswer(answer)) {
    keep([...kept.filter((one) => one.key !== scan.key), scan]);
    if (answer) put(answer);
    else showKept();
    return false;
  }
  keep(kept.filter((one) => one.key !== scan.key));
  put(answer);
  return true;
}

function showKept() {
  const main = document.getElementById("answer");
  const fresh = !main.querySelector("[data-kept-list]");
  if (fresh) main.replaceChildren(document.getElementById("desk-kept").content.cloneNode(true));
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const lines = kept.map((scan) => {
    const item = document.createElement("li");
    const when = document.createElement("time");
    when.className = "second";
    when.textContent = time.format(scan.at);
    const what = document.createElement("bdi");
    what.className = "strong";
    what.textContent = scan.shown;
    item.append(when, what);
    return item;
  });
  main.querySelector("[data-kept-list]").replaceChildren(...lines);
  if (fresh) {
    say(main.querySelector(".band-words").textContent.trim());
    play("unknown");
  }
}

let resending = false;
async function resend() {
  if (resending || !kept.length) return;
  resending = true;
  try {
    for (const scan of [...kept]) {
      if (!(await send(scan))) break;
    }
  } finally {
    resending = false;
  }
}

setInterval(resend, AGAIN);
window.addEventListener("online", resend);
if (kept.length) resend();

document.addEventListener("clubcrm:scan", (event) => {
  event.preventDefault();
  const { code } = event.detail;
  if (drawer?.open) {
    held.push(code);
    showScanner();
    return;
  }
  scanned({ code }, code);
});
drawer?.addEventListener("close", () => {
  const waiting = held;
  held = [];
  showScanner();
  waiting.forEach((code) => scanned({ code }, code));
});

// --- choosing and doing -----------------------------------------------------------------------

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form === search) {
      event.preventDefault();
      chooseOnly();
      return;
    }
    if (!form.matches("[data-desk]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    if (form === checkIn) {
      // Enter means the hits of the text as it stands, never those of a text typed before.
      const typed = input?.value.trim();
      if (typed && button.dataset.text !== typed) {
        chooseOnly(button.value);
        return;
      }
      scanned({ person_id: button.value }, button.dataset.name);
      return;
    }
    const body = new FormData(form, button);
    inLine(async () => {
      const answer = await ask(form.action, body);
      if (answer) put(answer);
      else failed(form);
    });
  },
  true,
);

/**
 * Enter before the hits of the whole text were there. One who is found is meant; of several the one
 * chosen, where the list is still the same; else the hits are shown and nobody is checked in.
 */
async function chooseOnly(chosen = null) {
  const text = input.value.trim();
  if (!text) return;
  const list = search.querySelector("[role=listbox]");
  const people = () => [...list.querySelectorAll("[role=option]")].map((hit) => hit.value).join();
  const before = people();
  const answer = await ask(`${search.dataset.find}?q=${encodeURIComponent(text)}`);
  if (!answer || input.value.trim() !== text) return;
  list.replaceChildren(...[...answer.page.body.children].map((child) => document.importNode(child, true)));
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  const hits = [...list.querySelectorAll("[role=option]")];
  const same = chosen !== null && people() === before;
  const meant = hits.length === 1 ? hits[0] : same && hits.find((hit) => hit.value === chosen);
  if (meant) meant.click();
}

/** A deed that got no answer was not done as far as anybody knows; it may be tried again. */
function failed(form) {
  const words = document.getElementById("desk-failed").content.cloneNode(true);
  form.closest(".answer, .desk-list")?.querySelector(".notice")?.remove();
  form.before(words);
  say(form.previousElementSibling.textContent.trim());
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-fetch], [data-next], [data-retry], [data-forget]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-retry]")) return void resend();
  if (link.matches("[data-forget]")) {
    keep([]);
    return clear();
  }
  event.preventDefault();
  if (link.matches("[data-next]")) return next();
  inLine(async () => {
    const answer = await ask(link.dataset.fetch);
    if (answer) put(answer);
    else location.href = link.href;
  });
});

// --- the desk handed over ---------------------------------------------------------------------

/** What was scanned under one name is sent under it, before another one takes the desk or nobody does. */
function handOver(go) {
  inLine(() => {
    if (!kept.length) return go();
    showKept();
    const list = document.querySelector("[data-kept-list]");
    list.parentElement.querySelector(".notice")?.remove();
    list.before(document.getElementById("desk-first").content.cloneNode(true));
    say(list.previousElementSibling.textContent.trim());
  });
}

document.addEventListener("click", (event) => {
  const way = event.target.closest("[data-switch]");
  if (!way || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  handOver(() => {
    location.href = way.href;
  });
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-lock]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  handOver(() => event.target.submit());
});

function next() {
  clear();
  input?.focus();
}

// --- keys -------------------------------------------------------------------------------------

const NUMPAD = /^Numpad(\d)$/;

document.addEventListener("clubcrm:key", (event) => {
  if (drawer?.open || isTyping(document.activeElement)) return;
  const code = event.detail.code.replace(NUMPAD, "Digit$1");
  if (code === "KeyQ") return queue.turn();
  const main = document.getElementById("answer");
  const override = main.querySelector("#override");
  if (code === "KeyO" && override) {
    override.open = !override.open;
    if (override.open) override.querySelector("button").focus();
    return;
  }
  // With the reasons open, the digits are theirs.
  const days = main.querySelector(".reply-more[open] .reply-days");
  const place = override?.open ? override : (days ?? main);
  const visible = [...place.querySelectorAll(`[data-key="${code}"]`)].find((one) => one.checkVisibility());
  visible?.click();
});

document.addEventListener("keydown", (event) => {
  if (drawer?.open || event.defaultPrevented) return;
  if (event.code === "Escape") {
    const override = document.querySelector("#override[open]");
    const more = document.querySelector(".reply-more[open]");
    if (more) more.open = false;
    else if (override && override.contains(document.activeElement)) override.open = false;
    else next();
    event.preventDefault();
  } else if (event.code === "Enter" && !event.target.closest("a, button, input, textarea, select, summary")) {
    if (document.querySelector("#answer .answer, #answer .desk-list")) next();
    event.preventDefault();
  }
});

// --- the side goes on with the day ------------------------------------------------------------

setInterval(async () => {
  if (document.hidden || asking) return;
  const side = document.getElementById("desk-side");
  if (side.contains(document.activeElement)) return;
  const answer = await ask(side.dataset.refresh);
  if (answer?.status === 200) put(answer);
}, REFRESH);

showScanner();
const first = document.querySelector("#answer .answer");
if (first) settle(document.getElementById("answer"));
