import { EvaluateError } from './error.ts';
import { functions, others, type Type } from './functions.ts';
import { checkPattern } from './regex.ts';
import { type Node, predicates } from './tree.ts';
import { toTypeName } from './value.ts';

type Scope = ReadonlyMap<string, Type>;

/**
 * Refuses what cannot be true of any values: all variables are texts, so `CI_PIPELINE_NUMBER > 5` is a mistake, said
 * before anything runs.
 *
 * @throws EvaluateError
 */
export function checkTypes(tree: Node): void {
  const type = typeOf(tree, new Map());
  if (!fits(type, 'bool')) throw new EvaluateError(`it is of type ${type}, and has to be true or false`);
}

const isNumber = (type: Type): boolean => type === 'int' || type === 'float' || type === 'number';

function fits(type: Type, wanted: Type): boolean {
  if (type === 'unknown' || wanted === 'unknown') return true;
  if (wanted === 'number') return isNumber(type);
  if (type === 'number') return isNumber(wanted);
  return type === wanted;
}

function need(node: Node, wanted: Type, scope: Scope, of: string): Type {
  const type = typeOf(node, scope);
  if (!fits(type, wanted))
    throw new EvaluateError(
      `at ${node.at}: ${of} needs ${words[wanted] ?? wanted}, and this is of type ${type}`,
    );
  return type;
}

const words: Partial<Record<Type, string>> = {
  bool: 'true or false',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  array: 'a list',
  map: 'a map',
};

function typeOf(node: Node, scope: Scope): Type {
  switch (node.kind) {
    case 'value':
      return toTypeName(node.value) as Type;
    case 'name':
      return scope.get(node.name) ?? (node.name === '$env' ? 'map' : 'string');
    case 'pointer':
      return node.name === 'index' ? 'int' : 'unknown';
    case 'unary':
      return node.operator === 'not'
        ? need(node.node, 'bool', scope, 'not')
        : need(node.node, 'number', scope, node.operator);
    case 'binary':
      return toBinaryType(node, scope);
    case 'conditional':
      return toChoiceType(node, scope);
    case 'list':
      for (const item of node.items) typeOf(item, scope);
      return 'array';
    case 'map':
      for (const [key, value] of node.entries) {
        need(key, 'string', scope, 'a key');
        typeOf(value, scope);
      }
      return 'map';
    case 'chain':
      typeOf(node.node, scope);
      return 'unknown';
    case 'member':
      return toMemberType(node, scope);
    case 'slice':
      return toSliceType(node, scope);
    case 'call':
      return toCallType(node, scope);
    case 'let':
      return toBodyType(node, scope);
    default:
      return node.nodes.map((one) => typeOf(one, scope)).at(-1) ?? 'nil';
  }
}

function toBinaryType(node: Extract<Node, { kind: 'binary' }>, scope: Scope): Type {
  const { operator, left, right } = node;
  const both = (wanted: Type): void => {
    need(left, wanted, scope, operator);
    need(right, wanted, scope, operator);
  };
  switch (operator) {
    case 'and':
    case '&&':
    case 'or':
    case '||':
      both('bool');
      return 'bool';
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'matches':
      both('string');
      if (operator === 'matches' && right.kind === 'value') checkPattern(String(right.value));
      return 'bool';
    case 'in': {
      const type = typeOf(left, scope);
      const among = typeOf(right, scope);
      if (!['array', 'map', 'unknown'].includes(among) || (among === 'map' && !fits(type, 'string')))
        throw new EvaluateError(`at ${node.at}: ${type} cannot be in ${among}`);
      return 'bool';
    }
    case '..':
      both('int');
      return 'array';
    case '%':
      both('int');
      return 'int';
    case '-':
    case '*':
      both('number');
      return isWhole(typeOf(left, scope), typeOf(right, scope));
    case '/':
    case '**':
    case '^':
      both('number');
      return 'float';
    case '??': {
      const type = typeOf(left, scope);
      const otherwise = typeOf(right, scope);
      return type === 'nil' || type === otherwise ? otherwise : 'unknown';
    }
    default:
      return toComparedType(node, typeOf(left, scope), typeOf(right, scope));
  }
}

