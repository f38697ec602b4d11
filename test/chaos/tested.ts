import type { Elsewhere } from './fault.ts';

const agent = 'test/services/agent';
const api = 'test/services/api';
const queue = 'test/services/core/queue';

/** Lines of the catalogue that need no chance and no other process: each is held by tests of `npm test`. */
export const tested: readonly Elsewhere[] = [
  {
    number: 29,
    title: 'a replica stands still, or takes over',
    tests: [
      [`${queue}/replicated.test.ts`, 'while the replica stands still nothing is answered as done'],
      [
        `${queue}/replicated.test.ts`,
        'what was accepted, and how it ended, is on the replica when it is answered',
      ],
    ],
  },
  {
    number: 47,
    title: 'a huge body, and a slow one',
    tests: [
      [`${api}/server.test.ts`, 'a body of 50 MB is 413 at its first bytes, and the line is cut'],
      [`${api}/server.test.ts`, 'a body that does not come is 408'],
    ],
  },
  {
    number: 48,
    title: 'a log of 100 MB',
    tests: [
      [
        `${agent}/log-bytes.test.ts`,
        'of 100 MB the log keeps 16 MiB, and its last line says to the byte what was dropped',
      ],
    ],
  },
  {
    number: 49,
    title: 'no UTF-8, and characters that are cut between chunks',
    tests: [
      [`${agent}/log-bytes.test.ts`, '10 MB without a line break, and no UTF-8, arrive byte for byte'],
      [
        `${api}/routes/log.test.ts`,
        'a character that is cut between chunks comes whole, and what is no character is U+FFFD',
      ],
      ['test/services/tui/log-lines.test.ts', 'lines are whole however the chunks cut them'],
    ],
  },
  {
    number: 50,
    title: 'a line of 10 MB',
    tests: [
      [`${agent}/log-bytes.test.ts`, '10 MB without a line break'],
      ['test/services/tui/log-lines.test.ts', 'memory is bounded: old lines go, endless ones are cut'],
    ],
  },
  {
    number: 51,
    title: 'a reader that reads nothing',
    tests: [
      [
        `${agent}/log-bytes.test.ts`,
        'one who reads nothing of a log keeps neither its job nor other readers waiting',
      ],
      [`${api}/server.test.ts`, 'a reader that reads nothing costs a few chunks'],
    ],
  },
  {
    number: 52,
    title: 'chunks that are repeated, skipped, out of order',
    tests: [
      [`${queue}/log.test.ts`, 'whatever is repeated, skipped and cut, the log has the exact bytes in order'],
    ],
  },
  {
    number: 53,
    title: 'a lost agent goes on writing',
    tests: [
      [
        `${agent}/log-bytes.test.ts`,
        'what a lost agent still writes is refused, and its log and the new one are apart',
      ],
    ],
  },
  {
    number: 54,
    title: 'the forge is away when a status is to be told',
    tests: [
      [
        `${api}/statuses/poster.test.ts`,
        'of 40 jobs that end while the forge is away each is told once it is back, in its last state only',
      ],
    ],
  },
  {
    number: 55,
    title: 'the forge is away when a job clones',
    tests: [
      [`${agent}/agent.test.ts`, 'a forge that is away is infra trouble'],
      [
        `${queue}/lifecycle.test.ts`,
        'infra trouble is tried again after a growing while, then dead; never a failure',
      ],
    ],
  },
  {
    number: 59,
    title: 'urgent jobs, and those that wait behind them',
    tests: [
      [
        `${queue}/order.test.ts`,
        'a job that has waited long enough rises into the next class, so urgent ones cannot starve it',
      ],
    ],
  },
  {
    number: 60,
    title: 'history',
    tests: [
      [`${queue}/retention.test.ts`, 'memory is flat'],
      [`${queue}/resilience.test.ts`, 'history is trimmed to its size'],
    ],
  },
  {
    number: 61,
    title: 'a hundred agents, one after the other',
    tests: [[`${queue}/retention.test.ts`, 'of a hundred agents no consumer is left']],
  },
  {
    number: 62,
    title: 'old and new beside each other',
    tests: [
      [`${api}/agent-protocol.test.ts`, 'an agent that speaks as in %s does its job with the api of today'],
      [`${queue}/schema.test.ts`, 'a new api beside an old one serves what the old one can'],
      [
        `${queue}/schema.test.ts`,
        'an old api beside a new one that came first serves only until the version has risen',
      ],
    ],
  },
  {
    number: 64,
    title: 'what works while something is away (docs/operations/outages.md)',
    tests: [
      [
        'test/chaos/catalogue.test.ts',
        'each line of what works while something is away names a test that is there',
      ],
    ],
  },
];
