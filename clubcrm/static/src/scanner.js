// A card reader is a keyboard that types very fast and ends with Enter (or Tab). It is heard on every
// page, wherever the focus is and whatever layout is active: KeyboardEvent.code names the key itself.
//
// Events on document: "clubcrm:scan" {code} for a scan, "clubcrm:key" {code} for a single key pressed
// outside a field. A field with data-takes-scan keeps what is scanned into it. A page that takes scans calls preventDefault() on the first; on any other page the
// scan opens the desk with the answer.

const FASTEST_HAND = 45; // milliseconds between keys on average: no hand keeps that up
const LONGEST_GAP = 90; // between two keys of one scan
const SHORTEST_CODE = 4;
const REPEAT = 2000; // the same card again so soon is the same scan

const SIGNS = { Minus: "-", NumpadSubtract: "-", Period: ".", NumpadDecimal: ".", Slash: "/", Semicolon: ":", Equal: "=" };

let keys = [];
let began = 0;
let last = 0;
let field = null;
let single = 0;
let lastScan = { code: "", at: -REPEAT };

/** The character that a key gives on the layout every reader is set to. */
function characterOf(event) {
  const match = /^(?:Digit|Numpad)(\d)$|^Key([A-Z])$/.exec(event.code);
  if (match) return match[1] ?? match[2].toLowerCase();
  return SIGNS[event.code] ?? null;
}

function isTyping(element) {
  return Boolean(element?.closest?.("input, textarea, select, [contenteditable]"));
}

/** What stood in a field before a scan began to type into it. */
function remember(element) {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return null;
  let start = null;
  let end = null;
  try {
    start = element.selectionStart;
    end = element.selectionEnd;
  } catch {
    // Some kinds of field have no selection.
  }
  return { element, value: element.value, start, end };
}

function restore(kept) {
  if (!kept || kept.element.value === kept.value) return;
  kept.element.value = kept.value;
  if (kept.start !== null) kept.element.setSelectionRange(kept.start, kept.end);
  kept.element.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A field that asks for a card: the scan is its answer, by the keys and not by the layout. */
function fill(element, code) {
  element.value = code;
  element.dispatchEvent(new Event("input", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

function reset() {
  keys = [];
  field = null;
}

function isScan(now) {
  if (keys.length < SHORTEST_CODE || now - last > LONGEST_GAP) return false;
  return (now - began) / keys.length <= FASTEST_HAND;
}

function tell(code) {
  const now = performance.now();
  if (code === lastScan.code && now - lastScan.at < REPEAT) return;
  lastScan = { code, at: now };
  const scan = new CustomEvent("clubcrm:scan", { detail: { code }, cancelable: true });
  if (document.dispatchEvent(scan)) openDesk(code);
}

/** On any other page: ask the desk. A page with something typed into it is left as it is. */
function openDesk(code) {
  const address = document.querySelector("script[data-desk]")?.dataset.desk;
  if (!address) return;
  const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}");
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  if (isTouched) form.target = "clubcrm-desk";
  const values = { code, csrf_token: headers["X-CSRFToken"] ?? "" };
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
  form.remove();
}

let isTouched = false;
document.addEventListener("change", (event) => {
  if (event.isTrusted && event.target.form?.method === "post") isTouched = true;
});

document.addEventListener(
  "keydown",
  (event) => {
    clearTimeout(single);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return reset();
    if (event.key === "Shift" || event.key === "CapsLock" || event.key === "AltGraph") return;
    const now = event.timeStamp;
    if (["Enter", "NumpadEnter", "Tab"].includes(event.code)) {
      const code = keys.join("");
      const kept = field;
      const scanned = isScan(now);
      reset();
      if (!scanned) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (kept?.element.dataset.takesScan !== undefined) {
        fill(kept.element, code);
        return;
      }
      restore(kept);
      tell(code);
      return;
    }
    const character = characterOf(event);
    if (character === null || event.repeat) {
      reset();
    } else {
      if (!keys.length || now - last > LONGEST_GAP) {
        keys = [];
        began = now;
        field = remember(document.activeElement);
      }
      keys.push(character);
      last = now;
    }
    if (keys.length > 1 || event.repeat || isTyping(event.target)) return;
    // A single key may be the first of a scan: it counts only when nothing follows at once.
    single = setTimeout(() => {
      document.dispatchEvent(new CustomEvent("clubcrm:key", { detail: { code: event.code } }));
    }, LONGEST_GAP);
  },
  true,
);
