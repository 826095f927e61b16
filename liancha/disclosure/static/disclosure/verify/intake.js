/* What a visitor hands in: loose files, folders, the site's .zip. Sorted into draws by the folder
   they lie in, with the names that the protocol gives. Nothing here is read beyond a .zip's list. */
import { isKnown } from './check.js';
import { TRANSCRIPT } from './transcript.js';
import { NotZip, unzip } from './unzip.js';

/* [{path, blob}] of a drop, folders walked through. */
export async function dropped(transfer) {
  // Entries must be asked for before the first pause: the list is empty afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
  if (!entries.some(Boolean)) return chosen(transfer.files);
  return (await Promise.all(entries.filter(Boolean).map(walk))).flat();
}

/* [{path, blob}] of a file input. */
export function chosen(files) {
  return [...files].map((blob) => ({ path: blob.webkitRelativePath || blob.name, blob }));
}

async function walk(entry) {
  if (entry.isFile) {
    const blob = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [{ path: entry.fullPath.replace(/^\//, ''), blob }];
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(walk))).flat();
}

/* A second download is called `transcript (1).json`: the same file to us. */
function plainName(path) {
  return path.slice(path.lastIndexOf('/') + 1).replace(/ ?\(\d+\)(\.[a-z]+)$/, '$1');
}

/* {draws: [{files}], notes: [sentence]}. Files without a transcript of their own go with `now`, or
   with the only draw there is. now: the draw on the page, if any. */
export async function sortIn(items, now = null) {
  const notes = [];
  const folders = new Map();
  const put = (folder, path, blob) => {
    const name = plainName(path);
    if (!isKnown(name)) {
      if (!name.startsWith('.') && name !== 'rule.json') notes.push(`${path} 不是抽取的文件，没有用到`);
      return;
    }
    if (!folders.has(folder)) folders.set(folder, new Map());
    const files = folders.get(folder);
    if (!files.has(name)) files.set(name, blob);
    else notes.push(`有两份 ${name}，只用了前一份；请只留一份`);
  };
  for (const { path, blob } of items) {
    if (!/\.zip$/i.test(path)) {
      put(path.slice(0, path.lastIndexOf('/') + 1), path, blob);
      continue;
    }
    try {
      for (const inner of await unzip(blob)) {
        put(`${path}/${inner.path.slice(0, inner.path.lastIndexOf('/') + 1)}`, inner.path, inner.blob);
      }
    } catch (fault) {
      if (!(fault instanceof NotZip)) throw fault;
      notes.push(`${path} ${fault.message}`);
    }
  }
  return { draws: group([...folders.values()], now, notes), notes };
}

function group(folders, now, notes) {
  const whole = folders.filter((files) => files.has(TRANSCRIPT));
  const rest = folders.filter((files) => !files.has(TRANSCRIPT));
  const draws = whole.map((files) => ({ files }));
  if (!draws.length && rest.length) {
    const files = new Map(now ? now.files : []);
    for (const more of rest) for (const [name, blob] of more) files.set(name, blob);
    return [{ ...now, files }];
  }
  for (const files of rest) {
    if (draws.length === 1) {
      for (const [name, blob] of files) if (!draws[0].files.has(name)) draws[0].files.set(name, blob);
    } else {
      notes.push(`${[...files.keys()].join('、')} 不知属于哪一次抽取，请和它的 ${TRANSCRIPT} 放在一起`);
    }
  }
  return draws;
}
