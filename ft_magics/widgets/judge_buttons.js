// Buttons under each answer. A press sends the column's number and what; the words come back.

const GONE = "The kernel has ended. Run the cell again to judge its answers.";
const MOST_HEIGHT = 340;

class Buttons extends Live {
  static fits(place) {
    return place.tBodies?.length;
  }

  mount() {
    const titles = this.model.get("titles");
    const rows = [...this.place.tBodies[0].rows].slice(0, titles.length);
    this.at = 0;
    this.columns = rows.map((row, at) => this.column(row, at, titles));
    this.changed();
  }

  column(row, at, titles) {
    const of = `the answer of ${titles[at]}`;
    const press = (text, message, label) => {
      const button = make("button", { type: "button", "aria-pressed": "false", "aria-label": label }, text);
      button.addEventListener("click", () => this.press(at, message));
      return button;
    };
    const column = {
      good: press("Good", { ask: "judge", good: true }, `Good: ${of}`),
      bad: press("Bad", { ask: "judge", good: false }, `Bad: ${of}`),
      edit: make("button", { type: "button", "aria-expanded": "false", "aria-label": `Edit: ${of}` }, "Edit"),
      status: make("span", { role: "status" }),
    };
    column.edit.addEventListener("click", () => column.form ? this.cancel(at) : this.open(at));
    const line = make("div", { class: "ft-line" }, column.good, column.bad, column.edit);
    if (titles.length > 1) {
      column.better = press("This one is better", { ask: "choose" }, `This one is better: ${of}`);
      line.append(column.better);
    }
    column.bar = make("div", { class: "ft-do ft-judge", dir: "ltr", role: "group", "aria-label": `Judge ${of}` },
      line, column.status);
    this.own(column.bar, (event) => this.key(event, at));
    (row.cells[1] ?? row.cells[0]).append(this.take(column.bar));
    return column;
  }

  press(at, message) {
    this.at = at;
    this.send({ ...message, column: at });
  }

  // A better text is written below the answer, which stays to compare with.
  open(at) {
    const column = this.columns[at];
    const text = make("textarea", { "aria-label": "A better answer", rows: "3", maxlength: "100000" });
    text.value = this.model.get("told")[at].edit || this.model.get("texts")[at];
    const save = make("button", { type: "button", class: "ft-main" }, "Save");
    const cancel = make("button", { type: "button" }, "Cancel");
    save.addEventListener("click", () => this.save(at));
    cancel.addEventListener("click", () => this.cancel(at));
    column.text = text;
    column.form = make("div", {}, text, make("div", { class: "ft-line" }, save, cancel));
    column.status.before(column.form);
    column.edit.setAttribute("aria-expanded", "true");
    const fit = () => {
      text.style.height = "auto";
      text.style.height = `${Math.min(text.scrollHeight + 2, MOST_HEIGHT)}px`;
    };
    text.addEventListener("input", fit);
    fit();
    text.focus({ preventScroll: false });
  }

  save(at) {
    this.press(at, { ask: "edit", text: this.columns[at].text.value });
  }

  cancel(at) {
    const column = this.columns[at];
    column.form?.remove();
    column.form = column.text = null;
    column.edit.setAttribute("aria-expanded", "false");
    column.edit.focus();
  }

  key(event, at) {
    if (!this.columns[at].form) return;
    const save = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!save && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (save) this.save(at);
    else this.cancel(at);
  }

  told(message) {
    if (message.tell !== "judged") return;
    this.changed();
    const saved = message.ask === "edit" && !message.failed;
    if (saved && this.columns[message.column]?.form) this.cancel(message.column);
  }

  changed() {
    const better = this.model.get("better");
    this.model.get("told").forEach(({ verdict, words, failed }, at) => {
      const column = this.columns[at];
      if (!column) return;
      column.good.setAttribute("aria-pressed", String(verdict === "good"));
      column.bad.setAttribute("aria-pressed", String(verdict === "bad"));
      column.better?.setAttribute("aria-pressed", String(better === at));
      column.status.dataset.failed = String(failed);
      if (column.status.textContent !== words) column.status.textContent = words;
    });
  }

  say(text) {
    this.columns[this.at].status.textContent = text;
  }

  ended() {
    for (const { bar, status } of this.columns) {
      for (const node of bar.querySelectorAll("button, textarea")) node.disabled = true;
      status.dataset.failed = "false";
    }
    this.at = 0;
    this.say(GONE);
  }
}

export default livePlace("data-ft-answers", Buttons);
