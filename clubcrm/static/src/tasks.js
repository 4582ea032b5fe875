// Tasks: the keys 1 to 9 write down what came of the task that is open, unless somebody is typing.

const isTyping = (element) =>
  Boolean(element?.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));

function press(code) {
  const focused = document.activeElement;
  if (document.querySelector("dialog[open]") || isTyping(focused)) return;
  const task = focused?.closest(".task")?.querySelector("details[open]") ?? document.querySelector(".task > details[open]");
  const key = code.replace(/^Numpad(\d)$/, "Digit$1");
  task?.querySelector(`[data-key="${key}"]`)?.click();
}

if (document.querySelector('script[src*="scanner.js"]')) {
  // There a digit may be the first of a card that is scanned; it is told when it was not.
  document.addEventListener("clubcrm:key", (event) => press(event.detail.code));
} else {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    press(event.code);
  });
}

// A day that is typed in is the one meant, not one tapped before.
document.addEventListener("change", (event) => {
  const other = event.target.closest(".task-other-day input");
  if (other?.value) other.form.querySelector('[name="promised"][value=""]').checked = true;
});
