// The blind comparison: a question, two answers, and keys. All texts come from the kernel, as text.

const GONE = "The kernel has ended. What was judged is kept; run the cell again to go on.";
const WAITS = "is being written";
const MOST_HEIGHT = 420;
const KEYS = { 1: "left", 2: "right", " ": "tie", s: "skip", S: "skip", Backspace: "back" };

class Duel extends Live {
  mount() {
    // How far it is stands in the card's head, which the static card has for its own pair.
    const head = this.place.parentNode.querySelector(".ft-head code");
    this.progress = head ?? make("span", {});
    this.before = this.progress.textContent;
    this.hidden = [...this.place.children].map((node) => [node, node.style.display]);
    for (const [node] of this.hidden) node.style.display = "none";
    this.question = make("span", { dir: "auto" });
    this.system = make("p", { class: "ft-told", dir: "auto" });
    this.sides = ["1", "2"].map((title) => make("span", { dir: "auto", "aria-label": `Answer ${title}` }));
    this.two = make("div", { class: "ft-two" },
      ...this.sides.map((side, i) => make("div", {}, make("b", {}, String(i + 1)), side)));
    this.buttons = [
      this.button("left", "1 is better", "1"),
      this.button("right", "2 is better", "2"),
      this.button("tie", "Tie", "Space", "space"),
      this.button("skip", "Skip", "s", "s"),
      this.button("back", "Back", "Backspace", "⌫"),
    ];
    this.bar = make("div", { class: "ft-bar-of" }, ...this.buttons);
    this.root = make("div", { class: "ft-do ft-duel", tabindex: "0", role: "group",
      "aria-label": "Blind comparison. Press 1 or 2 for the better answer, space for a tie, s to skip, Backspace to go back." },
      make("div", { class: "ft-asked" }, this.question, ...(head ? [] : [this.progress])),
      this.system, this.two, this.bar, this.status);
    this.own(this.root, this.pressed);
    this.place.append(this.take(this.root));
    this.changed();
    this.focus(true);
  }

  button(what, text, key, shown) {
    const button = make("button", { type: "button", "aria-keyshortcuts": key }, text);
    if (shown) button.append(" ", make("kbd", { "aria-hidden": "true" }, shown));
    button.dataset.what = what;
    button.addEventListener("click", () => this.choose(what));
    return button;
  }

  pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const what = KEYS[event.key];
    // A button that has the focus takes the space bar as its own.
    if (!what || (event.key === " " && event.target !== this.root)) return;
    event.preventDefault();
    if (event.repeat) return;
    // What nobody sees is not judged: the first key brings it into view.
    if (this.visible()) this.choose(what);
    else this.two.scrollIntoView({ block: "nearest" });
  }

  visible() {
    const { top, bottom } = this.two.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  }

  choose(what) {
    const button = this.buttons.find((one) => one.dataset.what === what);
    if (this.busy || button.disabled) return;
    const { number } = this.model.get("pair");
    this.busy = true;
    if (what === "back") this.send({ ask: "back", number });
    else this.send({ ask: "choose", what, number });
    this.focus(false);
  }

  told() {
    this.busy = false;
    this.changed();
  }

  // Takes the focus, but never from somebody who types; and what is out of sight stays there.
  focus(first) {
    const active = document.activeElement;
    const field = active && (active.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName));
    const types = field && (active.value ?? active.textContent) !== "";
    if (first && (types || !this.visible())) return;
    this.root.focus({ preventScroll: true });
  }

  changed() {
    const pair = this.model.get("pair");
    const { judged, total, waiting, stuck, finished, number } = pair;
    if (number !== this.number) this.busy = false;
    this.number = number;
    this.question.textContent = pair.question;
    this.progress.textContent = `${finished ? judged : judged + 1} of ${total}`;
    this.system.textContent = pair.system ? `System text: ${pair.system}` : "";
    this.system.hidden = !pair.system;
    // The next pair takes the room of this one while it is written, so that nothing jumps.
    const height = this.two.offsetHeight;
    if (waiting) this.two.style.minHeight ||= `${Math.min(height, MOST_HEIGHT)}px`;
    else this.two.style.minHeight = "";
    [pair.left, pair.right].forEach((text, i) => {
      this.sides[i].textContent = waiting ? `Answer ${i + 1} ${WAITS} …` : text.trim() || (stuck ? "–" : "(no text)");
      this.sides[i].dataset.waits = String(waiting || !text.trim());
    });
    for (const button of this.buttons) {
      button.disabled = button.dataset.what === "back" ? judged === 0 : waiting || stuck;
    }
    for (const node of [this.two, this.bar, this.question.parentNode]) {
      node.style.display = finished ? "none" : "";
    }
    this.root.setAttribute("aria-busy", String(waiting));
    this.status.dataset.failed = String(Boolean(pair.problem));
    this.say(pair.problem || pair.words);
  }

  ended() {
    for (const button of this.buttons) button.disabled = true;
    this.status.dataset.failed = "false";
    this.say(GONE);
  }

  left() {
    this.progress.textContent = this.before;
    for (const [node, display] of this.hidden) node.style.display = display;
  }
}

export default livePlace("data-ft-prefer", Duel);
