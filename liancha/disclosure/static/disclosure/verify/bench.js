/* Where checks run: in the worker, or, in a browser that has no module workers, in the page, slice
   by slice. The worker starts with the page and stays, so that nothing is fetched later on. */
import { run } from './run.js';

let worker = start();
let last = 0;

function start() {
  try {
    const made = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    made.addEventListener('error', () => {
      worker = null;
    });
    return made;
  } catch {
    return null;
  }
}

/* {done: promise of the reports, or of null if stopped; stop()}. */
export function checkAll(draws, tell) {
  if (!worker) return inPage(draws, tell);
  const used = worker;
  const id = (last += 1);
  const done = new Promise((resolve, reject) => {
    const end = (act, value) => {
      used.removeEventListener('message', hear);
      used.removeEventListener('error', fail);
      act(value);
    };
    const hear = ({ data }) => {
      if (data.id !== id) return;
      if ('share' in data) tell(data.share);
      else if ('fault' in data) end(reject, new Error(data.fault));
      else end(resolve, data.reports);
    };
    const fail = () => end(resolve, inPage(draws, tell).done);
    used.addEventListener('message', hear);
    used.addEventListener('error', fail);
  });
  used.postMessage({ id, draws });
  return { done, stop: () => used.postMessage({ stop: id }) };
}

function inPage(draws, tell) {
  let isStopped = false;
  return {
    done: run(draws, tell, () => isStopped),
    stop: () => {
      isStopped = true;
    },
  };
}
