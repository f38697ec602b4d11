import { createHash } from 'node:crypto';
import { toLuaNames } from '../keys.ts';

export interface Script {
  name: string;
  text: string;
  sha: string;
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

export function toScript(name: string, { kind, parts = [], body }: ScriptOptions): Script {
  const text = [`#!lua${flags[kind]}`, `-- ${name}`, toLuaNames(), ...parts, body].join('\n');
  return { name, text, sha: createHash('sha1').update(text).digest('hex') };
}
