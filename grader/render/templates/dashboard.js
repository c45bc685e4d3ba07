
(() => {
  const form = document.getElementById("filters");
  const found = document.getElementById("found");
  const pointed = document.getElementById("pointed");
  const roll = document.getElementById("roll");
  const heat = document.getElementById("heat");
  const students = [...roll.tBodies[0].rows].map((row) => ({
    row,
    text: [0, 1, 9].map((column) => row.cells[column].textContent).join(" ").toLowerCase(),
    name: row.cells[0].textContent.trim(),
    cells: row.dataset.cells,
    outcome: row.dataset.outcome,
    flagged: row.dataset.flagged !== undefined,
  }));
  const byRow = new Map(students.map((student) => [student.row, student]));
  const groups = { p: "passed", s: "shape", f: "failed", x: "stopped", h: "held", o: "open" };
  let shown = students;

  // Rows that are not in sight need no layout, but rows of a table always get it. Laid out as grids
  // they do not, and then have to be told again what they are.
  const lighten = () => {
    const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
    for (const one of [roll, ...roll.querySelectorAll("thead, tbody, tr, th, td")]) {
      const head = one.scope === "col" ? "columnheader" : "rowheader";
      one.setAttribute("role", roles[one.tagName] ?? head);
    }
    roll.classList.add("light");
  };

  // One path for each colour: 38 tasks of 1,000 students are some two hundred elements.
  const draw = () => {
    shown = [...roll.tBodies[0].rows].filter((row) => !row.hidden).map((row) => byRow.get(row));
    if (!heat) return;
    for (const strip of heat.querySelectorAll(".students")) {
      const outlines = new Map();
      const place = Number(strip.dataset.place);
      for (let x = 0; x < shown.length;) {
        const letter = shown[x].cells[place];
        let end = x + 1;
        while (end < shown.length && shown[end].cells[place] === letter) end += 1;
        const width = end - x;
        const piece = `M${x} 0h${width}v1h-${width}z`;
        if (groups[letter]) outlines.set(letter, (outlines.get(letter) ?? "") + piece);
        x = end;
      }
      strip.setAttribute("viewBox", `0 0 ${Math.max(shown.length, 1)} 1`);
      strip.replaceChildren(...[...outlines].map(([letter, outline]) => {
        const path = document.createElementNS(strip.namespaceURI, "path");
        path.setAttribute("class", `${groups[letter]}-cell`);
        path.setAttribute("d", outline);
        return path;
      }));
    }
  };

  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = form.elements.outcome.value;
    const flagged = form.elements.flagged.checked;
    let count = 0;
    for (const student of students) {
      const fits = (!outcome || student.outcome === outcome)
        && (!flagged || student.flagged)
        && words.every((word) => student.text.includes(word));
      student.row.hidden = !fits;
      count += fits;
    }
    found.textContent = count
      ? `Showing ${count} of ${students.length} students.`
      : "No student fits.";
    found.classList.toggle("narrowed", count < students.length);
    draw();
  };

  const announce = (by, order) => {
    found.textContent = order ? `Sorted by ${by}, ${order}.` : "In the order of the scores.";
    draw();
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    sortable(table, table === roll ? announce : () => {});
  }

  if (heat) {
    heat.addEventListener("pointermove", (event) => {
      const strip = event.target.closest(".students");
      if (!strip || !shown.length) return;
      const box = strip.getBoundingClientRect();
      const place = Math.floor((event.clientX - box.left) / box.width * shown.length);
      const student = shown[Math.min(Math.max(place, 0), shown.length - 1)];
      const task = strip.closest("tr").cells[0].textContent;
      const group = groups[student.cells[Number(strip.dataset.place)]] ?? "no result";
      pointed.textContent = `${task}: ${student.name}, ${group}`;
    });
  }

  lighten();
  form.elements.text.addEventListener("input", filter);
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.reset();
  form.hidden = false;
})();
