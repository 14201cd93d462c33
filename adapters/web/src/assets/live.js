// Keeps the page alive: new lines and states by server-sent events, countdowns, the reader's own time zone.
// Without this script the page says the same, in UTC, until it is loaded again.
"use strict";

const live = document.getElementById("live");
const list = document.getElementById("list");
const banner = document.getElementById("banner");

// The server's clock as it was when the page was made; in the demo it may run faster than ours.
let clock = { theirs: Date.now(), ours: Date.now(), speed: 1 };

function setClock({ now, speed }) {
  clock = { theirs: Date.parse(now), ours: Date.now(), speed: Number(speed) };
}

function serverNow() {
  return clock.theirs + (Date.now() - clock.ours) * clock.speed;
}

// ---------------------------------------------------------------- times

const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-countdown])")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date(serverNow()).toDateString();
    time.textContent = (isToday ? timeOfDay : dayAndTime).format(at);
  }
}

function left(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds <= 0) return "now";
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const end = two(seconds % 60);
  return hours ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const text = left(Date.parse(time.dateTime) - serverNow());
    if (time.textContent !== text) time.textContent = text;
  }
}

// ---------------------------------------------------------------- the live part

// Each part of the card as the server wrote it, so that a part that says the same is left alone.
const written = new Map();

function remember(root) {
  for (const part of root.querySelectorAll("[data-part]")) written.set(part.id, part.outerHTML);
}

function update(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const next = template.content;

  const card = document.getElementById("card");
  const nextCard = next.getElementById("card");
  if (!nextCard) return;
  card.className = nextCard.className;
  Object.assign(card.dataset, nextCard.dataset);
  document.title = card.dataset.title;

  for (const part of next.querySelectorAll("[data-part]")) {
    const old = document.getElementById(part.id);
    const source = part.outerHTML;
    if (written.get(part.id) === source || isToBeKept(old, part)) continue;
    written.set(part.id, source);
    replace(old, part);
  }
  addLines(next.querySelectorAll("#thread > li"));
  tick();
}

// A form in use stays as it is while it is for the same plan; so does the answer to the last click. When the
// plan has changed, both go: nobody may sign what they have not read.
function isToBeKept(old, part) {
  if (!old.dataset.key || old.dataset.key !== part.dataset.key) return false;
  if (part.id === "answer") return part.hidden && !old.hidden;
  return !part.hidden && (old.querySelector("details[open]") || old.contains(document.activeElement));
}

function replace(old, part) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const typed = [...old.querySelectorAll("textarea")].map((field) => [field.id, field.value]);
  const open = [...old.querySelectorAll("details[open]:not(.decision)")].map((details) => details.id);

  localise(part);
  part.removeAttribute("autofocus");
  old.replaceWith(part);

  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!focused) return;
  if (part.id === "decisions") say("card", "The card has changed. Please read it before you decide.");
  const again = focused.id && part.id !== "decisions" && document.getElementById(focused.id);
  (again || document.getElementById("card")).focus({ preventScroll: true });
}

// Only lines that are not there yet are added, so that a screen reader says each of them once.
function addLines(lines) {
  const page = document.documentElement;
  const wasAtEnd = window.innerHeight + window.scrollY >= page.scrollHeight - 60;
  const isDeciding = document.querySelector(".decision[open]");
  const fresh = [...lines].filter((line) => !document.getElementById(line.id));
  for (const line of fresh) {
    localise(line);
    line.classList.add("fresh");
    document.getElementById("thread").append(line);
  }
  if (fresh.length && wasAtEnd && !isDeciding) window.scrollTo({ top: page.scrollHeight });
}

// ---------------------------------------------------------------- the connection

// What the banner says: trouble with the connection before news of the card.
const notices = { connection: "", card: "" };

function say(about, text) {
  notices[about] = text;
  banner.textContent = notices.connection || notices.card;
  banner.hidden = !banner.textContent;
}

function connect() {
  const source = new EventSource(live.dataset.events);
  let trouble;
  source.addEventListener("open", () => {
    clearTimeout(trouble);
    trouble = undefined;
    say("connection", "");
  });
  source.addEventListener("thread", (event) => update(event.data));
  source.addEventListener("error", () => {
    // A connection that is back within two seconds is not worth a word.
    trouble ??= setTimeout(() => say("connection", "Reconnecting… What you see may be a little old."), 2000);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  });
}

async function refreshList() {
  try {
    const answer = await fetch(window.location.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("list");
    setClock(next.dataset);
    localise(next);
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    list.replaceChildren(...next.childNodes);
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    say("connection", "");
  } catch {
    say("connection", "Reconnecting… What you see may be a little old.");
  }
}

// ---------------------------------------------------------------- forms

// One click, one request.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Who opens a decision has read the card as it is now.
document.addEventListener("toggle", (event) => {
  if (event.target.matches(".decision[open]")) say("card", "");
}, true);

// Escape closes an open decision and leaves the focus on its button.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector(".decision[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// ---------------------------------------------------------------- start

const zone = document.querySelector("[data-zone]");
if (zone) zone.textContent = `in your time zone (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
if (live) {
  remember(live);
  setClock(live.dataset);
  // The answer to a form stands at the form's address; loading that again would send the form again.
  if (window.location.pathname.startsWith(`${live.dataset.here}/`)) {
    window.history.replaceState(null, "", live.dataset.here);
  }
  connect();
}
if (list) {
  setClock(list.dataset);
  setInterval(refreshList, Number(list.dataset.refresh) * 1000);
}
localise(document);
setInterval(tick, 1000);
