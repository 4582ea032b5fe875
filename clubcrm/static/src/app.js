// What every page does: the search of the top bar, drawers, the clock, and focus after a refusal.

const find = document.querySelector("[data-find]");

/** Search as you type: the hits come as a ready fragment, the arrows walk through them. */
function searchAsYouType(form) {
  const input = form.querySelector("input[name=q]");
  const list = form.querySelector("[role=listbox]");
  let asked = null;
  let waiting = 0;
  let chosen = -1;

  const hits = () => [...list.querySelectorAll("[role=option]")];
  const nameOf = (hit) => hit?.value || hit?.href;

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(position) {
    const all = hits();
    chosen = all.length ? (position + all.length) % all.length : -1;
    all.forEach((hit, at) => hit.setAttribute("aria-selected", String(at === chosen)));
    const hit = all[chosen];
    if (hit) {
      input.setAttribute("aria-activedescendant", hit.id);
      hit.scrollIntoView({ block: "nearest" });
    }
  }

  async function ask() {
    const text = input.value.trim();
    asked?.abort();
    if (text.length < 2) {
      close();
      return;
    }
    asked = new AbortController();
    try {
      const address = `${form.dataset.find}?q=${encodeURIComponent(text)}`;
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asked.signal });
      // Whom the arrows chose stays chosen while the list changes underneath.
      const wanted = chosen > 0 ? nameOf(hits()[chosen]) : null;
      list.innerHTML = await answer.text();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      choose(Math.max(0, hits().findIndex((hit) => nameOf(hit) === wanted)));
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.code === "ArrowDown" && !list.hidden) choose(chosen + 1);
    else if (event.code === "ArrowUp" && !list.hidden) choose(chosen - 1);
    else if (event.code === "Enter" && !list.hidden && hits()[chosen]) hits()[chosen].click();
    else if (event.code === "Escape" && (input.value || !list.hidden)) {
      input.value = "";
      close();
    } else return;
    event.preventDefault();
  });
  input.addEventListener("focus", () => {
    if (input.value.trim().length > 1 && list.childElementCount) list.hidden = false;
  });
  document.addEventListener("pointerdown", (event) => {
    if (!form.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.code === "Slash" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
}

/** The drawer: what a data-drawer link fetched is shown over the page until it is done or closed. */
const drawer = document.getElementById("drawer");

document.addEventListener("htmx:after:swap", (event) => {
  const content = document.getElementById("drawer-content");
  const target = event.detail?.ctx?.target;
  if (!drawer || !content?.childElementCount || (target !== content && target !== "#drawer-content")) return;
  if (!drawer.open) drawer.showModal();
  const first = content.querySelector("[data-focus]") ?? content.querySelector("input:not([type=hidden]), select, textarea");
  first?.focus();
});
drawer?.addEventListener("close", () => {
  document.getElementById("drawer-content").replaceChildren();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  // A click on the ground beside the drawer closes it.
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

/** The clock of the top bar goes on with the page, in the club's zone and the page's words. */
function keepClock(clock) {
  const written = clock.textContent;
  const opened = Date.now();
  const time = written.match(/(\d{1,2}):(\d{2})(?!.*\d:\d)/);
  if (!time) return;
  setInterval(() => {
    const minutes = Number(time[1]) * 60 + Number(time[2]) + Math.floor((Date.now() - opened) / 60000);
    if (minutes >= 1440) return; // the day changed: the next page says which one it is
    const shown = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, "0"));
    clock.textContent = written.replace(time[0], shown.join(":"));
  }, 15000);
}

/** Rows that are wider than the screen begin where it matters: at the chosen one, or at the newest. */
function showChosen(row) {
  const chosen = row.querySelector("[aria-current]");
  if (!chosen || row.scrollWidth <= row.clientWidth) return;
  const [box, frame] = [chosen.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += box.left + box.width / 2 - (frame.left + frame.width / 2);
}
function showEnd(frame) {
  frame.scrollLeft = document.dir === "rtl" ? -frame.scrollWidth : frame.scrollWidth;
}
document.querySelectorAll(".segments").forEach(showChosen);
document.querySelectorAll("[data-from-end]").forEach(showEnd);

if (find) searchAsYouType(find);
document.querySelectorAll("[data-clock]").forEach(keepClock);
(document.querySelector("[data-focus]") ?? document.querySelector(".plain-panel form .form-control"))?.focus();
document.querySelector("[data-select]")?.select();

// Whoever takes the desk over comes back to the page as it stands now; F2 asks who it is, also within a field.
const here = () => location.pathname + location.search;
document.addEventListener("click", (event) => {
  const way = event.target.closest("[data-switch]");
  if (!way) return;
  const address = new URL(way.href);
  address.searchParams.set("next", here());
  way.href = address;
});
document.addEventListener(
  "submit",
  (event) => {
    if (event.target.matches("[data-lock]")) event.target.elements.next.value = here();
  },
  true,
);
document.addEventListener("keydown", (event) => {
  if (event.code !== "F2" || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const way = document.querySelector("[data-switch]");
  if (!way || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  way.click();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
