/* Lines and cells of a small TSV file (liancha-draw/1, §0). The large one, frame.tsv, has a reader
   of its own that never turns it into text. Order and meaning of the columns are the caller's. */
import { Refused, decode, textProblem } from './form.js';

/* [{number, cells}], with number from 1; a line that does not fit is noted and left out. */
export function rows(data, part, columns, problems) {
  let text;
  try {
    text = decode(data, part);
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    problems.push(...refusal.problems);
    return [];
  }
  if (!text) return [];
  const lines = text.split('\n');
  const rest = lines.pop();
  if (rest) problems.push({ part: `${part} 第 ${lines.length + 1} 行`, message: '末尾缺少换行符' });
  const read = [];
  lines.forEach((line, at) => {
    const cells = line.split('\t');
    const problem = cells.length === columns ? cells.map(textProblem).find(Boolean) : `应为 ${columns} 列`;
    if (problem) problems.push({ part: `${part} 第 ${at + 1} 行`, message: problem });
    else read.push({ number: at + 1, cells });
  });
  return read;
}
