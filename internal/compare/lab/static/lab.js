// The page of the isolation lab: one snapshot when it is opened, then events.

const keep = 120; // samples
const shown = 25; // faults
const state = { snapshot: null, samples: [], faults: [], chart: null, quantile: "p99_us" };
const $ = (id) => document.getElementById(id);

// el makes an element. Text from the gateway only ever becomes text nodes.
function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") e.className = value;
    else if (name in e) e[name] = value;
    else e.setAttribute(name, value);
  }
  e.append(...children);
  return e;
}

const number = (n, digits = 0) => n.toLocaleString("en", { maximumFractionDigits: digits });
const time = (us) => (us === 0 ? "–" : us < 1000 ? `${number(us, us < 10 ? 1 : 0)} µs` : `${number(us / 1000, 1)} ms`);
const bytes = (n) => (!n ? "–" : n < 1 << 20 ? `${number(n / 1024)} KiB` : `${number(n / (1 << 20), 1)} MiB`);
const clock = (t) => new Date(t).toLocaleTimeString("en-GB");
const modelCell = (model) => el("td", {}, el("span", { class: `model ${model}` }, model));

async function open() {
  const answer = await fetch("snapshot");
  if (!answer.ok) throw new Error(`the gateway answered ${answer.status}`);
  state.snapshot = await answer.json();
  state.samples = state.snapshot.samples;
  state.faults = state.snapshot.faults;
  $("about").textContent = `Sallyport ${state.snapshot.version}, running since ${clock(state.snapshot.started)}`;
  drawChains();
  drawAttacks();
  drawFaults();
  drawSample();
}

function listen() {
  const events = new EventSource("events");
  events.onopen = async () => {
    try {
      await open(); // also after a break: what was missed is in the snapshot
      $("link").textContent = "live";
    } catch (err) {
      $("link").textContent = `cannot read the figures: ${err.message}`;
    }
  };
  events.onerror = () => ($("link").textContent = "connection lost, trying again…");
  events.addEventListener("sample", (e) => onSample(JSON.parse(e.data)));
  events.addEventListener("fault", (e) => onFault(JSON.parse(e.data)));
}

function onSample(sample) {
  if (!state.snapshot) return;
  state.samples.push(sample);
  if (state.samples.length > keep) state.samples.shift();
  const steps = state.snapshot.apis.reduce((n, api) => n + api.steps.length, 0);
  if (steps !== sample.steps.length) open().catch(() => {}); // a reload has changed the chains
  else drawSample();
}

function onFault(fault) {
  state.faults.unshift(fault);
  if (state.faults.length > 100) state.faults.pop();
  drawFaults();
}

function drawSample() {
  const sample = state.samples.at(-1);
  if (!sample) return;
  drawNow(sample);
  drawModels(sample);
  drawSteps(sample);
  drawChart();
}

function drawNow(sample) {
  const all = Object.values(sample.models);
  const sum = (f) => all.reduce((n, m) => n + f(m), 0);
  const tiles = [
    ["Plugin calls a second", number(sum((m) => m.rate))],
    ["Faults so far", number(sum((m) => m.total_faults))],
    ["Memory of the gateway", bytes(sample.memory.gateway)],
    ["Memory of the process", bytes(sample.memory.process)],
  ];
  $("now").replaceChildren(...tiles.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function drawModels(sample) {
  $("models").replaceChildren(...names(sample).map((model) => {
    const f = sample.models[model];
    return el("tr", {}, modelCell(model), ...figures(f));
  }));
}

const names = (sample) => Object.keys(sample.models).sort();

function figures(f) {
  return [
    el("td", { class: "n" }, number(f.rate)), el("td", { class: "n" }, time(f.p50_us)), el("td", { class: "n" }, time(f.p99_us)),
    el("td", { class: f.faults ? "n bad" : "n" }, number(f.total_faults)),
  ];
}

// drawChains draws a table for each API. Those of the lab itself, which are
// many, are folded away.
function drawChains() {
  const own = state.snapshot.apis.filter((api) => api.path.startsWith("/lab/"));
  const others = state.snapshot.apis.filter((api) => !api.path.startsWith("/lab/"));
  const shown = others.flatMap(chainTable);
  if (own.length > 0) {
    shown.push(el("details", {}, el("summary", {}, `${own.length} APIs of the lab`), ...own.flatMap(chainTable)));
  }
  $("chains").replaceChildren(...shown);
}

function chainTable(api) {
  const head = ["Hook", "Plugin", "Model", "On fault", "Deadline"].map((t) => el("th", { scope: "col" }, t));
  const numbers = ["Calls/s", "p50", "p99", "Faults", "Memory"].map((t) => el("th", { scope: "col", class: "n" }, t));
  const body = el("tbody");
  api.rows = api.steps.map((s) => {
    const fixed = [el("td", {}, s.hook), el("td", {}, s.plugin), modelCell(s.model), el("td", {}, s.on_fault), el("td", {}, s.timeout)];
    const row = el("tr", {}, ...fixed);
    row.fixed = fixed;
    body.append(row);
    return row;
  });
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...head, ...numbers)), body);
  const region = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": `Hook chain of ${api.name}` }, table);
  return [el("h3", {}, api.name, " ", el("code", {}, api.path)), region];
}

