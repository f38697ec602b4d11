import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** By these a toolchain is found that does not stand in HOME, which is a job's own. None of them is secret. */
const names = [
  'RUSTUP_HOME',
  'RUSTUP_TOOLCHAIN',
  'PYENV_ROOT',
  'GOROOT',
  'JAVA_HOME',
  'NVM_DIR',
  'VOLTA_HOME',
  'SDKMAN_DIR',
] as const;

/** Where these look when nothing is set. */
const inHome: Partial<Record<(typeof names)[number], string>> = {
  RUSTUP_HOME: '.rustup',
  PYENV_ROOT: '.pyenv',
  VOLTA_HOME: '.volta',
};

/** The variables by which steps find the toolchains of whoever runs us. */
export function toToolVariables(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found = names.flatMap((name) => {
    const folder = inHome[name];
    const usual = env.HOME === undefined || folder === undefined ? undefined : join(env.HOME, folder);
    const value = env[name] ?? (usual !== undefined && existsSync(usual) ? usual : undefined);
    return value === undefined || value === '' ? [] : [[name, value]];
  });
  return Object.fromEntries(found);
}

/** The folders of a PATH that exist, and that a user without rights of their own cannot enter. */
export function findClosedFolders(path: string): string[] {
  return [...new Set(path.split(':'))].filter((folder) => folder.startsWith('/') && isClosed(folder));
}

function isClosed(folder: string): boolean {
  if (!existsSync(folder)) return false;
  for (let place = folder; place !== '/'; place = dirname(place))
    if ((statSync(place).mode & 0o001) === 0) return true;
  return false;
}

/** Where a program stands, as a shell would find it. */
export function findTool(path: string, name: string): string | undefined {
  return path
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() === true && (found.mode & 0o111) !== 0;
    });
}
