import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { toOpenApiDocument } from '../../../../docs/generate/openapi.ts';
import { accessRules, pageRoutes } from '../../../../services/api/access-rules.ts';
import { examples } from '../../../../services/api/openapi/examples.ts';
import { namedSchemas } from '../../../../services/api/openapi/schemas.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { createAnswerCheck } from '../../../support/openapi.ts';

const document = JSON.parse(toOpenApiDocument());
const operations: { route: string; operation: Record<string, unknown> }[] = Object.entries(
  document.paths,
).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Record<string, unknown>>).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path.replace(/{(\w+)}/g, ':$1')}`,
    operation,
  })),
);

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

test('the document is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(document);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document.openapi).toBe('3.1.0');
});

test('every route but the pages is in it, and nothing else', () => {
  const routes = Object.keys(accessRules).filter((route) => !pageRoutes.has(route));
  expect(operations.map(({ route }) => route).sort()).toEqual(routes.sort());
});

test('every operation has a name of its own, a tag, a summary, and says who may ask', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(operations.length);
  for (const { route, operation } of operations) {
    expect([route, operation]).toEqual([
      route,
      expect.objectContaining({
        operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/),
        tags: [expect.any(String)],
        summary: expect.stringMatching(/\w/),
        security: accessRules[route] === 'open' ? [] : expect.arrayContaining([expect.anything()]),
      }),
    ]);
  }
});

/** A probe speaks to kubelets, OAuth to its clients (RFC 6749, 5.2). */
const inOwnWords = ['GET /readyz 503', 'POST /oauth/device_authorization 400', 'POST /oauth/token 400'];

test('every refusal is a problem with a meaning, and every closed route can say 401 and 403', () => {
  for (const { route, operation } of operations) {
    const refusals = Object.entries(operation.responses as Record<string, { $ref?: string }>).filter(
      ([status]) => Number(status) >= 400,
    );
    for (const [status, { $ref }] of refusals)
      if (!inOwnWords.includes(`${route} ${status}`))
        expect([route, status, $ref]).toEqual([
          route,
          status,
          expect.stringContaining('#/components/responses/'),
        ]);
    const statuses = refusals.map(([status]) => status);
    if (accessRules[route] !== 'open')
      expect(statuses).toEqual(expect.arrayContaining(['401', '403', '503']));
  }
});

test('every named schema has an example that it accepts', () => {
  expect(Object.keys(examples).sort()).toEqual(Object.keys(namedSchemas).sort());
  for (const [name, schema] of Object.entries(namedSchemas))
    expect([name, schema.safeParse(examples[name]).error]).toEqual([name, undefined]);
});

test('what is written down is what the api tells, once, and then only that it is the same', async () => {
  const written = await readFile(
    join(import.meta.dirname, '../../../../docs/api-reference/openapi.json'),
    'utf8',
  );
  const told = await api.admin('/api/v1/openapi.json');
  expect(await told.json()).toEqual(JSON.parse(written));
  const etag = told.headers.get('etag') ?? '';
  const again = await api.admin('/api/v1/openapi.json', { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test('an answer that the document does not know is noticed', async () => {
  const check = createAnswerCheck(document);
  const answer = (body: unknown, init?: ResponseInit) => Response.json(body, init);
  const jobs = { jobs: [], event: '0-0' };
  await check('GET', '/api/v1/jobs', answer(jobs));
  await expect(check('GET', '/api/v1/jobs', answer({ ...jobs, jobs: [{}] }))).rejects.toThrow('jobs/0');
  await expect(check('GET', '/api/v1/jobs', answer(jobs, { status: 201 }))).rejects.toThrow('answered 201');
  await expect(check('GET', '/api/v1/jobs', new Response('{}'))).rejects.toThrow('as text/plain');
  await expect(check('GET', '/api/v1/unheard-of', answer(jobs))).rejects.toThrow('does not know it');
  const problem = { type: 'about:blank', title: 'Not Found', status: 404 };
  const headers = { 'content-type': 'application/problem+json' };
  await expect(check('GET', `/api/v1/jobs/x`, answer(problem, { status: 404, headers }))).rejects.toThrow(
    'detail',
  );
});
