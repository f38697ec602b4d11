import type { Redis } from 'ioredis';
import { runScript } from '../runtime/index.ts';
import { toQueueError } from './error.ts';
import { toKey } from './keys.ts';
import type { Script } from './scripts/script.ts';

export type Argument = string | number | Buffer;

/** What a script answered; strings as bytes, since a spec and a log are. */
export type Reply = Buffer | number | null | Reply[];

export function createRunner(redis: Redis) {
  return async (
    script: Script,
    args: readonly Argument[],
    keys: readonly string[] = [toKey('seq')],
  ): Promise<Reply> => {
    try {
      return (await runScript(
        (command, rest) => redis.callBuffer(command, rest),
        script,
        keys,
        args,
      )) as Reply;
    } catch (error) {
      throw toQueueError(script.name, error);
    }
  };
}
export type Run = ReturnType<typeof createRunner>;

/** Our own scripts made it, so what is not as it should be is a bug of ours. */
export function toList(reply: Reply | undefined): Reply[] {
  if (!Array.isArray(reply)) throw new TypeError(`expected a list from a queue script, got ${typeof reply}`);
  return reply;
}

export function toBytes(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new TypeError(`expected bytes from a queue script, got ${typeof reply}`);
  return reply;
}

export function toText(reply: Reply | undefined): string {
  return toBytes(reply).toString();
}

export function toNumber(reply: Reply | undefined): number {
  return typeof reply === 'number' ? reply : Number(toText(reply));
}

/** A flat list of names and values, as HGETALL answers. */
export function toFields(reply: Reply | undefined): Map<string, string> {
  const flat = toList(reply).map(toText);
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '');
  return fields;
}
