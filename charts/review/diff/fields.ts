/** One place in which two values differ; undefined: it is not there. */
export interface FieldChange {
  /** `spec.template.spec.containers[api].image` */
  readonly at: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What a list's members are known by, the first that all of them have and no two share. */
const names = ['name', 'key', 'mountPath', 'containerPort', 'port', 'path', 'type', 'topologyKey', 'kind'];

/** Where order is meaning; of other lists only what is in them counts. */
const ordered = /(?:^|\.)(?:command|args)$/;

/**
 * Every place in which two objects differ. Members of lists are paired by name where they have one, else by being
 * equal, so that one more at the top is one change and not a change of all.
 */
export function compareFields(before: unknown, after: unknown, at = ''): FieldChange[] {
  if (Object.is(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => compareFields(before[key], after[key], join(at, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, at);
  return [{ at, before, after }];
}

function compareLists(before: readonly unknown[], after: readonly unknown[], at: string): FieldChange[] {
  const name = names.find((name) => isNameOf(name, before) && isNameOf(name, after));
  if (name !== undefined) {
    const [left, right] = [before, after].map(
      (list) => new Map(list.map((item) => [nameOf(item, name), item])),
    );
    const all = new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])]);
    return [...all].flatMap((key) => compareFields(left?.get(key), right?.get(key), `${at}[${key}]`));
  }
  if (ordered.test(at)) return toCanonical(before) === toCanonical(after) ? [] : [{ at, before, after }];
  const [gone, come] = [without(before, after), without(after, before)];
  return Array.from(
    { length: Math.max(gone.length, come.length) },
    (_, i) => [gone[i], come[i]] as const,
  ).flatMap(([left, right]) =>
    isRecord(left?.item) && isRecord(right?.item)
      ? compareFields(left.item, right.item, `${at}[${right.index}]`)
      : [{ at: `${at}[${(right ?? left)?.index ?? 0}]`, before: left?.item, after: right?.item }],
  );
}

interface Member {
  readonly item: unknown;
  readonly index: number;
}

/** The members of a list that another one has not, each as often. */
function without(list: readonly unknown[], other: readonly unknown[]): Member[] {
  const left = new Map<string, number>();
  for (const item of other) left.set(toCanonical(item), (left.get(toCanonical(item)) ?? 0) + 1);
  return list.flatMap((item, index) => {
    const text = toCanonical(item);
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count > 0 ? [] : [{ item, index }];
  });
}

function isNameOf(name: string, list: readonly unknown[]): boolean {
  const found = list.map((item) => (isRecord(item) ? nameOf(item, name) : undefined));
  return found.every((value) => value !== undefined) && new Set(found).size === found.length;
}

function nameOf(item: unknown, name: string): string | undefined {
  const whole = isRecord(item) ? item : {};
  // A list of objects, as volumeClaimTemplates are.
  const value =
    whole[name] ?? (name === 'name' && isRecord(whole.metadata) ? whole.metadata.name : undefined);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Text that is equal for equal values, whatever the order of their keys. */
export function toCanonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      isRecord(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(at: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${at}[${JSON.stringify(key)}]`;
  return at === '' ? key : `${at}.${key}`;
}
