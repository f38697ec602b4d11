import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';

let bench: AgentBench;
beforeAll(async () => {
  bench = await openAgentBench();
});
afterAll(() => bench.close());

const run = async (file: string, spec: Parameters<AgentBench['enqueue']>[1] = {}) => {
  const id = await bench.enqueue({ '.bellows.yaml': file }, spec);
  expect(await bench.agent()).toBe(0);
  return { job: await bench.job(id), log: await bench.log(id) };
};

test('what a step prints is a text and no command: no variable and no path of another step is set by it', async () => {
  const words = [
    '::set-env name=EVIL::1',
    '::add-path::/tmp/evil',
    '##vso[task.setvariable variable=EVIL]1',
    "##teamcity[setParameter name='EVIL' value='1']",
    '{"EVIL":"1"}',
  ];
  const { job, log } = await run(`steps:
  - name: first
    commands:
      - 'printf "%s\\n" ${words.map((word) => `"${word.replaceAll('"', '\\"').replaceAll("'", "''")}"`).join(' ')}'
      - for file in "$GITHUB_ENV" "$GITHUB_PATH" "$GITHUB_OUTPUT" "$BASH_ENV" "$ENV"; do test -z "$file" || echo "EVIL=1" >> "$file"; done
      - export EVIL=1 PATH="/tmp/evil:$PATH"
  - { name: second, commands: 'echo "EVIL is <$EVIL>"; case "$PATH" in */tmp/evil*) echo bent;; esac' }
`);
  expect(job.state).toBe('success');
  for (const word of words) expect(log).toContain(word);
  expect(log).toContain('\nEVIL is <>\n');
  expect(log).not.toContain('\nbent\n');
});

test('what strangers call branches, pull requests and themselves arrives as text, in commands and in variables', async () => {
  const words = [
    'x"; echo INJECTED #',
    '$(echo INJECTED)',
    '`echo INJECTED`',
    "'; echo INJECTED; '",
    'a\ncommands: [evil]',
  ];
  for (const word of words) {
    const { job, log } = await run(
      `steps:
  - name: show
    environment: { TITLE: '\${CI_COMMIT_MESSAGE}', WHO: '\${CI_COMMIT_AUTHOR}' }
    commands:
      - printf '<%s>\\n' "$TITLE" "$WHO" "\${CI_COMMIT_MESSAGE}" "$CI_COMMIT_AUTHOR"
`,
      { subject: word, author: word },
    );
    expect([word, job.state, job.reason]).toEqual([word, 'success', undefined]);
    expect(log.split(`<${word}>`)).toHaveLength(5);
    expect(log).not.toMatch(/^INJECTED$/m);
  }
});

test('a job of a cron runs what its file has for that cron', async () => {
  const file = `when: [{ event: cron, cron: night* }]
steps:
  - { name: one, commands: echo of any, when: { event: cron } }
  - { name: two, commands: echo of the night, when: { event: cron, cron: nightly } }
  - { name: three, commands: echo of the week, when: { event: cron, cron: weekly } }
`;
  const { log } = await run(file, { event: 'cron', cron: 'nightly' });
  expect(log.match(/^of .*$/gm)).toEqual(['of any', 'of the night']);
  expect((await run(file, { event: 'cron', cron: 'weekly' })).job.state).toBe('skipped');
});
