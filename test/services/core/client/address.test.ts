import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AddressError, readAddress, toDataFolder } from '../../../../services/core/client/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-address-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('what up wrote is found in the data folder', async () => {
  const address = { api: 'http://127.0.0.1:7440', git: 'http://127.0.0.1:7441', token: 'secret' };
  await writeFile(join(folder, 'client.json'), JSON.stringify(address));
  expect(await readAddress({ BELLOWS_DATA: folder })).toEqual(address);
});

test('the environment goes before what up wrote', async () => {
  await writeFile(join(folder, 'client.json'), '{"api":"http://127.0.0.1:7440","token":"local"}');
  const env = { BELLOWS_DATA: folder, BELLOWS_URL: 'https://ci.example.org', BELLOWS_TOKEN: 'other' };
  expect(await readAddress(env)).toEqual({ api: 'https://ci.example.org', token: 'other' });
});

test('an address without a token, or a token without an address, goes nowhere', async () => {
  await writeFile(join(folder, 'client.json'), '{"api":"http://127.0.0.1:7440","token":"local"}');
  for (const given of [{ BELLOWS_URL: 'https://ci.example.org' }, { BELLOWS_TOKEN: 'other' }]) {
    await expect(readAddress({ BELLOWS_DATA: folder, ...given })).rejects.toThrow(/both, or neither/);
  }
});

test('an address that is none is named; the token never is', async () => {
  const asked = readAddress({ BELLOWS_URL: 'ci.example', BELLOWS_TOKEN: 'top-secret' });
  await expect(asked).rejects.toThrow(AddressError);
  await expect(asked).rejects.toThrow(/^BELLOWS_URL is "ci.example"; expected (?!.*top-secret)/);
});

test('where nothing runs, or its file is broken, the message says how to start it', async () => {
  await expect(readAddress({ BELLOWS_DATA: folder })).rejects.toThrow(/\.\/bellows up/);
  await writeFile(join(folder, 'client.json'), '{"api":"http://127.0.0.1:7440"}');
  await expect(readAddress({ BELLOWS_DATA: folder })).rejects.toThrow(/\.\/bellows up/);
});

test('the data folder is what was said, else the one of XDG', () => {
  expect(toDataFolder({ BELLOWS_DATA: '/d', XDG_DATA_HOME: '/x' })).toBe('/d');
  expect(toDataFolder({ XDG_DATA_HOME: '/x' })).toBe('/x/bellows');
  expect(toDataFolder({})).toBe(join(homedir(), '.local/share/bellows'));
});
