/** Times of the day in minutes; `to` is not part of it, and may be on the next day. 0 is Sunday. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** On which it begins. */
  readonly days: readonly number[];
}

/** What is to rest when, by the chart that mounts this program. */
export interface Plan {
  readonly timeZone: string;
  readonly namespace: string;
  /** By the name of their ScaledJobs; none: never. */
  readonly pools: Readonly<Record<string, readonly Window[]>>;
}

/** Says of a ScaledJob whether it makes agents. @returns false where there is no such ScaledJob */
export type Pause = (namespace: string, name: string, paused: boolean) => Promise<boolean>;

/** Whatever was missed before: what is now is what is set. */
export async function setQuiet(
  { timeZone, namespace, pools }: Plan,
  now: Date,
  pause: Pause,
  say: (line: string) => void,
): Promise<void> {
  const local = toLocal(now, timeZone);
  for (const [name, windows] of Object.entries(pools)) {
    const paused = isQuiet(windows, local);
    const there = await pause(namespace, name, paused);
    say(`${name} ${there ? (paused ? 'rests' : 'works') : 'is not there'}`);
  }
}

export interface LocalTime {
  readonly day: number;
  readonly minute: number;
}

export function isQuiet(windows: readonly Window[], { day, minute }: LocalTime): boolean {
  const yesterday = (day + 6) % 7;
  return windows.some(({ from, to, days }) =>
    from < to
      ? days.includes(day) && minute >= from && minute < to
      : (days.includes(day) && minute >= from) || (days.includes(yesterday) && minute < to),
  );
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** What a clock on the wall shows there. */
export function toLocal(now: Date, timeZone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    day: dayNames.indexOf(parts.weekday ?? ''),
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

const timeoutMs = 10_000;

/** @param url such as `https://10.43.0.1:443`; @param token of a ServiceAccount. */
export function openPause(url: string, token: string): Pause {
  return async (namespace, name, paused) => {
    // Under a name of its own: Flux, which applies what git says, leaves alone what another has added.
    const path = `/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledjobs/${name}?fieldManager=bellows-quiet`;
    const annotations = { 'autoscaling.keda.sh/paused': paused ? 'true' : null };
    const response = await fetch(new URL(path, url), {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { annotations } }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    if (response.status === 404) return false;
    if (response.status !== 200)
      throw new Error(
        `${namespace}/${name}: the Kubernetes API answered ${response.status}; expected its Role in dist/ to allow a patch`,
      );
    return true;
  };
}
