/** One push of a trivial pipeline, in milliseconds since 1970 by one machine's clock. */
export interface Course {
  /** `git push` started. */
  start: number;
  /** git had made its pack and sent it. */
  sent: number;
  /** The job was in the queue, by Redis' clock. */
  accepted: number;
  /** The agent's process had started; absent where the machine does not say when. */
  spawned?: number;
  /** The agent had the job, by Redis' clock. */
  claimed: number;
  /** The first step started, by Redis' clock: the clone was done. */
  step: number;
  /** A client that follows the log had the step's first line. */
  line: number;
  /** The same client had seen the job finish. */
  finished: number;
}

/** The same without Bellows: git's push to a plain bare repository, a Node that does nothing, a clone. */
export interface Floor {
  push: number;
  node: number;
  clone: number;
}

export interface Quantiles {
  p50: number;
  p95: number;
}

/** Rows of the table of times; milliseconds. */
export interface Times {
  runs: number;
  split: { name: string; what: string; quantiles: Quantiles }[];
  floor: { name: string; what: string; quantiles: Quantiles }[];
  /** From the start of `git push` to the first log line. */
  line: Quantiles;
  total: Quantiles;
  /** p50 of the first log line by the p50 of the floor's sum. */
  ratio: number;
}

/** Nearest rank: the smallest value that at least `share` of all values do not exceed. */
export function toQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function toQuantiles(values: readonly number[]): Quantiles {
  return { p50: toQuantile(values, 0.5), p95: toQuantile(values, 0.95) };
}

export function toTimes(courses: readonly Course[], floors: readonly Floor[]): Times {
  const row = (name: string, what: string, take: (course: Course) => number) => ({
    name,
    what,
    quantiles: toQuantiles(courses.map(take)),
  });
  // Redis' clock has whole milliseconds, and a process' start hundredths: a part is never below nothing.
  const part = (from: number, to: number) => Math.max(0, to - from);
  const spawned = (course: Course) => course.spawned ?? course.accepted;
  const floorRow = (name: string, what: string, take: (floor: Floor) => number) => ({
    name,
    what,
    quantiles: toQuantiles(floors.map(take)),
  });
  const line = toQuantiles(courses.map((course) => course.line - course.start));
  const bottom = toQuantiles(floors.map((floor) => floor.push + floor.node + floor.clone));
  return {
    runs: courses.length,
    split: [
      row('git', 'git push starts → its pack is sent', (c) => part(c.start, c.sent)),
      row('accept', '→ the ref has moved, its job is in the queue', (c) => part(c.sent, c.accepted)),
      row('spawn', '→ an agent process has been started', (c) => part(c.accepted, spawned(c))),
      row('claim', '→ it has started up and taken the job', (c) => part(spawned(c), c.claimed)),
      row('clone', '→ the commit is checked out', (c) => part(c.claimed, c.step)),
      row('first step', '→ its first line is at a client', (c) => part(c.step, c.line)),
      row('rest', '→ the client knows that the job has ended', (c) => part(c.line, c.finished)),
    ],
    floor: [
      floorRow('git alone', 'git push to a bare repository, git http-backend, no hook', (f) => f.push),
      floorRow('bare Node', 'node -e 0', (f) => f.node),
      floorRow('a clone', 'git clone --depth 1 of that repository', (f) => f.clone),
      { name: 'floor', what: 'the sum of the three, run by run', quantiles: bottom },
    ],
    line,
    total: toQuantiles(courses.map((course) => course.finished - course.start)),
    ratio: line.p50 / bottom.p50,
  };
}
