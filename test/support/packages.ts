import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';

/** What a registry answers: for a year the same where its name says what it holds. */
interface Served {
  type: string;
  body: Buffer;
  isPackage?: true;
}

const modulePath = 'example.org/word';
const goMod = Buffer.from(`module ${modulePath}\n`);
const wheel = 'word-1.0.0-py3-none-any.whl';

/**
 * Registries of npm, PyPI and Go with one package each, `word` 1.0.0, that count whose package was fetched.
 *
 * @param folder for a key and a certificate
 */
export async function openPackages(folder: string) {
  const fetched: string[] = [];
  let origin = '';
  const tarball = toTarball({
    'package/package.json': '{"name":"word","version":"1.0.0","main":"index.js"}',
    'package/index.js': 'module.exports = "word";',
  });
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const wheelFile = toZip({
    'word.py': 'word = "word"\n',
    'word-1.0.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: word\nVersion: 1.0.0\n',
    'word-1.0.0.dist-info/WHEEL':
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    'word-1.0.0.dist-info/RECORD':
      'word.py,,\nword-1.0.0.dist-info/METADATA,,\nword-1.0.0.dist-info/WHEEL,,\n',
  });
  const module = toZip({
    [`${modulePath}@v1.0.0/go.mod`]: goMod.toString(),
    [`${modulePath}@v1.0.0/word.go`]: 'package word\n\nfunc Word() string { return "word" }\n',
  });
  const json = (value: unknown): Served => ({
    type: 'application/json',
    body: Buffer.from(JSON.stringify(value)),
  });
  const toServed = (): Record<string, Served> => ({
    '/npm/word': json({
      name: 'word',
      'dist-tags': { latest: '1.0.0' },
      versions: { '1.0.0': { name: 'word', version: '1.0.0', dist: { tarball: tarballUrl(), integrity } } },
    }),
    '/npm/word/-/word-1.0.0.tgz': { type: 'application/octet-stream', body: tarball, isPackage: true },
    '/pypi/word/': {
      type: 'text/html',
      body: Buffer.from(`<a href="/files/${wheel}#sha256=${toHash(wheelFile)}">${wheel}</a>`),
    },
    [`/files/${wheel}`]: { type: 'application/zip', body: wheelFile, isPackage: true },
    [`/go/${modulePath}/@v/v1.0.0.info`]: json({ Version: 'v1.0.0' }),
    [`/go/${modulePath}/@v/v1.0.0.mod`]: { type: 'text/plain', body: goMod },
    [`/go/${modulePath}/@v/v1.0.0.zip`]: { type: 'application/zip', body: module, isPackage: true },
  });
  const tarballUrl = () => `${origin}/npm/word/-/word-1.0.0.tgz`;

  const answer: RequestListener = (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const found = toServed()[path];
    if (found === undefined) return void response.writeHead(404).end();
    if (found.isPackage === true && request.method === 'GET') fetched.push(path);
    response.writeHead(200, {
      'content-type': found.type,
      'content-length': found.body.length,
      'cache-control': found.isPackage === true ? 'public, max-age=31536000, immutable' : 'max-age=0',
      etag: `"${toHash(found.body).slice(0, 16)}"`,
    });
    response.end(request.method === 'HEAD' ? undefined : found.body);
  };
  const certified = makeCertificate(folder);
  const servers = [
    createServer(answer),
    ...(certified === undefined ? [] : [createSecureServer(certified, answer)]),
  ];
  const origins: string[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origins.push(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  origin = `http://${origins[0]}`;

  return {
    origin,
    /** Undefined where there is no openssl to make a certificate with. */
    secure: certified && { origin: `https://${origins[1]}`, certificate: certified.cert },
    integrity,
    tarballUrl: tarballUrl(),
    sha256: { wheel: toHash(wheelFile) },
    wheelUrl: `${origin}/files/${wheel}`,
    /** What was fetched since this was asked last. */
    takeFetched: () => fetched.splice(0).sort(),
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}

export type Packages = Awaited<ReturnType<typeof openPackages>>;

function makeCertificate(folder: string): { key: string; cert: string } | undefined {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const { status } = spawnSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject]);
  return status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : undefined;
}

const toHash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** POSIX ustar, gzipped. */
function toTarball(files: Record<string, string>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const head = Buffer.alloc(512);
    head.write(path, 0);
    head.write('0000644\0', 100);
    head.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write('        0', 148);
    head.write('ustar\x0000', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    return [head, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** Entries as they are, not compressed (APPNOTE 4.3). */
function toZip(files: Record<string, string>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [path, text] of Object.entries(files)) {
    const [name, body] = [Buffer.from(path), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    // 1980-01-01: a date of zero is none.
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(body), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(0o100644 * 0x10000, 6);
    tail.writeUInt32LE(at, 10);
    locals.push(Buffer.from('PK\x03\x04'), common, name, body);
    central.push(Buffer.from('PK\x01\x02\x14\x03'), common, tail, name);
    at += 30 + name.length + body.length;
  }
  const list = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, list, end]);
}
