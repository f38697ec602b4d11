import { createDisplayFilter } from '../../core/display/index.ts';
import type { Queue } from '../../core/queue/index.ts';
import { followLogText } from '../log-text.ts';

/** What a page is sent with; a longer log is what its script, or a link, is for. */
const mostBytes = 256 * 1024;
const mostReads = 128;

/** The beginning of a log, as text that can only be text. */
export interface PageLog {
  text: string;
  /** Where a reader goes on from, `<fence>-<n>`; empty where there is no log yet. */
  position: string;
  /** There is more of it already. */
  cut: boolean;
}

/** The newest attempt's log so far, to a bound. */
export async function readPageLog(queue: Pick<Queue, 'readLog'>, id: string): Promise<PageLog> {
  // Whoever goes on from here is given what is not whole yet, as after any reader that left.
  const left = new AbortController();
  let cut = true;
  const log = async function* () {
    let at: { fence?: number; after: number } = { after: 0 };
    let bytes = 0;
    for (let reads = 0; cut && reads < mostReads && bytes < mostBytes; reads++) {
      const { fence, chunks } = await queue.readLog(id, at);
      cut = chunks.length > 0;
      for (const chunk of chunks) {
        if (bytes >= mostBytes) break;
        yield { fence, chunk };
        at = { fence, after: chunk.n };
        bytes += chunk.bytes.length;
      }
    }
    left.abort();
  };
  let text = '';
  let position = '';
  const chunks = followLogText({ log }, id, { after: 0 }, left.signal, () =>
    createDisplayFilter({ sgr: false }),
  );
  for await (const { id: at, chunk } of chunks) {
    text += chunk.text;
    position = at;
  }
  return { text, position, cut };
}
