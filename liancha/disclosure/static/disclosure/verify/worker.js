/* The check in a thread of its own, so that a list of a million lines does not freeze the tab.
   Hears {id, draws} and {stop: id}; says {id, share}, then {id, reports} or {id, fault}. */
import { run } from './run.js';

const stopped = new Set();

addEventListener('message', async ({ data: { id, draws, stop } }) => {
  if (stop) {
    stopped.add(stop);
    return;
  }
  try {
    const tell = (share) => postMessage({ id, share });
    postMessage({ id, reports: await run(draws, tell, () => stopped.has(id)) });
  } catch (fault) {
    postMessage({ id, fault: String(fault) });
  }
});
