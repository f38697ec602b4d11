import type { ApiClient } from '../core/client/index.ts';

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Programs that stand beside this one: the process becomes them, so exit codes and signals are theirs. */
export const programNames = [
  'up',
  'tui',
  'demo',
  'test',
  'check',
  'diff',
  'explain',
  'graph',
  'platform',
  'pins',
  'upgrade',
] as const;
export type ProgramName = (typeof programNames)[number];

export function isProgramName(word: string): word is ProgramName {
  return programNames.some((name) => name === word);
}

/** Everything that a command may touch of the world. */
export interface Context {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: Output;
  stderr: Output;
  now(): number;
  /** Does not return, but in tests. */
  become(program: ProgramName, args: readonly string[]): void;
  /** Aborts when the user or the system asks to stop. Without asking for it, a signal ends the process. */
  untilInterrupted(): Promise<AbortSignal>;
}

/** Runs `use` with the api that the environment or `bellows up` names. */
export async function withClient<T>(
  context: Context,
  use: (client: ApiClient, address: { api: string; git?: string | undefined }) => Promise<T>,
): Promise<T> {
  // Not at the top: help needs no client, and should not wait for one to load.
  const { createApiClient, readAddress } = await import('../core/client/index.ts');
  const address = await readAddress(context.env);
  const client = createApiClient({ url: address.api, token: address.token });
  try {
    return await use(client, address);
  } finally {
    client.close();
  }
}
