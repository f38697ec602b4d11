/** `2026-01-31`, in UTC as the api counts days. */
export function toDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
