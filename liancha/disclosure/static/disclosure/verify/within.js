/* Progress of a part as progress of the whole: a generator that yields shares from 0 to 1 is run
   as the stretch from `low` to `high`, and answers what it answers. */
export function* within(low, high, part) {
  for (;;) {
    const { done, value } = part.next();
    if (done) return value;
    yield low + (high - low) * value;
  }
}

/* Runs a generator to its end at once. */
export function outcome(part) {
  for (;;) {
    const { done, value } = part.next();
    if (done) return value;
  }
}
