import { randomInt } from 'node:crypto';
import type { Redis } from 'ioredis';
import * as z from 'zod';
import { type PersonRole, personRoleSchema } from '../job/index.ts';
import { ask, askAll } from './ask.ts';
import { approveScript, pollScript, startScript } from './device-scripts.ts';
import type { Person } from './identity.ts';
import { keys } from './keys.ts';
import { createScript } from './run-script.ts';
import { createToken, hashToken, tokenPattern } from './token.ts';

/** A terminal that asks to act as a person, who confirms it in a browser (RFC 8628). */
export interface DeviceRequest {
  /** What it calls itself, and where it asks from: shown to the person, and proof of nothing. */
  device: string;
  address: string;
  /** At most this role. @default the person's */
  role?: PersonRole | undefined;
}

export interface DeviceLogin {
  /** Known to the terminal alone. */
  deviceCode: string;
  /** What the person types, `WDJB-MJHT`. */
  userCode: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}

export type DevicePerson = Pick<Person, 'actor' | 'name' | 'role'>;

/** RFC 8628, 3.5; RFC 6749, 5.2. */
export type PollAnswer =
  | { person: DevicePerson }
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'invalid_grant';

export interface DeviceLogins {
  /** Undefined: too many are waiting for their person. */
  start(request: DeviceRequest): Promise<DeviceLogin | undefined>;
  /** What asks under this code; undefined: nothing. `tired`: this person has tried too many codes. */
  look(userCode: string, actor: string): Promise<DeviceRequest | 'tired' | undefined>;
  /** The person's word, once. False: nothing waits for it (any more). */
  decide(userCode: string, decision: DevicePerson | 'refused'): Promise<boolean>;
  poll(deviceCode: string): Promise<PollAnswer>;
}

const lastsMs = 10 * 60_000;
const intervalMs = 5000;
/** Whoever may ask needs no credential, so there is an end. */
const mostWaiting = 1000;
/** Of 20^8 codes, in 10 minutes, by somebody who is signed in. */
const mostTries = 20;

/** Without vowels no word comes about, and nothing is mistaken for a digit (RFC 8628, 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

const requestSchema = z.object({
  device: z.string(),
  address: z.string(),
  role: personRoleSchema.optional(),
});
const personSchema = z.object({ actor: z.string(), name: z.string().optional(), role: personRoleSchema });
const errorSchema = z.enum([
  'authorization_pending',
  'slow_down',
  'access_denied',
  'expired_token',
  'invalid_grant',
]);

export function createDeviceLogins(redis: Redis, now: () => number = Date.now): DeviceLogins {
  const start = createScript(redis, startScript);
  const approve = createScript(redis, approveScript);
  const poll = createScript(redis, pollScript);

  return {
    start: async (request) => {
      for (;;) {
        const deviceCode = createToken();
        const userCode = createUserCode();
        const hash = hashToken(deviceCode);
        const answer = await start(
          [keys.device(hash), keys.deviceUser(toUserHash(userCode)), keys.devices],
          [JSON.stringify(request), hash, now(), lastsMs, intervalMs, mostWaiting],
        );
        if (answer === 'full') return undefined;
        const times = { expiresInSeconds: lastsMs / 1000, intervalSeconds: intervalMs / 1000 };
        // Two alike are rare, and the second is thrown again.
        if (answer === 'done') return { deviceCode, userCode, ...times };
      }
    },
    look: async (userCode, actor) => {
      const tries = keys.deviceTries(hashToken(actor));
      // Counted before it is looked, so that tries at once count too.
      // In one, so that no count is without its end.
      const [, count] = await askAll(redis.multi().set(tries, 0, 'PX', lastsMs, 'NX').incr(tries));
      if (Number(count) > mostTries) return 'tired';
      const hash = await ask(redis.get(keys.deviceUser(toUserHash(userCode))));
      const [text, ends] = hash === null ? [] : await ask(redis.hmget(keys.device(hash), 'request', 'ends'));
      if (text === undefined || text === null || now() >= Number(ends)) return undefined;
      return requestSchema.parse(JSON.parse(text));
    },
    decide: async (userCode, decision) => {
      const name = keys.deviceUser(toUserHash(userCode));
      const hash = await ask(redis.get(name));
      if (hash === null) return false;
      const person = decision === 'refused' ? '' : JSON.stringify(decision);
      return (await approve([keys.device(hash), name], [person, now()])) === 'done';
    },
    poll: async (deviceCode) => {
      if (!tokenPattern.test(deviceCode)) return 'invalid_grant';
      const answer = String(await poll([keys.device(hashToken(deviceCode))], [now()]));
      const error = errorSchema.safeParse(answer);
      return error.success ? error.data : { person: personSchema.parse(JSON.parse(answer)) };
    },
  };
}

function createUserCode(): string {
  const code = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** However it was typed: case, dashes and spaces do not count. */
function toUserHash(userCode: string): string {
  return hashToken(userCode.toUpperCase().replace(/[^A-Z]/g, ''));
}
