import type { Redis } from 'ioredis';
import { toQueueError } from './error.ts';
import { toKey } from './keys.ts';
import { createRunner, toList, toNumber, toText } from './run-script.ts';
import { serve } from './scripts/schema.ts';

/** Versions of what the queue's keys hold. */
export interface SchemaRange {
  oldest: number;
  newest: number;
}

/**
 * What this code can serve. `newest` rises with every change that the code before could not work beside; `oldest`
 * follows a release later, when nobody comes from there any more.
 */
export const ownRange: SchemaRange = { oldest: 1, newest: 1 };

export interface SchemaDeps {
  commands: Redis;
  /** This process, and no other. */
  api: string;
  /** @default ownRange */
  range?: SchemaRange;
  /** How long a renewal is good, milliseconds. @default 30000 */
  leaseMs?: number;
  /** Milliseconds that only rise. @default performance.now */
  clock?: () => number;
}

export interface Schema {
  /** Says what this api can serve, and learns whether it may; to be repeated every few seconds. */
  renew(): Promise<void>;
  /** Why nothing may be written now; undefined when it may. */
  refusal(): string | undefined;
  /** Goes, so that those who stay need not wait for its end. */
  leave(): Promise<void>;
}

/** Whoever has not renewed for most of the lease stops by itself: after it, the others may go on without it. */
const goodShare = 0.8;

export function createSchema(deps: SchemaDeps): Schema {
  const { commands, api, range = ownRange, leaseMs = 30_000, clock = () => performance.now() } = deps;
  const run = createRunner(commands);
  let renewedAt = Number.NEGATIVE_INFINITY;
  let refused: string | undefined;

  return {
    async renew() {
      const asked = clock();
      const reply = toList(await run(serve, [api, range.oldest, range.newest, leaseMs]));
      refused = toText(reply[0]) === 'serves' ? undefined : toRefusal(range, toNumber(reply[1]));
      renewedAt = asked;
    },
    refusal() {
      if (clock() - renewedAt > goodShare * leaseMs)
        return 'It is not known which version of the queue Redis holds; Redis does not answer this api.';
      return refused;
    },
    async leave() {
      await commands.hdel(toKey('schema'), `api ${api}`).catch((error: unknown) => {
        throw toQueueError('leave', error);
      });
    },
  };
}

function toRefusal({ oldest, newest }: SchemaRange, version: number): string {
  const own = oldest === newest ? `${oldest}` : `${oldest} to ${newest}`;
  const remedy =
    version > newest
      ? 'This api is too old: start the release that the others run.'
      : 'This api is too new: first run a release that serves both, until no older api is left.';
  return `Redis holds version ${version} of the queue, and this api serves ${own}. ${remedy}`;
}
