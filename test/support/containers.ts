import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ContainerCommand,
  createContainerCommand,
  findContainerCommand,
} from '../../services/core/execute/container-command.ts';

export const testImage = 'localhost/bellows-test:1';

/**
 * Docker or Podman with an image of busybox, or why there is none. `BELLOWS_TEST_CONTAINERS` names the command where
 * it is another.
 */
export async function findContainers(): Promise<{ command: ContainerCommand } | { missing: string }> {
  const own = process.env.BELLOWS_TEST_CONTAINERS;
  const command =
    own === undefined
      ? await findContainerCommand(process.env.PATH ?? '', process.env)
      : createContainerCommand(own, process.env);
  if (command === undefined) return { missing: 'neither docker nor podman answers on this machine' };
  const made = await makeImage(command);
  if (made !== undefined) return { missing: `${command.name}: ${made}` };
  const tried = await command.ask(['run', '--rm', '--pull', 'never', testImage, '/bin/true']);
  return tried.exitCode === 0
    ? { command }
    : { missing: `${command.name} runs nothing here: ${tried.stderr.trim()}` };
}

/** From the machine's own static busybox, since no registry is asked. */
async function makeImage(command: ContainerCommand): Promise<string | undefined> {
  if ((await command.ask(['image', 'inspect', testImage])).exitCode === 0) return undefined;
  if (!existsSync('/bin/busybox')) return 'there is no /bin/busybox to make an image of';
  const folder = mkdtempSync(join(tmpdir(), 'bellows-test-image-'));
  try {
    const root = join(folder, 'root');
    for (const name of ['bin', 'tmp', 'etc', 'root', 'proc'])
      mkdirSync(join(root, name), { recursive: true });
    cpSync('/bin/busybox', join(root, 'bin/busybox'));
    for (const name of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n'))
      if (name !== '' && name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    execFileSync('tar', ['-C', root, '-cf', join(folder, 'image.tar'), '.']);
    const made = await command.ask(['import', join(folder, 'image.tar'), testImage]);
    return made.exitCode === 0 ? undefined : made.stderr.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
