// Shows only what belongs to the chosen public value.
const form = document.querySelector("[data-beacon]");

function show() {
  const chosen = form.elements.beacon.value;
  for (const part of form.querySelectorAll("[data-beacon-for]")) {
    part.hidden = !part.dataset.beaconFor.split(" ").includes(chosen);
    // One click takes the next issue and its time, until somebody has written another.
    if (!part.hidden && part.dataset.due && !form.dataset.own) {
      form.elements.issue.value = part.dataset.issue;
      form.elements.due.value = part.dataset.due;
    }
  }
}

form.addEventListener("change", show);
form.addEventListener("input", (event) => {
  if (["issue", "due"].includes(event.target.name)) form.dataset.own = "yes";
});
if (document.querySelector(".is-invalid, .lc-error")) form.dataset.own = "yes";
show();
