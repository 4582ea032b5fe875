// The pages on which a desk is handed over: digits choose a name, Esc leads back, and a card is no PIN.

const NUMPAD = /^Numpad(\d)$/;

document.addEventListener("clubcrm:key", (event) => {
  const code = event.detail.code.replace(NUMPAD, "Digit$1");
  document.querySelector(`[data-key="${code}"]`)?.click();
});

document.addEventListener("keydown", (event) => {
  const back = document.querySelector("[data-back]");
  if (event.code !== "Escape" || event.defaultPrevented || !back) return;
  event.preventDefault();
  back.click();
});

// Elsewhere a scan opens the desk. A locked desk has nobody who could look at the answer.
const locked = document.getElementById("locked-scan");
document.addEventListener("clubcrm:scan", (event) => {
  if (!locked) return;
  event.preventDefault();
  locked.hidden = false;
});
