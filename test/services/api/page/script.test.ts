import { createContext, runInContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { script } from '../../../../services/api/page/script.ts';

/** As much of a document as the script touches. */
function createPage() {
  const frames: (() => void)[] = [];
  class Element {
    own = '';
    className = '';
    hidden = true;
    href = '';
    dataset = { log: '' };
    childNodes: { textContent: string }[] = [];
    get firstChild() {
      return this.childNodes[0];
    }
    get textContent(): string {
      return this.own + this.childNodes.map(({ textContent }) => textContent).join('');
    }
    set textContent(text) {
      this.own = text;
    }
    append(...nodes: Element[]) {
      this.childNodes.push(...nodes);
    }
    replaceChildren(...nodes: Element[]) {
      this.childNodes = nodes;
    }
  }
  const elements = new Map<string, Element>();
  const find = (selector: string) => {
    const element = elements.get(selector) ?? new Element();
    elements.set(selector, element);
    return element;
  };
  const heard = new Map<string, (event: unknown) => void>();
  const opened: string[] = [];
  let closed = 0;
  const document = {
    title: '',
    hidden: false,
    documentElement: { scrollHeight: 100, clientHeight: 100, scrollTop: 0 },
    getElementById: () => ({ querySelector: find }),
    querySelector: find,
    createElement: () => new Element(),
    createTextNode: (text: string) => ({
      data: text,
      get textContent() {
        return this.data;
      },
      remove() {
        const { childNodes } = find('[data-log]');
        childNodes.splice(childNodes.indexOf(this), 1);
      },
    }),
    addEventListener: (name: string, listener: () => void) => void heard.set(name, listener),
  };
  class EventSource {
    constructor(url: string) {
      opened.push(url);
    }
    addEventListener(name: string, listener: (event: unknown) => void) {
      heard.set(name, listener);
    }
    close() {
      closed += 1;
    }
  }
  const context = createContext({
    document,
    EventSource,
    location: { pathname: '/jobs/1' },
    getComputedStyle: () => ({ color: 'rgb(1, 2, 3)' }),
    setInterval: () => 0,
    encodeURIComponent,
    requestAnimationFrame: (draw: () => void) => void frames.push(draw),
  });
  runInContext(script, context);
  return {
    document,
    opened,
    frame: () => {
      for (const draw of frames.splice(0)) draw();
    },
    closed: () => closed,
    find: (name: string) => find(`[data-${name}]`),
    icon: () => find('link[rel=icon]').href,
    tell: (name: string, event: unknown = {}) => heard.get(name)?.(event),
  };
}

const view = {
  state: 'running',
  final: false,
  title: 'running: ada/bell main',
  subject: 'Ring <b>twice</b>',
  about: ['ada/bell', 'main'],
  reason: '',
  startedAt: 0,
  finishedAt: 61_000,
  steps: [{ name: 'test', state: 'failure', exitCode: 2, startedAt: 0, finishedAt: 3000, measures: '' }],
  measured: [],
};

test('the state is shown in the page, in its title and in its icon', () => {
  const page = createPage();
  expect(page.opened).toEqual(['/jobs/1/live']);
  page.tell('job', { data: JSON.stringify(view) });
  expect(page.document.title).toBe('running: ada/bell main');
  expect([page.find('state').textContent, page.find('state').className]).toEqual([
    'running',
    'state running',
  ]);
  expect([page.find('subject').textContent, page.find('time').textContent]).toEqual([
    'Ring <b>twice</b>',
    '1 min 1 s',
  ]);
  expect(decodeURIComponent(page.icon())).toContain('rgb(1, 2, 3)');
  expect(page.find('steps').childNodes.map(({ textContent }) => textContent)).toEqual(['testfailure 23 s']);
});

test('the log is appended as text once a frame, cut at its beginning, and begun anew with a new attempt', () => {
  const page = createPage();
  const log = page.find('log');
  const write = (id: string, text: string) =>
    page.tell('chunk', { lastEventId: id, data: JSON.stringify({ text }) });
  write('1-1', '<b>one</b>\n');
  write('1-2', 'two\n');
  expect(log.childNodes).toEqual([]);
  page.frame();
  expect(log.childNodes.map(({ textContent }) => textContent)).toEqual(['<b>one</b>\ntwo\n']);
  for (let n = 3; n < 10; n++) {
    write(`1-${n}`, `${n}`.repeat(60_000));
    page.frame();
  }
  expect([log.textContent.length, log.textContent.at(-1), page.find('cut').hidden]).toEqual([
    200_000,
    '9',
    false,
  ]);
  write('2-1', 'again\n');
  page.frame();
  expect([log.textContent, page.find('cut').hidden]).toEqual(['again\n', true]);
});

test('a hidden page lets its connection go, and takes up where it was when it is seen', () => {
  const page = createPage();
  page.tell('chunk', { lastEventId: '1-7', data: '{"text":""}' });
  page.document.hidden = true;
  page.tell('visibilitychange');
  expect(page.closed()).toBe(1);
  page.document.hidden = false;
  page.tell('visibilitychange');
  expect(page.opened.at(-1)).toBe('/jobs/1/live?from=1-7');
  page.tell('error');
  expect(page.find('line').textContent).toContain('not connected');
  page.tell('open');
  expect(page.find('line').textContent).toBe('');
  page.tell('job', { data: JSON.stringify({ ...view, final: true }) });
  page.tell('end');
  page.tell('visibilitychange');
  expect([page.closed(), page.opened.length]).toEqual([2, 2]);
});

test('the script knows no way to make markup of text', () => {
  expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(/);
});
