import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createContainerMeter } from '../../../../services/core/execute/container-usage.ts';
import { untilExit } from '../../../../services/core/execute/process-group.ts';
import { readMemory, watchMemory } from '../../../../services/core/execute/usage.ts';
import { until } from '../../../support/until.ts';

test('memory is that of a process and all below it, what they share counted once', async () => {
  const eat = 'head -c 30000000 /dev/zero | tail -c 30000000 | sleep 1000';
  const child = spawn('sh', ['-c', `${eat} & ${eat}; wait`], { detached: true, stdio: 'ignore' });
  const { pid = 0 } = child;
  const watch = watchMemory(pid);
  try {
    await until(() => (readMemory(pid) ?? 0) > 50_000_000);
    expect(readMemory(pid)).toBeLessThan(150_000_000);
  } finally {
    process.kill(-pid, 'SIGKILL');
    watch.stop();
  }
  await until(() => readMemory(pid) === undefined);
});

test('who is gone before anybody looked has no peak', () => {
  expect(watchMemory(2 ** 22 + 1).stop()).toBeUndefined();
});

// What containers have, without any: cgroups that we make, called as theirs are.
const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((each) =>
  existsSync(join(each, 'cgroup.controllers')),
);

describe('a container', () => {
  const claim = makeCgroup('bellows-test-tried') ? test : test.skip;
  if (claim === test.skip)
    process.stderr.write('not tried: the use of containers by their cgroups, which only root can make\n');
  else rmdirSync(join(root ?? '', 'bellows-test-tried'));
  const meter = createContainerMeter();
  const place = `bellows-test-${process.pid}`;
  let folder: string;
  let cgroups: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bellows-test-usage-'));
    cgroups = makeCgroup(place) ? [place] : [];
  });
  afterEach(async () => {
    for (const each of cgroups.reverse()) await until(() => removed(join(root ?? '', each)));
    rmSync(folder, { recursive: true, force: true });
  });

  /** As a runtime starts one; `go` lets it run. */
  const start = (command: string, isIn = true) => {
    const id = randomBytes(32).toString('hex');
    const cgroup = join(place, `made-${id}.scope`);
    cgroups.push(cgroup);
    makeCgroup(cgroup);
    const child = spawn('sh', ['-c', `read go; ${command}`], { stdio: ['pipe', 'ignore', 'ignore'] });
    if (isIn) writeFileSync(join(root ?? '', cgroup, 'cgroup.procs'), String(child.pid));
    const idFile = join(folder, `${id}.id`);
    const watch = meter?.watch(idFile);
    return { watch, writeId: () => writeFileSync(idFile, id), child };
  };
  const go = async (child: ChildProcess) => {
    const exit = untilExit(child);
    child.stdin?.end('go\n');
    await exit;
  };
  const watched = () => process.getActiveResourcesInfo().filter((each) => each === 'FSEventWrap').length;

  claim('has used what its cgroup says when the last of its processes has gone', async () => {
    const spin = 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done';
    const one = start(`${spin}; (${spin}) & wait`);
    one.writeId();
    await until(() => watched() === 1);
    const two = start('true');
    two.writeId();
    await until(() => watched() === 2);
    await go(one.child);
    expect(one.watch?.stop().cpuMs).toBeGreaterThan(20);
    await go(two.child);
    expect(two.watch?.stop().cpuMs).toBeLessThan(20);
    await until(() => watched() === 0);
  });

  claim('that has not run, or was never seen, has used nothing', async () => {
    const { watch, writeId, child } = start('true', false);
    const again = meter?.watch(join(folder, 'none'));
    writeId();
    await until(() => watched() === 1);
    expect(watch?.stop()).toEqual({});
    await go(child);
    expect(again?.stop()).toEqual({});
    await until(() => watched() === 0);
  });
});

/** False where this machine or user cannot. */
function makeCgroup(name: string): boolean {
  if (root === undefined) return false;
  try {
    mkdirSync(join(root, name), { recursive: true });
    return true;
  } catch {
    return false;
  }
}

/** The kernel lets it go a moment after its last process. */
function removed(cgroup: string): boolean {
  rmdirSync(cgroup);
  return true;
}
