// Finds the changes to try in a file: conditions, boundaries, guards, statements and `await`. Lines of the log and metrics are
// left alone: no promise depends on them.
import type { Operator } from './mutant.ts';
import { childrenOf, type Node, nodeAt, nodesAt, parse } from './syntax.ts';

/** One change, at a place in the text. */
export interface Change {
  readonly operator: Operator;
  readonly fn: string;
  readonly start: number;
  readonly end: number;
  /** The text in its place; empty for a statement that is removed. */
  readonly replacement: string;
}

interface Place {
  readonly text: string;
  readonly fn: string;
  readonly parent: Node | undefined;
  readonly grandparent: Node | undefined;
  readonly isInTry: boolean;
}

/** All changes of a file, in the order of the text. */
export function findChanges(file: string, text: string): readonly Change[] {
  const found: Change[] = [];
  walk(parse(file, text), { text, fn: '', parent: undefined, grandparent: undefined, isInTry: false }, found);
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

function walk(node: Node, place: Place, found: Change[]): void {
  if (isOnlyTelling(node, place.text)) return;
  const fn = functionName(node, place);
  const inside = { ...place, fn: fn === undefined ? place.fn : [place.fn, fn].filter(Boolean).join('/') };
  for (const change of changesOf(node, inside)) found.push({ ...change, fn: inside.fn });
  const isFunction = /Function/.test(node.type);
  for (const child of childrenOf(node)) {
    const isInTry = isFunction ? false : place.isInTry || (node.type === 'TryStatement' && child === node.block);
    walk(child, { ...inside, parent: node, grandparent: place.parent, isInTry }, found);
  }
}

type Found = Omit<Change, 'fn'>;

function changesOf(node: Node, place: Place): readonly Found[] {
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
    case 'WhileStatement':
      return decisions(node);
    case 'LogicalExpression':
      return node.operator === '??' ? [] : logical(node, place);
    case 'UnaryExpression':
      return node.operator === '!' ? notRemoved(node, place) : [];
    case 'BinaryExpression':
      return comparisons(node, place);
    case 'ArrayExpression':
      return shorterLists(node, place);
    case 'AwaitExpression':
      return awaitRemoved(node, place);
    case 'ExpressionStatement':
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
    case 'ReturnStatement':
      return removed(node, place);
    default:
      return [];
  }
}

// A loop that never ends finds nothing out; a guard that is never true is one that is gone. Where the test joins two with `&&`,
// what notices that one of them is left out also notices `true`; so for `||` and `false`.
function decisions(node: Node): readonly Found[] {
  const test = nodeAt(node, 'test');
  if (!test) return [];
  const operator: Operator = node.type === 'IfStatement' && leavesEarly(node) ? 'guard' : 'condition';
  const always = change('condition', test, 'true');
  const never = change(operator, test, 'false');
  if (node.type === 'WhileStatement') return [never];
  if (test.type !== 'LogicalExpression') return [always, never];
  return test.operator === '&&' ? [never] : test.operator === '||' ? [always] : [always, never];
}

function leavesEarly(node: Node): boolean {
  const then = nodeAt(node, 'consequent');
  const last = then?.type === 'BlockStatement' ? nodesAt(then, 'body').at(-1) : then;
  return !node.alternate && /^(Return|Throw|Continue|Break)Statement$/.test(last?.type ?? '');
}

// Each side left out. A test that notices this also notices the other operator and a negated side.
function logical(node: Node, { text }: Place): readonly Found[] {
  const sides = [nodeAt(node, 'left'), nodeAt(node, 'right')].filter((side) => side !== undefined);
  return sides.map(({ start, end }) => change('condition', node, text.slice(start, end)));
}

function notRemoved(node: Node, { text, parent }: Place): readonly Found[] {
  const argument = nodeAt(node, 'argument');
  if (!argument || isTried(node, parent)) return [];
  return [change('condition', node, text.slice(argument.start, argument.end))];
}

const flips: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};
const boundaries: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };

