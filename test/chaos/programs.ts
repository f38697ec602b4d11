import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPrograms } from '../../services/local/bundle/build.ts';
import { buildShim } from './shim.ts';

export interface Programs {
  /** The api as it is shipped. */
  api: string;
  /** Agents whose work is pretended. */
  agent: string;
  shim: string | undefined;
}

/** What a run starts, in a folder of its own: a bundle may be pruned while it runs. */
export async function buildChaosPrograms(folder: string): Promise<Programs> {
  const root = join(import.meta.dirname, '..', '..');
  const shim = buildShim(folder);
  const built = await buildPrograms(root, folder);
  const api = join(folder, 'api.mjs');
  await copyFile(join(built, 'api.mjs'), api);
  const agent = join(folder, 'agent.cjs');
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: [join(import.meta.dirname, 'agent', 'main.ts')],
    outfile: agent,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    define: { 'import.meta.url': '__filename' },
    logLevel: 'silent',
    plugins: [
      {
        name: 'pretended work',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/run-job\.ts$/ }, ({ importer }) =>
            importer.endsWith(join('services', 'agent', 'agent.ts'))
              ? { path: join(import.meta.dirname, 'agent', 'run-job.ts') }
              : undefined,
          ),
      },
    ],
  });
  return { api, agent, shim: await shim };
}
