import { expect, test } from '@jest/globals';
import { checkPlatform } from '../../../charts/review/check.ts';
import { rules } from '../../../charts/review/rules.ts';
import { advised, mistakes } from './mistakes.ts';
import { platformWith } from './world.ts';

const errorsOf = (built: ReturnType<typeof platformWith>) =>
  checkPlatform([built]).filter(({ level }) => level === 'error');

test('the platform of this repository is right', () => {
  expect(errorsOf(platformWith())).toEqual([]);
});

test.each(Object.entries(mistakes))('%s is found, once, and nothing else is', (_, mistake) => {
  const found = errorsOf(platformWith(mistake.make));
  expect(found.map(({ rule, object, at }) => ({ rule, object, at }))).toEqual([
    { rule: mistake.rule, object: mistake.object, at: mistake.at },
  ]);
  const [{ message, mend, clusters, file, construct, source }] = found as [(typeof found)[0]];
  expect(`${message}; ${mend}`).toContain(mistake.says);
  expect(clusters).toEqual(['home']);
  expect(file).toMatch(/^clusters\/home\/[a-z-]+\/[a-z-]+\.yaml$/);
  expect(construct.startsWith(`${file.split('/')[2]}/`)).toBe(true);
  expect(source).toMatch(/^charts\/[a-z-]+(?:\/[a-z-]+)?\.ts:[1-9]\d*$/);
});

test.each(Object.entries(advised))('%s is something to weigh', (_, { rule, make, object, at, says }) => {
  const found = checkPlatform([platformWith(make)]).filter(
    (finding) => finding.rule === rule && finding.object === object,
  );
  expect(found).toMatchObject([{ level: 'advice', at }]);
  expect(`${found[0]?.message}`).toContain(says);
});

test('every rule has a mistake that it finds', () => {
  const tried = new Set([...Object.values(mistakes), ...Object.values(advised)].map(({ rule }) => rule));
  expect(rules.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});
