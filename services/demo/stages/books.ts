import type { Job } from '../../core/job/index.ts';
import type { Context, Stage } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { type Ledger, toLedger } from '../ledger.ts';

/** Everything that the demo made, against everything that the api knows. */
export async function readLedger({ api, journal, accepted }: Context): Promise<Ledger> {
  const jobs: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.jobs({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
  } while (cursor !== undefined);
  return toLedger(accepted, jobs, journal.events);
}

export const books: Stage = {
  title: 'the books',
  must: 'over the whole demo: what was accepted has ended exactly once, and nothing else has run',
  run: async (context) => {
    const { accepted, finished, lost, doubled, unasked } = await readLedger(context);
    return toSeen(
      fact(`${accepted} accepted`, accepted > 0),
      fact(`${finished} ended once`, finished === accepted),
      fact(`${lost.length} lost${toList(lost)}`, lost.length === 0),
      fact(`${doubled.length} doubled${toList(doubled)}`, doubled.length === 0),
      fact(`${unasked.length} unasked${toList(unasked)}`, unasked.length === 0),
    );
  },
};

function toList(texts: readonly string[]): string {
  return texts.length === 0 ? '' : ` (${texts.join('; ')})`;
}
