import { closeSteps, type Job, jobStates, type Step, stepStates } from '../job/index.ts';
import { type Reply, toBytes, toFields, toList, toText } from './run-script.ts';
import { parseSpec } from './spec-bytes.ts';

/** A job from its row `{id, hash, spec, reason}` and its steps: the same as the fold of all its events. */
export function toJob(row: Reply | undefined, stepFields?: Reply): Job {
  const [id, hash, spec, reason] = toList(row);
  const fields = toFields(hash);
  const text = (name: string) => fields.get(name);
  const number = (name: string) => {
    const value = fields.get(name);
    return value === undefined ? undefined : Number(value);
  };
  const state = toOneOf(jobStates, text('state'));
  const steps = stepFields === undefined ? [] : toSteps(toFields(stepFields));
  return {
    id: toText(id),
    pipeline: text('pipeline') ?? '',
    pool: text('pool') ?? '',
    spec: parseSpec(toBytes(spec)),
    state,
    cancelling: text('cancelling') !== undefined,
    ...defined('workflow', text('workflow')),
    ...defined('reason', Buffer.isBuffer(reason) ? reason.toString() : undefined),
    ...defined('awaits', text('awaits') === undefined ? undefined : (true as const)),
    attempt: number('attempt') ?? 0,
    fence: number('fence') ?? 0,
    ...defined('agent', text('agent')),
    createdAt: number('created') ?? 0,
    ...defined('queuedAt', number('queued')),
    ...defined('startedAt', number('started')),
    ...defined('finishedAt', number('finished')),
    ...defined('exitCode', number('exit')),
    steps: state === 'running' ? steps : closeSteps(steps),
  };
}

/** `<place> <state> <started?> <finished?> <exit code?>` each. */
function toSteps(fields: ReadonlyMap<string, string>): Step[] {
  return [...fields]
    .map(([name, text]) => ({ name, parts: text.split(' ') }))
    .sort((a, b) => Number(a.parts[0]) - Number(b.parts[0]))
    .map(({ name, parts: [, state, started, finished, exit] }) => ({
      name,
      state: toOneOf(stepStates, state),
      ...defined('startedAt', toTime(started)),
      ...defined('finishedAt', toTime(finished)),
      ...defined('exitCode', toTime(exit)),
    }));
}

function toTime(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text);
}

export function toOneOf<T extends string>(known: readonly T[], text: string | undefined): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new TypeError(`expected one of ${known.join(', ')}, got ${text}`);
  return found;
}

function defined<K extends string, V>(key: K, value: V | undefined): { [k in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [k in K]?: V };
}
