/* The questions of a check in plain words, and the levels. */
export const QUESTIONS = {
  targets: [
    ['frame', '名单先定'],
    ['commitments', '各方先承诺、后揭示'],
    ['rule', '规则没有动过'],
    ['beacon', '最后才有公开随机数'],
    ['seed', '种子算得对'],
    ['counts', '应抽户数算得对'],
    ['log', '四笔记录都在公开日志里'],
    ['tickets', '每一户的票据'],
    ['thresholds', '抽中的线'],
    ['drawn', '抽中名单'],
    ['earlier draw', '和前一批接得上'],
    ['firm', '企业自己那一户'],
    ['files', '文件合乎格式'],
  ],
  inspectors: [
    ['inputs', '人员和需求先定'],
    ['commitments', '各方先承诺、后揭示'],
    ['rule', '规则没有动过'],
    ['beacon', '最后才有公开随机数'],
    ['seed', '种子算得对'],
    ['log', '四笔记录都在公开日志里'],
    ['assignment', '谁去哪一户'],
    ['earlier draw', '是哪一次抽取的检查对象'],
    ['firm', '企业自己那一户'],
    ['files', '文件合乎格式'],
  ],
};

/* level, word, what it takes; by kind of draw. */
export const LEVELS = {
  targets: [
    ['full', '全部', 'frame.tsv 和 drawn.tsv'],
    ['transcript', '抽取记录', 'transcript.json'],
    ['log', '存证日志', 'log.json'],
    ['firm', '企业自己', 'firm.json'],
  ],
  inspectors: [
    ['full', '全部', 'roster.tsv、needs.tsv 和 eligible.tsv'],
    ['transcript', '抽取记录', 'transcript.json'],
    ['log', '存证日志', 'log.json'],
  ],
};

export const MARKS = { good: ['y', '相符'], bad: ['n', '不符'], open: ['w', '没有验'] };

export const thousands = (number) => number.toLocaleString('en-US');

export function seconds(ms) {
  return ms < 100_000 ? `${(ms / 1000).toFixed(2)} 秒` : `${Math.round(ms / 60_000)} 分钟`;
}

/* 7.25% of `29/400`; the fraction itself where two places would not be exact. */
export function rate(text) {
  const [p, q] = text.split('/').map(BigInt);
  const held = p * 10_000n;
  if (!q || held % q || held / q > 10_000_000n) return text;
  return `${Number(held / q) / 100}%`;
}
