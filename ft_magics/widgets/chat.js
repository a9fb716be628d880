// A chat: the conversation, the box to ask in, who answers, and what is thought of the answers.
//
// The panel is made once and keeps what is typed, focused and scrolled. After each turn the kernel
// draws the static card anew, for what is saved; the panel then moves into the new one. Every text is
// set as text. Who said what, and which answer a button is for, the kernel checks.

const MOST_HEIGHT = 180;
const NEAR_END = 40;
const LATELY_MS = 100;
const MOST_COLUMNS = 4;
const KEEP_MS = 1500;
const GONE = "The kernel has ended, so this stays as it is. Run the cell again to talk.";
const SETTINGS = [
  ["temperature", "Temperature", "0 repeats, 0.7 is lively", { min: 0, max: 5, step: 0.1 }],
  ["max_new_tokens", "Longest answer, in tokens", "", { min: 1, max: 100000, step: 1 }],
  ["top_p", "Top p", "Share of the likeliest tokens", { min: 0.01, max: 1, step: 0.01 }],
  ["seed", "Seed", "Of the random choices", { min: 0, max: 1000000000, step: 1 }],
];

const button = (text, pressed, own = {}) => {
  const node = make("button", { type: "button", ...own }, text);
  node.addEventListener("click", pressed);
  return node;
};

// The replies to one question.
class TurnView {
  constructor(panel, turn) {
    this.panel = panel;
    this.replies = make("div", { class: "ft-replies" });
    this.foot = make("div", { class: "ft-acts" });
    this.node = make("article", { class: "ft-turn-of" },
      make("p", { class: "ft-ask", dir: "auto" }, turn.question), this.replies, this.foot);
    this.show(turn);
  }

  show(turn) {
    this.turn = turn;
    const open = this.editing;
    if (open && turn.replies[open.at]?.state === "done" && open.of === turn.number) return;
    this.editing = null;
    const held = this.panel.heldIn(this.node);
    this.replies.replaceChildren(...turn.replies.map((reply, at) => this.reply(reply, at)));
    this.node.setAttribute("aria-busy", String(turn.replies.some((reply) => reply.state !== "done")));
    this.last(this.isLast);
    this.panel.hold(this.node, held);
  }

  // The last turn can be answered anew.
  last(isLast) {
    this.isLast = isLast;
    const shown = isLast && !this.editing && this.turn.replies.every((reply) => reply.state === "done");
    if (shown === Boolean(this.again?.isConnected)) return;
    this.again?.remove();
    if (!shown) return;
    this.again = button("Regenerate", () => this.panel.send({ ask: "again" }), { "data-act": "again" });
    // Beside the buttons of a single reply; of several, below them all.
    const bars = this.replies.querySelectorAll(".ft-acts");
    if (this.turn.replies.length === 1 && bars.length) bars[0].append(this.again);
    else this.foot.append(this.again);
  }

  reply(reply, at) {
    const writing = reply.state !== "done";
    const text = make("div", { class: "ft-text", dir: "auto" }, reply.text);
    if (writing) text.append(make("span", { class: "ft-cur", role: "img", "aria-label": "still writing" }));
    else if (!reply.text) text.append(make("span", { class: "ft-dim" }, "(no text)"));
    const title = make("div", { class: "ft-who" }, make("b", {}, reply.model));
    if (reply.note) title.append(` · ${reply.note}`);
    if (reply.judged === "edited") title.append(" · edited");
    const node = make("section", { class: "ft-reply", "aria-label": `${reply.model} answers` }, title, text);
    if (!writing && reply.text) node.append(this.judging(reply, at));
    return node;
  }

