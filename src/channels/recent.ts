/** So many packets of a node are remembered, at least. */
const KEPT = 1024;

/** And so many nodes: those that have gone may be heard of once more, in what history kept of them. */
const NODES = 1024;

/** Tells packets that came before: a broker sends one that matches several subscriptions for each of them. */
export class Recent {
  private readonly nodes = new Map<string, { newer: Set<number>; older: Set<number> }>();

  /** False when it came before. */
  isNew(node: string, number: number): boolean {
    let seen = this.nodes.get(node);
    if (seen === undefined) {
      this.nodes.set(node, (seen = { newer: new Set(), older: new Set() }));
      if (this.nodes.size > NODES) this.forget(this.nodes.keys().next().value!);
    }
    if (seen.newer.has(number) || seen.older.has(number)) return false;
    seen.newer.add(number);
    if (seen.newer.size === KEPT) {
      seen.older = seen.newer;
      seen.newer = new Set();
    }
    return true;
  }

  /** The node is gone. */
  forget(node: string): void {
    this.nodes.delete(node);
  }
}
