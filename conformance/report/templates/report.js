"use strict";
{
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const grid = $("#grid");
  const make = (tag, text = "", attributes = {}) => {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    return node;
  };

  // What may scroll is a stop of the tab key and says what it is, each by a name of its own.
  const named = new Map();
  for (const part of $$(".scroll")) {
    const head = $("th", part);
    const title = $("h2, h3, h4", part.closest("article, section"));
    part.tabIndex = 0;
    part.setAttribute("role", "region");
    const name = (head ? head.textContent : "Drawing") + ": " + title.textContent;
    named.set(name, (named.get(name) || 0) + 1);
    part.setAttribute("aria-label", named.get(name) > 1 ? name + ", " + named.get(name) : name);
  }
  for (const part of $$("pre.python, .issue pre")) part.tabIndex = 0;

  // Rows of the matrix with the text that the filter looks in.
  const rows = $$("#grid tr[data-clause]").map((row) => ({
    row,
    clause: row.dataset.clause,
    chapter: row.parentElement.dataset.chapter,
    text: (row.dataset.clause + " " + row.cells[0].textContent).toLowerCase(),
    marks: [...row.cells].slice(1).map((cell) => cell.className),
  }));
  const byClause = new Map(rows.map((entry) => [entry.clause, entry]));
  for (const claim of $$(".clause .claim")) {
    const entry = byClause.get(claim.closest(".clause").dataset.clause);
    if (entry) entry.text += " " + claim.textContent.toLowerCase();
  }

  const form = $("#filters");
  const field = { text: $("#f-text"), chapter: $("#f-chapter"), backend: $("#f-backend"), mark: $("#f-mark") };
  let followers = [];
  const heads = $$(".chapter-head");
  const bodies = grid ? $$("tbody", grid) : [];
  const sheet = document.head.appendChild(document.createElement("style")).sheet;

  const has = (list, one) => list.split(" ").includes(one);

  function filter() {
    const text = field.text.value.trim().toLowerCase();
    const chapter = field.chapter.value;
    const column = field.backend.selectedIndex;
    const mark = field.mark.value && "m-" + field.mark.value;
    const shown = new Set();
    const chapters = new Set();
    for (const entry of rows) {
      const marks = column > 0 ? [entry.marks[column - 1]] : entry.marks;
      const fits = entry.text.includes(text) && (!chapter || chapter === entry.chapter) &&
        (!mark || marks.includes(mark));
      entry.row.hidden = !fits;
      if (fits) { shown.add(entry.clause); chapters.add(entry.chapter); }
    }
    for (const part of [...bodies, ...heads]) part.hidden = !chapters.has(part.dataset.chapter);
    for (const part of followers) {
      const { backends } = part.dataset;
      const other = column > 0 && backends && !has(backends, field.backend.value);
      part.hidden = !shown.has(part.dataset.clause) || Boolean(other);
    }
    while (sheet.cssRules.length) sheet.deleteRule(0);
    if (column > 0) {
      sheet.insertRule(`#grid tr > :nth-child(n+2):not(:nth-child(${column + 1})) { display: none }`);
      sheet.insertRule(`.verdicts tbody tr:not(:nth-child(${column})) { display: none }`);
    }
    if (mark) sheet.insertRule(`#grid td:not(.${mark}) { opacity: .35 }`);
    $("#f-count").textContent = `${shown.size} of ${rows.length} clauses`;
    settle();
  }

  // The matrix is one stop of the tab key; arrows move inside it.
  const links = () => $$("#grid tr[data-clause]:not([hidden])")
    .map((row) => $$("a", row).filter((link) => link.offsetParent !== null));
  function settle() {
    for (const link of $$("#grid a[tabindex='0']")) link.tabIndex = -1;
    const first = $("#grid tr[data-clause]:not([hidden]) a");
    if (first) first.tabIndex = 0;
  }
  function move(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const from = event.target.closest("a");
    if (!from || (!step && event.key !== "Home" && event.key !== "End")) return;
    const lines = links();
    const y = lines.findIndex((line) => line.includes(from));
    const x = y < 0 ? -1 : lines[y].indexOf(from);
    if (x < 0) return;
    const line = step ? lines[y + step[0]] : lines[y];
    const to = step ? line && line[x + step[1]] : event.key === "Home" ? line[0] : line[line.length - 1];
    if (!to) return;
    event.preventDefault();
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }
  if (grid) {
    for (const link of $$("a", grid)) link.tabIndex = -1;
    grid.addEventListener("keydown", move);
    grid.addEventListener("click", (event) => {
      const link = event.target.tagName === "TD" && $("a", event.target);
      if (link) link.click();
    });
    form.hidden = false;
    $("#keys").hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
      event.preventDefault();
      field.text.focus();
    });
    follow();
  }
  function follow() {
    followers = $$("article[data-clause], tbody[data-clause]");
    if (grid) filter();
  }

  // The counts are data, and become a table when somebody looks.
  const counts = $("#counts");
  function count() {
    const table = $("table", counts);
    if (table.tBodies.length) return;
    const { columns, marks, laws } = JSON.parse($("#counts-data").textContent);
    const round = (number) => number === null ? "–" : number.toFixed(number >= .1 ? 2 : 3);
    for (const [clause, law, rows] of laws) {
      const body = table.appendChild(make("tbody", "", { "data-clause": clause }));
      const head = body.insertRow().appendChild(make("th", "", { colspan: 9, scope: "rowgroup" }));
      head.parentElement.className = "chapter";
      const span = head.appendChild(make("span"));
      const link = span.appendChild(make("a", "", { href: "#" + clause }));
      link.append(make("code", clause));
      span.append(" " + law);
      for (const [column, mark, structures, distinct, cases, seconds, inside, margin] of rows) {
        const overhead = cases ? round(1000 * (seconds - inside) / cases) : "–";
        const said = [marks[mark], structures, distinct, cases, round(seconds), round(inside), overhead];
        const row = body.insertRow();
        row.append(make("th", columns[column]));
        for (const text of [...said, margin === null ? "–" : margin]) row.append(make("td", text));
      }
    }
    follow();
  }
  if (counts) counts.addEventListener("toggle", count);

  // The porting guide: of all changes those between two stations, the station one leaves on the left.
  const journey = $("#journey");
  function travel() {
    const [from, to] = [$("#p-from").value, $("#p-to").value];
    let count = 0;
    for (const change of $$("article.change")) {
      const { one, other } = change.dataset;
      const forward = has(one, from) && has(other, to);
      const back = has(other, from) && has(one, to);
      change.hidden = !(forward || back);
      change.classList.toggle("back", back);
      count += forward || back;
      for (const text of $$(".instead", change)) {
        text.hidden = !has(text.dataset.to, to);
        $("b", text).textContent = "What to write instead:";
      }
    }
    $("#p-count").textContent = count ? `${count} clauses differ` : "no clause that both state differs";
  }
  if (journey) {
    journey.hidden = false;
    journey.addEventListener("input", travel);
    journey.addEventListener("submit", (event) => event.preventDefault());
    travel();
  }

  // A deep link shows what it names, whatever the filter hides.
  function arrive() {
    for (const row of $$(".here")) row.classList.remove("here");
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* the hash stays as it is written */ }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.offsetParent === null && grid) { form.reset(); filter(); }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const place = target.matches("span:not(.reading)") ? target.closest("article") : target;
    place.classList.add("here");
    requestAnimationFrame(() => place.scrollIntoView());
  }
  addEventListener("hashchange", arrive);
  arrive();

  // Python is colored when it is first looked at.
  const words = "and as assert async await break class continue def del elif else except finally for from " +
    "if import in is lambda not or pass raise return try while with yield None True False";
  const token = new RegExp(
    '(#.*$)|("""[^]*?"""|"(?:\\\\.|[^"\\\\\\n])*"|\'(?:\\\\.|[^\'\\\\\\n])*\')|' +
    `\\b(${words.replaceAll(" ", "|")})\\b`, "gm");
  function color(part) {
    for (const code of $$(".python code:not(.colored)", part)) {
      code.className = "colored";
      const text = code.textContent;
      const pieces = [];
      let done = 0;
      for (const found of text.matchAll(token)) {
        const mark = document.createElement("i");
        mark.className = found[1] ? "c" : found[2] ? "s" : "k";
        mark.textContent = found[0];
        pieces.push(text.slice(done, found.index), mark);
        done = found.index + found[0].length;
      }
      code.replaceChildren(...pieces, text.slice(done));
    }
  }
  for (const part of $$("details.code")) {
    part.addEventListener("toggle", () => color(part));
    if (part.open) color(part);
  }

  // The text of an issue is kept without its script, which stands above it, and without the versions.
  function whole(code) {
    const issue = code.closest(".issue");
    if (!issue) return code.textContent;
    const script = $(".script code", issue.parentElement).textContent.trimEnd();
    const machine = document.getElementById("machine-" + issue.dataset.of);
    return code.textContent.replace("(the script)", () => script)
      .replace("(the versions)", () => machine ? machine.dataset.versions : "");
  }
  async function copy(button) {
    const code = $("code", button.parentElement);
    const label = button.textContent;
    let done = true;
    try {
      await navigator.clipboard.writeText(whole(code));
    } catch {
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = whole(code);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = label; }, 2000);
  }
  for (const part of $$(".script")) {
    const label = part.closest(".issue") ? "Copy with the script" : "Copy";
    const button = make("button", label, { type: "button", class: "copy" });
    button.addEventListener("click", () => copy(button));
    part.prepend(button);
  }

  // On paper nothing is folded.
  let folded = [];
  addEventListener("beforeprint", () => {
    if (counts) count();
    folded = $$("details:not([open])");
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
}
