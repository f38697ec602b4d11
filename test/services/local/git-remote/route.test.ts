import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { repositoryIdSchema } from '../../../../services/core/job/index.ts';
import { isRepositoryName, parseRoute } from '../../../../services/local/git-remote/route.ts';

test('the three addresses of the smart protocol are read', () => {
  expect(parseRoute('GET', '/a/b.git/info/refs?service=git-upload-pack')).toEqual({
    repository: 'a/b',
    service: 'git-upload-pack',
    step: 'refs',
  });
  expect(parseRoute('POST', '/a/b.c.git/git-receive-pack')).toEqual({
    repository: 'a/b.c',
    service: 'git-receive-pack',
    step: 'exchange',
  });
  expect(parseRoute('POST', '/a/b.git/info/refs?service=git-upload-pack')).toBeUndefined();
  expect(parseRoute('GET', '/a/b.git/git-receive-pack')).toBeUndefined();
});

test('a name that is accepted stays in its folder, and is one that the api can register', () => {
  const part = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '.', '-', '_', '/', '%', ' ', '\0', '..', '.git', 'é'),
  });
  fc.assert(
    fc.property(part, (name) => {
      if (!isRepositoryName(name)) return;
      expect(name.split('/')).toHaveLength(2);
      expect(new URL(`http://h/${name}.git`).pathname).toBe(`/${name}.git`);
      expect(repositoryIdSchema.safeParse(`local/${name}`).success).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
