import { createInterface } from 'node:readline/promises';
import type { Answers } from './files.ts';
import { type PlatformOptions, toAgents, toDomain, toLabel } from './options.ts';

type Terminal = NodeJS.ReadableStream & { isTTY?: boolean };

const defaults: Answers = {
  cluster: 'home',
  domain: 'home.arpa',
  arch: 'amd64',
  agents: 4,
  source: undefined,
};

/** Asks for what was not given, where somebody is there to answer; an empty answer takes the default. */
export async function ask(
  given: PlatformOptions,
  stdin: Terminal,
  stdout: NodeJS.WritableStream,
): Promise<Answers> {
  const known = { ...defaults, ...withoutUndefined(given) };
  if (stdin.isTTY !== true) return toAnswers(known);
  const terminal = createInterface({ input: stdin, output: stdout });
  const put = async <T>(
    question: string,
    value: T | undefined,
    fallback: T,
    parse: (text: string) => T,
  ): Promise<T> => {
    if (value !== undefined) return value;
    for (;;) {
      const text = (await terminal.question(`${question} [${String(fallback)}] `)).trim();
      if (text === '') return fallback;
      try {
        return parse(text);
      } catch (error) {
        stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  };
  try {
    return toAnswers({
      cluster: await put('Name of the cluster', given.cluster, defaults.cluster, toLabel),
      domain: await put('Domain; the api will be bellows.<domain>', given.domain, defaults.domain, toDomain),
      arch: await put('Architecture of the machines', given.arch, defaults.arch, toArch),
      agents: await put('Agents at most', given.agents, defaults.agents, toAgents),
      source: given.source,
    });
  } finally {
    terminal.close();
  }
}

function toAnswers({ cluster, domain, arch, agents, source }: Answers): Answers {
  return { cluster, domain, arch, agents, source };
}

function toArch(text: string): Answers['arch'] {
  if (text !== 'amd64' && text !== 'arm64') throw new Error('Expected amd64 or arm64.');
  return text;
}

function withoutUndefined(given: PlatformOptions): Partial<Answers> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
