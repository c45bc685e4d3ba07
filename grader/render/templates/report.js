
"use strict";
(() => {
  const form = document.getElementById("filters");
  const found = document.getElementById("found");
  const items = [...document.querySelectorAll("[data-task]")];
  const total = new Set(items.map((item) => item.dataset.task)).size;

  const filter = () => {
    const all = form.elements.show.value === "all";
    const exercise = form.elements.exercise.value;
    const shown = new Set();
    for (const section of document.querySelectorAll("[data-exercise]")) {
      const chosen = !exercise || section.dataset.exercise === exercise;
      let any = false;
      for (const item of section.querySelectorAll("[data-task]")) {
        const fits = chosen && (all || item.dataset.status !== "passed");
        item.hidden = !fits;
        if (fits) {
          any = true;
          shown.add(item.dataset.task);
        }
      }
      section.hidden = !any;
    }
    found.textContent = shown.size
      ? `Showing ${shown.size} of ${total} tasks.`
      : "No task fits: every one of them has passed.";
    found.classList.toggle("narrowed", shown.size < total);
  };

  const announce = (by, order) => {
    found.textContent = order ? `Sorted by ${by}, ${order}.` : "In the order of the course.";
  };
  for (const table of document.querySelectorAll("table.sortable")) sortable(table, announce);

  // Browsers that cannot unfold by style alone: open everything to print, and close it again.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });

  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.reset();
  form.hidden = false;
})();
