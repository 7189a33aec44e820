/** The packets of a node that are remembered, at least. */
const PACKETS = 1024;

/** The nodes that are remembered. A node that has gone may be heard again: history has its packets. */
const NODES = 1024;

/** Recognises packets that came before. A broker sends a packet once for each subscription that matches. */
export class Recent {
  private readonly nodes = new Map<string, { newer: Set<number>; older: Set<number> }>();

  /** Returns `false` for a packet that came before. */
  isNew(node: string, number: number): boolean {
    let seen = this.nodes.get(node);
    if (seen === undefined) {
      this.nodes.set(node, (seen = { newer: new Set(), older: new Set() }));
      if (this.nodes.size > NODES) this.forget(this.nodes.keys().next().value!);
    }
    if (seen.newer.has(number) || seen.older.has(number)) return false;
    seen.newer.add(number);
    if (seen.newer.size === PACKETS) {
      seen.older = seen.newer;
      seen.newer = new Set();
    }
    return true;
  }

  /** Forgets a node that is gone. */
  forget(node: string): void {
    this.nodes.delete(node);
  }
}
