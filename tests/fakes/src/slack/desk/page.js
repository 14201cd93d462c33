"use strict";
const at = (id) => document.getElementById(id);
// Where somebody looks stands in the address, so that it can be kept and shared.
const here = { as: "", at: "", thread: "", ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
const drawn = {};
let asking = false;

async function look() {
  history.replaceState(null, "", "#" + new URLSearchParams(here));
  try {
    const answer = await fetch("/look?" + new URLSearchParams(here));
    show(await answer.json());
  } catch {
    tell("The fake workspace has ended.");
  }
}

function show(seen) {
  if (!here.as && seen.people.length) { here.as = seen.people[0].id; return look(); }
  if (!here.at && seen.places.length) { here.at = seen.places[0].id; return look(); }
  draw(at("who"), "who", seen.people.map((one) => `<option value="${safe(one.id)}">${safe(one.name)}</option>`).join(""));
  at("who").value = here.as;
  draw(at("places"), "places", seen.places.map(place).join(""));
  const now = seen.places.find((one) => one.id === here.at);
  at("where").textContent = now ? now.name : here.at;
  at("line").hidden = here.at === "home";
  draw(at("main"), "main", seen.main, true);
  at("aside").hidden = !here.thread;
  draw(at("thread"), "thread", seen.thread, true);
  if (!asking) {
    at("veil").hidden = !seen.modal;
    draw(at("veil"), "modal", seen.modal);
  }
}

function place(one) {
  const seen = "seen " + here.as + one.id;
  if (one.id === here.at) localStorage.setItem(seen, one.count);
  const unread = one.count > Number(localStorage.getItem(seen) || 0);
  const name = safe(one.name) + (one.is_closed ? " (archived)" : "");
  return `<li><button type=button data-place="${safe(one.id)}" class="${one.id === here.at ? "here" : unread ? "unread" : ""}">${name}</button></li>`;
}

function safe(text) {
  const box = document.createElement("p");
  box.textContent = text;
  return box.innerHTML.replaceAll('"', "&quot;");
}

// What is drawn already is left alone, so that nobody loses what they are about to press or write.
function draw(where, name, html, follows) {
  if (drawn[name] === html) return;
  const written = new Map([...where.querySelectorAll("input[name], textarea[name]")]
    .filter((input) => !["radio", "checkbox"].includes(input.type)).map((input) => [input.name, input.value]));
  const isAtEnd = where.scrollHeight - where.scrollTop - where.clientHeight < 80;
  drawn[name] = html;
  where.innerHTML = html;
  for (const time of where.querySelectorAll("time[data-unix]")) localise(time);
  for (const [key, value] of written) {
    const input = where.querySelector(`[name="${CSS.escape(key)}"]`);
    if (input && value && !input.value) input.value = value;
  }
  for (const message of where.querySelectorAll(".message[data-message] .said > header")) {
    message.insertAdjacentHTML("beforeend", "<button type=button class=pin data-pin>Pin</button>");
  }
  if (follows && isAtEnd) where.scrollTop = where.scrollHeight;
}

function localise(time) {
  const moment = new Date(Number(time.dataset.unix) * 1000);
  const day = (options) => moment.toLocaleDateString([], options);
  const fields = {
    "{date_num}": day({ year: "numeric", month: "2-digit", day: "2-digit" }),
    "{date_short_pretty}": day({ month: "short", day: "numeric" }),
    "{date_long_pretty}": day({ weekday: "long", month: "long", day: "numeric" }),
    "{date_pretty}": day({ month: "long", day: "numeric" }),
    "{date_short}": day({ year: "numeric", month: "short", day: "numeric" }),
    "{date_long}": day({ weekday: "long", year: "numeric", month: "long", day: "numeric" }),
    "{date}": day({ year: "numeric", month: "long", day: "numeric" }),
    "{time_secs}": moment.toLocaleTimeString([]),
    "{time}": moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
  };
  time.textContent = Object.entries(fields).reduce((text, [field, value]) => text.replaceAll(field, value), time.dataset.format);
}

async function act(wish) {
  const body = JSON.stringify({ as: here.as, channel: here.at, ...wish });
  const answer = await fetch("/act", { method: "POST", headers: { "content-type": "application/json" }, body });
  const said = await answer.json();
  if (said.error) tell(said.error);
  await look();
  return said.answer;
}

let telling;
function tell(text) {
  at("told").textContent = text;
  at("told").hidden = false;
  clearTimeout(telling);
  telling = setTimeout(() => { at("told").hidden = true; }, 6000);
}

function ask(button) {
  const data = button.dataset;
  if (!data.askTitle) return Promise.resolve(true);
  asking = true;
  at("veil").hidden = false;
  drawn.modal = undefined;
  at("veil").innerHTML = `<div class=ask><h3></h3><p></p><footer><button class=b type=button></button><button class="b primary" type=button></button></footer></div>`;
  const [deny, confirm] = at("veil").querySelectorAll("button");
  at("veil").querySelector("h3").innerHTML = data.askTitle;
  at("veil").querySelector("p").innerHTML = data.askText;
  deny.innerHTML = data.askDeny;
  confirm.innerHTML = data.askConfirm;
  confirm.focus();
  return new Promise((resolve) => {
    const end = (isSure) => () => { asking = false; resolve(isSure); look(); };
    deny.addEventListener("click", end(false));
    confirm.addEventListener("click", end(true));
  });
}

async function press(button) {
  const owner = button.closest("[data-message], [data-ephemeral], [data-view], [data-home]");
  const { message, ephemeral, view, home } = owner.dataset;
  const wish = { act: "press", on: { message, ephemeral, view, home }, place: Number(button.dataset.press) };
  if (button.dataset.url) window.open(button.dataset.url, "_blank", "noreferrer");
  if (await ask(button)) await act(wish);
}

function inputs(form) {
  const values = new Map();
  for (const input of form.querySelectorAll("[name]")) {
    const box = input.closest(".external");
    let chosen = [input.value];
    if (box) chosen = [...box.querySelectorAll(".chip")].map((chip) => chip.dataset.value);
    else if (["radio", "checkbox"].includes(input.type)) chosen = input.checked ? [input.value] : [];
    else if (input.multiple) chosen = [...input.selectedOptions].map((option) => option.value);
    else if (input.type === "date" && input.value.includes("T")) chosen = [String(Date.parse(input.value) / 1000)];
    values.set(input.name, [...(values.get(input.name) || []), ...chosen.filter((value) => value !== "")]);
  }
  return [...values].map(([name, chosen]) => [name, chosen.join(",")]);
}

document.addEventListener("click", async (event) => {
  const hit = (selector) => event.target.closest(selector);
  if (hit("[data-press]")) return press(hit("[data-press]"));
  if (hit("[data-close]")) return act({ act: "close" });
  if (hit("[data-thread]")) { here.thread = hit("[data-thread]").dataset.thread; return look(); }
  if (hit("[data-pin]")) return act({ act: "react", message: hit("[data-message]").dataset.message, emoji: "pushpin" });
  if (hit(".chip")) return hit(".chip").remove();
  if (hit("[data-offer]")) return take(hit("[data-offer]"));
  if (hit("[data-place]")) {
    here.at = hit("[data-place]").dataset.place;
    here.thread = "";
    return here.at === "home" ? act({ act: "home" }) : look();
  }
});

function take(offer) {
  const box = offer.closest(".external");
  if (box.dataset.many !== "true") for (const chip of box.querySelectorAll(".chip")) chip.remove();
  box.insertAdjacentHTML("afterbegin", `<span class=chip data-value="${safe(offer.dataset.offer)}">${offer.innerHTML}</span>`);
  box.querySelector(".offers").innerHTML = "";
  const input = box.querySelector("input");
  input.value = "";
  tellChange(input);
}

function tellChange(input) {
  if (!("tells" in input.dataset)) return;
  const found = inputs(input.closest("form") || document).find(([name]) => name === input.name);
  act({ act: "choose", name: input.name, value: found ? found[1] : "" });
}

let typing;
document.addEventListener("input", (event) => {
  const box = event.target.closest(".external");
  if (!box) return;
  const typed = event.target.value;
  clearTimeout(typing);
  if (typed.length < Number(box.dataset.least)) return;
  typing = setTimeout(async () => {
    const offers = await act({ act: "suggest", name: event.target.name, typed });
    box.querySelector(".offers").innerHTML = (offers || []).map(([text, value]) =>
      `<button type=button class=option data-offer="${safe(value)}">${safe(text)}</button>`).join("") || "<p class=meta>Nothing found.</p>";
  }, 200);
});

document.addEventListener("change", (event) => {
  if (event.target.id === "who") { here.as = event.target.value; here.thread = ""; return look(); }
  if (event.target.name && !event.target.closest(".external")) tellChange(event.target);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches(".modal")) return act({ act: "submit", inputs: inputs(event.target) });
  const input = event.target.querySelector("input");
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  if (text.startsWith("/")) return act({ act: "command", text });
  return act({ act: "say", text, thread: event.target.id === "reply" ? here.thread : "" });
});

at("leave").addEventListener("click", () => { here.thread = ""; look(); });
at("alert").addEventListener("click", () => act({ act: "alert" }));
look();
setInterval(look, 1000);
