// The trainer's phone: a tap is sent at once, and kept on the phone with its key until it is answered. So
// nothing is lost where the network is poor, and nothing counts twice, however often it is sent.

const PATIENCE = 8000; // milliseconds after which a tap counts as unanswered
const AGAIN = 5000;
const OLD = 120000; // a page that was hidden for longer is read again
const KEPT = "clubcrm.floor.kept";

const floor = document.getElementById("floor");
const user = floor.dataset.user;
const notice = document.getElementById("floor-kept");
const told = document.getElementById("floor-told");
const live = document.getElementById("floor-say");
let token = floor.dataset.token;
let sending = false;
let isCut = false; // the last try got no answer
let isSignedOut = false;
let again = 0;

const cardOf = (id) => document.getElementById(`session-${id}`);
const number = (value) => new Intl.NumberFormat(document.documentElement.lang).format(value);

// --- what this phone keeps --------------------------------------------------------------------

let unkept = []; // where the phone lets nothing be stored, taps live as long as the page

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? [];
  } catch {
    return unkept;
  }
}

function store(taps) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(taps));
  } catch {
    unkept = taps;
  }
}

/** The taps of whoever is signed in; somebody else's wait for that person. */
const mine = () => all().filter((tap) => tap.user === user);
const drop = (gone) => store(all().filter((tap) => !gone(tap)));

function newKey() {
  const part = () => Math.random().toString(36).slice(2, 12);
  return crypto.randomUUID?.() ?? `${Date.now().toString(36)}-${part()}${part()}`;
}

function keep(tap) {
  store([...all(), { ...tap, user, key: newKey(), at: Date.now() }]);
}

// --- what is said -----------------------------------------------------------------------------

function say(words) {
  live.textContent = "";
  requestAnimationFrame(() => {
    live.textContent = words;
  });
}

function tell(words, tone) {
  const line = document.createElement("p");
  line.className = `notice tone-${tone} notice-words`;
  line.setAttribute("role", tone === "stop" ? "alert" : "status");
  line.textContent = words;
  told.replaceChildren(line);
}

function showKept() {
  const count = mine().length;
  const isShown = count > 0 && (isCut || isSignedOut);
  if (isShown) {
    const words = isSignedOut ? floor.dataset.signedOut : floor.dataset.kept;
    notice.querySelector("p").textContent = words.replace("{count}", number(count));
  }
  notice.hidden = !isShown;
  for (const line of document.querySelectorAll("[data-waiting-words]")) {
    line.textContent = isCut || isSignedOut ? floor.dataset.waits : floor.dataset.sending;
  }
}

function count() {
  const shown = document.getElementById("floor-count");
  if (!shown) return;
  const everything = [...document.querySelectorAll(`article[data-on="${shown.dataset.day}"]`)];
  const done = everything.filter((one) => one.matches("[data-done], .is-waiting"));
  const words = shown.dataset.words.replace("{done}", number(done.length));
  shown.textContent = words.replace("{all}", number(everything.length));
}

// --- a session that waits for its answer --------------------------------------------------------

function makeWait(tap) {
  const card = cardOf(tap.session);
  if (!card || card.classList.contains("is-waiting") || !tap.url.endsWith("/outcome")) return;
  card.classList.add("is-waiting");
  const fold = card.querySelector("details.session-fold");
  if (fold) fold.open = false;
  const line = document.createElement("p");
  line.className = "session-waiting";
  const what = document.createElement("strong");
  what.textContent = tap.label;
  const state = document.createElement("span");
  state.className = "second small";
  state.dataset.waitingWords = "";
  const undo = document.createElement("button");
  undo.type = "button";
  undo.className = "btn btn-sm";
  undo.textContent = floor.dataset.undo;
  undo.addEventListener("click", () => {
    // It may have arrived although no answer came: so it is taken back by a tap of its own.
    keep({ ...tap, url: tap.url.replace(/outcome$/, "undo"), fields: [], label: undo.textContent });
    stopWaiting(card, true);
    send();
  });
  line.append(what, state, undo);
  card.append(line);
}

function stopWaiting(card, opens = false) {
  card?.classList.remove("is-waiting");
  card?.querySelector(".session-waiting")?.remove();
  const fold = card?.querySelector("details.session-fold");
  if (fold && opens) fold.open = true;
  count();
}