function drawSteps(sample) {
  let i = 0;
  for (const api of state.snapshot.apis) {
    api.steps.forEach((step, j) => {
      const f = sample.steps[i++];
      if (f && api.rows) {
        api.rows[j].replaceChildren(...api.rows[j].fixed, ...figures(f), el("td", { class: "n" }, bytes(sample.memory.plugins[step.plugin])));
      }
    });
  }
}

function drawFaults() {
  $("no-faults").hidden = state.faults.length > 0;
  $("faults").replaceChildren(...state.faults.slice(0, shown).map((f) => el("tr", {},
    el("td", {}, clock(f.time)), el("td", {}, f.api), el("td", {}, f.plugin), modelCell(f.model), el("td", {}, f.hook), el("td", {}, f.kind),
    el("td", {}, f.status ? String(f.status) : "its answer: the fault was let pass"), el("td", { class: "text" }, f.message))));
}

// drawChart draws all models over each other. Gaps are intervals without calls.
function drawChart() {
  const models = [...new Set(state.samples.flatMap(names))].sort();
  const data = [state.samples.map((s) => Date.parse(s.time) / 1000)];
  for (const m of models) data.push(state.samples.map((s) => s.models[m]?.[state.quantile] || null));
  const key = models.join();
  if (state.chart?.key === key) {
    state.chart.setData(data);
    return;
  }
  state.chart?.destroy();
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 0.5 }, ticks: { stroke: colour("line"), width: 0.5 } };
  state.chart = new uPlot({
    width: $("chart").clientWidth - 16, height: 280,
    scales: { y: { distr: 3, range: (u, low, high) => [Math.max(low || 1, 0.1) / 2, (high || 1000) * 2] } },
    axes: [axis, { ...axis, size: 70, values: (u, all) => all.map((v) => (v === null ? "" : time(v))) }],
    series: [
      { value: (u, t) => (t ? clock(t * 1000) : "–") },
      ...models.map((m) => ({ label: m, stroke: colour(m) || colour("ink"), width: 2, spanGaps: false, points: { show: state.samples.length < 3 }, value: (u, v) => (v ? time(v) : "–") })),
    ],
  }, data, $("chart"));
  state.chart.key = key;
}

function drawAttacks() {
  const attacks = state.snapshot.attacks;
  $("attack").hidden = attacks.length === 0;
  const models = [...new Set(attacks.map((a) => a.model))];
  const faults = [...new Set(attacks.map((a) => a.fault))];
  const head = el("tr", {}, el("th", { scope: "col" }, "Fault"), ...models.map((m) => el("th", { scope: "col" }, m)));
  $("attacks").tHead.replaceChildren(head);
  $("attacks").tBodies[0].replaceChildren(...faults.map((fault) => {
    const row = attacks.filter((a) => a.fault === fault);
    return el("tr", {}, el("th", { scope: "row" }, row[0].title), ...models.map((m) => attackCell(row.find((a) => a.model === m))));
  }));
}

function attackCell(attack) {
  if (!attack) return el("td", {}, "–");
  const button = el("button", { type: "button", title: attack.missing || attack.about, disabled: Boolean(attack.missing) }, "inject");
  button.setAttribute("aria-label", `${attack.title} in ${attack.model}`);
  button.dataset.attack = `${attack.model}/${attack.fault}`;
  button.addEventListener("click", () => inject(attack));
  return el("td", {}, button);
}

async function inject(attack) {
  const box = $("outcome");
  const buttons = [...document.querySelectorAll("#attacks button:enabled")];
  const pressed = document.activeElement;
  box.className = "";
  box.replaceChildren(`${attack.title} in ${attack.model}: under way…`);
  buttons.forEach((b) => (b.disabled = true));
  try {
    const answer = await fetch("inject", {
      method: "POST", headers: { "Content-Type": "application/json", "X-Sallyport-Lab": "1" },
      body: JSON.stringify({ model: attack.model, fault: attack.fault }),
    });
    const outcome = await answer.json();
    if (!answer.ok) throw new Error(outcome.error);
    showOutcome(attack, outcome);
  } catch (err) {
    box.className = "escaped";
    box.replaceChildren(`${attack.title} in ${attack.model}: ${err.message}`);
  } finally {
    buttons.forEach((b) => (b.disabled = false));
    pressed?.focus();
  }
}

function showOutcome(attack, o) {
  const box = $("outcome");
  box.className = { contained: "contained", "by design": "contained", degraded: "degraded" }[o.verdict] || "escaped";
  const got = o.status ? `${o.status} after ${number(o.answered_ms, 1)} ms` : `no answer within ${number(o.answered_ms)} ms`;
  const others = o.failed === 0 ? `all ${number(o.neighbours)} were answered` : `${number(o.failed)} of ${number(o.neighbours)} failed`;
  box.replaceChildren(
    el("strong", {}, `${attack.title} in ${attack.model}: ${o.verdict}`),
    el("p", {}, `The faulty request got ${got}. Of the requests to other APIs meanwhile, ${others}, the slowest in ${number(o.slowest_ms, 1)} ms. `
      + `The plugin served again ${number(o.served_ms, 1)} ms later.`),
    el("p", {}, o.reason),
  );
}

for (const radio of document.querySelectorAll("input[name=quantile]")) {
  radio.addEventListener("change", () => {
    state.quantile = radio.value;
    drawChart();
  });
}
const redraw = () => {
  state.chart?.destroy();
  state.chart = null;
  drawChart();
};
new ResizeObserver(() => state.chart && state.chart.width !== $("chart").clientWidth - 16 && redraw()).observe($("chart"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
listen();
