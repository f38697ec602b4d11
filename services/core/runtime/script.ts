import { createHash } from 'node:crypto';

/** A Lua script, and the digest that Redis knows it by. */
export interface LuaScript {
  text: string;
  /** SHA-1, hex. */
  sha: string;
}

export function toLuaScript(text: string): LuaScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * Runs a script by its digest; Redis gets the text once, and again after it has forgotten (a restart, a failover,
 * SCRIPT FLUSH).
 *
 * @param send one command, as `call` or `callBuffer` of a connection
 */
export async function runScript<Argument extends string | number | Buffer, Reply>(
  send: (command: string, args: (string | number | Argument)[]) => Promise<Reply>,
  { text, sha }: LuaScript,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<Reply> {
  const rest = [keys.length, ...keys, ...args];
  try {
    return await send('EVALSHA', [sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
  }
  return send('EVAL', [text, ...rest]);
}
