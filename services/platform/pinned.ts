import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import type { Pins } from './files.ts';
import { read } from './run.ts';

const packageSchema = z.object({
  version: z.string(),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/**
 * The versions that a new platform repository pins: those of this Bellows.
 *
 * @param root of this Bellows
 * @param given what npm is to install as it. @default this very commit where its origin has it, else this folder
 */
export async function toPins(root: string, given: string | undefined): Promise<Pins> {
  const { devDependencies } = packageSchema.parse(
    JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
  );
  const [cdk8sCli = '', tsx = ''] = [devDependencies['cdk8s-cli'], devDependencies.tsx];
  return { bellows: given ?? (await toSpec(root)), cdk8sCli, tsx };
}

async function toSpec(root: string): Promise<string> {
  const folder = `file:${root}`;
  // As a dependency of another platform it is as that one has it.
  if (basename(dirname(root)) === 'node_modules') return readDependency(join(root, '..', '..'));
  const [origin, commit] = [
    await read(root, 'git', ['config', '--get', 'remote.origin.url']),
    await read(root, 'git', ['rev-parse', 'HEAD']),
  ];
  if (origin === undefined || commit === undefined || !/^(?:https|ssh):\/\//.test(origin)) return folder;
  const there = await read(root, 'git', ['branch', '--remotes', '--contains', commit]);
  return there === undefined || there === '' ? folder : `git+${origin}#${commit}`;
}

/**
 * What a platform repository has installed as Bellows.
 *
 * @throws Error where the folder is none
 */
export async function readDependency(folder: string): Promise<string> {
  const schema = z.object({ dependencies: z.object({ bellows: z.string() }) });
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new NoPlatformError(folder);
  return parsed.data.dependencies.bellows;
}

export class NoPlatformError extends Error {
  override name = 'NoPlatformError';
  constructor(folder: string) {
    super(
      `${folder} is no platform repository: its package.json does not depend on bellows; make one: bellows platform <folder>`,
    );
  }
}

/** The newest of where a dependency is from: the head of its repository, the last version, the folder as it is now. */
export async function toNewest(spec: string): Promise<string> {
  const [, address] = /^git\+([^#]+)(?:#.*)?$/.exec(spec) ?? [];
  if (address === undefined) return /^(?:file:|https?:)/.test(spec) ? spec : 'latest';
  const head = await read('.', 'git', ['ls-remote', '--exit-code', '--', address, 'HEAD']);
  const commit = head?.split(/\s/)[0];
  return commit === undefined ? spec : `git+${address}#${commit}`;
}
