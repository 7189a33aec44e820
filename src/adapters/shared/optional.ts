/**
 * Loads a package that only some applications have installed.
 * @param entry the entry point that needs the package, such as `portal-ws/metrics`
 * @throws Error that says how to install the package when it is missing
 */
export function optional<Package>(entry: string, name: string, load: () => Package): Package {
  try {
    return load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw cause;
    throw new Error(`${entry} needs the package ${name}: npm install ${name}`, { cause });
  }
}
