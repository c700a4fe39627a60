"use strict";

const find = (id) => document.getElementById(id);
const STEP = 200; // rows that are made at once; more come when one scrolls down
const CHARTS = ["model", "provider", "finish", "state"];
const MOST_BARS = 8;
const HASH = /([0-9a-f]{12})[0-9a-f]{52}(?:\.json)?/; // of a file's name; twelve digits are enough

let rows = [];
let shown = [];
let made = 0;
let sorting = { column: "", falling: false };
let chosen = null;
const picked = {};
const blocks = new Map();

async function inflate(id) {
  const bytes = Uint8Array.from(atob(find(id).textContent.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const number = (value) => (value === null || value === undefined ? "" : value.toLocaleString("en"));

function size(bytes) {
  for (const [unit, factor] of [["MB", 1e6], ["kB", 1e3]]) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return `${bytes} B`;
}

const COLUMNS = [
  { name: "test", width: "32%", show: (row) => row.test || row.key, kind: "test" },
  { name: "model", width: "13%", show: (row) => row.model || "" },
  { name: "finish", width: "9%", show: (row) => row.finish || "" },
  { name: "tokens", width: "7%", show: (row) => number(row.tokens), kind: "number" },
  { name: "size", width: "8%", show: (row) => size(row.size), kind: "number" },
  { name: "state", width: "10%", show: (row) => row.state || "" },
  { name: "asked", width: "21%", show: (row) => row.asked || "", kind: "line" },
];

function drawHead() {
  const head = find("head");
  head.replaceChildren();
  for (const column of COLUMNS) {
    const button = make("button", { type: "button" }, column.name);
    button.addEventListener("click", () => sort(column.name));
    const cell = make("th", { scope: "col", class: column.kind === "number" ? "number" : "", style: `width: ${column.width}` }, button);
    if (sorting.column === column.name) cell.setAttribute("aria-sort", sorting.falling ? "descending" : "ascending");
    head.append(cell);
  }
}

function sort(name) {
  const isNumber = name === "tokens" || name === "size";
  const again = sorting.column === name;
  sorting = { column: name, falling: again ? !sorting.falling : isNumber };
  drawHead();
  filter();
}

function compare(one, other) {
  const [left, right] = [one[sorting.column], other[sorting.column]];
  if (left === right) return one.order - other.order;
  if (left === null || left === undefined || left === "") return 1;
  if (right === null || right === undefined || right === "") return -1;
  const result = typeof left === "number" ? left - right : String(left).localeCompare(String(right));
  return sorting.falling ? -result : result;
}

function filter() {
  const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  shown = rows.filter((row) =>
    words.every((word) => row.text.includes(word)) &&
    Object.entries(picked).every(([column, value]) => (row[column] ?? "") === value));
  if (sorting.column) shown.sort(compare);
  made = 0;
  find("rows").replaceChildren();
  find("count").textContent = `${number(shown.length)} of ${number(rows.length)}`;
  drawMore();
  drawCharts();
}

function drawMore() {
  const fragment = document.createDocumentFragment();
  for (const row of shown.slice(made, made + STEP)) fragment.append(drawRow(row));
  made = Math.min(made + STEP, shown.length);
  find("rows").append(fragment);
}

function split(row) {
  const text = row.test || row.key;
  const at = row.test ? text.indexOf("::") : text.lastIndexOf("/");
  const [before, name] = at < 0 ? ["", text] : [text.slice(0, at), text.slice(at + (row.test ? 2 : 1))];
  return [before, row.test ? name : name.replace(HASH, "$1")];
}

function drawRow(row) {
  const line = make("tr", { id: `row-${row.order}` });
  if (row === chosen) line.className = "chosen";
  for (const column of COLUMNS) {
    const text = column.show(row);
    const cell = make("td", { class: column.kind || "" });
    if (column.kind === "test") {
      const [file, name] = split(row);
      const button = make("button", { type: "button", title: `${row.test || ""}\n${row.key}`.trim() }, name);
      button.addEventListener("click", () => open(row));
      cell.append(button, make("div", { class: "file" }, file));
    } else if (column.name === "state" || (column.name === "finish" && row.failed)) {
      cell.append(make("span", { class: row.failed && column.name === "finish" ? "failed" : text }, text));
    } else cell.append(text);
    line.append(cell);
  }
  return line;
}

function drawCharts() {
  const charts = find("charts");
  charts.replaceChildren();
  for (const name of CHARTS) {
    const counts = new Map();
    for (const row of shown) counts.set(row[name] ?? "", (counts.get(row[name] ?? "") || 0) + 1);
    if (counts.size < 2 && !(name in picked)) continue;
    const most = Math.max(...counts.values());
    const bars = [...counts].sort((one, other) => other[1] - one[1]).slice(0, MOST_BARS);
    const chart = make("section", { class: "chart" }, make("h2", {}, name));
    for (const [value, count] of bars) {
      const button = make("button", { type: "button", "aria-pressed": String(picked[name] === value), style: `--share: ${(100 * count) / most}%` },
        make("span", {}, value || "(none)"), make("span", {}, number(count)));
      button.addEventListener("click", () => {
        if (picked[name] === value) delete picked[name];
        else picked[name] = value;
        filter();
      });
      chart.append(button);
    }
    charts.append(chart);
  }
}

async function read(row) {
  const block = Math.floor(row.order / PER_BLOCK);
  if (!blocks.has(block)) blocks.set(block, inflate(`block-${block}`));
  return (await blocks.get(block))[row.order % PER_BLOCK];
}

async function open(row) {
  mark(null);
  chosen = row;
  mark(row);
  history.replaceState(null, "", `#${encodeURIComponent(row.key)}`);
  const told = await read(row);
  const panel = find("conversation");
  panel.replaceChildren();
  const close = make("button", { type: "button", class: "close", "aria-label": "Close the conversation" }, "Close");
  close.addEventListener("click", shut);
  panel.append(close, make("h2", {}, row.test || row.key), make("div", { class: "facts" }, told.facts.join("\n")));
  for (const part of told.said) {
    if (part.who) panel.append(make("div", { class: part.reply ? "who reply" : "who" }, part.who));
    const name = part.kind === "code" ? "pre" : "div";
    panel.append(make(name, { class: part.kind === "aside" ? "said aside" : "said" }, part.text));
  }
  for (const note of told.notes) panel.append(make("div", { class: "note" }, note));
  if (told.chunks.length) {
    const chunks = make("div", { class: "chunks" }, ...told.chunks.map((chunk) => make("div", {}, chunk)));
    panel.append(make("details", {}, make("summary", {}, `${number(told.streamed)} chunks`), chunks));
  }
  panel.hidden = false;
  panel.scrollTop = 0;
  close.focus();
}

function mark(row) {
  document.querySelector("tr.chosen")?.classList.remove("chosen");
  if (row) find(`row-${row.order}`)?.classList.add("chosen");
}

function shut() {
  find("conversation").hidden = true;
  history.replaceState(null, "", location.pathname + location.search);
  if (chosen) find(`row-${chosen.order}`)?.querySelector("button")?.focus();
}

function step(by) {
  const at = chosen ? shown.indexOf(chosen) : -1;
  const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
  while (next && shown.indexOf(next) >= made) drawMore();
  if (!next) return;
  if (find("conversation").hidden) {
    chosen = next;
    mark(next);
    find(`row-${next.order}`).querySelector("button").focus();
  } else open(next);
}

function follow() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted.startsWith("test=")) {
    find("search").value = wanted.slice(5);
    filter();
  } else {
    const row = rows.find((each) => each.key === wanted);
    if (row) open(row);
  }
}

async function start() {
  if (typeof DecompressionStream === "undefined") {
    find("count").textContent = "This browser is too old to open the recordings in this page.";
    return;
  }
  rows = await inflate("inventory");
  rows.forEach((row, order) => {
    row.order = order;
    row.text = [row.test, row.key, row.model, row.provider, row.endpoint, row.finish, row.state, row.tools, row.asked, row.answered]
      .join(" ").toLowerCase();
  });
  drawHead();
  filter();
  follow();
  if (rows.length === 1 && find("conversation").hidden) open(rows[0]);
  find("search").addEventListener("input", filter);
  window.addEventListener("hashchange", follow);
  window.addEventListener("scroll", () => {
    if (window.innerHeight + window.scrollY > document.body.offsetHeight - 600 && made < shown.length) drawMore();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
    else if (event.target.tagName === "INPUT") return;
    else if (event.key === "/") { event.preventDefault(); find("search").focus(); }
    else if (event.key === "ArrowDown" || event.key === "j") { event.preventDefault(); step(1); }
    else if (event.key === "ArrowUp" || event.key === "k") { event.preventDefault(); step(-1); }
  });
}

start();
