const form = /^([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([eE][+-]?[0-9]+)|(m|u|n|k|[MGTPE]|[KMGTPE]i))?$/;

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Kubernetes' quantities: `0.5`, `500m`, `2Gi`, `1e3`, and plain numbers. */
export function isQuantity(value: unknown): value is string | number {
  return typeof value === 'number' || (typeof value === 'string' && form.test(value));
}

/** What it amounts to; NaN for what is none. */
export function toNumber(quantity: string | number): number {
  if (typeof quantity === 'number') return quantity;
  const [, digits, exponent = '', suffix = ''] = form.exec(quantity) ?? [];
  if (digits === undefined) return Number.NaN;
  return Number(`${digits}${exponent}`) * (factors[suffix] ?? 1);
}
