import { partsOf, wildcardAt } from './channel-pattern';

interface Node<Value> {
  /** Nodes for the next part, by its text. */
  readonly parts: Map<string, Node<Value>>;
  /** The node for any next part (`*`). */
  any?: Node<Value>;
  /** The value of the pattern that ends here. */
  value?: Value;
  /** The value of the pattern that ends here with `**`. */
  rest?: Value;
}

const newNode = <Value>(): Node<Value> => ({ parts: new Map() });

/** Values by patterns. The cost of a match grows with the parts of the name, not with the number of patterns. */
export class PatternTree<Value> {
  private readonly root = newNode<Value>();
  size = 0;

  set(pattern: string, value: Value): void {
    const { node, takesRest } = this.make(pattern);
    if ((takesRest ? node.rest : node.value) === undefined) this.size++;
    if (takesRest) node.rest = value;
    else node.value = value;
  }

  delete(pattern: string): void {
    this.remove(this.root, partsOf(pattern), 0);
  }

  /** Calls `found` with the value of each pattern that the name matches. */
  match(name: string, found: (value: Value) => void): void {
    if (this.size > 0) this.visit(this.root, partsOf(name), 0, found);
  }

  private make(pattern: string): { node: Node<Value>; takesRest: boolean } {
    let node = this.root;
    const parts = partsOf(pattern);
    for (const [index, part] of parts.entries()) {
      const wildcard = wildcardAt(parts, index);
      if (wildcard === 'rest') return { node, takesRest: true };
      if (wildcard === 'one') {
        node = node.any ??= newNode();
        continue;
      }
      let next = node.parts.get(part);
      if (next === undefined) node.parts.set(part, (next = newNode()));
      node = next;
    }
    return { node, takesRest: false };
  }

  private visit(node: Node<Value>, parts: string[], at: number, found: (value: Value) => void): void {
    if (at === parts.length) {
      if (node.value !== undefined) found(node.value);
      return;
    }
    if (node.rest !== undefined) found(node.rest);
    if (node.any !== undefined) this.visit(node.any, parts, at + 1, found);
    const next = node.parts.get(parts[at]!);
    if (next !== undefined) this.visit(next, parts, at + 1, found);
  }

  /** Returns `true` where nothing is left at the node. */
  private remove(node: Node<Value>, parts: string[], at: number): boolean {
    const part = parts[at];
    const wildcard = wildcardAt(parts, at);
    if (part === undefined) {
      if (node.value !== undefined) this.size--;
      delete node.value;
    } else if (wildcard === 'rest') {
      if (node.rest !== undefined) this.size--;
      delete node.rest;
    } else if (wildcard === 'one') {
      if (node.any !== undefined && this.remove(node.any, parts, at + 1)) delete node.any;
    } else {
      const next = node.parts.get(part);
      if (next !== undefined && this.remove(next, parts, at + 1)) node.parts.delete(part);
    }
    return node.parts.size === 0 && node.any === undefined && node.value === undefined && node.rest === undefined;
  }
}
