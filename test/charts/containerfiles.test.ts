import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pins } from '../../charts/pins.ts';
import { apiFlags } from '../../services/local/process/memory.ts';
import { root } from './committed.ts';

test.each(['api', 'agent'])(
  'the image of the %s begins with the pinned Node and does not run as root',
  (program) => {
    const text = readFileSync(join(root, 'services', program, 'Containerfile'), 'utf8');
    const lines = text.split('\n');
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]);
    expect(new Set(bases)).toEqual(new Set([pins.node]));
    expect(lines.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER 1000:1000');
  },
);

test("the images' version is the package's", () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(readFileSync(join(root, 'charts', 'pins.ts'), 'utf8')).toContain(`ownVersion = '${version}'`);
});

test('the image starts the api with the flags that the single-machine edition gives it', () => {
  const text = readFileSync(join(root, 'services', 'api', 'Containerfile'), 'utf8');
  const start = ['node', ...apiFlags, '/programs/api.mjs'].map((part) => JSON.stringify(part));
  expect(text).toContain(`ENTRYPOINT [${start.join(', ')}]`);
});

test('the image of the api holds what a CronJob puts copies away with', () => {
  const text = readFileSync(join(root, 'services', 'api', 'Containerfile'), 'utf8');
  expect(text).toContain('/programs/backup.mjs');
});
