// The set-up page guesses what the browser knows: the time zone, and a short code from the name.

const form = document.querySelector("[data-set-up]");
const zone = form?.elements.namedItem("timezone");
const name = form?.elements.namedItem("name");
const code = form?.elements.namedItem("code");
const calendar = form?.elements.namedItem("calendar");
const currency = form?.elements.namedItem("currency");

if (form && !form.querySelector(".notice")) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zone.options].some((option) => option.value === here)) zone.value = here;
  if (here === "Asia/Tehran") {
    calendar.value = "jalali";
    currency.value = "IRR";
  }
}

let isOwn = Boolean(code?.value);
code?.addEventListener("input", () => {
  isOwn = code.value !== "";
});
name?.addEventListener("input", () => {
  if (isOwn) return;
  code.value = name.value
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 20);
});
