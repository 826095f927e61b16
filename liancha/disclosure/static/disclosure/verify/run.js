/* Runs checks in short slices, so that whoever runs them can report progress and be stopped. */
import { checking } from './check.js';

const SLICE = 60; // ms

/* draws: [{files: Map of name → Blob}], each checked with the others at hand. `tell` hears the share
   done so far, `isStopped` is asked between slices. Answers the reports, or null if stopped. */
export async function run(draws, tell = () => {}, isStopped = () => false) {
  const held = await Promise.all(draws.map(({ files }) => bytesOf(files)));
  const reports = [];
  for (const [at, files] of held.entries()) {
    const others = held.filter((other) => other !== files);
    const work = checking(files, others);
    for (;;) {
      const step = slice(work);
      if (step.done) {
        reports.push(step.value);
        break;
      }
      tell((at + step.value) / held.length);
      await turn();
      if (isStopped()) return null;
    }
  }
  return reports;
}

async function bytesOf(files) {
  const read = async ([name, blob]) => [name, new Uint8Array(await blob.arrayBuffer())];
  return new Map(await Promise.all([...files].map(read)));
}

function slice(work) {
  const until = performance.now() + SLICE;
  let step;
  do step = work.next();
  while (!step.done && performance.now() < until);
  return step;
}

/* Lets messages and clicks in. A timer would be held back by four milliseconds each time. */
function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