const isWhole = (left: Type, right: Type): Type => {
  if (left === 'int' && right === 'int') return 'int';
  return left === 'float' || right === 'float' ? 'float' : 'number';
};

/** `==`, `!=`, `<` and the like, `+`. */
function toComparedType({ operator, at }: Extract<Node, { kind: 'binary' }>, left: Type, right: Type): Type {
  const isSame = fits(left, right) || (isNumber(left) && isNumber(right));
  const isEquality = operator === '==' || operator === '!=';
  const isOrdered = (type: Type): boolean => type === 'string' || type === 'unknown' || isNumber(type);
  const isFit = isEquality
    ? isSame || left === 'nil' || right === 'nil'
    : isSame && isOrdered(left) && isOrdered(right);
  if (!isFit) throw new EvaluateError(`at ${at}: ${left} ${operator} ${right} makes no sense`);
  if (operator !== '+') return 'bool';
  if (left === 'string' || right === 'string') return 'string';
  return left === 'unknown' || right === 'unknown' ? 'unknown' : isWhole(left, right);
}

function toChoiceType(node: Extract<Node, { kind: 'conditional' }>, scope: Scope): Type {
  need(node.condition, 'bool', scope, 'the condition');
  const [yes, no] = [typeOf(node.yes, scope), typeOf(node.no, scope)];
  return yes === no ? yes : 'unknown';
}

function toMemberType({ node, key, at }: Extract<Node, { kind: 'member' }>, scope: Scope): Type {
  const type = typeOf(node, scope);
  const keyType = typeOf(key, scope);
  const isFit =
    type === 'unknown' ||
    (type === 'array' && fits(keyType, 'int')) ||
    (type === 'map' && (fits(keyType, 'string') || keyType === 'int'));
  if (!isFit) throw new EvaluateError(`at ${at}: ${type} has nothing to take out`);
  return node.kind === 'name' && node.name === '$env' ? 'string' : 'unknown';
}

function toSliceType({ node, from, to, at }: Extract<Node, { kind: 'slice' }>, scope: Scope): Type {
  const type = typeOf(node, scope);
  if (!['array', 'string', 'unknown'].includes(type))
    throw new EvaluateError(`at ${at}: ${type} has no parts`);
  for (const end of [from, to]) if (end !== undefined) need(end, 'int', scope, '[:]');
  return type;
}

function toCallType({ name, args, at }: Extract<Node, { kind: 'call' }>, scope: Scope): Type {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known === undefined) {
    const why = others.has(name) ? 'is of expr-lang, but not known here' : 'is no function';
    throw new EvaluateError(`at ${at}: ${name} ${why}`);
  }
  const [least, most] = known.arity;
  if (args.length < least || args.length > most)
    throw new EvaluateError(
      `at ${at}: ${name} takes ${least === most ? least : `${least} to ${most}`} arguments, not ${args.length}`,
    );
  args.forEach((one, i) => {
    const isPredicate = i === 1 && predicates.has(name);
    const wanted = isPredicate
      ? (known.asks ?? 'unknown')
      : (known.takes[i] ?? known.takes.at(-1) ?? 'unknown');
    const type = need(one, wanted, scope, name);
    if ((name === 'int' || name === 'float') && !['string', 'unknown'].includes(type) && !isNumber(type))
      throw new EvaluateError(`at ${at}: ${name} of ${type} makes no sense`);
    if (name === 'len' && !['string', 'array', 'map', 'unknown'].includes(type))
      throw new EvaluateError(`at ${at}: ${type} has no length`);
  });
  return known.gives;
}

function toBodyType({ name, value, body, at }: Extract<Node, { kind: 'let' }>, scope: Scope): Type {
  if (
    scope.has(name) ||
    Object.hasOwn(functions, name) ||
    others.has(name) ||
    /^CI(?:_|$)|^\$env$/.test(name)
  )
    throw new EvaluateError(`at ${at}: ${name} is something already`);
  return typeOf(body, new Map([...scope, [name, typeOf(value, scope)]]));
}
