import { type LuaScript, toLuaScript } from '../../runtime/index.ts';
import { luaNames } from '../keys.ts';

export interface Script extends LuaScript {
  name: string;
}

export interface ScriptOptions {
  /**
   * `drain` runs also when Redis is out of memory, because it is how work ends; `admit` is then refused;
   * `look` only reads.
   */
  kind: 'drain' | 'admit' | 'look';
  /** Lua that several scripts share, before the body. */
  parts?: readonly string[];
  body: string;
}

const flags = { drain: ' flags=allow-oom', admit: '', look: ' flags=no-writes' };
const name = new RegExp(`\\b(?:${[...luaNames.keys()].join('|')})\\b`, 'g');

/** Key names become literals: as locals, each function of each call would have to capture them anew. */
export function toScript(title: string, { kind, parts = [], body }: ScriptOptions): Script {
  const lua = ['local call = redis.call', ...parts, body].join('\n');
  const literal = lua.replace(name, (upper) => `'${luaNames.get(upper)}'`);
  const text = [`#!lua${flags[kind]}`, `-- ${title}`, literal].join('\n');
  return { name: title, ...toLuaScript(text) };
}