  judging(reply, at) {
    const of = `the answer of ${reply.model}`;
    const act = (text, message, pressed) => button(text,
      () => this.panel.send({ ...message, of: this.turn.number, model: reply.model }),
      { "aria-label": `${text}: ${of}`, "aria-pressed": String(pressed), "data-act": `${at}${text}` });
    const bar = make("div", { class: "ft-acts", role: "group", "aria-label": `Judge ${of}` });
    if (reply.judged !== "edited") {
      bar.append(act("Good", { ask: "vote", good: true }, reply.judged === "good"),
        act("Bad", { ask: "vote", good: false }, reply.judged === "bad"));
    }
    bar.append(button("Edit", () => this.edit(reply, at),
      { "aria-label": `Edit: ${of}`, "data-act": `${at}Edit` }));
    if (this.turn.comparable) {
      bar.append(act("This one is better", { ask: "better" }, reply.judged === "better"));
    }
    if (reply.kept) bar.append(make("span", { class: "ft-kept" }, reply.kept));
    return bar;
  }

  edit(reply, at) {
    const text = make("textarea", { "aria-label": "A better answer", maxlength: "100000", dir: "auto" });
    text.value = reply.text;
    const done = (focus) => {
      this.editing = null;
      this.show(this.turn);
      if (focus) this.replies.children[at]?.querySelector(`[data-act="${at}Edit"]`)?.focus();
    };
    const save = () => {
      const model = reply.model;
      this.panel.send({ ask: "edit", of: this.turn.number, model, text: text.value }, () => done(true));
    };
    const form = make("div", { class: "ft-edit" }, text, make("div", { class: "ft-acts" },
      button("Save", save, { class: "ft-main" }), button("Cancel", () => done(true)),
      make("span", {}, "The conversation goes on with what you write.")));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); done(true); }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(); }
    });
    this.editing = { at, of: this.turn.number };
    this.again?.remove();
    const node = this.replies.children[at];
    node.querySelector(".ft-acts").remove();
    node.querySelector(".ft-text").replaceWith(form);
    grow(text, 340);
    text.addEventListener("input", () => grow(text, 340));
    text.focus();
  }

  // More of a reply that is being written.
  add(at, piece) {
    const reply = this.turn.replies[at];
    reply.text += piece;
    const node = this.replies.children[at]?.querySelector(".ft-text");
    const first = node?.firstChild;
    if (first?.nodeType === 3) first.data += piece;
    else node?.prepend(piece);
  }
}

// The card as it is now, into the notebook's own output.
function putCard(model, data) {
  const found = `data-ft-chat="${model.get("key")}"`;
  for (const { outputs } of model.widget_manager?.context?.model?.cells ?? []) {
    for (let at = 0; at < (outputs?.length ?? 0); at += 1) {
      const output = outputs.get(at).toJSON();
      const html = [output.data?.["text/html"] ?? ""].flat().join("");
      if (html.includes(found)) outputs.set(at, { ...output, data: { ...output.data, ...data } });
    }
  }
}

function grow(text, most) {
  text.style.height = "auto";
  text.style.height = `${Math.min(most, text.scrollHeight + 2)}px`;
}

class Panel {
  constructor() {
    this.number = null;
    this.early = [];
    this.waits = new Map();
    this.names = [];
    this.turns = [];
    this.head = null;
    this.status = make("span", { role: "status" });
    this.root = make("div", { class: "ft-chat", "data-lm-suppress-shortcuts": "true", dir: "ltr" },
      this.top(), this.middle(), this.bottom(), this.settings());
    this.root.addEventListener("focusin", (event) => {
      this.focused = event.target;
      // JupyterLab's `:focus` shortcuts are matched at the focused node before they reach the root.
      event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    });
    this.root.addEventListener("focusout", () => { this.left = performance.now(); });
    // JupyterLab, listening at the focused node, refuses line breaks that are typed in an output.
    this.root.addEventListener("beforeinput", (event) => {
      if (event.inputType === "insertLineBreak") event.stopPropagation();
    }, true);
    // A click on what was said leaves the focus with the notebook, whose keys delete cells.
    this.root.addEventListener("click", () => {
      const chosen = !document.getSelection()?.isCollapsed;
      if (!chosen && !this.root.contains(document.activeElement)) this.log.focus({ preventScroll: true });
    });
  }

