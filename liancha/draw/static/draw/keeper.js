// The keeper's check: every number is compared with the logged rule in this browser first, so that
// nothing is sent while one of them is wrong.
import { commitment, readRule } from "./nonces.js";

const form = document.querySelector("[data-keeper]");
const output = document.querySelector("[data-output]");

function mark(field, word, good) {
  const place = field.closest("[data-sheet-row]").querySelector("[data-mark]");
  place.textContent = word;
  place.className = good ? "good" : "bad";
}

/** Fill the fields from what `liancha escrow open` printed: party, TAB, number. */
function fill() {
  for (const line of output.value.split("\n")) {
    const [party, nonce] = line.split("\t");
    const field = [...form.querySelectorAll("[data-party]")].find((each) => each.dataset.party === party);
    if (field && nonce) field.value = nonce.trim();
  }
}

async function compare() {
  const rule = await readRule(form);
  let good = true;
  for (const field of form.querySelectorAll("[data-party]")) {
    const party = rule.parties.find((each) => each.party === field.dataset.party);
    const nonce = field.value.replace(/\s/g, "").toLowerCase();
    field.value = nonce;
    const fits = party && commitment(rule.draw, party.party, nonce) === party.commitment;
    mark(field, fits ? "与承诺相符" : nonce ? "与承诺不符" : "还没有填", fits);
    good = good && Boolean(fits);
  }
  return good;
}

if (form) {
  output.addEventListener("input", fill);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "open" || form.dataset.checked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const fault = form.querySelector("[data-fault]");
    compare()
      .then((good) => {
        fault.textContent = good ? "" : "有的与存证的承诺不符，一份也没有发出。请对照封件再看一遍。";
        fault.hidden = good;
        if (!good) return;
        form.dataset.checked = "yes";
        form.requestSubmit(event.submitter);
      })
      .catch((error) => {
        fault.textContent = error.message;
        fault.hidden = false;
      });
  }, true);
}
