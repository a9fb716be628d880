// Takes over the static rows of a data card: filters, search, pages, and a row's tokens on demand.
//
// The rows' HTML comes from the kernel as it stands in the saved card, where every text is escaped.
// What is made here is made as text. Nothing is drawn by a widget view: the script only looks for
// the static rows, which survive without it.

const TYPING_MS = 250;
const GONE = "The kernel has ended, so this page stays. Run the cell again to browse.";
const LOST = "These rows are no longer kept. Run the cell again to browse.";

const many = (number) => number.toLocaleString("en");

class Browser extends Live {
  static fits(place) {
    return place.querySelector("table.ft-rows");
  }

  mount() {
    this.asked = { page: 0, check: "", search: "" };
    this.table = this.place.querySelector("table.ft-rows");
    this.bar = this.take(this.controls());
    this.place.before(this.bar);
    for (const node of [this.bar, this.place]) this.own(node, this.pressed);
    this.ask();
  }

  controls() {
    const [first, ...checks] = this.model.get("chips");
    this.chips = [first, ...checks].map(([check, title, count, severity]) => {
      const label = make("span", {}, title);
      const chip = make("button", { type: "button", "aria-pressed": String(check === "") }, label);
      if (severity) chip.dataset.severity = severity;
      chip.append(" ", make("b", {}, many(count)));
      chip.addEventListener("click", () => this.choose(check));
      return [check, chip];
    });
    this.search = make("input", {
      type: "search", placeholder: "Search, or #12", maxlength: "200",
      "aria-label": "Search the rows, or give a row's number as #12", spellcheck: "false",
    });
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.go({ search: this.search.value, page: 0 }), TYPING_MS);
    });
    this.back = make("button", { type: "button", "aria-label": "Previous page" }, "‹");
    this.next = make("button", { type: "button", "aria-label": "Next page" }, "›");
    this.back.addEventListener("click", () => this.step(-1));
    this.next.addEventListener("click", () => this.step(1));
    this.where = make("output", {});
    const filters = make("div", { class: "ft-chips", role: "group", "aria-label": "Filter" });
    if (checks.length) filters.append(...this.chips.map(([, chip]) => chip));
    const pager = make("div", { class: "ft-pager" }, this.back, this.where, this.next);
    return make("div", { class: "ft-control ft-do", role: "search", "aria-label": "Rows" },
      make("div", { class: "ft-line" }, this.search, this.status, pager), filters);
  }

  pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target === this.search) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.step(by);
  }

  choose(check) {
    this.go({ check, page: 0 });
  }

  step(by) {
    const button = by < 0 ? this.back : this.next;
    if (!button.disabled) this.go({ page: this.asked.page + by });
  }

  go(change) {
    if (!this.alive) return;
    this.asked = { ...this.asked, ...change };
    for (const [check, chip] of this.chips) {
      chip.setAttribute("aria-pressed", String(check === this.asked.check));
    }
    this.ask();
  }

  ask() {
    this.paging = this.send({ ask: "page", ...this.asked });
  }

  told(message) {
    if (message.tell === "lost") this.say(LOST);
    if (message.tell === "tokens") this.showTokens(message);
    if (message.tell === "page" && message.turn === this.paging) this.showPage(message);
  }

  showPage(told) {
    const done = told.scanned >= told.total;
    const body = this.table.tBodies[0];
    if (told.rows || done) body.innerHTML = told.html;
    for (const row of body.rows) this.addTokensButton(row);
    const last = told.first + told.rows;
    const of = done ? many(told.found) : `${many(told.found)} or more`;
    this.where.textContent = told.rows ? `${many(told.first + 1)}–${many(last)} of ${of}` : "0 rows";
    this.back.disabled = this.asked.page === 0;
    this.next.disabled = done && last >= told.found;
    const left = `Looked through ${many(told.scanned)} of ${many(told.total)} rows.`;
    this.say(told.rows === 0 && done ? "No row here fits; rows that were left out are not shown."
      : done ? "" : left);
    // A page that is not full goes on with the search, unless something else was asked meanwhile.
    if (told.rows < told.size && !done) this.ask();
  }

  addTokensButton(row) {
    const cell = row.cells[1];
    const button = make("button", { type: "button", class: "ft-more", "aria-expanded": "false",
      "aria-label": `Tokens of row ${row.dataset.n}` }, "tokens");
    button.addEventListener("click", () => {
      const open = cell.querySelector(":scope > .ft-seen");
      button.setAttribute("aria-expanded", String(!open));
      if (open) open.remove();
      else {
        cell.append(make("div", { class: "ft-seen" }, "…"));
        this.send({ ask: "tokens", row: Number(row.dataset.n) });
      }
    });
    row.cells[0].append(button);
  }

  showTokens(told) {
    this.say("");
    const row = this.table.querySelector(`tr[data-n="${Number(told.row)}"]`);
    const open = row?.querySelector(".ft-seen");
    if (open) open.innerHTML = told.html;
  }

  ended() {
    clearTimeout(this.typing);
    for (const node of this.bar.querySelectorAll("button, input")) node.disabled = true;
    for (const node of this.place.querySelectorAll("button")) node.disabled = true;
    this.say(GONE);
  }

  left() {
    clearTimeout(this.typing);
    for (const node of this.place.querySelectorAll("button")) node.remove();
  }
}

export default livePlace("data-ft-rows", Browser);