  // Into a place: the first, or the one that was drawn anew.
  attach(host) {
    const at = this.log.scrollTop;
    const held = this.focused && (document.activeElement === this.focused
      || (document.activeElement === document.body && performance.now() - (this.left ?? 0) < LATELY_MS));
    this.host = host;
    host.status = this.status;
    host.place.after(this.root);
    host.place.hidden = true;
    this.log.scrollTop = this.atEnd ? this.log.scrollHeight : at;
    if (held && this.focused.isConnected) this.focused.focus({ preventScroll: true });
  }

  send(message, then = null) {
    const turn = this.host.send(message);
    if (turn) this.waits.set(turn, then);
  }

  say(text, warn = false) {
    this.status.textContent = text;
    this.status.dataset.warn = String(Boolean(text) && warn);
  }

  // ------------------------------------------------------------------ its parts

  top() {
    this.picker = make("div", { class: "ft-models", role: "group", "aria-label": "Who answers" });
    const ask = () => { if (this.host) this.send({ ask: "models" }); };
    this.picker.addEventListener("pointerenter", ask);
    this.picker.addEventListener("focusin", ask);
    this.fresh = button("New conversation", () => this.send({ ask: "reset" }, () => this.box.focus()));
    this.back = button("Bring the last one back", () => this.send({ ask: "back" }, () => this.box.focus()));
    return make("div", { class: "ft-top" }, this.picker,
      make("div", { class: "ft-acts" }, this.back, this.fresh));
  }

