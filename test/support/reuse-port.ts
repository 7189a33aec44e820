const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];

/** Whether this Node can share ports, as its documentation has it. */
export const CAN_REUSE_PORT =
  process.platform === 'linux' && (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
