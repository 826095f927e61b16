/* All elements below root that match and were not seen before. */
const seen = new WeakMap();

export function fresh(root, selector, key = selector) {
  const all = [...root.querySelectorAll(selector)];
  if (root instanceof Element && root.matches(selector)) all.unshift(root);
  return all.filter((element) => {
    const keys = seen.get(element) || new Set();
    if (keys.has(key)) return false;
    seen.set(element, keys.add(key));
    return true;
  });
}
