import { connect } from 'node:net';

export interface RedisAddress {
  socket: string;
  user: string;
  password: string;
}

/**
 * How often clients have asked so far: `total_reads_processed` of INFO. Commands inside a script are no
 * questions of a client, and every other counter of Redis counts them too.
 */
export async function readAsks(address: RedisAddress): Promise<number> {
  const info = await askInfo(address);
  const count = /^total_reads_processed:(\d+)\r?$/m.exec(info)?.[1];
  if (count === undefined) throw new Error(`Redis does not count reads: ${info.slice(0, 100)}`);
  return Number(count);
}

/** RESP2: AUTH and INFO in one write, so one read of Redis. */
function askInfo({ socket, user, password }: RedisAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    const parts: Buffer[] = [];
    connection.setTimeout(5000, () => connection.destroy(new Error('Redis does not answer INFO')));
    connection.on('error', reject);
    connection.on('data', (part) => {
      parts.push(part);
      const text = Buffer.concat(parts).toString();
      const [auth = '', length, ...rest] = text.split('\r\n');
      if (auth.startsWith('-')) connection.destroy(new Error(`Redis refuses the demo: ${auth.slice(1)}`));
      else if (length?.startsWith('-') === true)
        connection.destroy(new Error(`Redis refuses INFO: ${length.slice(1)}`));
      else if (length !== undefined && rest.join('\r\n').length >= Number(length.slice(1)) + 2) {
        connection.end();
        resolve(rest.join('\r\n'));
      }
    });
    connection.write(toRequest(['AUTH', user, password]) + toRequest(['INFO', 'stats']));
  });
}

function toRequest(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}
