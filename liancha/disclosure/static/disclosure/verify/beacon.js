/* The public value that comes last (liancha-draw/1, §2): how it is named beforehand, and which
   values fit the name. Whether it was read off rightly shows from its source, not here. */
const DIGITS = 8;
const RFC_3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$/;

/* Why this spelling would not do, or ''. */
export function formProblem(form) {
  const marks = Array.from(form);
  if (marks.some((mark) => mark !== '0' && /\p{Nd}/u.test(mark))) return '格式中只能用 0 表示数字的位置';
  if (marks.filter((mark) => mark === '0').length < DIGITS) return `格式中至少要有 ${DIGITS} 位数字`;
  return '';
}

/* Why this is no value of the form, or ''. */
export function valueProblem(form, value) {
  const marks = Array.from(form);
  const given = Array.from(value);
  if (marks.length !== given.length) return `应与格式 ${form} 等长`;
  const fits = (mark, n) => (mark === '0' ? /^[0-9]$/.test(given[n]) : mark === given[n]);
  return marks.every(fits) ? '' : `应符合格式 ${form}：0 的位置写阿拉伯数字，其余照写`;
}

/* Seconds since 1970 of an RFC 3339 time with offset, a fraction left away; null if it is none. */
export function dueAt(due) {
  const found = RFC_3339.exec(due);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const [sign, hours, minutes] = [found[7], Number(found[8] || 0), Number(found[9] || 0)];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 60 || hours > 23 || minutes > 59) return null;
  const offset = (sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return daysSince1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
}

function isLeap(year) {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysIn(year, month) {
  return [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

function daysSince1970(year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC would take year 99 for 1999
  return date.getTime() / 86_400_000;
}
