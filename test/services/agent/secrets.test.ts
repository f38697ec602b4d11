import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';

let bench: AgentBench;
beforeAll(async () => {
  bench = await openAgentBench();
});
afterAll(() => bench.close());

const secret = 'p@ss wörd/with+signs';
const set = (name: string, value: string, events: ('push' | 'tag')[] = ['push']) =>
  bench.api.deps.repositorySecrets?.put('gitea/a/b', name, value, { setBy: 'test', events });

test('only the step that names a secret has it, in no file and no argument, and nothing that it prints gives it away', async () => {
  await set('token', secret);
  await set('pin', '1234');
  const job = await bench.enqueue({
    '.bellows.yaml': `steps:
  - name: use
    environment: { TOKEN: { from_secret: TOKEN }, PIN: { from_secret: pin } }
    commands:
      - test "$TOKEN" = "$(printf 'p@ss w\\303\\266rd/with+signs')" && test "$PIN" = 1234 && echo equal
      - echo "$TOKEN"; printf %s "$TOKEN" | base64; printf %s "$TOKEN" | od -An -tx1 -v | tr -d ' \\n'; echo
      - printf 'p@ss '; sleep 0.4; echo 'wörd/with+signs'
      - tr '\\0' '\\n' < /proc/$$/cmdline | grep -c "$TOKEN" || cat "$0" | grep -c "$TOKEN" || env | grep -c BELLOWS_SECRET || echo nowhere
      - printf 'p@ss wör'
  - { name: other, commands: 'test -z "$TOKEN" && echo none' }
`,
  });
  expect(await bench.agent()).toBe(0);
  const log = await bench.log(job);
  expect(log).toMatch(/^Shorter than 6 characters, so not masked: "pin"\n/);
  expect(log).toContain('\nequal\n');
  expect(log).toContain('\n***\n***\n***\n');
  expect(log).toContain('\n0\n0\n0\nnowhere\n');
  expect(log).toContain('p@ss wör+ test -z');
  expect(log.endsWith('none\n')).toBe(true);
  expect((await bench.job(job)).state).toBe('success');
});

test.each([
  [
    'npm_token',
    `.bellows.yaml:3:38: the secret "npm_token" is not given to this job; gitea/a/b has none of this name: ./bellows secret set gitea/a/b npm_token`,
  ],
  [
    'tagged',
    '.bellows.yaml:3:38: the secret "tagged" is not given to this job; it is for tag, and this is push',
  ],
])(
  'a pipeline that names %j, which it is not given, fails with its place and the remedy',
  async (name, reason) => {
    await set('tagged', 'x'.repeat(9), ['tag']);
    const job = await bench.enqueue({
      '.bellows.yaml': `steps:
  - commands: echo one
    environment: { A: { from_secret: ${name} } }
`,
    });
    expect(await bench.agent()).toBe(0);
    expect(await bench.job(job)).toMatchObject({ state: 'failure', reason });
    expect(await bench.log(job)).toBe(`${reason}\n`);
  },
);

test('a secret that gives a step its name is not told with it', async () => {
  await set('token', 'a-step-of-mine');
  const job = await bench.enqueue({
    '.bellows.yaml': `steps:
  - { name: a-step-of-mine, environment: { A: { from_secret: token } }, commands: 'echo 1; exit 3' }
`,
  });
  expect(await bench.agent()).toBe(0);
  const { steps, reason } = await bench.job(job);
  expect(steps.map(({ name }) => name)).toEqual(['clone', '***']);
  expect(reason).toBe('step "***" failed with exit code 3');
});

test('a plan without secrets, or whose steps with them are left out, asks for none', async () => {
  const asked: string[] = [];
  bench.setFault((request) => {
    if (request.url?.includes('/secrets') === true) asked.push(request.url);
    return false;
  });
  for (const when of ['', ', when: { event: tag }, environment: { A: { from_secret: none } }'])
    await bench.enqueue({
      '.bellows.yaml': `steps:\n  - commands: echo one\n  - { name: two, commands: echo two${when} }\n`,
    });
  expect([await bench.agent(), await bench.agent()]).toEqual([0, 0]);
  bench.setFault(undefined);
  expect(asked).toEqual([]);
});