/** The next session without an outcome opens by itself, so that the thumb stays where it is. */
function openNext(card) {
  const open = [...document.querySelectorAll("article[data-open]:not(.is-waiting)")];
  const after = open.filter((one) => card.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  const next = (after[0] ?? open[0])?.querySelector("details.session-fold");
  if (!next) return;
  next.open = true;
  next.querySelector("summary").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// --- sending ----------------------------------------------------------------------------------

async function post(tap) {
  const body = new FormData();
  for (const [name, value] of tap.fields) body.append(name, value);
  body.set("key", tap.key);
  const headers = { "HX-Request": "true", "X-CSRFToken": token };
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(tap.url, { method: "POST", body, headers, signal, redirect: "error" });
    if (answer.status >= 500 || answer.status === 429) return null;
    return { status: answer.status, goTo: answer.headers.get("HX-Redirect"), text: await answer.text() };
  } catch {
    return null;
  }
}

/** A page that stood too long has a token nobody takes; a fresh page has a fresh one. */
async function renewToken() {
  try {
    const answer = await fetch(location.pathname, { redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("floor")?.dataset;
    if (fresh?.user !== user) return false;
    token = fresh.token;
    return true;
  } catch {
    return false;
  }
}

async function send() {
  clearTimeout(again);
  if (sending) return;
  sending = true;
  showKept();
  const hadKept = isCut;
  let goTo = null;
  for (let [tap] = mine(); tap; [tap] = mine()) {
    let answer = await post(tap);
    if (answer?.status === 400 && (await renewToken())) answer = await post(tap);
    isCut = answer === null;
    isSignedOut = answer?.status === 401 || answer?.status === 400;
    if (isCut || isSignedOut) break;
    drop((one) => one.key === tap.key);
    goTo = put(answer, tap) ?? goTo;
  }
  sending = false;
  showKept();
  if (mine().length) {
    if (isCut) again = setTimeout(send, AGAIN);
    return;
  }
  if (goTo && !hadKept) location.assign(goTo);
  else if (hadKept) {
    tell(floor.dataset.allSent, "in");
    say(floor.dataset.allSent);
  }
}

/** Put an answer in place; returns the page to go on to, if the answer names one. */
function put(answer, tap) {
  const page = new DOMParser().parseFromString(answer.text, "text/html");
  const words = page.querySelector("[data-say]")?.textContent.trim() ?? "";
  const card = cardOf(tap.session);
  if (answer.status >= 400) {
    // What was to follow on a tap that is refused would mean something else now.
    drop((one) => one.user === user && tap.session && one.session === tap.session);
    stopWaiting(card);
    const why = words || page.querySelector("h1, p")?.textContent.trim() || String(answer.status);
    tell(`${floor.dataset.notDone} ${why}`, "stop");
    return null;
  }
  const fresh = page.querySelector("article");
  const isLast = !mine().some((one) => one.session === tap.session);
  if (fresh && card && isLast) {
    const had = card.contains(document.activeElement);
    const element = document.importNode(fresh, true);
    card.replaceWith(element);
    if (had) element.querySelector("button, summary, a")?.focus({ preventScroll: true });
  }
  if (words) say(words);
  const tone = page.querySelector("[data-say]")?.dataset.tone;
  if (tone === "warn") tell(words, "warn");
  else if (!answer.goTo) told.replaceChildren();
  count();
  return answer.goTo;
}

// --- taps -------------------------------------------------------------------------------------

function tapped(event) {
  const form = event.target;
  if (!form.matches("form[data-tap]")) return;
  event.preventDefault();
  delete form.dataset.sent;
  if (!form.reportValidity()) return;
  const data = new FormData(form, event.submitter);
  const fields = [...data].filter(([name]) => name !== "csrf_token" && name !== "key");
  const what = event.submitter?.querySelector("span")?.textContent ?? event.submitter?.textContent.trim() ?? "";
  const label = data.get("outcome") === "moved" ? floor.dataset.moved : what;
  const url = new URL(form.action).pathname + new URL(form.action).search;
  const tap = { url, fields, session: form.dataset.session ?? null, name: form.dataset.name ?? "", label };
  // The same tap that still waits is not asked twice.
  if (mine().some((one) => one.url === url && JSON.stringify(one.fields) === JSON.stringify(fields))) return;
  keep(tap);
  const card = form.closest("article");
  if (card && form.dataset.session) {
    makeWait(tap);
    if (url.endsWith("/outcome")) openNext(card);
    count();
  }
  send();
}

function copied(event) {
  const way = event.target.closest("a[data-copy]");
  if (!way) return false;
  const field = document.getElementById(way.dataset.into);
  const last = document.getElementById(way.dataset.copy).textContent;
  field.value = field.value.trim() ? `${field.value.trimEnd()}\n${last}` : last;
  field.focus();
  return true;
}

document.addEventListener("submit", tapped);
document.addEventListener("click", (event) => {
  if (copied(event)) event.preventDefault();
  const way = event.target.closest("a[href^='/']");
  if (way && !navigator.onLine) {
    // The browser would show its own page of errors, and this one would be gone.
    event.preventDefault();
    tell(floor.dataset.noLine, "warn");
  }
  if (event.target.closest("[data-send-now]")) send();
});
window.addEventListener("online", () => {
  told.replaceChildren();
  send();
});
window.addEventListener("pageshow", send);

let hiddenAt = 0;
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) {
    hiddenAt = Date.now();
    return;
  }
  await send();
  const isTyping = document.querySelector("form[data-keeps]");
  if (!mine().length && !isTyping && hiddenAt && Date.now() - hiddenAt > OLD && (await renewToken())) location.reload();
});

mine().forEach(makeWait);
count();
send();
