/* Rates of a plan line: counts what each stratum gives while somebody types, exactly as the server
   does (rounded up in each stratum, never above its base), applies presets, and asks for the table
   anew when departments or the way of cutting change. Nothing here is believed by the server. */

const PERCENT = /^(\d{1,3})(?:\.(\d{1,6}))?\s*[%％]?$/;
const FRACTION = /^(\d{1,9})\s*\/\s*(\d{1,9})$/;
const FIXED = /^(\d{1,7})\s*[户家个所座]$/;

/* How many of `base` the text asks for, as BigInt; null when it is no rate. */
export function count(text, base) {
  const all = BigInt(base);
  const said = text.replace(/[０-９．／]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)).trim();
  let found = FIXED.exec(said);
  if (found) return least(BigInt(found[1]), all);
  let top = 0n;
  let bottom = 1n;
  if ((found = FRACTION.exec(said))) {
    top = BigInt(found[1]);
    bottom = BigInt(found[2]);
  } else if ((found = PERCENT.exec(said))) {
    const decimals = found[2] ?? '';
    top = BigInt(found[1] + decimals);
    bottom = 100n * 10n ** BigInt(decimals.length);
  } else {
    return null;
  }
  if (bottom === 0n || top > bottom) return null;
  return least((all * top + bottom - 1n) / bottom, all);
}

const least = (one, other) => (one < other ? one : other);
const grouped = (number) => number.toLocaleString('zh-CN');

/* What the server made of a plan's own words, such as 60–70家; null for any other text. */
const told = ({ value, dataset: { said, number } }) => (value === said ? BigInt(number) : null);

function recount(table) {
  let total = 0n;
  let base = 0n;
  table.querySelectorAll('input[data-base]').forEach((input) => {
    const cell = input.closest('tr').querySelector('[data-count]');
    const number = count(input.value, input.dataset.base) ?? told(input);
    cell.textContent = number === null ? '—' : grouped(number);
    base += BigInt(input.dataset.base);
    total += number ?? 0n;
  });
  table.querySelector('[data-total]').textContent = grouped(total);
  const share = base ? Number((total * 10000n) / base) / 100 : 0;
  table.querySelector('[data-share]').textContent = base ? `占基数 ${share}%` : '';
}

function start(root) {
  root.querySelectorAll('[data-rates]').forEach((table) => {
    table.addEventListener('input', () => recount(table));
    table.addEventListener('change', ({ target }) => {
      const isWords = target.value.trim() && count(target.value, target.dataset.base) === null;
      if (isWords && told(target) === null && root.id === 'rates') window.htmx.trigger('#rates', 'refresh');
    });
    recount(table);
  });
  root.querySelectorAll('[data-preset]').forEach((chip) => {
    chip.addEventListener('click', () => {
      const table = chip.closest('p').parentElement.querySelector('[data-rates]');
      const values = chip.dataset.preset.split(',');
      table.querySelectorAll('input[data-base]').forEach((input, place) => {
        input.value = values[place] ?? input.value;
      });
      recount(table);
    });
  });
}

start(document);
document.addEventListener('htmx:afterSettle', (event) => {
  if (event.target.id === 'rates') start(event.target);
});
document.querySelectorAll('[data-refresh-rates]').forEach((part) => {
  part.addEventListener('change', () => window.htmx.trigger('#rates', 'refresh'));
});

/* An adjustment shows only the fields its kind needs. */
const kind = document.querySelector('select[name="kind"]');
if (kind) {
  const show = () => {
    document.querySelectorAll('.pl-if').forEach((part) => {
      part.hidden = part.dataset.for !== kind.value;
    });
  };
  kind.addEventListener('change', show);
  show();
}
