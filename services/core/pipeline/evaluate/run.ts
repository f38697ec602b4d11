import { SubstitutionError, substitute } from '../substitution.ts';
import { EvaluateError } from './error.ts';
import { functions } from './functions.ts';
import { isMatch } from './regex.ts';
import { type Node, predicates } from './tree.ts';
import {
  compare,
  isEqual,
  toBoolean,
  toInt,
  toList,
  toNumber,
  toTypeName,
  toWhole,
  toWords,
  type Value,
} from './value.ts';

const limits = { steps: 100_000, made: 1_000_000 } as const;

/** What `?.` found nothing in: the whole chain is nil. */
const ended = Symbol('ended');

interface Scope {
  variables: ReadonlyMap<string, Value>;
  item?: { value: Value; index: number; total: Value };
}

/** @throws EvaluateError where there is no value, or it would take too long to find it. */
export function runTree(tree: Node, env: Readonly<Record<string, string>>): Value {
  let steps = 0;
  let made = 0;
  const spend = (count: number): void => {
    made += count;
    if (made > limits.made) throw new EvaluateError('it makes too much');
  };

  const run = (node: Node, scope: Scope): Value => {
    const value = walk(node, scope);
    return value === ended ? null : value;
  };

  const walk = (node: Node, scope: Scope): Value | typeof ended => {
    steps += 1;
    if (steps > limits.steps) throw new EvaluateError('it takes too long');
    switch (node.kind) {
      case 'value':
        return typeof node.value === 'string' ? replace(node.value) : node.value;
      case 'name':
        return scope.variables.has(node.name)
          ? (scope.variables.get(node.name) ?? null)
          : toVariable(node.name);
      case 'pointer':
        return toItem(node.name, scope);
      case 'unary':
        return toUnary(node.operator, run(node.node, scope));
      case 'binary':
        return toBinary(node, scope);
      case 'conditional':
        return run(toBoolean(run(node.condition, scope)) ? node.yes : node.no, scope);
      case 'list':
        return node.items.map((item) => run(item, scope));
      case 'map':
        return new Map(node.entries.map(([key, value]) => [run(key, scope), run(value, scope)]));
      case 'chain':
        return run(node.node, scope);
      case 'member': {
        const from = walk(node.node, scope);
        if (from === ended || (node.optional && from === null)) return ended;
        const key = run(node.key, scope);
        return node.node.kind === 'name' && node.node.name === '$env'
          ? toVariable(toWords(key))
          : take(from, key);
      }
      case 'slice':
        return slice(
          run(node.node, scope),
          node.from && toWhole(run(node.from, scope)),
          node.to && toWhole(run(node.to, scope)),
        );
      case 'call':
        return call(node, scope);
      case 'let': {
        const variables = new Map([...scope.variables, [node.name, run(node.value, scope)]]);
        return run(node.body, { ...scope, variables });
      }
      default:
        return node.nodes.map((one) => run(one, scope)).at(-1) ?? null;
    }
  };

  /** As in any other text of the file; but here it is a text already, and stays one. */
  const replace = (text: string): string => {
    try {
      return substitute(text, env);
    } catch (error) {
      if (error instanceof SubstitutionError) throw new EvaluateError(error.message);
      throw error;
    }
  };

  const toVariable = (name: string): Value => {
    if (name === '$env') return new Map<Value, Value>(Object.entries(env));
    return Object.hasOwn(env, name) ? (env[name] ?? '') : '';
  };

  const toItem = (name: string, { item }: Scope): Value => {
    if (item === undefined) return null;
    if (name === 'index') return BigInt(item.index);
    return name === 'acc' ? item.total : item.value;
  };

  const call = ({ name, args }: Extract<Node, { kind: 'call' }>, scope: Scope): Value => {
    const predicate = predicates.has(name) ? args[1] : undefined;
    const builtin = functions[name];
    if (builtin === undefined) throw new EvaluateError(`${name} is no function`);
    return builtin.run({
      args: args.filter((_, i) => i !== 1 || predicate === undefined).map((one) => run(one, scope)),
      ask:
        predicate &&
        ((value, index, total = null) => run(predicate, { ...scope, item: { value, index, total } })),
      spend,
    });
  };

  const toBinary = ({ operator, left, right }: Extract<Node, { kind: 'binary' }>, scope: Scope): Value => {
    const first = run(left, scope);
    if (operator === 'and' || operator === '&&') return toBoolean(first) && toBoolean(run(right, scope));
    if (operator === 'or' || operator === '||') return toBoolean(first) || toBoolean(run(right, scope));
    if (operator === '??') return first ?? run(right, scope);
    return operate(operator, first, run(right, scope), spend);
  };

  return run(tree, { variables: new Map() });
}

function toUnary(operator: string, value: Value): Value {
  if (operator === 'not') return !toBoolean(value);
  const number = toNumber(value);
  if (operator === '+') return number;
  return typeof number === 'bigint' ? toInt(-number) : -number;
}

function operate(operator: string, left: Value, right: Value, spend: (count: number) => void): Value {
  switch (operator) {
    case '==':
      return isEqual(left, right);
    case '!=':
      return !isEqual(left, right);
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
    case 'contains':
      return toWords(left).includes(toWords(right));
    case 'startsWith':
      return toWords(left).startsWith(toWords(right));
    case 'endsWith':
      return toWords(left).endsWith(toWords(right));
    case 'matches':
      return isMatch(toWords(right), toWords(left));
    case 'in':
      if (right instanceof Map) return right.has(left);
      return right !== null && toList(right).some((one) => isEqual(one, left));
    case '..': {
      const [from, to] = [toWhole(left), toWhole(right)];
      spend(Math.max(0, to - from + 1));
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => BigInt(from + i));
    }
    default:
      return calculate(operator, left, right, spend);
  }
}

function calculate(operator: string, left: Value, right: Value, spend: (count: number) => void): Value {
  if (operator === '+' && typeof left === 'string') {
    const text = left + toWords(right);
    spend(text.length);
    return text;
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  if (operator === '/') return Number(a) / Number(b);
  if (operator === '**' || operator === '^') return Number(a) ** Number(b);
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (operator === '%' && b === 0n) throw new EvaluateError('a number cannot be divided by zero');
    return toInt(operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a % b);
  }
  if (operator === '%') throw new EvaluateError('% is of whole numbers');
  const [x, y] = [Number(a), Number(b)];
  return operator === '+' ? x + y : operator === '-' ? x - y : x * y;
}

function take(from: Value, key: Value): Value {
  if (from instanceof Map) return from.get(key) ?? null;
  if (!Array.isArray(from)) throw new EvaluateError(`${toTypeName(from)} has nothing to take out`);
  const index = toWhole(key);
  const value = from.at(index);
  if (value === undefined) throw new EvaluateError(`there is no item ${index} among ${from.length}`);
  return value;
}

/** Of a text, by bytes, as in Go. */
function slice(from: Value, start = 0, end?: number): Value {
  if (typeof from === 'string') {
    const bytes = Buffer.from(from);
    return bytes.subarray(...toRange(bytes.length, start, end)).toString();
  }
  const items = toList(from);
  return items.slice(...toRange(items.length, start, end));
}

function toRange(length: number, start: number, end = length): [number, number] {
  const place = (given: number): number => Math.min(length, Math.max(0, given < 0 ? length + given : given));
  return [Math.min(place(start), place(end)), place(end)];
}
