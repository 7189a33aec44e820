import { readFileSync } from 'node:fs';

/** Names that say little about a node: its description names its holder too. */
const PLAIN = new Set(['Array', 'Object', 'Map', 'Set']);
/** The most holders that a description follows, one after the other. */
const HOLDERS = 4;

const unnamedEdges = new Set(['element', 'hidden']);

/**
 * The content of a `.heapsnapshot`, as a Map from descriptions such as `Array ← Socket.pending` to `{ count, bytes }`, where
 * bytes are the nodes' own. Descriptions that begin with `native` are memory outside the heap.
 * The format is described by the snapshot's own `meta`, and in V8's `src/profiler/heap-snapshot-generator.h`.
 */
export function heapByHolder(file) {
  const heap = readHeap(file);
  const groups = new Map();
  for (const node of heap.reached) {
    const description = heap.describe(node);
    const group = groups.get(description) ?? { count: 0, bytes: 0 };
    group.count++;
    group.bytes += heap.selfSize(node);
    groups.set(description, group);
  }
  return groups;
}

function readHeap(file) {
  const { snapshot, nodes, edges, strings } = JSON.parse(readFileSync(file, 'utf8'));
  const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta;
  const [nodeSize, edgeSize] = [node_fields.length, edge_fields.length];
  const [typeAt, nameAt, sizeAt, edgeCountAt] = ['type', 'name', 'self_size', 'edge_count'].map((field) =>
    node_fields.indexOf(field),
  );
  // a node is its index into `nodes`; edges lie in the order of their nodes
  const firstEdge = new Map();
  for (let node = 0, edge = 0; node < nodes.length; node += nodeSize) {
    firstEdge.set(node, edge);
    edge += nodes[node + edgeCountAt] * edgeSize;
  }
  const edgeTypeOf = (edge) => edge_types[0][edges[edge]];
  const nodeTypeOf = (node) => node_types[0][nodes[node + typeAt]];

  /** The edge over which a node is nearest to the root, and the node where that begins. */
  const holders = new Map([[0, undefined]]);
  const reached = [0];
  for (const holder of reached) {
    const first = firstEdge.get(holder);
    for (let edge = first; edge < first + nodes[holder + edgeCountAt] * edgeSize; edge += edgeSize) {
      const node = edges[edge + 2];
      if (edgeTypeOf(edge) === 'weak' || holders.has(node)) continue;
      holders.set(node, { holder, edge });
      reached.push(node);
    }
  }

  const nameOf = (node) => {
    const type = nodeTypeOf(node);
    const name = strings[nodes[node + nameAt]];
    if (type === 'object') return name;
    // Node's own C++ objects hold themselves, and come as roots
    if (type === 'native' || (type === 'synthetic' && !name.startsWith('('))) return `native ${name}`;
    if (type === 'closure') return `(closure ${name})`;
    return name.startsWith('system / ') ? `(${name})` : `(${type})`;
  };
  const edgeName = (edge) => (unnamedEdges.has(edgeTypeOf(edge)) ? '[]' : `.${strings[edges[edge + 1]]}`);
  const describe = (node) => {
    const name = nameOf(node);
    let path = '';
    let { holder, edge } = holders.get(node) ?? {};
    for (let steps = 0; holder !== undefined && steps < HOLDERS; steps++) {
      // a concatenated string holds its parts as a tree
      for (; nodeTypeOf(holder) === 'concatenated string'; { holder, edge } = holders.get(holder)) path = ', a piece';
      path = edgeName(edge) + path;
      const holderName = nameOf(holder);
      if (!PLAIN.has(holderName) && !holderName.startsWith('(')) return `${name} ← ${holderName}${path}`;
      ({ holder, edge } = holders.get(holder) ?? {});
    }
    return `${name} ← …${path}`;
  };
  return { reached, describe, selfSize: (node) => nodes[node + sizeAt] };
}
