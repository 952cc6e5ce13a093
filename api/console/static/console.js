/* What pages do beyond plain HTML: none of it is needed to read or to send. */
"use strict";

document.documentElement.classList.add("scripted");

/* Selects that are sent as soon as they are changed. */
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});

/* A question before what cannot be undone. */
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.ask ?? event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

/* What is shown once is selected by one click, to be copied. */
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-pick]")) event.target.select();
});

/* The entry of the page that is open is seen in a menu wider than the window. */
for (const here of document.querySelectorAll(".menu [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "nearest" });
