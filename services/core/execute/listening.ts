/** proc(5), /proc/net/tcp: `sl local_address rem_address st …`, all hexadecimal; 0A is a socket that listens. */
export function isListening(table: string, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === '0A' && local.endsWith(`:${wanted}`);
  });
}
