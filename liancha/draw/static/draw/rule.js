// Shows only what belongs to the chosen public value.
const form = document.querySelector("[data-beacon]");

function show() {
  const chosen = form.elements.beacon.value;
  for (const part of form.querySelectorAll("[data-beacon-for]")) {
    part.hidden = part.dataset.beaconFor !== chosen;
  }
}

form.addEventListener("change", show);
show();
