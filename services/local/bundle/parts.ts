import { basename, dirname, join, relative } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

export interface PartsOptions extends BuildOptions {
  absWorkingDir: string;
  /** Of the first file; the others are called `<name>-<module>`. */
  name: string;
  entry: string;
}

/**
 * Bundles a program that starts for each job. As CommonJS, which Node loads 5 ms sooner; and each module of
 * ours that it imports by `import()` becomes a file of its own, so that nothing is read, compiled or set up
 * before it is asked for. What two parts use stands in both: an object of the one is no instance of the
 * other's class.
 */
export async function buildInParts(
  esbuild: Pick<typeof import('esbuild'), 'build'>,
  { name, entry, ...options }: PartsOptions,
): Promise<void> {
  /** Source file → name of its part. */
  const parts = new Map([[entry, name]]);
  const apart: Plugin = {
    name: 'parts',
    setup: (build) => {
      build.onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = relative(options.absWorkingDir, join(resolveDir, path));
        const part = `${name}-${basename(path) === 'index.ts' ? basename(dirname(file)) : basename(path, '.ts')}`;
        parts.set(file, part);
        return { path: `./${part}.cjs`, external: true };
      });
    },
  };
  // The map grows while it is walked.
  for (const [file, part] of parts)
    await esbuild.build({
      ...options,
      entryPoints: { [part]: file },
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      define: { 'import.meta.url': '__filename' },
      supported: { 'dynamic-import': false },
      plugins: [apart],
    });
}
