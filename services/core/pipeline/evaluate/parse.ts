import { EvaluateError } from './error.ts';
import { type Token, toTokens } from './tokens.ts';
import { type Node, predicates } from './tree.ts';
import { toInt } from './value.ts';

const limits = { characters: 4096, nodes: 1000, depth: 100 } as const;

/** How strongly each binds; `**` and `^` to the right. */
const binary: Readonly<Record<string, number>> = {
  '|': 0,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '>=': 20,
  '<=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
};
const unary: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };
const comparisons: ReadonlySet<string> = new Set(['<', '>', '<=', '>=']);
const negatable: ReadonlySet<string> = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);

/** Reads an expression of expr-lang: the parts of it that are about truths, texts, numbers, lists and maps. */
export function parseTree(source: string): Node {
  if (source.length > limits.characters)
    throw new EvaluateError(`longer than ${limits.characters} characters`);
  const reader = createReader(toTokens(source));
  const node = reader.sequence();
  reader.expect('end', '');
  return node;
}

function createReader(tokens: readonly Token[]) {
  let place = 0;
  let nodes = 0;
  let depth = 0;
  let inPredicate = 0;

  const end: Token = { kind: 'end', text: '', at: 1 };
  const peek = (ahead = 0): Token => tokens[Math.min(place + ahead, tokens.length - 1)] ?? end;
  const is = (kind: Token['kind'], text?: string): boolean =>
    peek().kind === kind && (text === undefined || peek().text === text);
  const next = (): Token => {
    const token = peek();
    place += 1;
    return token;
  };
  const fail = (token: Token, problem = unexpected(token)): never => {
    throw new EvaluateError(`at ${token.at}: ${problem}`);
  };
  const expect = (kind: Token['kind'], text?: string): Token => (is(kind, text) ? next() : fail(peek()));
  const accept = (kind: Token['kind'], text: string): boolean => {
    if (!is(kind, text)) return false;
    place += 1;
    return true;
  };
  const create = <N extends Node>(node: N): N => {
    nodes += 1;
    if (nodes > limits.nodes) throw new EvaluateError(`more than ${limits.nodes} parts`);
    return node;
  };
  const deeper = <T>(read: () => T): T => {
    depth += 1;
    if (depth > limits.depth) throw new EvaluateError(`nested deeper than ${limits.depth} levels`);
    const result = read();
    depth -= 1;
    return result;
  };

  const sequence = (): Node => {
    const { at } = peek();
    const all = [expression(0)];
    while (accept('operator', ';')) {
      if (is('end')) break;
      all.push(expression(0));
    }
    const [only] = all;
    return all.length === 1 && only !== undefined ? only : create({ kind: 'sequence', nodes: all, at });
  };

  const expression = (precedence: number): Node =>
    deeper(() => {
      if (precedence === 0 && is('operator', 'let')) return declaration();
      if (precedence === 0 && is('operator', 'if')) return choice();
      const node = operations(primary(), precedence);
      return precedence === 0 ? conditional(node) : node;
    });

  const operations = (first: Node, precedence: number): Node => {
    let left = first;
    let before = '';
    while (is('operator')) {
      const negated = is('operator', 'not');
      const token = peek(negated ? 1 : 0);
      if (negated && !negatable.has(token.text)) fail(token);
      const strength = binary[token.text];
      if (strength === undefined || strength < precedence) break;
      if (before === '??' && token.text !== '??' && token.text !== '|')
        fail(token, `${token.text} beside ?? needs parentheses`);
      place += negated ? 2 : 1;
      before = token.text;
      if (token.text === '|') left = call(expect('name'), [left]);
      else if (comparisons.has(token.text)) left = comparison(left, token, strength);
      else {
        const isRight = token.text === '**' || token.text === '^';
        const right = expression(isRight ? strength : strength + 1);
        left = create({ kind: 'binary', operator: token.text, left, right, at: token.at });
        if (negated) left = create({ kind: 'unary', operator: 'not', node: left, at: token.at });
      }
    }
    return left;
  };

  /** `1 < 2 < 3` is `1 < 2 and 2 < 3`. */
  const comparison = (first: Node, token: Token, strength: number): Node => {
    let left = first;
    let sign = token;
    let root: Node | undefined;
    for (;;) {
      const right = expression(strength + 1);
      const one: Node = create({ kind: 'binary', operator: sign.text, left, right, at: sign.at });
      root =
        root === undefined
          ? one
          : create({ kind: 'binary', operator: 'and', left: root, right: one, at: sign.at });
      left = right;
      sign = peek();
      if (sign.kind !== 'operator' || !comparisons.has(sign.text)) return root;
      place += 1;
    }
  };

  const declaration = (): Node => {
    place += 1;
    const { text: name, at } = expect('name');
    expect('operator', '=');
    const value = expression(0);
    expect('operator', ';');
    return create({ kind: 'let', name, value, body: sequence(), at });
  };

  const choice = (): Node => {
    const { at } = next();
    const condition = expression(0);
    const block = (): Node => {
      expect('bracket', '{');
      const node = sequence();
      expect('bracket', '}');
      return node;
    };
    const yes = block();
    expect('operator', 'else');
    const no = is('operator', 'if') ? deeper(choice) : block();
    return create({ kind: 'conditional', condition, yes, no, at });
  };

  const conditional = (first: Node): Node => {
    let node = first;
    while (is('operator', '?')) {
      const { at } = next();
      const yes = is('operator', ':') ? node : expression(0);
      expect('operator', ':');
      node = create({ kind: 'conditional', condition: node, yes, no: expression(0), at });
    }
    return node;
  };

  const primary = (): Node => {
    const token = peek();
    const strength = token.kind === 'operator' ? unary[token.text] : undefined;
    if (strength !== undefined) {
      place += 1;
      const operator = token.text === '!' ? 'not' : token.text;
      return postfix(create({ kind: 'unary', operator, node: expression(strength), at: token.at }));
    }
    if (accept('bracket', '(')) {
      const node = sequence();
      expect('bracket', ')');
      return postfix(node);
    }
    if (inPredicate > 0 && (is('operator', '#') || is('operator', '.'))) {
      // Of `.name`, the dot is left: it is of the item.
      const name =
        accept('operator', '#') && is('name') && tokens[place - 1]?.at === peek().at - 1 ? next().text : '';
      return postfix(create({ kind: 'pointer', name, at: token.at }));
    }
    if (accept('operator', '::')) return postfix(call(expect('name'), []));
    return secondary();
  };

  const secondary = (): Node => {
    const token = next();
    const { at, text, kind } = token;
    const value = (of: null | boolean | string | bigint | number): Node =>
      create({ kind: 'value', value: of, at });
    if (kind === 'number') return value(toNumber(text));
    if (kind === 'text') return postfix(value(text));
    if (kind === 'bracket' && text === '[') return postfix(create({ kind: 'list', items: items(']'), at }));
    if (kind === 'bracket' && text === '{') return postfix(create({ kind: 'map', entries: entries(), at }));
    if (kind !== 'name') return fail(token);
    if (text === 'true' || text === 'false') return value(text === 'true');
    if (text === 'nil') return value(null);
    return postfix(is('bracket', '(') ? call(token, []) : create({ kind: 'name', name: text, at }));
  };

  const items = (closing: string): Node[] => {
    const all: Node[] = [];
    while (!accept('bracket', closing)) {
      if (all.length > 0) {
        expect('operator', ',');
        if (accept('bracket', closing)) break;
      }
      all.push(expression(0));
    }
    return all;
  };

  const entries = (): [Node, Node][] => {
    const all: [Node, Node][] = [];
    while (!accept('bracket', '}')) {
      if (all.length > 0) {
        expect('operator', ',');
        if (accept('bracket', '}')) break;
      }
      const token = peek();
      const isWord = token.kind === 'name' || token.kind === 'number' || token.kind === 'text';
      if (!isWord && !is('bracket', '('))
        fail(token, 'a key is a name, a text, a number, or an expression in parentheses');
      const key: Node = isWord ? create({ kind: 'value', value: next().text, at: token.at }) : expression(0);
      expect('operator', ':');
      all.push([key, expression(0)]);
    }
    return all;
  };

  const call = ({ text: name, at }: Token, given: Node[]): Node => {
    expect('bracket', '(');
    const args = [...given];
    while (!accept('bracket', ')')) {
      if (args.length > given.length) {
        expect('operator', ',');
        if (accept('bracket', ')')) break;
      }
      args.push(args.length === 1 && predicates.has(name) ? predicate() : expression(0));
    }
    return create({ kind: 'call', name, args, at });
  };

  const predicate = (): Node => {
    inPredicate += 1;
    const isBlock = accept('bracket', '{');
    const node = isBlock ? sequence() : expression(0);
    if (isBlock) expect('bracket', '}');
    inPredicate -= 1;
    return node;
  };

  const postfix = (first: Node): Node => {
    let node = first;
    for (;;) {
      const { at } = peek();
      const optional = is('operator', '?.');
      if (optional || is('operator', '.')) {
        place += 1;
        if (optional && is('bracket', '[')) node = index(node, true);
        else {
          const token = next();
          if (token.kind !== 'name' && !/^[A-Za-z]+$/.test(token.text)) fail(token);
          if (is('bracket', '(')) fail(token, `${token.text}() is not known here`);
          node = member(node, create({ kind: 'value', value: token.text, at }), optional, at);
        }
      } else if (is('bracket', '[')) node = index(node, false);
      else return node;
    }
  };

  const member = (given: Node, key: Node, optional: boolean, at: number): Node => {
    const isChain = given.kind === 'chain';
    const inner = create({ kind: 'member', node: isChain ? given.node : given, key, optional, at });
    return isChain || optional ? create({ kind: 'chain', node: inner, at }) : inner;
  };

  const index = (node: Node, optional: boolean): Node => {
    const { at } = next();
    const from = is('operator', ':') ? undefined : expression(0);
    const isSlice = accept('operator', ':');
    const to = isSlice && !is('bracket', ']') ? expression(0) : undefined;
    expect('bracket', ']');
    if (isSlice) return create({ kind: 'slice', node, from, to, at });
    return member(node, from as Node, optional, at);
  };

  return { sequence, expect };
}

function toNumber(text: string): bigint | number {
  const digits = text.replaceAll('_', '');
  if (/^0[xob]/i.test(digits) || /^\d+$/.test(digits)) {
    const whole = BigInt(digits.toLowerCase());
    if (toInt(whole) !== whole) throw new EvaluateError(`${text} is too large`);
    return whole;
  }
  const number = Number(digits);
  if (!Number.isFinite(number)) throw new EvaluateError(`${text} is no number`);
  return number;
}

function unexpected({ kind, text }: Token): string {
  if (kind === 'end') return 'it ends too soon';
  if (text === '=') return '= compares nothing; write ==';
  return `${JSON.stringify(text)} cannot stand here`;
}
