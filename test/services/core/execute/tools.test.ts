import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findClosedFolders, toToolVariables } from '../../../../services/core/execute/index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellows-test-tools-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('a toolchain that stands in HOME is found where HOME is another', () => {
  mkdirSync(join(home, '.rustup'));
  expect(toToolVariables({ HOME: home })).toEqual({ RUSTUP_HOME: join(home, '.rustup') });
});

test('what is set wins, and nothing else of the environment comes along', () => {
  mkdirSync(join(home, '.rustup'));
  const env = {
    HOME: home,
    RUSTUP_HOME: '/opt/rustup',
    JAVA_HOME: '/opt/jdk',
    GOROOT: '',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  expect(toToolVariables(env)).toEqual({ RUSTUP_HOME: '/opt/rustup', JAVA_HOME: '/opt/jdk' });
  expect(toToolVariables({})).toEqual({});
});

test('a folder below one that only its owner may enter is closed to a user of a step', () => {
  const bin = join(home, 'own', 'bin');
  mkdirSync(bin, { recursive: true });
  chmodSync(home, 0o755);
  const path = `${bin}:${bin}:/usr/bin:${join(home, 'nowhere')}:relative`;
  expect(findClosedFolders(path)).toEqual([]);
  chmodSync(join(home, 'own'), 0o700);
  expect(findClosedFolders(path)).toEqual([bin]);
  chmodSync(join(home, 'own'), 0o755);
});
