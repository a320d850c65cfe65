// Opens the table's cells to their cases, and filters them. Everything recorded enters the page as text, never as markup.
// The data (see embed.py): a text is a list of numbers of lines; a case is [id, clauses, does, expects, outcomes]; an outcome is
// [subject, grade, reason, profile, exchanges, how many exchanges were left out]; an exchange is [server, sent, answer, cut].
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const BEYOND = "beyond the contract";
  const BADGES = ["yes", "mid", "no", "none"];
  const WORST = [2, 1, 0, 3]; // wrong, known difference, identical, not applicable
  const AT_ONCE = 30;
  // what the contract lets differ, or what is new in every answer
  const MAY = new Set(["date", "server", "connection", "keep-alive", "transfer-encoding", "content-length", "x-request-id", "vary"]);
  const FRESH = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}/g;

  const text = (number) => data.texts[number].map((line) => data.lines[line]).join("\n");
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const subjectName = (number) => data.subjects[number] || "no server";

  // ---- the cases by clause and subject
  const rows = new Map([...document.querySelectorAll("tr[data-clause]")].map((row) => [row.dataset.clause, row]));
  const cells = new Map(); // "clause subject" -> [{case, outcome}]
  for (const one of data.cases) {
    one.words = [one[0], one[1].join(" "), one[2], one[3], ...one[1].map((clause) => rows.get(clause)?.textContent ?? "")].join(" ").toLowerCase();
    const clauses = one[1].filter((clause) => rows.has(clause));
    for (const outcome of one[4])
      for (const clause of clauses.length ? clauses : [BEYOND]) {
        const key = `${clause} ${outcome[0]}`;
        if (!cells.has(key)) cells.set(key, []);
        cells.get(key).push({ one, outcome });
      }
  }

  // ---- what the filters let through
  const form = document.getElementById("filters");
  let grades = new Set([0, 1, 2, 3]);
  let words = [];
  const shown = ({ one, outcome }) => {
    if (!grades.has(outcome[1])) return false;
    if (!words.length) return true;
    const reason = text(outcome[2]).toLowerCase();
    return words.every((word) => one.words.includes(word) || reason.includes(word) || subjectName(outcome[0]).includes(word));
  };

  // ---- a cell: its worst grade, its numbers, and a button that opens it
  const fill = (cell) => {
    const row = cell.parentElement;
    const items = (cells.get(`${row.dataset.clause} ${cell.dataset.subject}`) ?? []).filter(shown);
    const numbers = [0, 0, 0, 0];
    for (const { outcome } of items) numbers[outcome[1]] += 1;
    const top = WORST.find((grade) => numbers[grade]);
    if (top === undefined) {
      cell.replaceChildren(make("span", { class: "soft" }, "·"));
      return 0;
    }
    const [word, sign] = data.grades[top];
    const counts = make("span", { class: "counts" });
    numbers.forEach((number, grade) => {
      if (!number) return;
      const [name, mark] = data.grades[grade];
      counts.append(make("span", { class: BADGES[grade] }, make("span", { "aria-hidden": "true" }, `${mark} `), `${number}`, make("span", { class: "hidden" }, ` ${name}`)), " ");
    });
    const opened = row.nextElementSibling?.dataset.of === `${row.dataset.clause} ${cell.dataset.subject}`;
    cell.replaceChildren(
      make("button", { type: "button", class: "open", "aria-expanded": String(opened), onclick: () => toggle(cell) },
        make("span", { class: `badge ${BADGES[top]}` }, `${sign} ${word}`), counts));
    return items.length;
  };

  const toggle = (cell) => {
    const row = cell.parentElement;
    const key = `${row.dataset.clause} ${cell.dataset.subject}`;
    const before = row.nextElementSibling?.classList.contains("cases") ? row.nextElementSibling : null;
    const same = before?.dataset.of === key;
    before?.remove();
    if (!same) row.after(opened(key, row, cell));
    for (const other of row.querySelectorAll(".open"))
      other.setAttribute("aria-expanded", String(!same && other.parentElement === cell));
  };

  const opened = (key, row, cell) => {
    const items = (cells.get(key) ?? []).filter(shown).sort((a, b) => WORST.indexOf(a.outcome[1]) - WORST.indexOf(b.outcome[1]));
    const title = `${row.dataset.clause} on ${subjectName(+cell.dataset.subject)}`;
    const close = () => { toggle(cell); cell.querySelector("button")?.focus(); };
    const card = make("div", { class: "card", role: "region", "aria-label": title },
      make("header", {}, make("h3", {}, title), make("button", { type: "button", class: "close", onclick: close }, "Close")));
    card.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    const add = (from) => {
      for (const item of items.slice(from, from + AT_ONCE)) card.append(summary(item));
      const left = items.length - from - AT_ONCE;
      if (left > 0) {
        const more = make("button", { type: "button", class: "more" }, `Show more (${left} left)`);
        more.addEventListener("click", () => { more.remove(); add(from + AT_ONCE); });
        card.append(more);
      }
    };
    add(0);
    const found = make("tr", { class: "cases" }, make("td", { colspan: String(row.children.length) }, card));
    found.dataset.of = key;
    return found;
  };

  // ---- one case, laid out when it is opened
  const summary = (item) => {
    const { one, outcome } = item;
    const [word, sign] = data.grades[outcome[1]];
    const profile = outcome[3] && outcome[3] !== "plain" ? make("span", { class: "soft small" }, ` with the settings “${outcome[3]}”`) : "";
    const element = make("details", { class: "case" }, make("summary", {},
      make("span", { class: `badge ${BADGES[outcome[1]]}` }, `${sign} ${word}`), " ", one[2] || one[0], profile));
    element.addEventListener("toggle", () => {
      if (element.open && element.childElementCount === 1) element.append(...inside(item));
    });
    return element;
  };

  const inside = ({ one, outcome }) => {
    const parts = [make("p", {}, make("span", { class: "soft" }, "Expected: "), one[3])];
    const reason = text(outcome[2]);
    if (outcome[1] === 2) parts.push(make("pre", {}, reason));
    else if (reason) parts.push(make("p", { class: outcome[1] === 1 ? "why" : "soft" }, reason));
    if (outcome[1] === 1 && document.getElementById(`known-${one[0]}`))
      parts.push(make("p", { class: "small" }, make("a", { href: `#known-${one[0]}`, onclick: reveal }, "All about this known difference")));
    parts.push(make("p", { class: "soft small" }, make("code", {}, one[0])));
    const exchanges = paired(one, outcome);
    exchanges.forEach((pair, number) => parts.push(exchange(pair, number, exchanges.length)));
    if (outcome[5]) parts.push(make("p", { class: "soft small" }, `${outcome[5]} more connections of this case are not shown.`));
    return parts;
  };

  // [mine, the other's or null]: of a pair the twins' answers, else the first other subject's answer to the same case
  const paired = (one, outcome) => {
    const own = outcome[4];
    const servers = [...new Set(own.map((each) => each[0]))];
    if (servers.length === 2) {
      const [first, second] = servers.map((server) => own.filter((each) => each[0] === server));
      return Array.from({ length: Math.max(first.length, second.length) }, (_, n) => first[n] ? [first[n], second[n] ?? null] : [second[n], null]);
    }
    const reference = one[4].find((other) => other[0] !== outcome[0] && other[3] === outcome[3] && other[4].length && !subjectName(other[0]).includes("~"));
    return own.map((each, n) => [each, reference?.[4][n] ?? null]);
  };

  const exchange = ([mine, other], number, of) => {
    const same = !other || text(mine[1]) === text(other[1]);
    const title = of > 1 ? `Request ${number + 1} of ${of}` : "Request";
    const block = make("div", { class: "exchange" }, make("h4", {}, same ? title : `${title}, to ${data.servers[mine[0]]}`), plain(mine[1]));
    if (!same) block.append(make("h4", {}, `${title}, to ${data.servers[other[0]]}`), plain(other[1]));
    const answers = make("div", { class: other ? "answers" : "answers single" }, answer(mine, other));
    if (other) answers.append(answer(other, mine));
    block.append(answers);
    if (mine[3] || other?.[3]) block.append(make("p", { class: "soft small" }, "Something was left out here, for length."));
    return block;
  };
  const plain = (number) => make("pre", {}, text(number).replaceAll("\r", "").trimEnd());
  const answer = (mine, other) => make("div", {}, make("h4", {}, `Answer of ${data.servers[mine[0]]}`), compared(mine, other));

  // ---- an answer, with what differs from the other one marked; what may differ is only dimmed
  const split = (number) => {
    const whole = text(number).replaceAll("\r", "");
    const end = whole.indexOf("\n\n");
    return { head: (end < 0 ? whole : whole.slice(0, end)).split("\n"), body: end < 0 ? "" : whole.slice(end + 2) };
  };
  const field = (line) => line.slice(0, Math.max(0, line.indexOf(":"))).toLowerCase();
  const value = (line) => line.slice(line.indexOf(":") + 1).trim();
  const status = (line) => line.split(" ")[1];

  const compared = (mine, other) => {
    const element = make("pre", {});
    const { head, body } = split(mine[2]);
    if (!other) {
      element.append(text(mine[2]).replaceAll("\r", "") || "(no answer: the connection was closed)");
      return element;
    }
    const theirs = split(other[2]);
    const values = new Set(theirs.head.slice(1).map((line) => `${field(line)}:${value(line)}`));
    head.forEach((line, n) => {
      const equal = n ? values.has(`${field(line)}:${value(line)}`) : status(line) === status(theirs.head[0]);
      element.append(equal ? line : make(n && MAY.has(field(line)) ? "span" : "mark", { class: "may" }, line), "\n");
    });
    if (!text(mine[2])) element.replaceChildren(make("mark", {}, "(no answer: the connection was closed)"));
    else element.append("\n", ...marked(body, theirs.body));
    return element;
  };

  const marked = (mine, theirs) => {
    if (mine === theirs) return [mine];
    const lines = theirs.split("\n");
    return mine.split("\n").flatMap((line, n) => [n ? "\n" : "", ...within(line, lines[n] ?? "")]);
  };
  const within = (mine, theirs) => {
    if (mine === theirs) return [mine];
    const fresh = mine.replace(FRESH, "·") === theirs.replace(FRESH, "·");
    let start = 0;
    while (start < mine.length && mine[start] === theirs[start]) start += 1;
    let end = 0;
    while (end < Math.min(mine.length, theirs.length) - start && mine.at(-1 - end) === theirs.at(-1 - end)) end += 1;
    const middle = mine.slice(start, mine.length - end);
    return [mine.slice(0, start), middle ? make(fresh ? "span" : "mark", fresh ? { class: "may" } : {}, middle) : "", mine.slice(mine.length - end)];
  };

  // ---- the whole table
  const refresh = () => {
    for (const open of document.querySelectorAll("tr.cases")) open.remove();
    let found = 0;
    for (const row of rows.values()) {
      let mine = 0;
      for (const cell of row.querySelectorAll("td[data-subject]")) mine += fill(cell);
      row.classList.toggle("off", mine === 0);
      found += mine;
    }
    const all = grades.size === 4 && !words.length;
    document.getElementById("found").textContent = all ? "" : found ? `${found} in the table` : "nothing matches";
  };
  const read = () => {
    const given = new FormData(form);
    grades = new Set(given.getAll("grade").map(Number));
    words = String(given.get("text")).toLowerCase().split(/\s+/).filter(Boolean);
    refresh();
  };
  let waiting = 0;
  form.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(read); });
  form.addEventListener("submit", (event) => event.preventDefault());

  // ---- a link to a known difference opens it
  const reveal = () => setTimeout(() => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.tagName === "DETAILS") target.open = true;
  });
  window.addEventListener("hashchange", reveal);

  form.hidden = false;
  read(); // a browser that comes back may have kept the filters
  reveal();
})();
