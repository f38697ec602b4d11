import type { Redis } from 'ioredis';
import { runScript, toLuaScript } from '../runtime/index.ts';
import { ask } from './ask.ts';

/** A script as a function of its keys and arguments. */
export function createScript(redis: Redis, text: string) {
  const script = toLuaScript(text);
  return (keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> =>
    ask(runScript((command, rest) => redis.call(command, rest), script, keys, args));
}