  middle() {
    this.atEnd = true;
    this.empty = make("p", { class: "ft-empty" }, "Enter sends, Shift and Enter begin a new line.");
    this.log = make("div", { class: "ft-log", role: "log", "aria-label": "Conversation", tabindex: "0" }, this.empty);
    this.log.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.log;
      this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    });
    return this.log;
  }

  bottom() {
    this.choice = make("div", { class: "ft-choice", role: "group", "aria-label": "Choose a system text" });
    this.box = make("textarea", { rows: "1", maxlength: "100000", dir: "auto" });
    this.box.addEventListener("input", () => grow(this.box, MOST_HEIGHT));
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.go = button("Send", () => this.ask(), { class: "ft-main" });
    return make("div", { class: "ft-foot" }, this.choice,
      make("div", { class: "ft-line" }, this.box, this.go));
  }

  settings() {
    this.system = make("textarea", { rows: "2", maxlength: "100000", dir: "auto", "aria-label": "System text" });
    this.system.addEventListener("change", () => this.set({ system: this.system.value }));
    this.trained = button("Use the trained one", () => this.set({ system: null }));
    this.fields = SETTINGS.map(([name, title, hint, limits]) => {
      const field = make("input", { type: "number", name, ...limits, ...(hint && { title: hint }) });
      field.addEventListener("change", () => {
        if (field.value !== "") this.set({ [name]: Number(field.value) });
      });
      return [name, field, make("label", {}, make("span", {}, title), field)];
    });
    this.more = make("details", {}, make("summary", {}, "Settings"),
      make("label", {}, make("span", {}, "System text"), this.system), this.trained,
      make("div", { class: "ft-fields" }, ...this.fields.map(([, , label]) => label)));
    return make("div", { class: "ft-under" }, this.more, this.status);
  }

  // ------------------------------------------------------------------ what the user does

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.head?.answering) this.send({ ask: "stop" });
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (this.head?.answering) this.say("Wait for the answer, or stop it.");
    else this.ask();
  }

  ask() {
    if (this.head?.answering) return this.send({ ask: "stop" });
    const text = this.box.value;
    if (!text.trim()) return this.box.focus();
    this.atEnd = true;
    this.send({ ask: "send", text }, () => {
      // One that came back at once stays.
      if (this.box.value === text && this.head?.draft !== text) this.write("");
    });
    this.box.focus();
  }

  write(text) {
    this.box.value = text;
    grow(this.box, MOST_HEIGHT);
  }

  set(settings) {
    this.send({ ask: "set", settings });
  }

  use(models) {
    this.send({ ask: "use", models });
  }

  // ------------------------------------------------------------------ what the kernel tells

  told(message) {
    const then = this.waits.get(message.turn);
    if (message.view !== undefined) this.waits.delete(message.turn);
    if (this.status.textContent === BUSY) this.say(this.head?.notice ?? "");
    if (message.tell === "news") this.news(message);
    if (message.tell === "state") this.whole(message);
    if (message.tell === "models") { this.names = message.models; this.showModels(); }
    if (message.tell === "card") putCard(this.host.model, message.data);
    if (message.tell === "done") { if (!this.head?.notice) this.say(""); then?.(); }
    if (message.tell === "refused") { this.say(message.text, true); this.refused(message); }
  }

  refused(message) {
    if (message.ask === "use") this.showModels(true);
    if (message.ask === "set") this.showSettings();
  }

  whole(message) {
    this.number = message.n;
    this.turns = [];
    this.log.replaceChildren(this.empty);
    message.turns.forEach((turn, at) => this.showTurn(at, turn));
    this.showHead(message.head);
    this.tidy();
    const early = this.early.filter((one) => one.n > this.number);
    this.early = [];
    early.forEach((one) => this.news(one));
  }

  news(message) {
    if (this.number === null) return void this.early.push(message);
    if (message.n <= this.number) return;
    if (message.n > this.number + 1) {
      // Something was missed: all of it anew.
      this.number = null;
      this.early = [message];
      return this.send({ ask: "state" });
    }
    this.number = message.n;
    const end = this.atEnd;
    if (message.count !== undefined) {
      for (const view of this.turns.splice(message.count)) view.node.remove();
    }
    for (const [at, turn] of message.turns ?? []) this.showTurn(at, turn);
    for (const [at, place, text] of message.pieces ?? []) this.turns[at]?.add(place, text);
    if (message.head) this.showHead(message.head);
    this.tidy();
    if (end) this.log.scrollTop = this.log.scrollHeight;
    if ((message.turns || message.count !== undefined) && !this.head.answering) this.keep();
  }

  // After each turn the kernel draws the card anew, for what is saved. A page that was loaded since
  // then does not know that display any more: where no new card comes, it is put there from here.
  keep() {
    const { host } = this;
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      if (this.host === host && this.root.isConnected && !this.head.answering) this.send({ ask: "card" });
    }, KEEP_MS);
  }

  showTurn(at, turn) {
    const view = this.turns[at];
    if (view && view.turn.number === turn.number) return view.show(turn);
    const fresh = new TurnView(this, turn);
    if (view) view.node.replaceWith(fresh.node);
    else this.log.append(fresh.node);
    this.turns[at] = fresh;
  }

  tidy() {
    this.empty.hidden = this.turns.length > 0;
    this.turns.forEach((view, at) => view.last(at === this.turns.length - 1));
    this.fresh.hidden = this.turns.length === 0;
    this.back.hidden = !this.head?.can_bring_back || this.turns.length > 0;
  }

  showHead(head) {
    const before = this.head;
    this.head = head;
    this.go.textContent = head.answering ? "Stop" : "Send";
    const all = { 1: head.models[0], 2: "both", 3: "all three", 4: "all four" };
    this.box.placeholder = `Ask ${all[head.models.length]} …`;
    this.box.setAttribute("aria-label", `Ask ${head.models.join(", ")}`);
    this.say(head.phase || head.notice, Boolean(head.notice && !head.phase));
    if (head.draft && head.draft !== before?.draft && !this.box.value) this.write(head.draft);
    this.fresh.disabled = this.back.disabled = head.answering;
    this.showModels();
    this.showSettings();
    this.showChoice();
  }

  // One select for each column: changing it swaps at once.
  showModels(anew = false) {
    if (!this.head) return;
    const { models } = this.head;
    const known = new Map(this.names);
    for (const name of models) if (!known.has(name)) known.set(name, "");
    const shown = JSON.stringify([models, [...known]]);
    if (!anew && shown === this.shownModels) return;
    this.shownModels = shown;
    const option = (name) => new Option(known.get(name) ? `${name} (${known.get(name)})` : name, name);
    const held = this.heldIn(this.picker);
    const columns = models.map((model, at) => {
      const others = models.filter((one) => one !== model);
      const select = make("select", { "aria-label": `Model ${at + 1}`, "data-act": `model${at}` });
      for (const name of known.keys()) if (!others.includes(name)) select.append(option(name));
      select.value = model;
      select.addEventListener("change", () => this.use(models.map((one, i) => (i === at ? select.value : one))));
      const column = make("span", {}, select);
      if (models.length > 1) {
        column.append(button("×", () => this.use(others), { "aria-label": `Without ${model}`, "data-act": `less${at}` }));
      }
      return column;
    });
    const left = [...known.keys()].filter((name) => !models.includes(name));
    if (left.length && models.length < MOST_COLUMNS) {
      const add = make("select", { class: "ft-add", "aria-label": "One more model beside it", "data-act": "add" },
        new Option("+ beside it", ""), ...left.map(option));
      add.addEventListener("change", () => { if (add.value) this.use([...models, add.value]); });
      columns.push(make("span", {}, add));
    }
    this.picker.replaceChildren(...columns);
    this.hold(this.picker, held);
  }

  showSettings() {
    const { settings, system, given, systems } = this.head;
    for (const [name, field] of this.fields) {
      if (document.activeElement !== field) field.value = settings[name];
    }
    if (document.activeElement !== this.system) this.system.value = system ?? "";
    this.system.placeholder = given ? "None" : "The template's own";
    this.trained.hidden = !given || !systems.length;
  }

  showChoice() {
    const { choosing, systems } = this.head;
    this.choice.hidden = !choosing;
    if (!choosing) return this.choice.replaceChildren();
    const buttons = systems.slice(0, 6).map((text) => button(
      text.length > 70 ? `${text.slice(0, 69)}…` : text, () => this.set({ system: text }), { title: text }));
    this.choice.replaceChildren(make("p", {}, "These models were trained with several system texts. Which one?"),
      make("div", { class: "ft-acts" }, ...buttons, button("None", () => this.set({ system: "" }))));
  }

  // ------------------------------------------------------------------ focus, and the end

  // Which of its buttons has the focus, by what it does: it is there again when drawn anew.
  heldIn(node) {
    const focused = document.activeElement;
    return node.contains(focused) ? focused.dataset?.act ?? null : null;
  }

  hold(node, act) {
    if (act !== null) node.querySelector(`[data-act="${CSS.escape(act)}"]`)?.focus({ preventScroll: true });
  }

  end() {
    clearTimeout(this.keeping);
    for (const node of this.root.querySelectorAll("button, select, textarea, input")) node.disabled = true;
    this.say(GONE);
  }
}

const chats = new Set();

class Chat extends Live {
  mount() {
    // The static card was drawn anew: the panel that stood beside the one before moves here.
    const before = [...chats].find((one) => one.model === this.model && !one.place.isConnected);
    if (before) {
      chats.delete(before);
      this.view = before.view;
      this.turn = before.turn;
      this.panel = before.panel;
      before.panel = null;
      before.leave();
    } else {
      this.panel = new Panel();
    }
    chats.add(this);
    this.panel.attach(this);
    if (!before) {
      this.send({ ask: "state" });
      this.panel.send({ ask: "models" });
    }
  }

  told(message) {
    this.panel?.told(message);
  }

  ended() {
    this.panel?.end();
  }

  left() {
    chats.delete(this);
    this.panel?.root.remove();
    this.place.hidden = false;
  }
}

export default livePlace("data-ft-chat", Chat);
