/* What a verification found: one finding for each thing asked, and the levels that were reached
   (liancha-draw/1, §6). Plain data, so that a worker can hand it over. */
const MOST = 12; // of one topic; a file with every line wrong is not told line by line

export class Report {
  findings = [];
  levels = [];
  facts = {}; // what a page shows beside the findings

  good(topic, text) {
    this.findings.push({ mark: 'good', topic, text, part: '' });
  }

  bad(topic, part, message) {
    this.findings.push({ mark: 'bad', topic, text: message, part });
  }

  open(topic, text) {
    this.findings.push({ mark: 'open', topic, text, part: '' });
  }

  /* Every problem on a line of its own, or, without any, the text as a good finding. */
  settle(topic, problems, text) {
    for (const { part, message } of problems.slice(0, MOST)) this.bad(topic, part, message);
    if (problems.length > MOST) this.bad(topic, '', `另有 ${problems.length - MOST} 处`);
    if (!problems.length) this.good(topic, text);
    return !problems.length;
  }

  reach(level) {
    if (!this.levels.includes(level)) this.levels.push(level);
  }

  plain() {
    const bad = this.findings.filter((finding) => finding.mark === 'bad');
    const failed = [...new Set(bad.map((finding) => finding.topic))];
    return {
      findings: this.findings,
      levels: this.levels,
      facts: this.facts,
      failed,
      isGood: !failed.length && this.levels.length > 0,
    };
  }
}
