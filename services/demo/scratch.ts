import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder that nothing else on the machine knows, and an environment that knows nothing else. */
export interface Scratch {
  folder: string;
  /** The edition's data folder. */
  data: string;
  /** A folder of its own for each working copy and bare repository. */
  work: string;
  /** For every process that the demo starts: nothing of the user's but where programs and words are. */
  env: Record<string, string>;
  remove(): Promise<void>;
}

/**
 * @param env of the demo; of it only PATH and the language are passed on
 * @param parent where it is made: the machine's folder for temporary things
 */
export async function openScratch(
  env: Readonly<Record<string, string | undefined>>,
  parent: string,
): Promise<Scratch> {
  const folder = await mkdtemp(join(await realpath(parent), 'bellows-demo-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['data', 'work', 'home', 'tmp']) await mkdir(at(name), { mode: 0o700 });
  // Steps run as a user of their own where they can, and walk through these to their workspace.
  for (const path of [folder, at('tmp')]) await chmod(path, 0o711);
  await writeFile(
    at('gitconfig'),
    '[user]\n\tname = Demo\n\temail = demo@bellows.invalid\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n',
  );
  const passed = ['PATH', 'LANG', 'LC_ALL', 'BELLOWS_REDIS_SERVER'].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    folder,
    data: at('data'),
    work: at('work'),
    env: {
      ...Object.fromEntries(passed),
      HOME: at('home'),
      TMPDIR: at('tmp'),
      XDG_CONFIG_HOME: at('home'),
      XDG_DATA_HOME: at('home'),
      BELLOWS_DATA: at('data'),
      GIT_CONFIG_GLOBAL: at('gitconfig'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
