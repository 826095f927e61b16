/* A .zip as this site and every browser writes them: stored or deflated entries, no encryption, no
   zip64. Whether the bytes are right is not this module's question: digests say that. */
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const FARTHEST = 22 + 0xffff; // the end record with the longest comment

export class NotZip extends Error {}

/* [{path, blob}] of the files inside. Throws NotZip with a sentence. */
export async function unzip(blob) {
  const tail = new DataView(await blob.slice(Math.max(0, blob.size - FARTHEST)).arrayBuffer());
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new NotZip('不是完整的 .zip 文件，请重新下载');
  const count = tail.getUint16(at + 10, true);
  const start = tail.getUint32(at + 16, true);
  const list = new DataView(await blob.slice(start, start + tail.getUint32(at + 12, true)).arrayBuffer());
  const found = [];
  let place = 0;
  for (let n = 0; n < count; n += 1) {
    if (place + 46 > list.byteLength || list.getUint32(place, true) !== ENTRY) {
      throw new NotZip('目录已损坏，请重新下载');
    }
    const entry = read(list, place);
    place = entry.next;
    if (!entry.path.endsWith('/')) found.push({ path: entry.path, blob: await content(blob, entry) });
  }
  return found;
}

function read(list, at) {
  const name = list.getUint16(at + 28, true);
  const path = new TextDecoder().decode(new Uint8Array(list.buffer, at + 46, name));
  return {
    path,
    isSecret: (list.getUint16(at + 8, true) & 1) === 1,
    method: list.getUint16(at + 10, true),
    packed: list.getUint32(at + 20, true),
    start: list.getUint32(at + 42, true),
    next: at + 46 + name + list.getUint16(at + 30, true) + list.getUint16(at + 32, true),
  };
}

async function content(blob, { path, isSecret, method, packed, start }) {
  if (isSecret) throw new NotZip(`${path} 有密码，请先解压`);
  if (method !== 0 && method !== 8) throw new NotZip(`${path} 的压缩方式不认识，请先解压`);
  const head = new DataView(await blob.slice(start, start + 30).arrayBuffer());
  if (head.byteLength < 30) throw new NotZip('文件不完整，请重新下载');
  const from = start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const held = blob.slice(from, from + packed);
  if (method === 0) return held;
  if (typeof DecompressionStream === 'undefined') throw new NotZip('这个浏览器不会解压，请先解压，再选里面的文件');
  try {
    return await new Response(held.stream().pipeThrough(new DecompressionStream('deflate-raw'))).blob();
  } catch {
    throw new NotZip(`${path} 解压不出来，请重新下载`);
  }
}
