const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];

/** True where this version of Node can share ports, by its documentation. */
export const CAN_REUSE_PORT =
  process.platform === 'linux' && (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
