// The syntax tree of a TypeScript file, walked without knowing each kind of node. Vite's parser is there already.
import { parseSync } from 'vite';

/** A node of the ESTree with its place in the text, in UTF-16 units. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** @throws Error when the text is no TypeScript */
export function parse(file: string, text: string): Node {
  const { program, errors } = parseSync(file, text);
  const [error] = errors;
  if (error) throw new Error(`${file}: ${error.message}`);
  return program as unknown as Node;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The node in a property, when there is one. */
export function nodeAt(node: Node, property: string): Node | undefined {
  const value = node[property];
  return isNode(value) ? value : undefined;
}

/** The nodes in a property that holds a list. */
export function nodesAt(node: Node, property: string): readonly Node[] {
  const value = node[property];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The nodes right below a node, types left out: they are gone when the file runs. */
export function childrenOf(node: Node): readonly Node[] {
  return Object.values(node)
    .flat()
    .filter(isNode)
    .filter(
      ({ type }) =>
        !/^TS(Type|Interface|Union|Literal|Array|Function|Tuple|Mapped|Conditional|Indexed|Intersection)/.test(type),
    );
}