function comparisons(node: Node, { text, parent }: Place): readonly Found[] {
  const [left, right] = [nodeAt(node, 'left'), nodeAt(node, 'right')];
  const operator = String(node.operator);
  if (!left || !right) return [];
  const [a, b] = [text.slice(left.start, left.end), text.slice(right.start, right.end)];
  const found: Found[] = [];
  const [flip, boundary] = [flips[operator], boundaries[operator]];
  if (flip && !isTried(node, parent)) found.push(change('condition', node, `${a} ${flip} ${b}`));
  if (boundary) found.push(change('boundary', node, `${a} ${boundary} ${b}`));
  if (/^[+-]$/.test(operator) && b === '1') found.push(change('boundary', node, a));
  return found;
}

/** Whether the other changes of what stands around try both answers already. */
function isTried(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'LogicalExpression') return parent.operator !== '??';
  return /^(If|While)Statement$|^ConditionalExpression$/.test(parent?.type ?? '') && parent?.test === node;
}

// A list of words decides what counts as one of them.
function shorterLists(node: Node, { text }: Place): readonly Found[] {
  const elements = nodesAt(node, 'elements');
  const isListOfWords =
    elements.length > 1 && elements.every(({ type, value }) => type === 'Literal' && typeof value === 'string');
  if (!isListOfWords) return [];
  return elements.map((left) => {
    const rest = elements.filter((one) => one !== left).map(({ start, end }) => text.slice(start, end));
    return change('condition', node, `[${rest.join(', ')}]`);
  });
}

// `return await` differs from `return` only where a catch or finally stands around it.
function awaitRemoved(node: Node, { text, parent, isInTry }: Place): readonly Found[] {
  const argument = nodeAt(node, 'argument');
  const isReturned = parent?.type === 'ReturnStatement' || parent?.type === 'ArrowFunctionExpression';
  if (!argument || (isReturned && !isInTry)) return [];
  return [change('await', node, text.slice(argument.start, argument.end))];
}

function removed(node: Node, place: Place): readonly Found[] {
  if (node.type === 'ReturnStatement' && node.argument) return []; // its guard is removed instead
  const expression = nodeAt(node, 'expression');
  if (nodeAt(expression ?? node, 'callee')?.type === 'Super') return [];
  const { parent } = place;
  const isAlone = parent?.type === 'BlockStatement' && nodesAt(parent, 'body').length === 1;
  const decision = isAlone ? place.grandparent : parent;
  if (decision?.type === 'IfStatement' && !decision.alternate && (isAlone || parent === decision)) return []; // as `false`
  const isExit = node.type !== 'ExpressionStatement';
  if (isExit && (isAlone || parent?.type !== 'BlockStatement')) return [];
  if (parent?.type === 'SwitchCase' && isExit) return [];
  return [change('statement', node, '')];
}

function change(operator: Operator, { start, end }: Node, replacement: string): Found {
  return { operator, start, end, replacement };
}

// Lines of the log, metrics, the words of errors, and timers that let a process end.
function isOnlyTelling(node: Node, text: string): boolean {
  const name = String(nodeAt(node, 'callee')?.name);
  if (node.type === 'NewExpression' && /(Error|Damaged)$/.test(name)) return true; // the words of its message
  if (node.type === 'ImportDeclaration' || /^TS.*Declaration$/.test(node.type)) return true;
  if (node.type !== 'ExpressionStatement') return false;
  return (
    /^(?:void )?(?:this\.#?|[\w.]+\.)?(?:logger|log|metrics)\??\.(?:\w+\??\.)?(?:trace|debug|info|warn|error|inc|observe|set)\(/.test(
      text.slice(node.start, node.end),
    ) || /\.unref\??\.?\(\);$/.test(text.slice(node.start, node.end))
  );
}

function functionName(node: Node, { parent }: Place): string | undefined {
  const named = nodeAt(node, 'id') ?? nodeAt(node, 'key');
  const name = typeof named?.name === 'string' ? named.name : undefined;
  if (/^(FunctionDeclaration|ClassDeclaration|MethodDefinition)$/.test(node.type)) return name;
  if (!/^(Arrow)?FunctionExpression$/.test(node.type) || !parent) return undefined;
  const holder = /^(VariableDeclarator|Property|PropertyDefinition)$/.test(parent.type);
  const held = holder ? (nodeAt(parent, 'id') ?? nodeAt(parent, 'key')) : undefined;
  return typeof held?.name === 'string' ? held.name : undefined;
}
