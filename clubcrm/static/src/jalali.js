// A calendar to click on beside the typed days of a club that lives by the Jalali calendar.
// Typing stays the first way: the field reads any digits.

globalThis.jalaliDatepicker?.startWatch({
  autoHide: true,
  separatorChars: { date: "/" },
  zIndex: 100,
});

// A drawer lies above everything of the page, so the calendar goes into it with its field.
document.addEventListener("focusin", (event) => {
  if (!event.target.matches("[data-jdp]")) return;
  const calendar = document.querySelector("jdp-container");
  const place = event.target.closest("dialog") ?? document.body;
  if (calendar && calendar.parentElement !== place) place.append(calendar);
});
